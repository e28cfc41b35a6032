"""How carefully to go: how many at once, who goes first, how long one node may take."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.rollout.node import Target
from kubectl_ipvs.proxy.max_unavailable import MaxUnavailable

CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
START = 4.0  # seconds from a pod's deletion until its successor is ready, as seen on quiet clusters


class Pace(NamedTuple):
    """How carefully to go; times in seconds."""

    max_unavailable: MaxUnavailable
    timeout: float
    settle: float
    canary: str = "auto"  # auto, none, or a node's name
    strategy: str = "delete"  # delete, or rollout: the DaemonSet's own rolling update


def first_node(targets: Sequence[Target], wanted: str) -> str:
    """Choose the canary: the named node, else the first ready worker, else the first; "" for none.

    A named one that is no target needs no restart (see `canary_problem`): no other has to wait.
    """
    names = [target.name for target in targets]
    if wanted == "none" or not names:
        return ""
    if wanted != "auto":
        return wanted if wanted in names else ""
    return first_of([target.node for target in targets])


def first_of(nodes: Sequence[ProxyNode]) -> str:
    """Return the node that a change begins with: the first ready worker, else the first; "" where there is none."""
    workers = [node.name for node in nodes if _is_worker(node)]
    return next(iter((*workers, *(node.name for node in nodes))), "")


def canary_problem(nodes: Iterable[ProxyNode], left_out: Iterable[str], wanted: str) -> str:
    """Say why the named canary cannot go first, "" where it can."""
    if wanted in {"auto", "none"}:
        return ""
    if wanted not in {node.name for node in nodes}:
        return f"--canary {wanted} is not among the nodes to restart"
    return f"--canary {wanted} is left out" if wanted in set(left_out) else ""


def seconds(count: int, at_once: int, pace: Pace, *, canary: bool) -> float:
    """Estimate how long a rollout over `count` nodes takes: twice as many are in progress as may be down."""
    one = START + pace.settle
    rest = max(0, count - 1) if canary else count
    return (one if canary else 0.0) + one * -(-rest // (2 * at_once)) if count else 0.0


def _is_worker(node: ProxyNode) -> bool:
    labels = node.node.labels if node.node else {}
    up = node.pod is not None and node.pod.ready and not node.pod.terminating
    return up and not any(label in labels for label in CONTROL_PLANE)
