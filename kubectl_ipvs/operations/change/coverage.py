"""Which nodes a run covers: those to restart, those only to verify, those left out with the reason.

A node that was ill before we came is left out: it never goes before the canary, never ends a run, and is no part of
what a rollback has to bring back. So is a node that nobody could verify afterwards.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.look import Look, describe_pod
from kubectl_ipvs.operations.rollout.node import NodeOutcome, Target
from kubectl_ipvs.operations.tables.reader import NO_TOOLS

YOUNG = 30.0  # seconds: a pod is ready before its table is in sync (up to 8 s were seen on a real cluster)
UNREADABLE = frozenset({"forbidden", "timeout", "unreachable", "unreadable", "gone"})


class Purpose(NamedTuple):
    """What a run is for, as far as the choice of nodes depends on it."""

    writes: bool  # some text changes
    mends: bool  # the present text keeps kube-proxy from starting, and the new one does not
    everyone: bool  # a plain restart: nodes that are in sync, too
    named: frozenset[str]  # nodes that the user named
    blind: bool  # --force: go on where nobody can be read
    reads: Callable[[ProxyNode], bool] = lambda _: True  # its kube-proxy reads a text that changes
    spares: Callable[[ProxyNode], bool] = lambda _: False  # its kube-proxy has read the text that an undo restores


class Coverage(NamedTuple):
    """The outcome of the choice.

    `unreadable`: those left out that could not be read, by node. `unseen`: those covered whose kernel nobody can judge.
    """

    targets: tuple[Target, ...]
    left_out: tuple[NodeOutcome, ...]
    unreadable: dict[str, str]
    unseen: tuple[str, ...] = ()

    @property
    def reasons(self) -> dict[str, str]:
        """Why each node is left out."""
        return {entry.node: entry.reason for entry in self.left_out}


def cover(looks: Sequence[Look], skip: Sequence[str], purpose: Purpose, now: Callable[[], float]) -> Coverage:
    """Choose. `now` is the API server's time, in seconds since the epoch."""
    well = any(_is_well(seen) for seen in looks)
    targets, left_out, unreadable = [], [], {}
    for seen in looks:
        node = seen.node
        reason = "left out by --skip" if node.name in skip else _ill(seen, purpose, now, well=well)
        if not reason and not purpose.blind:
            reason = _unreadable(seen)
            if reason:
                unreadable[node.name] = reason
        if reason:
            left_out.append(NodeOutcome.skipped(node.name, node.pod.name if node.pod else "", reason))
        else:
            target = _target(seen, purpose, now)
            targets += [target] if target is not None else []
    blind = [
        seen.node.name for seen in looks if seen.verdict.state in {NO_TOOLS, "unknown"} or not seen.verdict.kernel_seen
    ]
    out = {entry.node for entry in left_out}
    return Coverage(tuple(targets), tuple(left_out), unreadable, tuple(name for name in blind if name not in out))


def _is_well(seen: Look) -> bool:
    return seen.verdict.state in {"in-sync", "restart-needed", NO_TOOLS, "unknown"}


def _ill(seen: Look, purpose: Purpose, now: Callable[[], float], *, well: bool) -> str:
    """Say in what way a node is ill already, "" where it is not, or where this run is what helps it."""
    node, pod = seen.node, seen.node.pod
    if not node.ready:
        return f"the node is not ready: not restarted; when it is back: kubectl ipvs restart {node.name}"
    if pod is None:
        return "no kube-proxy pod was there before"
    if pod.mirror:
        return "its kube-proxy is a static pod, which deleting does not restart: change its manifest on the node"
    if not pod.ready and not pod.terminating:
        return "" if _is_helped(seen, purpose, now) else f"{describe_pod(pod)}, as before this run"
    settled = purpose.writes and well and node.source.mode == "ipvs" and not _is_young(node, now)
    if settled and seen.verdict.state in {"out-of-step", "not-ipvs"}:
        return f"it was out of step before: {seen.verdict.reason}"
    return ""


def _is_helped(seen: Look, purpose: Purpose, now: Callable[[], float]) -> bool:
    """Tell whether this run may help a pod that is not ready: it starts, lacks what we bring, or was named."""
    node, pod = seen.node, seen.node.pod
    if pod is None:
        return False
    if not pod.crashed and _is_young(node, now):
        return True
    outdated = node.source.age(pod.began) != "current" and not purpose.writes
    return node.name in purpose.named or (pod.crashed and (purpose.mends or outdated))


def _unreadable(seen: Look) -> str:
    """Say why a node's table cannot be read, "" where it can or where there is nothing to read."""
    pod = seen.node.pod
    if seen.reading.failure not in UNREADABLE or pod is None or not pod.ready or pod.terminating:
        return ""
    return f"it cannot be verified: {seen.reading.reason}"


def _target(seen: Look, purpose: Purpose, now: Callable[[], float]) -> Target | None:
    """Decide on one node: replace its pod, only verify a pod that is new already, or leave it alone (None)."""
    node, pod = seen.node, seen.node.pod
    blind = purpose.blind and seen.reading.failure in UNREADABLE
    target = Target(node, pod, seen.real_servers, blind, seen.verdict.state)
    written = purpose.writes and purpose.reads(node)
    if written and purpose.spares(node):
        return None
    if written or purpose.everyone or pod is None or pod.terminating or node.source.age(pod.began) == "outdated":
        return target
    if not pod.ready:
        return target if pod.crashed or node.name in purpose.named else target._replace(old=None)
    if node.source.mode != "ipvs" or seen.verdict.state in {"in-sync", NO_TOOLS, "unknown"}:
        return None
    if seen.verdict.state not in {"out-of-step", "not-ipvs", "restart-needed"}:
        return target._replace(old=None)
    changed = node.source.changed
    certain = changed is None or pod.began > changed  # in the same second: it may have read either
    young = certain and not pod.crashed and _is_young(node, now)
    return target._replace(old=None) if young else target


def _is_young(node: ProxyNode, now: Callable[[], float]) -> bool:
    return node.pod is not None and now() - node.pod.began < YOUNG
