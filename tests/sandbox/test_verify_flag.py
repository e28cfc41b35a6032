"""`--verify` of set and restart: a node is done when its whole table is as Services ask for."""

import pytest

from tests.harness import BRISK, Ipvs, MakeSandbox, writes


@pytest.mark.parametrize("words", [("set", "--scheduler", "lc"), ("restart",)])
def test_every_row_is_looked_at(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Every node is verified by its rows."""
    run = ipvs(sandbox(nodes=2), *words, "--verify", *BRISK)

    assert run.code == 0, run.err
    assert run.err.count("verified: all 9 virtual servers are as Services ask for") == 2


def test_a_row_that_stays_wrong_fails_the_node(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without the flag the scheduler is enough; with it the change is rolled back, and what differs is named."""
    box = sandbox(nodes=2, faults={"node2": "missing-endpoint"})

    plain = ipvs(box, "restart", "node2", *BRISK)
    whole = ipvs(
        box, "set", "--scheduler", "lc", "--verify", "--canary", "node2", "--settle", "0.1s", "--timeout", "3s"
    )

    assert plain.code == 0, plain.err
    assert whole.code == 1, whole.err
    assert "its table is not what Services ask for: missing-real-server TCP " in whole.err
    assert "and was rolled back" in whole.err


@pytest.mark.parametrize("resource", ["services", "endpointslices"])
def test_rights_are_asked_for_first(resource: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Preflight names the list that may not be read; nothing is written, nothing restarted."""
    box = sandbox(nodes=1)
    box.deny("list", resource)

    run = ipvs(box, "set", "--scheduler", "lc", "--verify", *BRISK)

    assert (run.code, writes(box)) == (1, [])
    assert f"error IPVS010: you may not: list {resource}" in run.err


def test_a_kernel_that_cannot_be_seen(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where no program reads the table the run has not done what was asked for: exit code 3."""
    run = ipvs(sandbox(nodes=1, faults={"node1": "no-tools"}), "restart", "--verify", "--force", *BRISK)

    assert run.code == 3, run.err
    assert "the kernel was not seen" in run.err
