"""Which nodes may begin now: at most `max_unavailable` are down because of us, at most twice that many in flight."""

import time
from collections.abc import Collection, Iterable

from kubectl_ipvs.operations.noderun import DOWN, IN_FLIGHT, NodeRun, Plan
from kubectl_ipvs.operations.podbook import PodBook


def may_begin(runs: Collection[NodeRun], pods: PodBook, plan: Plan) -> list[NodeRun]:
    """Return the nodes to begin, in their order; none once a node has failed."""
    if any(run.phase == "failed" for run in runs) and not plan.persevere:
        return []
    waiting = [run for run in runs if run.phase == "waiting"]
    if not plan.deletes:
        return waiting  # the DaemonSet paces itself
    down = [run for run in waiting if not pods.up(run.node)]  # down already: to begin them takes nothing away
    up = [run for run in waiting if pods.up(run.node)]
    room = max(0, plan.max_unavailable - count(runs, DOWN) - len(down))
    free = max(0, 2 * plan.max_unavailable - count(runs, IN_FLIGHT))
    canary = _canary(runs, plan)
    if canary is None:
        return (down + up[:room])[:free]
    if canary.phase != "waiting":
        return []
    return [canary] if canary in down or room else down[:free]  # no room: those that are down come first


def count(runs: Collection[NodeRun], phases: frozenset[str]) -> int:
    """Count the nodes in some phases."""
    return sum(run.phase in phases for run in runs)


def until_next(runs: Iterable[NodeRun], longest: float) -> float:
    """Return the seconds until a node in flight is to be looked at again."""
    now = time.monotonic()
    due = [run.next_try for run in runs if run.phase in IN_FLIGHT and not run.busy and run.next_try > now]
    return min([longest, *(moment - now for moment in due)])


def _canary(runs: Collection[NodeRun], plan: Plan) -> NodeRun | None:
    """Return the canary while the others have to wait for it."""
    passed = {"held", "skipped"}
    return next((run for run in runs if run.node == plan.canary and run.phase not in passed), None)
