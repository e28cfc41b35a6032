"""Typing errors are answered with what was meant; what is said is in kubectl's words (D12, D14-D16, D18, D19)."""

import json

import pytest

from kubectl_ipvs.cli.app import COMMANDS
from tests.harness import BRISK, Ipvs, MakeSandbox, writes

MISTAKES = [
    (("set", "lc"), ("did you mean --scheduler lc?",)),
    (("set", "scheduler=lc"), ("did you mean --scheduler lc?",)),
    (("set", "strictARP=true"), ("did you mean --strict-arp?",)),
    (("set", "--schedular", "lc"), ("did you mean --scheduler?",)),
    (("set", "--ipvs-scheduler", "lc"), ("did you mean --scheduler?",)),
    (("set", "--mode", "ipvs"), ("the mode is not changed by kubectl ipvs",)),
    (("set", "--dry-run"), ("--dry-run needs client or server", "`kubectl ipvs set --help`")),
    (("set", "--dry-run", "--scheduler", "lc"), ("--dry-run needs client or server", "`kubectl ipvs set --help`")),
    (("restart", "--dry-run"), ("--dry-run needs client or server", "`kubectl ipvs restart --help`")),
    (("restart", "--canary", "--yes"), ("--canary needs a value",)),
    (("set", "--dry-run=yes", "--scheduler", "lc"), ("--dry-run needs client or server",)),
    (("stauts",), ("did you mean status?",)),
    (("help", "stauts"), ("did you mean status?",)),
    (("completion", "zsh"), ("source <(kubectl completion zsh)",)),
    (("completion", "fish"), ("kubectl completion fish | source",)),
    (
        ("set", "--min-sync-period", "1m"),
        ("minSyncPeriod 1m is greater than syncPeriod 30s (default)", "--sync-period"),
    ),
    (("set", "--tcp-timeout", "5"), ("did you mean 5s?",)),
    (("set", "--scheduler", "lc", "--settle", "5"), ("did you mean 5s?",)),
    (("set", "--scheduler", "lc", "--timeout", "5"), ("did you mean 5s?",)),
    (("sandbox", "--fault", "node1=foo", "--", "true"), ('"foo"',)),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES, ids=" ".join)
