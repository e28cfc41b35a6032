"""What a run advises is copied, run, and does what it says (D2, D5, D8, D10; what D6, D18 and D19 say at the end)."""

import os
import shlex
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Request
from tests.faults.wire import is_delete
from tests.harness import BRISK, Ipvs, MakeSandbox, Run
from tests.review.given import commands, ended, press_ctrl_c, restarted, started

SIX = ("--settle", "0.2s", "--timeout", "10s", "-y")


def interrupted(box: Sandbox, folder: Path, *words: str, after: int = 2) -> Run:
    """Press Ctrl-C once, when so many pods were deleted."""
    with started(box, folder, *words, *SIX) as process:
        count = [0]

        def hook(request: Request) -> None:
            if is_delete(request) and "/pods/" in request.path:
                count[0] += 1
                if count[0] == after:
                    press_ctrl_c(process)

        box.hook = hook
        run = ended(process)
    box.hook = None
    assert run.code == 130, run.err
    return run


def advice(run: Run, label: str) -> list[str]:
    """Return the words of the command that stands behind a label."""
    line = next(line for line in run.err.splitlines() if line.startswith(label))
    return commands(line)[0]


def test_set_goes_on(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """D2: after Ctrl-C in `set` the first command restarts the rest, each node once."""
    box = sandbox(nodes=6)
    run = interrupted(box, tmp_path, "set", "--scheduler", "lc")
    assert len(restarted(box)) < 6

    again = ipvs(box, *advice(run, "continue:"), *BRISK)

    assert (again.code, set(box.schedulers().values()), set(restarted(box).values())) == (0, {"lc"}, {1}), again.err


def test_set_goes_back(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """D2: the second one brings the nodes back that were changed, and no other."""
    box = sandbox(nodes=6)
    before = box.config
    run = interrupted(box, tmp_path, "set", "--scheduler", "lc")
    touched = restarted(box)

    back = ipvs(box, *advice(run, "roll back:"), *BRISK)

    assert (back.code, set(box.schedulers().values()), box.config) == (0, {"rr"}, before), back.err
    assert restarted(box) == {node: count + 1 for node, count in touched.items()}


def test_undo_goes_on(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """D2: after Ctrl-C in `undo` what is said to go on goes on: all nodes are back on the old value."""
    box = sandbox(nodes=6)
    before = box.config
    assert ipvs(box, "set", "--scheduler", "lc", "--max-unavailable", "6", *BRISK).code == 0
    run = interrupted(box, tmp_path, "undo")

    again = ipvs(box, *advice(run, "continue:"), *BRISK)

    assert (again.code, set(box.schedulers().values()), box.config) == (0, {"rr"}, before), again.err
    assert set(restarted(box).values()) == {2}


def test_undo_returns(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """D2: and what is said to return to the value before does that."""
    box = sandbox(nodes=6)
    assert ipvs(box, "set", "--scheduler", "lc", "--max-unavailable", "6", *BRISK).code == 0
    run = interrupted(box, tmp_path, "undo")

    again = ipvs(box, *advice(run, "return to"), *BRISK)

    assert (again.code, set(box.schedulers().values())) == (0, {"lc"}), again.err


def test_a_stopped_undo_goes_on(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D2: an undo that failed with --no-rollback is finished by what it advises, not turned round."""
    box = sandbox(nodes=4)
    assert ipvs(box, "set", "--scheduler", "lc", "--max-unavailable", "4", *BRISK).code == 0
    box.fault("node2", "stale")
    run = ipvs(box, "undo", "--no-rollback", "--canary", "node2", "--settle", "0.2s", "--timeout", "1s")
    assert (run.code, set(box.schedulers().values())) == (3, {"lc"}), run.err
    box.heal("node2")

    again = ipvs(box, *advice(run, "continue:"), *BRISK)

    assert (again.code, set(box.schedulers().values())) == (0, {"rr"}), again.err


def test_restart_goes_on(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """D5: after Ctrl-C in `restart` the nodes that are left are named; no pod is replaced twice."""
    box = sandbox(nodes=6)
    run = interrupted(box, tmp_path, "restart")
    done = set(restarted(box))

    words = advice(run, "continue:")
    again = ipvs(box, *words, *BRISK)

    assert (words[0], set(words[1:])) == ("restart", set(box.nodes) - done)
    assert (again.code, set(restarted(box).values()), len(restarted(box))) == (0, {1}, 6), again.err


def test_a_failed_restart_says_where_to_look(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D5, D6: of a pod that crashed the last lines of its log are shown or the kubectl command; the node is named."""
    box = sandbox(nodes=4, faults={"node2": "crash-loop"})

    run = ipvs(box, "restart", "--canary", "node2", *BRISK)

    assert (run.code, restarted(box)) == (3, {"node2": 1}), run.err
    last = "\n".join(run.err.splitlines()[-6:])
    assert "node2" in last
    assert "logs" in last or "kube-proxy-" in last
    words = advice(run, "continue:")
    assert (words[0], set(words[1:])) == ("restart", {"node1", "node2", "node3", "node4"})


def test_names_that_come_back_in(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D10: what `-o name` prints is taken by every command that takes a node."""
    box = sandbox()
    names = ipvs(box, "status", "-o", "name").out.split()

    status = ipvs(box, "status", names[0], "-o", "json")
    restart = ipvs(box, "restart", *names[:2], "--canary", names[1], *BRISK)

    assert [row["node"] for row in status.json["nodes"]] == ["node1"]
    assert (restart.code, restarted(box)) == (0, {"node1": 1, "node2": 1}), restart.err


def test_advice_is_about_the_same_cluster(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D2: a command that is advised names the context and the place that this one was given."""
    box = sandbox(nodes=1)

    run = ipvs(box, "--context", "sandbox", "-n", "kube-system", "set", "--scheduler", "lc", "--no-restart")

    assert commands(run.err), run.err
    for words in commands(run.err):
        assert {"--context", "sandbox", "--namespace"} <= set(words)
    code = ipvs(box, *commands(run.err)[0], *BRISK).code
    assert (code, box.schedulers()) == (0, {"node1": "lc"})


def test_written_and_not_read(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D19: `--no-restart` a second time says how many nodes have not read it, and what restarts them."""
    box = sandbox()
    assert ipvs(box, "set", "--scheduler", "sed", "--no-restart").code == 0

    run = ipvs(box, "set", "--scheduler", "sed", "--no-restart")
    restart = ipvs(box, *commands(run.err)[-1], *BRISK)

    assert (run.code, "3 nodes have not read it" in run.err) == (0, True), run.err
    assert (restart.code, set(box.schedulers().values())) == (0, {"sed"}), restart.err


def test_what_undo_would_have_written(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D18: where somebody changed the text since, the diff says what it is, and the hint has the value."""
    box = sandbox(nodes=1)
    assert ipvs(box, "set", "--scheduler", "lc", *BRISK).code == 0
    box.set_config(box.config.replace('"lc"', "sh"))

    run = ipvs(box, "undo")
    again = ipvs(box, *commands(run.err)[0], *BRISK)

    assert (run.code, "would write" in run.err) == (4, True), run.err
    assert (again.code, box.schedulers()) == (0, {"node1": "rr"}), again.err


@pytest.mark.parametrize("flag", [("--canary", "node3"), ("--max-unavailable", "2"), ("--skip", "node1")], ids=str)
def test_flags_that_a_rollout_cannot_keep(flag: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D8: --strategy=rollout refuses what it would have to ignore: exit 2, nothing touched."""
    box = sandbox()

    for words in (("restart",), ("set", "--scheduler", "lc"), ("undo",)):
        run = ipvs(box, *words, "--strategy=rollout", *flag)
        assert (run.code, flag[0] in run.err, restarted(box)) == (2, True, {}), run.err


def test_the_hint_of_a_shell(ipvs: Ipvs) -> None:
    """D18: `completion bash` says where TAB comes from, in words that the shell takes."""
    run = ipvs(None, "completion", "bash")

    assert (run.code, run.out, shlex.split(run.err.splitlines()[-1])[-3:]) == (
        2, "", ["<(kubectl", "completion", "bash)"],
    )  # fmt: skip
    assert os.environ["HOME"]
