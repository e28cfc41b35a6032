"""What kube-proxy will read when it starts is checked whole, whichever field is changed (D3)."""

import pytest

from tests.harness import BRISK, Ipvs, MakeSandbox, writes
from tests.review.given import edited, restarted

BROKEN = {
    "a wrong type": ("strictARP: false", "strictARP: flase", "strictARP"),
    "a scheduler that is none": ('scheduler: ""', "scheduler: foo", "foo"),
}
RUNS = [
    ("set", "--tcp-timeout", "2h", *BRISK),
    ("restart", *BRISK),
    ("restart", "--stale", *BRISK),
    ("restart", "node1", *BRISK),
]


@pytest.mark.parametrize("words", RUNS, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize("case", BROKEN)
def test_nothing_is_restarted_into_it(case: str, words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D3: an error that names the value; nothing is written, no pod is deleted, every node goes on."""
    old, new, named = BROKEN[case]
    box = sandbox(nodes=2)
    edited(box, old, new)

    run = ipvs(box, *words)

    assert (run.code, restarted(box), writes(box)) == (1, {}, []), run.err
    assert named in run.err
    assert "error IPVS" in run.err


@pytest.mark.parametrize("case", BROKEN)
def test_undo_does_not_lead_there(case: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D3: an undo is checked the same way."""
    old, new, named = BROKEN[case]
    box = sandbox(nodes=2)
    field = ("--strict-arp",) if "strictARP" in new else ("--scheduler", "lc")
    edited(box, old, new)
    mended = ipvs(box, "set", *field, *BRISK)
    assert mended.code == 0, mended.err
    before = restarted(box)

    run = ipvs(box, "undo", *BRISK)

    assert (run.code, restarted(box)) == (1, before), run.err
    assert named in run.err


@pytest.mark.parametrize("command", ["get", "status"])
@pytest.mark.parametrize("case", BROKEN)
def test_looking_says_it_too(case: str, command: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D3: get and status warn of it while everything still runs."""
    old, new, named = BROKEN[case]
    box = sandbox(nodes=1)
    edited(box, old, new)

    run = ipvs(box, command)

    warned = [line for line in run.err.splitlines() if line.startswith("warning") and named in line]
    assert (run.code in {0, 5}, bool(warned)) == (True, True), run.err
    assert "ignore" not in " ".join(warned)


@pytest.mark.parametrize("words", RUNS[:2], ids=lambda words: " ".join(words[:2]))
def test_a_module_that_the_text_needs(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D3: the scheduler that stands in the text already is looked for in the kernels, though another field is set."""
    box = sandbox(nodes=2, faults={"node1": "no-module=lc", "node2": "no-module=lc"})
    edited(box, 'scheduler: ""', "scheduler: lc")

    run = ipvs(box, *words)

    assert (run.code, restarted(box), "ip_vs_lc is missing on node1, node2" in run.err) == (1, {}, True), run.err
