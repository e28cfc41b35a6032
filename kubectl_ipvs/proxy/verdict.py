"""What one node's row says: the state is decided here, from facts that others gathered.

`restart-needed` (the pod is older than the configuration) is told apart from `out-of-step` (the pod has seen the
configuration, and the kernel still does something else), "not yet" from "never" and from "unknown".
"""

from collections.abc import Mapping
from typing import NamedTuple

STATES = (
    "in-sync", "restart-needed", "out-of-step", "not-ipvs", "no-pod", "not-ready", "forbidden", "timeout",
    "unreachable", "no-ipvsadm", "unreadable",
)  # fmt: skip
OUT_OF_STEP = frozenset({"restart-needed", "out-of-step"})
FAILED = frozenset({"no-pod", "not-ready", "forbidden", "timeout", "unreachable", "no-ipvsadm", "unreadable"})


class NodeFacts(NamedTuple):
    """What is known of one node.

    `schedulers` counts kube-proxy's virtual servers by scheduler, None where no table was read; then `failure` is one
    of STATES and `reason` says why. `stale`: the pod started before the configuration was last written.
    """

    wanted: str
    mode: str
    has_pod: bool
    pod_ready: bool
    pod_reason: str
    node_ready: bool
    stale: bool
    schedulers: Mapping[str, int] | None
    failure: str = ""
    reason: str = ""


def judge(facts: NodeFacts) -> tuple[str, str]:
    """Return (state, reason); the reason is empty when the node is in sync."""
    if not facts.has_pod:
        return "no-pod", "no kube-proxy pod runs on this node" + ("" if facts.node_ready else "; the node is not ready")
    if facts.schedulers is None:
        return _unread(facts)
    if not facts.pod_ready:
        return "not-ready", facts.pod_reason
    if facts.mode != "ipvs":
        left = sum(facts.schedulers.values())
        return "not-ipvs", f"kube-proxy's mode is {facts.mode}" + (
            f"; {left} virtual servers are left over" if left else ""
        )
    return _compared(facts)


def describe(schedulers: Mapping[str, int]) -> str:
    """Write a table's schedulers: `lc`, or `lc 40, rr 2` where they are mixed."""
    if len(schedulers) == 1:
        return next(iter(schedulers))
    return ", ".join(f"{name} {count}" for name, count in schedulers.items())


def _unread(facts: NodeFacts) -> tuple[str, str]:
    if facts.failure == "not-ipvs" and facts.mode != "ipvs":
        return "not-ipvs", f"kube-proxy's mode is {facts.mode}"
    if not facts.pod_ready and facts.failure in {"gone", "unreachable", "unreadable"} and facts.node_ready:
        return "not-ready", facts.pod_reason
    if facts.failure == "gone":
        return "not-ready", f"the pod was replaced while we looked: {facts.reason}"
    return facts.failure, facts.reason if facts.node_ready else f"the node is not ready; {facts.reason}"


def _compared(facts: NodeFacts) -> tuple[str, str]:
    shown = facts.schedulers or {}
    follows = all(name == facts.wanted for name in shown)
    if facts.stale:
        runs = "" if follows else f"the kernel has {describe(shown)}, "
        return "restart-needed", f"{runs}kube-proxy started before the configuration was last changed"
    if not shown:  # never so where it works: default/kubernetes is always there
        return "out-of-step", "the kernel has no virtual server of kube-proxy"
    if not follows:
        return "out-of-step", f"the kernel has {describe(shown)} instead of {facts.wanted}"
    return "in-sync", ""
