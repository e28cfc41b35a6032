"""Which nodes a run covers: none that was ill before dooms it, none is restarted for nothing (B18, D7, D11)."""

import time
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import BRISK, Ipvs, MakeSandbox
from tests.review.given import edited, restarted, until


@pytest.mark.parametrize("kind", ["hang", "stale", "no-status"])
def test_a_node_that_was_ill_before(kind: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D7: a node that cannot be verified is named beforehand and left out; the others are changed, exit 3."""
    box = sandbox(faults={"node3": kind})
    if kind == "stale":
        box.set_scheduler("node3", "wlc")  # out of step, and a restart does not mend it

    run = ipvs(box, "--exec-timeout", "1s", "set", "--scheduler", "lc", *BRISK)

    after = box.schedulers()
    assert (run.code, after["node1"], after["node2"]) == (3, "lc", "lc"), run.err
    assert "rolling back" not in run.err
    warned = run.err[: run.err.index("restarts  ")]
    assert "node3" in warned


def test_a_node_without_a_pod_is_not_waited_for(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D7: where no pod was nothing is waited for before the canary; it is skipped with its reason."""
    box = sandbox(faults={"node1": "no-pod"})
    began = time.monotonic()

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0.2s", "--timeout", "20s")

    assert (run.code, time.monotonic() - began < 15) == (3, True), run.err
    assert "node/node1 skipped" in run.out


def test_skip_leaves_a_node_out(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D7: --skip leaves a node out by hand, `node/NAME` as well; exit 3."""
    box = sandbox()

    run = ipvs(box, "set", "--scheduler", "lc", "--skip", "node1", "--skip", "node/node3", *BRISK)

    assert (run.code, restarted(box)) == (3, {"node2": 1}), run.err


@pytest.mark.parametrize("flags", [("--scheduler", "rr"), ("--exclude-cidrs", ""), ("--no-strict-arp",)], ids=str)
def test_what_is_in_force_by_default(flags: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D11: a value that is in force as kube-proxy's default writes nothing and restarts nothing, and that is said."""
    box = sandbox()
    before = box.config

    run = ipvs(box, "set", *flags, *BRISK)

    assert (run.code, restarted(box), box.config) == (0, {}, before), run.err
    assert "nothing to change" in run.err


def test_an_undo_of_what_nobody_has_read(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D11: a change that no node has read is undone without one restart."""
    box = sandbox()
    time.sleep(1.1)
    assert ipvs(box, "set", "--scheduler", "lc", "--no-restart").code == 0
    time.sleep(1.1)

    run = ipvs(box, "undo", *BRISK)

    assert (run.code, restarted(box), ipvs(box, "status", "--check").code) == (0, {}, 0), run.err


def test_undo_without_restart(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D11: `undo --no-restart` writes alone."""
    box = sandbox(nodes=1)
    assert ipvs(box, "set", "--scheduler", "lc", *BRISK).code == 0
    before = restarted(box)

    run = ipvs(box, "undo", "--no-restart")

    assert (run.code, restarted(box), 'scheduler: ""' in box.config) == (0, before, True), run.err


def test_what_is_only_verified(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B18: a node that was restarted a moment ago is verified alone: no pod is deleted or counted there."""
    box = sandbox(nodes=2, sync=2.5)
    time.sleep(1.1)
    edited(box, 'scheduler: ""', "scheduler: lc")
    time.sleep(1.1)
    _replace(box, "node1")

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0.2s", "--timeout", "10s", "-o", "json")

    nodes = {node["node"]: node for node in run.json["nodes"]}
    assert (run.code, restarted(box)) == (0, {"node1": 1, "node2": 1}), run.err
    assert "node1: deleting" not in run.err
    assert "deleting" not in [phase["phase"] for phase in nodes["node1"]["phases"]]
    assert run.json["plan"]["restarts"] == 1


def _replace(box: Sandbox, node: str) -> None:
    """Delete a node's pod as somebody else would, and wait for the next one."""

    def pod() -> dict[str, Any] | None:
        return next((pod for pod in box.objects("Pod") if pod["spec"].get("nodeName") == node), None)

    old = pod()
    assert old
    box.remove("Pod", "kube-system", old["metadata"]["name"])
    until(lambda: _is_ready(pod(), old))


def _is_ready(pod: dict[str, Any] | None, old: dict[str, Any]) -> bool:
    if pod is None or pod["metadata"]["uid"] == old["metadata"]["uid"]:
        return False
    conditions = pod["status"].get("conditions", [])
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)
