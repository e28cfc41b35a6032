"""Rolls a change back that could not be verified.

The old texts and the old records are written again, and every node whose kube-proxy may have read the new text is
restarted and verified. What cannot be done is said, with how to finish by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.cluster.wire.retry import retrying
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.change.plan import Plan
from kubectl_ipvs.operations.change.write import put
from kubectl_ipvs.operations.discovery import find
from kubectl_ipvs.operations.installation import Installation, ProxyNode
from kubectl_ipvs.operations.look import Looker
from kubectl_ipvs.operations.rollout.by_mode import ByMode
from kubectl_ipvs.operations.rollout.engine import Observer, Rollout, Rules
from kubectl_ipvs.operations.rollout.node import NodeOutcome, Rolled, Target
from kubectl_ipvs.operations.rollout.proof import Finding
from kubectl_ipvs.operations.rollout.step import DeletePod
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.operations.support.interrupts import Interrupts
from kubectl_ipvs.proxy.checks.findings import some
from kubectl_ipvs.proxy.config.last_change import ANNOTATION, ROLLED_BACK, rolled_back

STALE, NAMED = "kubectl ipvs restart --stale", 5


def roll_back(
    cluster: Cluster,
    plan: Plan,
    written: Installation,
    touched: Sequence[str],
    looker: Looker,
    observe: Observer,
    interrupts: Interrupts,
) -> tuple[Rolled, Installation | None]:
    """Write the old texts and records, restart the nodes that may have read the new ones, and verify them.

    `written` is kube-proxy as it now is, `touched` names the nodes that the run touched. Returns how the nodes came
    back (`problem`: what is to be done by hand), and kube-proxy with the old texts, None where they are not written.
    """
    work = _Rollback(cluster, plan, written, touched, looker, observe, interrupts)
    try:
        restored = work.write()
    except IpvsError as error:
        return _problem(f"the old value could not be written back: {error}; {work.by_hand()}"), None
    except KeyboardInterrupt:
        return _problem(f"interrupted while the old value was written back; {work.by_hand()}"), None
    try:
        rolled = work.restart(restored)
    except IpvsError as error:
        return _problem(f"the old value is back, but the restart failed: {error}; run: {STALE}"), restored
    except KeyboardInterrupt:
        return _problem(f"the old value is back, but the restart was interrupted; run: {STALE}"), restored
    bad = tuple(entry.node for entry in rolled.nodes if entry.outcome != "verified")
    if not bad:
        return rolled, restored
    why = "interrupted before it was verified on" if rolled.stop else "it is not verified on"
    again = f"kubectl ipvs restart {' '.join(bad)}" if len(bad) <= NAMED else STALE
    left = f"the old value is back in the configuration, but {why} {some(bad)}; fix that, then run: {again}"
    return rolled._replace(problem=left), restored


def _problem(words: str) -> Rolled:
    return Rolled((), problem=words)


class _AsBefore:
    """A node is back when it is in sync, or at least as it was before the run."""

    looks_at = ByMode.looks_at

    def __init__(self, cluster: Cluster, looker: Looker, patience: float) -> None:
        self._proof = ByMode(cluster, looker, patience)

    def look(self, target: Target, pod: Pod) -> Finding:
        """Look, and count as seen what was so before."""
        found = self._proof.look(target, pod)
        if found.kind == "not-yet" and target.was not in {"in-sync", "restart-needed"}:
            return Finding("unseen", f"as before the run: {found.words}")
        return found


@dataclass(frozen=True, slots=True)
class _Rollback:
    """One rollback; see `roll_back`."""

    cluster: Cluster
    plan: Plan
    written: Installation
    touched: Sequence[str]
    looker: Looker
    observe: Observer
    interrupts: Interrupts

    @property
    def _timeout(self) -> float:
        return self.plan.options.pace.timeout

    def write(self) -> Installation:
        """Write the old texts, and until when which pods have read them already."""
        restored: dict[tuple[str, ...], Source] = {}
        now = {source.identity: source for source in self.written.sources}
        for entry in self.plan.change.writes:
            old, written = entry.source, now[entry.source.identity]
            before = old.config_map.annotations if old.config_map else {}
            earlier = before.get(ROLLED_BACK, "")
            since = written.changed
            note = None if since is None else rolled_back(old.text, since, old.changed, earlier)
            notes = {ANNOTATION: before.get(ANNOTATION), ROLLED_BACK: note}
            restored[old.identity] = put(
                self.cluster, written, old.text, notes, timeout=self._timeout, gives_up=lambda: self.interrupts.asked
            )
        return self.written.with_sources(restored)

    def restart(self, restored: Installation) -> Rolled:
        """Restart every node that may have read a new text; whoever failed before keeps no other from it."""
        found = retrying(
            lambda: find(self.cluster, self.plan.where), self._timeout, lambda: self.interrupts.asked
        ).with_sources({source.identity: source for source in restored.sources})
        before = {target.name: target for target in self.plan.targets}
        nodes = [node for node in found.nodes if node.name in before and self._may_have_read(node)]
        targets = [before[node.name]._replace(node=node, old=node.pod) for node in nodes if node.ready]
        away = [
            NodeOutcome.skipped(node.name, node.pod.name if node.pod else "", "the node is not ready")
            for node in nodes
            if not node.ready
        ]
        if not targets:
            return Rolled(tuple(away))
        pace = self.plan.options.pace
        rules = Rules(found.namespace, self.plan.at_once, pace.timeout, pace.settle, persevere=True)
        step, proof = DeletePod(self.cluster), _AsBefore(self.cluster, self.looker, self._timeout)
        rolled = Rollout(self.cluster, rules, step, proof, self.observe, self.interrupts).run(targets, found.lists)
        return Rolled((*rolled.nodes, *away), rolled.stop)

    def _may_have_read(self, node: ProxyNode) -> bool:
        """Tell whether a node's kube-proxy may run with the new text: we touched it, or it started since."""
        if node.name in self.touched:
            return True
        pod = node.pod
        if pod is None or pod.terminating:
            return self.plan.options.pace.strategy == "rollout"  # the DaemonSet goes on with what we asked of it
        source = next((entry for entry in self.written.sources if entry.identity == node.source.identity), None)
        return source is not None and source.changed is not None and pod.began >= source.changed

    def by_hand(self) -> str:
        """Say how to finish a rollback by hand."""
        was = ", ".join(f"{name} {_was(entry['from'])}" for name, entry in self.plan.change.fields.items())
        nodes = " ".join(self.touched)
        then = f"; then: kubectl ipvs restart {nodes}" if nodes else ""
        return f"by hand: {was}{then}"


def _was(value: object) -> str:
    return "was not set" if value is None else f"was {value!r}"
