"""A node that nobody could look at is not in sync."""

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Request
from tests.faults.cell import FAST
from tests.faults.rows import on_node
from tests.faults.wire import is_delete
from tests.harness import Ipvs, MakeSandbox

PACE = ("--settle", "0s", "--timeout", "2s", "--exec-timeout", "1s")
COMMANDS = {"set": ("set", "--scheduler", "lc"), "restart": ("restart", "--stale")}
WELL = {
    "set": "already set and in force on every node that was looked at: nothing to change",
    "restart": "every node that was looked at is in sync: nothing to restart",
}


def long_ago(box: Sandbox) -> None:
    """Let the configuration be older than every pod, so that no pod is stale."""

    def change(obj: dict[str, object]) -> None:
        meta = obj["metadata"]
        assert isinstance(meta, dict)
        for entry in meta["managedFields"]:
            entry["time"] = "2026-01-01T00:00:00Z"

    box.edit("ConfigMap", "kube-system", "kube-proxy", change)


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("set", "exec-refused"),
        ("restart", "no-status"),
        *(pytest.param(command, "half", marks=pytest.mark.whole) for command in COMMANDS),
    ],
)
def test_unseen(command: str, fault: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Its table cannot be read: it is left out by name, the command ends with 3, and no pod is deleted for it."""
    box = sandbox(**{**FAST, "nodes": 2, "scheduler": "lc"})
    long_ago(box)
    box.set_scheduler("node1", "wrr")
    box.fault("node1", fault)

    run = ipvs(box, *COMMANDS[command], *PACE)

    assert (run.code, box.schedulers(), box.restarts) == (3, {"node1": "wrr", "node2": "lc"}, {"node1": 0, "node2": 0})
    assert run.out.startswith("node/node1 skipped: it cannot be verified: ")
    assert "left out: node1 (it cannot be verified: " in run.err
    assert run.err.splitlines()[-1] == WELL[command]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("set", "already set and read by every kube-proxy, not verified in the kernel of node1: nothing to change"),
        ("restart", "no node is known to be out of step, not verified in the kernel of node1: nothing to restart"),
    ],
)
def test_no_tools_is_not_said_to_be_in_force(command: str, said: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where an image has no tools there is nothing to do, but nobody says of that kernel what it was not asked."""
    box = sandbox(**{**FAST, "nodes": 2, "scheduler": "lc"}, faults={"node1": "no-tools"})
    long_ago(box)

    run = ipvs(box, *COMMANDS[command], *PACE)

    assert (run.code, run.err.splitlines()[-1], box.restarts) == (0, said, {"node1": 0, "node2": 0})


@pytest.mark.whole
@pytest.mark.parametrize("fault", ["no-ipvs", "fallback", "stale"])
def test_spoiled_after_it_was_verified(fault: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A pod that somebody replaces once it is verified is looked at again at the end, however its node is by then."""
    box = sandbox(**{**FAST, "nodes": 2})
    deleted: list[str] = []

    def spoil(request: Request) -> None:
        deleted.extend([request.path] if is_delete(request) and "/pods/" in request.path else [])
        if len(deleted) == 2:
            deleted.append("")
            box.fault("node2", fault)
            box.set_scheduler("node2", "sh")
            box.remove("Pod", "kube-system", on_node(box, "node2"))

    box.hook = spoil
    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0.2s", "--timeout", "20s")

    assert run.code == 3, run.err
    assert "warning: node2: " in run.err
    assert "fix with: kubectl ipvs restart node2" in run.err.splitlines()
