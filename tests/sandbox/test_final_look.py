"""The last look of a run, after every node was verified: what somebody did meanwhile is said, and what to type."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Reply, Request, Response
from tests.harness import Ipvs, MakeSandbox

SET = ("set", "--scheduler", "lc", "--settle", "0s", "--timeout", "4s")
FAST: dict[str, Any] = {"nodes": 2, "terminate": 0.02, "start": 0.02, "sync": 0.0}


def at_the_last_look(
    box: Sandbox, act: Callable[[], object], ready: Callable[[], bool] = lambda: True, answer: Reply | None = None
) -> None:
    """Do something once both nodes were restarted and all is listed again; give `answer` to the lists.

    Until what was done is `ready`, the server is busy.
    """
    done = threading.Event()

    def hook(request: Request) -> Reply | None:
        restarted = sum(seen.method == "DELETE" for seen in box.requests)
        lists = request.path.endswith(("/daemonsets", "/pods")) and "watch" not in request.query
        if restarted < 2 or request.method != "GET" or not lists:
            return None
        if not done.is_set():
            done.set()
            act()
        return answer if ready() else Response(503, b"busy")

    box.hook = hook


def pods(box: Sandbox, node: str) -> list[dict[str, Any]]:
    """Give the pods of a node."""
    return [pod for pod in box.objects("Pod") if pod["spec"].get("nodeName") == node]


def is_up(box: Sandbox, node: str, old: str = "") -> bool:
    """Tell whether a node has a ready pod, another than the old one, and a table."""
    there = [pod for pod in pods(box, node) if pod["metadata"]["uid"] != old]
    ready = [status for pod in there for status in pod["status"].get("containerStatuses", ()) if status.get("ready")]
    return bool(ready and box.schedulers().get(node))


@pytest.mark.whole
@pytest.mark.parametrize(("fault", "code"), [(None, 0), ("stale", 3)], ids=["in sync", "out of step"])
def test_a_pod_that_is_replaced_after_it_was_verified(
    fault: str | None, code: int, sandbox: MakeSandbox, ipvs: Ipvs
) -> None:
    """Its successor is judged: in sync, nothing is said; else the node is named with its reason and the fix."""
    box = sandbox(**FAST)

    old: list[str] = []

    def act() -> None:
        if fault:
            box.fault("node1", fault)
            box.set_scheduler("node1", "rr")
        there = pods(box, "node1")[0]["metadata"]
        old.append(there["uid"])
        box.remove("Pod", "kube-system", there["name"])

    at_the_last_look(box, act, lambda: is_up(box, "node1", old[0]))
    run = ipvs(box, *SET)

    assert (run.code, "fix with: kubectl ipvs restart node1" in run.err.splitlines()) == (code, bool(fault))
    assert ("warning: node1: the kernel has rr on " in run.err) == bool(fault)


@pytest.mark.whole
def test_a_node_that_joins_out_of_step(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node that joined and does not do what is configured: exit 3, its name and what to type."""
    box = sandbox(**FAST)

    def ready() -> bool:
        up = is_up(box, "late")
        if up:
            box.set_scheduler("late", "rr")
        return up

    at_the_last_look(box, lambda: box.add_node("late"), ready)
    run = ipvs(box, *SET)

    assert (run.code, "warning: late: the kernel has rr on " in run.err) == (3, True)
    assert "fix with: kubectl ipvs restart late" in run.err.splitlines()


def test_a_node_whose_kube_proxy_is_just_starting(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Under an autoscaler some node is always joining: it is looked at again before anything is said of it."""
    box = sandbox(**FAST)

    def join() -> None:
        box.add_node("late")
        box.fault("late", "slow-start=1.5")

    at_the_last_look(box, join)
    run = ipvs(box, *SET)

    assert (run.code, box.schedulers()["late"], "warning: late" in run.err) == (0, "lc", False)


def test_a_node_that_joins_is_none_of_a_named_restart(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Whoever named nodes is told of those alone."""
    box = sandbox(**FAST)

    def act() -> None:
        box.add_node("late")
        box.fault("late", "no-pod")

    at_the_last_look(box, act)
    run = ipvs(box, "restart", "node1", "node2", *SET[3:])

    assert (run.code, "late" in run.err) == (0, False)


def test_a_node_that_is_gone(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A verified node that left the cluster is said: exit 3, and no command that would name it."""
    box = sandbox(**FAST)

    def act() -> None:
        box.fault("node1", "no-pod")
        for pod in pods(box, "node1"):
            box.remove("Pod", "kube-system", pod["metadata"]["name"])
        box.remove("Node", "", "node1")

    at_the_last_look(box, act, lambda: not pods(box, "node1"))
    run = ipvs(box, *SET)

    assert (run.code, "warning: node1: it is no longer there" in run.err.splitlines()) == (3, True)
    assert "restart node1" not in run.err


@pytest.mark.parametrize("words", [SET, ("restart", *SET[3:])], ids=["set", "restart"])
def test_a_text_that_somebody_changes(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A text that is another one in the end, written by us or not: exit 4, outcome `reverted`, and where it is."""
    box = sandbox(**FAST)
    at_the_last_look(box, lambda: box.set_config(box.config + "\n# theirs\n"))

    run = ipvs(box, *words, "-o", "json")

    final = run.json["finalLook"]["reverted"]
    assert (run.code, run.json["outcome"], final) == (
        4,
        "reverted",
        ["configmap kube-system/kube-proxy, key config.conf"],
    )
    assert (
        "error: configmap kube-system/kube-proxy, key config.conf was changed by somebody else during this run: look "
        "at it with kubectl ipvs get"
    ) in run.err.splitlines()


def test_nobody_may_look_again(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What cannot be looked at in the end is no success: exit 3, why, and how to check."""
    box = sandbox(**FAST)
    denied = Response(403, b'{"kind": "Status", "message": "no", "reason": "Forbidden", "code": 403}')
    at_the_last_look(box, lambda: None, answer=denied)

    run = ipvs(box, *SET)

    assert (run.code, set(box.schedulers().values())) == (3, {"lc"})
    assert (
        "warning: the cluster could not be looked at again: the server refused (Forbidden): no; check with "
        "kubectl ipvs status"
    ) in run.err.splitlines()
