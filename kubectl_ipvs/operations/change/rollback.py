"""Rolls a change back that could not be verified.

The old texts and the old records are written again, and every node whose kube-proxy may have read the new text is
restarted and verified. What cannot be done is said, with how to finish by hand.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.wire.retry import retrying
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.change.edits import Change
from kubectl_ipvs.operations.change.write import put
from kubectl_ipvs.operations.installation import Installation, ProxyNode, Where, find
from kubectl_ipvs.operations.look import Looker
from kubectl_ipvs.operations.rollout.engine import Observer, Rollout, Rules
from kubectl_ipvs.operations.rollout.node import NodeOutcome, Rolled, Target
from kubectl_ipvs.operations.rollout.pace import Pace
from kubectl_ipvs.operations.rollout.proof import Finding, TableInSync
from kubectl_ipvs.operations.rollout.step import DeletePod
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.operations.support.interrupts import Interrupts
from kubectl_ipvs.proxy.checks.findings import some
from kubectl_ipvs.proxy.config.last_change import ANNOTATION, ROLLED_BACK, rolled_back

STALE = "kubectl ipvs restart --stale"


class RollbackRequest(NamedTuple):
    """What is to be rolled back: the change, kube-proxy as it now is, the nodes it touched and those it covered."""

    where: Where
    change: Change
    written: Installation
    touched: Sequence[str]
    targets: Sequence[Target]
    at_once: int
    pace: Pace


class RollbackResult(NamedTuple):
    """How the nodes came back, and what is `left` to be done by hand: "" where nothing is."""

    nodes: Sequence[NodeOutcome] = ()
    left: str = ""
    restored: Installation | None = None


def roll_back(
    cluster: Cluster, request: RollbackRequest, looker: Looker, observe: Observer, interrupts: Interrupts
) -> RollbackResult:
    """Write the old texts and records, restart the nodes that may have read the new ones, and verify them."""
    try:
        restored = _write(cluster, request, interrupts)
    except IpvsError as error:
        return RollbackResult(left=f"the old value could not be written back: {error}; {_by_hand(request)}")
    except KeyboardInterrupt:
        return RollbackResult(left=f"interrupted while the old value was written back; {_by_hand(request)}")
    try:
        rolled = _restart(cluster, restored, request, looker, observe, interrupts)
    except IpvsError as error:
        return RollbackResult(left=f"the old value is back, but the restart failed: {error}; run: {STALE}",
                              restored=restored)  # fmt: skip
    except KeyboardInterrupt:
        return RollbackResult(left=f"the old value is back, but the restart was interrupted; run: {STALE}",
                              restored=restored)  # fmt: skip
    bad = tuple(entry.node for entry in rolled.nodes if entry.outcome != "verified")
    if not bad:
        return RollbackResult(rolled.nodes, restored=restored)
    why = "interrupted before it was verified on" if rolled.stop else "it is not verified on"
    left = f"the old value is back in the configuration, but {why} {some(bad)}; fix that, then run: {STALE}"
    return RollbackResult(rolled.nodes, left, restored)


class _AsBefore:
    """A node is back when it is in sync, or at least as it was before the run."""

    looks_at = TableInSync.looks_at

    def __init__(self, looker: Looker) -> None:
        self._proof = TableInSync(looker)

    def look(self, target: Target, pod: "object") -> Finding:
        """Look, and count as seen what was so before."""
        found = self._proof.look(target, pod)  # type: ignore[arg-type] # a Pod, as the engine gives it
        if found.kind == "not-yet" and target.was not in {"in-sync", "restart-needed"}:
            return Finding("unseen", f"as before the run: {found.words}")
        return found


def _write(cluster: Cluster, request: RollbackRequest, interrupts: Interrupts) -> Installation:
    restored: dict[tuple[str, ...], Source] = {}
    now = {source.identity: source for source in request.written.sources}
    for entry in request.change.writes:
        old, written = entry.source, now[entry.source.identity]
        before = old.config_map.annotations if old.config_map else {}
        note = None if written.changed is None else rolled_back(old.text, since=written.changed, before=old.changed)
        notes = {ANNOTATION: before.get(ANNOTATION), ROLLED_BACK: note}
        restored[old.identity] = put(
            cluster, written, old.text, notes, timeout=request.pace.timeout, gives_up=lambda: interrupts.asked
        )
    return request.written.with_sources(restored)


def _restart(
    cluster: Cluster,
    restored: Installation,
    request: RollbackRequest,
    looker: Looker,
    observe: Observer,
    interrupts: Interrupts,
) -> Rolled:
    found = retrying(lambda: find(cluster, request.where), request.pace.timeout, lambda: interrupts.asked)
    found = found.with_sources({source.identity: source for source in restored.sources})
    may_have_read = _reader_of(request)
    before = {target.name: target for target in request.targets}
    nodes = [node for node in found.nodes if node.name in before and may_have_read(node)]
    targets = [before[node.name]._replace(node=node, old=node.pod) for node in nodes if node.ready]
    away = [
        NodeOutcome.skipped(node.name, node.pod.name if node.pod else "", "the node is not ready")
        for node in nodes
        if not node.ready
    ]
    if not targets:
        return Rolled(tuple(away))
    rules = Rules(found.namespace, request.at_once, request.pace.timeout, request.pace.settle, persevere=True)
    rollout = Rollout(cluster, rules, DeletePod(cluster), _AsBefore(looker), observe, interrupts)
    rolled = rollout.run(targets, found.lists)
    return Rolled((*rolled.nodes, *away), rolled.stop)


def _reader_of(request: RollbackRequest) -> Callable[[ProxyNode], bool]:
    """Tell of a node whether its kube-proxy may run with the new text: we touched it, or it started since."""
    since = {source.identity: source.changed for source in request.written.sources}

    def may_have_read(node: ProxyNode) -> bool:
        if node.name in request.touched:
            return True
        pod = node.pod
        if pod is None or pod.terminating:
            return request.pace.strategy == "rollout"  # the DaemonSet goes on with what we asked of it
        written = since.get(node.source.identity)
        return written is not None and pod.began >= written

    return may_have_read


def _by_hand(request: RollbackRequest) -> str:
    """Say how to finish a rollback by hand."""
    was = ", ".join(f"{name} {_was(entry['from'])}" for name, entry in request.change.fields.items())
    nodes = " ".join(request.touched)
    then = f"; then: kubectl ipvs restart {nodes}" if nodes else ""
    return f"by hand: {was}{then}"


def _was(value: object) -> str:
    return "was not set" if value is None else f"was {value!r}"