def test_mistakes(words: tuple[str, ...], said: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D18: exit 2, what is wrong and what was probably meant; nothing is written, nothing far-fetched offered."""
    box = sandbox(nodes=1)

    run = ipvs(box, *words, yes=False)

    assert (run.code, [text for text in said if text not in run.err], writes(box)) == (2, [], []), run.err
    assert "Possible options" not in run.err
    assert len(run.err.splitlines()) <= 2


@pytest.mark.parametrize("words", [("bogus",), ("set", "--frobnicate"), ("get", "node1")], ids=" ".join)
def test_no_guess_where_none_is_near(words: tuple[str, ...], ipvs: Ipvs) -> None:
    """D18: what resembles nothing gets no guess, but the command that lists what there is."""
    run = ipvs(None, *words, yes=False)

    assert (run.code, "did you mean" in run.err, "--help" in run.err) == (2, False, True), run.err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_a_command(command: str, ipvs: Ipvs) -> None:
    """D18: `help COMMAND` is `COMMAND --help`; `help` and `--version` work."""
    assert ipvs(None, "help", command).out == ipvs(None, command, "--help", yes=False).out
    assert ipvs(None, "help").out == ipvs(None, "--help").out
    assert ipvs(None, "--version").out == ipvs(None, "version", "--client").out


@pytest.mark.parametrize(("value", "after"), [("true", "strictARP: true"), ("false", "strictARP: false")])
def test_kubectls_spelling_of_a_switch(value: str, after: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D18: --strict-arp=true and =false are taken, as kubectl takes its switches."""
    box = sandbox(nodes=1)

    run = ipvs(box, "set", f"--strict-arp={value}", "--no-restart")

    assert (run.code, after in box.config) == (0, True), run.err


def test_hints_of_schedulers(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D18: a trap's hint says what to take instead; a double says what it does."""
    box = sandbox(nodes=1)

    trap = ipvs(box, "set", "--scheduler", "dh")
    double = ipvs(box, "set", "--scheduler", "wlc", "--dry-run=client")

    assert (trap.code, "for a client to stay on one pod: sh; else lc" in trap.err) == (1, True), trap.err
    assert "wlc does what lc does under kube-proxy (all weights are 1)" in double.err


def test_one_node_of_three(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D18: a restart of one node says how many there are: `node1 (1 of 3 nodes)`."""
    run = ipvs(sandbox(), "restart", "node1", "--dry-run=client")

    line = next(line for line in run.err.splitlines() if line.startswith("restarts"))
    assert "node1 (1 of 3 nodes)" in line


def test_an_image_without_tools_in_one_clause(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D18: the reason is one clause without the runtime's repetitions and digits; a table stays readable."""
    run = ipvs(sandbox(nodes=1, faults={"node1": "no-tools"}), "status")

    assert max(map(len, run.out.splitlines())) < 160, run.out
    assert "Internal error occurred: Internal error" not in run.out


def test_a_plan_as_data(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D12: a dry run's document has every node as planned, the canary, and how many at once."""
    box = sandbox(nodes=4)

    run = ipvs(box, "set", "--scheduler", "lc", "--dry-run=client", "-o", "json", "--canary", "node3")
    nodes = {node["node"]: node for node in run.json["nodes"]}

    assert (run.code, set(nodes), {node["outcome"] for node in nodes.values()}) == (0, set(box.nodes), {"planned"})
    assert [name for name, node in nodes.items() if node["canary"]] == ["node3"]
    assert (run.json["plan"]["canary"], run.json["plan"]["maxUnavailable"]) == ("node3", 1)
    assert run.json["summary"]["nodes"] == 4
    assert writes(box) == []


def test_what_is_waited_for_is_said(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D14, D15: a pod that is ready and in sync must stay up; the plan says how many are in progress together."""
    box = sandbox()

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "1s", "--timeout", "5s")

    assert "must stay up 1s" in run.err
    assert "the next starts while the last is still being watched" in run.err
    assert "at most 1 node without kube-proxy at a time" in run.err


def test_reasons_are_data(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D16: `status > file` keeps the reasons and the sum; equal reasons of many nodes are one line."""
    box = sandbox(nodes=9, faults={"node9": "forbidden-exec"})
    box.set_config(box.config.replace('scheduler: ""', "scheduler: lc"))

    run = ipvs(box, "status")
    below = run.out.split("\n")[10:]

    assert (any(line.startswith("node9: forbidden") for line in below), run.err) == (True, "")
    assert [line for line in below if line.startswith("8 nodes (")]
    assert below[-2].startswith("0 of 9 nodes in sync")
    assert len([line for line in below if "restart needed" in line]) == 2


def test_schedulers_fit_a_terminal(ipvs: Ipvs) -> None:
    """D19: the list fits 100 columns, one line each, and marks nothing that it does not know."""
    lines = ipvs(None, "schedulers").out.splitlines()

    assert (len(lines), max(map(len, lines)) <= 100) == (15, True)
    assert not [line for line in lines if line.startswith(("*", ">"))]


@pytest.mark.parametrize(
    ("typed", "code", "level"), [("597h", 0, "warning IPVS028"), ("6000h", 1, "error IPVS028"), ("596h", 0, "")]
)
def test_timeouts_that_kernels_refuse(typed: str, code: int, level: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D19: INT_MAX ticks are 596h at 1000 a second: above that a warning, above what any kernel takes an error."""
    run = ipvs(sandbox(nodes=1), "set", "--tcp-timeout", typed, "--dry-run=client")

    assert (run.code, "IPVS028" in run.err, level in run.err) == (code, bool(level), True), run.err


@pytest.mark.parametrize(("cidrs", "warned"), [("10.96.0.0/12", True), ("203.0.113.0/24", False)])
def test_ranges_with_services_in_them(cidrs: str, warned: bool, sandbox: MakeSandbox, ipvs: Ipvs) -> None:  # noqa: FBT001
    """D19: to exclude the Services' own range is warned of, with the name of one of them."""
    run = ipvs(sandbox(nodes=1), "set", "--exclude-cidrs", cidrs, "--dry-run=client")

    assert (run.code, "IPVS029" in run.err, "default/kubernetes" in run.err) == (0, warned, warned), run.err


def test_services_that_cannot_be_listed(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D19: without the right to list Services nothing is said about them."""
    box = sandbox(nodes=1)
    box.deny("list", "services")

    run = ipvs(box, "set", "--exclude-cidrs", "10.96.0.0/12", "--dry-run=client")

    assert (run.code, "IPVS029" in run.err) == (0, False), run.err


def test_numbers_agree_with_their_nouns(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D19: one is once, one node is a node, and zero restarts are not counted."""
    box = sandbox(nodes=1, faults={"node1": "crash-loop"})

    said = [ipvs(box, *words) for words in (("restart", *BRISK), ("status",), ("set", "--scheduler", "lc", *BRISK))]
    text = "".join(run.out + run.err for run in said)

    for wrong in ("1 times", "1 nodes", "0 restarts", "restarted 0", " 0 times"):
        assert wrong not in text, text


def test_a_version_and_its_fate(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D19: `get` says from which release on IPVS mode is deprecated."""
    out = ipvs(sandbox(nodes=1, version="v1.34.2"), "get").out

    line = next(line for line in out.splitlines() if line.startswith("mode"))
    assert "deprecated" in line
    assert "1.35" in line


@pytest.mark.parametrize(
    "word", ["prove", "take it back", "take the last change back", "follows", " hold", "seen through"]
)
def test_old_words_are_gone(word: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Words: help and runs speak kubectl's words: verified, in sync, rolled back."""
    box = sandbox(nodes=1)
    texts = [ipvs(None, "--help").out, *(ipvs(None, name, "--help", yes=False).out for name in COMMANDS)]
    for words in (("set", "--scheduler", "lc", *BRISK), ("undo", *BRISK), ("restart", *BRISK), ("status",)):
        run = ipvs(box, *words)
        texts.append(run.out + run.err)

    assert [text for text in texts if word in " ".join(text.split())] == []


def test_documents_are_documents(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D12: with -o json stdout is one document, of a run that is refused for lack of a question, too."""
    box = sandbox(nodes=1)

    run = ipvs(box, "set", "--strict-arp", "-o", "json", "--dry-run=client")

    assert json.loads(run.out)["outcome"] == "dry-run"
    assert "strictARP" in run.err
    assert "false -> true" in run.err
