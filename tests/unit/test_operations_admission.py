"""Which nodes may start: never more down because of us than was asked for, the canary first."""

import pytest

from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.rollout.admission import may_start, until_next
from kubectl_ipvs.operations.rollout.node import NodeRun, Phase, Target
from kubectl_ipvs.operations.rollout.pods import Pods
from kubectl_ipvs.operations.source import Source

SOURCE = Source("ConfigMap", "kube-system", "", "v1.34.0")
SHORT: dict[str, Phase] = {
    "w": "pending",
    "d": "pending",  # pending too, but its kube-proxy is down already, and coming
    "c": "pending",  # down already, and crashing
    "q": "queued",
    "r": "deleting",
    "s": "starting",
    "p": "verifying",
    "h": "verified",
    "f": "failed",
    "a": "abandoned",
}


def pod(node: str, letter: str) -> Pod:
    """Give the kube-proxy pod of a node."""
    up = letter not in "dcrs"
    return Pod(
        namespace="kube-system",
        name=f"kube-proxy-{node}",
        uid=node,
        node=node,
        image="",
        container="kube-proxy",
        ready=up,
        terminating=False,
        phase="Running",
        waiting="CrashLoopBackOff" if letter == "c" else "",
        restarts=3 if letter == "c" else 0,
        created=0.0,
        began=0.0,
        mirror=False,
        owner="DaemonSet/kube-proxy",
    )


def run(node: str, letter: str) -> NodeRun:
    """Give a node in the phase that a letter stands for."""
    there = pod(node, letter)
    made = NodeRun.of(Target(ProxyNode(node, None, there, None, SOURCE), there))
    made.phase = SHORT[letter]
    return made


def started(state: str, most: int, canary: str = "") -> tuple[str, ...]:
    """Run `may_start` for nodes a, b, c ... in the phases that the letters of `state` stand for."""
    nodes = dict(zip("abcdefghij", state, strict=False))
    pods = Pods()
    pods.listed("app", [pod(name, letter) for name, letter in nodes.items()])
    runs = [run(name, letter) for name, letter in nodes.items()]
    return tuple(entry.node for entry in may_start(runs, pods, most, canary))


@pytest.mark.parametrize(
    ("state", "most", "expected"),
    [
        ("www", 1, "a"),
        ("www", 2, "ab"),
        ("www", 5, "abc"),
        ("rww", 1, ""),
        ("rww", 2, "b"),
        ("sww", 1, ""),
        ("pww", 1, "b"),  # ready: as many again may be watched
        ("ppw", 1, ""),
        ("pppwww", 2, "d"),
        ("hww", 1, "b"),
        ("aww", 1, "b"),
        ("hhh", 1, ""),
        ("wdw", 1, "b"),  # down already: takes nothing away, and leaves no room
        ("wdw", 2, "ba"),
        ("wdd", 1, "bc"),
        ("wddd", 1, "bc"),
        ("wcw", 1, "b"),
        ("", 1, ""),
    ],
)
def test_room(state: str, most: int, expected: str) -> None:
    """Without a canary: as many as there is room for, those that are down already first."""
    assert started(state, most) == tuple(expected)


@pytest.mark.parametrize(
    ("state", "most", "expected"),
    [
        ("www", 3, "b"),
        ("wrw", 3, ""),
        ("wpw", 3, ""),
        ("whw", 3, "ac"),
        ("wfw", 3, ""),
        ("waw", 3, ""),
        ("wdw", 1, "b"),  # a canary that is down already needs no room
        ("dww", 1, "a"),  # another is coming up: it comes first, the canary when there is room
        ("sww", 1, ""),
        ("pww", 1, "b"),
        ("dww", 2, "b"),
        ("dwd", 1, "ac"),
        ("dwddd", 1, "ac"),  # and no more of them than may be in progress
        ("cww", 1, "b"),  # another crashes: it waits for the canary
        ("cwd", 1, "c"),
        ("ccc", 3, "b"),
    ],
)
def test_canary(state: str, most: int, expected: str) -> None:
    """Node b goes first, and no other starts before it is verified; it never takes more down than was asked for."""
    assert started(state, most, "b") == tuple(expected)


def test_canary_that_is_no_target() -> None:
    """A canary that needs no restart keeps nobody waiting."""
    assert started("ww", 2, "z") == ("a", "b")


def test_until_next() -> None:
    """The loop sleeps until the next look is due, and never longer than it may."""
    early, late, busy = run("a", "p"), run("b", "p"), run("c", "p")
    late.next_try = early.next_try + 1e12
    busy.next_try, busy.busy = 1e12, True

    assert (until_next([early, late, busy], 0.5), until_next([], 0.5)) == (0.5, 0.5)
