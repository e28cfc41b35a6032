"""The last words of a kube-proxy that failed, or the command that shows them."""

from collections.abc import Mapping, Sequence

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.change.plan import Plan
from kubectl_ipvs.operations.rollout.node import NodeOutcome, Rolled

LOGGED, LAST_LINES, LOG_TIMEOUT = 3, 3, 3.0  # nodes whose log is read, lines of it, seconds for one


def last_words(cluster: Cluster, plan: Plan, rolled: Rolled) -> Mapping[str, Sequence[str]]:
    """Return kube-proxy's last words on nodes that failed, or the command that shows them."""
    failed = [entry for entry in rolled.nodes if entry.outcome == "failed" and entry.new_pod]
    return {entry.node: _log(cluster, entry, plan) for entry in failed[:LOGGED]}


def _log(cluster: Cluster, entry: NodeOutcome, plan: Plan) -> Sequence[str]:
    """Read the log where the pod crashed, and where a rollback takes the pod away; else the user can look."""
    crashed, goes = "crashed" in entry.reason, plan.rolls_back
    if crashed or goes:
        lines = _last_lines(cluster, entry, plan, crashed=crashed)
        if lines or goes:
            return tuple(f"{entry.node}: {entry.new_pod}: {line[:300]}" for line in lines)
    before = " --previous" if crashed else ""
    return (f"{entry.node}: look: kubectl -n {plan.found.namespace} logs {entry.new_pod}{before}",)


def _last_lines(cluster: Cluster, entry: NodeOutcome, plan: Plan, *, crashed: bool) -> Sequence[str]:
    pod = next(target.node.pod for target in plan.targets if target.name == entry.node)
    for previous in (True, False) if crashed and pod else (False,):  # the container may not be started again yet
        try:
            with cluster.within(LOG_TIMEOUT):
                text = cluster.pod_log(pod._replace(name=entry.new_pod), LAST_LINES, previous=previous) if pod else ""
        except IpvsError:
            continue
        if text.strip():
            return text.strip().splitlines()[-LAST_LINES:]
    return ()
