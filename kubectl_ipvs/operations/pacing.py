"""Which nodes may begin now: at most `max_unavailable` are down because of us, at most twice that many in flight."""

from collections.abc import Collection

from kubectl_ipvs.operations.noderun import DOWN, IN_FLIGHT, NodeRun, Plan
from kubectl_ipvs.operations.podbook import PodBook


def may_begin(runs: Collection[NodeRun], pods: PodBook, plan: Plan) -> list[NodeRun]:
    """Return the nodes to begin, in their order; none once a node has failed."""
    if any(run.phase == "failed" for run in runs) and not plan.persevere:
        return []
    waiting = [run for run in runs if run.phase == "waiting"]
    if not plan.deletes:
        return waiting  # the DaemonSet paces itself
    held_back = _canary_first(runs, plan)
    if held_back is not None:
        return [run for run in waiting if run.node == held_back]
    down = [run for run in waiting if not pods.up(run.node)]  # down already: to begin them takes nothing away
    up = [run for run in waiting if pods.up(run.node)]
    room = max(0, plan.max_unavailable - count(runs, DOWN) - len(down))
    return (down + up[:room])[: max(0, 2 * plan.max_unavailable - count(runs, IN_FLIGHT))]


def count(runs: Collection[NodeRun], phases: frozenset[str]) -> int:
    """Count the nodes in some phases."""
    return sum(run.phase in phases for run in runs)


def _canary_first(runs: Collection[NodeRun], plan: Plan) -> str | None:
    """Return the canary's name while the others have to wait for it."""
    held = any(run.node == plan.canary and run.phase == "held" for run in runs)
    return plan.canary if plan.canary and not held else None
