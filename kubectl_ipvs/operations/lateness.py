"""Why a node did not hold in time, in words that tell what to look at."""

from kubectl_ipvs.operations.noderun import NodeRun
from kubectl_ipvs.operations.podbook import PodBook


def why_late(run: NodeRun, pods: PodBook, trouble: str) -> str:
    """Say what a node was still waiting for; `trouble` is what the API server said last, if anything."""
    if run.phase == "queued":
        return "the DaemonSet does not go on"
    if run.phase == "restarting":
        return run.doubt or "the pod was not deleted"
    if run.phase == "proving":
        return run.doubt or "its table was not seen"
    if run.new is not None:
        return f"pod {run.new.name} is not ready ({run.new.waiting or run.new.phase})"
    stuck = run.old is not None and pods.has(run.old)
    return "the old pod does not go away" if stuck else trouble or "no new pod came"
