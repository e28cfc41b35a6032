"""Which nodes may begin: never more down because of us than was asked for, the canary first, none after a failure."""

import pytest
from kubectl_ipvs.operations.noderun import NodeRun, Phase, Plan
from kubectl_ipvs.operations.pacing import may_begin
from kubectl_ipvs.operations.podbook import PodBook

from kubectl_ipvs.cluster.objects import Pod

SHORT: dict[str, Phase] = {
    "w": "waiting",
    "d": "waiting",  # waits too, but its kube-proxy is down already
    "r": "restarting",
    "s": "starting",
    "p": "proving",
    "h": "held",
    "f": "failed",
    "k": "skipped",
    "q": "queued",
}


def pod(node: str, *, ready: bool) -> Pod:
    """Give the kube-proxy pod of a node."""
    return Pod(
        namespace="kube-system",
        name=f"kube-proxy-{node}",
        uid=node,
        node=node,
        image="",
        container="kube-proxy",
        ready=ready,
        terminating=False,
        phase="Running",
        waiting="",
        restarts=0,
        created=0.0,
        began=0.0,
        mirror=False,
        owner="DaemonSet/kube-proxy",
    )


def begun(state: str, most: int, canary: str = "", *, deletes: bool = True, persevere: bool = False) -> tuple[str, ...]:
    """Run `may_begin` for nodes a, b, c ... in the phases that the letters of `state` stand for."""
    nodes = dict(zip("abcdefghij", state, strict=False))
    runs = [NodeRun(name, None, phase=SHORT[letter]) for name, letter in nodes.items()]
    pods = PodBook(pod(name, ready=letter not in {"d", "r", "s"}) for name, letter in nodes.items())
    plan = Plan("kube-system", "", "lc", most, 60.0, 5.0, canary, deletes, persevere)
    return tuple(run.node for run in may_begin(runs, pods, plan))


@pytest.mark.parametrize(
    ("state", "most", "expected"),
    [
        ("www", 1, "a"),
        ("www", 2, "ab"),
        ("www", 5, "abc"),
        ("rww", 1, ""),
        ("rww", 2, "b"),
        ("sww", 1, ""),
        ("pww", 1, "b"),  # ready: as many again may be proved
        ("ppw", 1, ""),
        ("pppwww", 2, "d"),
        ("hww", 1, "b"),
        ("kww", 1, "b"),
        ("hhh", 1, ""),
        ("fww", 3, ""),
        ("wdw", 1, "b"),  # down already: takes nothing away, and leaves no room
        ("wdw", 2, "ba"),
        ("wdd", 1, "bc"),
        ("wddd", 1, "bc"),
        ("", 1, ""),
    ],
)
def test_room(state: str, most: int, expected: str) -> None:
    """Without a canary: as many as there is room for, those that are down already first."""
    assert begun(state, most) == tuple(expected)


@pytest.mark.parametrize(
    ("state", "most", "expected"),
    [
        ("www", 3, "b"),
        ("wrw", 3, ""),
        ("wpw", 3, ""),
        ("whw", 3, "ac"),
        ("wkw", 3, "ac"),
        ("wfw", 3, ""),
        ("wdw", 1, "b"),  # a canary that is down already needs no room
        ("dww", 1, "a"),  # another is down: it comes first, the canary when there is room
        ("sww", 1, ""),
        ("pww", 1, "b"),
        ("dww", 2, "b"),
        ("dwd", 1, "ac"),
    ],
)
def test_canary(state: str, most: int, expected: str) -> None:
    """Node b goes first, and nobody else begins before it holds; it never takes more down than was asked for."""
    assert begun(state, most, "b") == tuple(expected)


def test_rollout_paces_itself() -> None:
    """Where the DaemonSet replaces the pods, all nodes are watched from the start."""
    assert begun("wwwww", 1, "b", deletes=False) == ("a", "b", "c", "d", "e")


def test_rollback_perseveres() -> None:
    """A rollback goes on after a failure: every other node is to come back."""
    assert begun("fww", 1, persevere=True) == ("b",)
