"""Plans a change: reads everything that decides, writes nothing, prints nothing, and returns one value.

Dry run, the question, the run itself and `-o json` are four uses of that value.
"""

import time
from collections.abc import Callable, Container, Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.wire.retry import retrying
from kubectl_ipvs.errors import IpvsError, UsageError
from kubectl_ipvs.operations.change.checks import check, early, mends_start
from kubectl_ipvs.operations.change.coverage import Coverage, Purpose, cover
from kubectl_ipvs.operations.change.edits import Change
from kubectl_ipvs.operations.change.options import ChangeOptions
from kubectl_ipvs.operations.discovery import find
from kubectl_ipvs.operations.installation import Installation, ProxyNode, Where, bare, choose, natural
from kubectl_ipvs.operations.kernel_modules import probes_of
from kubectl_ipvs.operations.look import Look, Looker, facts
from kubectl_ipvs.operations.rollout.node import NodeOutcome, Target
from kubectl_ipvs.operations.rollout.pace import canary_problem, first_node, seconds
from kubectl_ipvs.operations.support.fanout import fan_out
from kubectl_ipvs.operations.tables.reader import Reading
from kubectl_ipvs.proxy.checks.findings import Finding, some
from kubectl_ipvs.proxy.verdict import judge

NOTHING = Coverage((), (), {})
OTHERS = "it reads the same configuration, and is not covered by this run"
PASSING = frozenset({"gone", "unreachable", "unreadable"})  # failures of a look that may have been a moment's
REPLACED, PAUSE = 3.0, 0.2  # seconds a pod that was replaced may take to be there, and between two looks


class Plan(NamedTuple):
    """Everything that a run is going to do, and what speaks against it. Seconds are an estimate."""

    where: Where
    change: Change
    options: ChangeOptions
    nodes: tuple[ProxyNode, ...] = ()  # those that the run is about
    targets: tuple[Target, ...] = ()
    left_out: tuple[NodeOutcome, ...] = ()
    findings: tuple[Finding, ...] = ()
    canary: str = ""
    at_once: int = 1
    unseen: tuple[str, ...] = ()  # nodes that are covered although nobody can see what their kernel does
    seconds: float = 0.0

    @property
    def found(self) -> Installation:
        """kube-proxy as it was found."""
        return self.change.found

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What refuses the change; --force overrides what can be overridden."""
        force = self.options.force
        return tuple(entry for entry in self.findings if entry.severity == "error" and not (force and entry.forcible))

    @property
    def does_nothing(self) -> bool:
        """Nothing is to be written and no node is to be touched."""
        return not self.change.changes_text and not self.targets

    @property
    def sees_nobody(self) -> bool:
        """There is no node that could be looked at: whatever comes of it is proved on none."""
        return self.restarts_all and not self.nodes

    @property
    def rolls_back(self) -> bool:
        """The old texts are written again where a node cannot be verified."""
        return self.options.rollback and self.change.changes_text

    @property
    def restarts_all(self) -> bool:
        """The run is about every node, not some that were named."""
        return self.options.restart and not self.options.names


def plan(
    cluster: Cluster, where: Where, change: Change, options: ChangeOptions, looker: Looker, concurrency: int
) -> Plan:
    """Plan a change (one without edits is a restart); raises IpvsError for what the user named wrongly."""
    nodes = _nodes(change.found, options)
    made = Plan(where, change, options, tuple(nodes))
    refused = early(change)
    if any(not (options.force and entry.forcible) for entry in refused):
        return made._replace(findings=tuple(refused))
    looks = _looks(cluster, where, nodes, _look_by(looker, change), concurrency)
    covered, nodes = _cover(cluster, change, options, looks), [seen.node for seen in looks]
    covered = covered._replace(left_out=(*covered.left_out, *_others(cluster, where, change, options)))
    targets = covered.targets
    ready = len(nodes) - len({entry.node for entry in covered.left_out} & {node.name for node in nodes})
    at_once = options.pace.max_unavailable.of(max(1, ready))
    paced = options.pace.strategy == "delete"
    canary = _canary(change, options, targets) if paced and len(targets) > 1 else ""
    made = made._replace(
        nodes=tuple(nodes), targets=targets, left_out=covered.left_out, canary=canary, at_once=at_once,
        unseen=covered.unseen, seconds=seconds(len(targets), at_once, options.pace, canary=bool(canary)),
    )  # fmt: skip
    problem = canary_problem(nodes, covered.reasons, options.pace.canary) if options.restart else ""
    if problem:
        raise IpvsError(f"{problem}: nothing was changed", hint="leave --canary out, or --canary none")
    if made.does_nothing and not covered.unreadable:
        return made
    kept = [entry.node for entry in covered.left_out if not paced and entry.old_pod]
    if kept:
        raise UsageError(
            f"--strategy=rollout cannot leave out {some(tuple(kept))}: nothing was changed"
            f" ({covered.reasons[kept[0]]})",
            hint="leave --strategy=rollout out",
        )
    return made._replace(findings=tuple(check(cluster, made, covered, looks, concurrency, looker.timeout)))


def _others(cluster: Cluster, where: Where, change: Change, options: ChangeOptions) -> list[NodeOutcome]:
    """Return the nodes that read a text that is to be written, and that -l or --daemonset left out of sight."""
    if not change.changes_text or not options.restart or not (where.daemon_set or where.selector):
        return []
    try:
        everyone = find(cluster, Where(where.namespace))
    except IpvsError:
        return []
    written = {entry.source.identity for entry in change.writes}
    here = {node.name for node in change.found.nodes}
    return [
        NodeOutcome.skipped(node.name, node.pod.name if node.pod else "", f"{OTHERS}: kubectl ipvs restart {node.name}")
        for node in everyone.nodes
        if node.name not in here and node.source.identity in written
    ]


def _nodes(found: Installation, options: ChangeOptions) -> list[ProxyNode]:
    """Return the nodes that a restart is about; a name that is not there is an error."""
    if not options.restart:
        return []
    choose(found.nodes, options.skip)
    return choose(found.nodes, options.names)


def _looks(
    cluster: Cluster, where: Where, nodes: Sequence[ProxyNode], look: Callable[[ProxyNode], Look], concurrency: int
) -> list[Look]:
    """Look at every node that may be touched; once more where its pod was replaced, or the connection was lost."""
    if not nodes:
        return []
    cluster.let_go()
    looks = {seen.node.name: seen for seen in fan_out(look, nodes, concurrency)}
    missed = {name: seen.node for name, seen in looks.items() if seen.reading.failure in PASSING}
    if missed:
        again = _listed_again(cluster, where, missed)
        looks = {name: seen for name, seen in looks.items() if name in again or name not in missed}
        looks |= {seen.node.name: seen for seen in fan_out(look, list(again.values()), concurrency)}
    return sorted(looks.values(), key=lambda seen: natural(seen.node.name))


def _listed_again(cluster: Cluster, where: Where, missed: Container[str]) -> dict[str, ProxyNode]:
    """Return nodes with the pods that they have by now, once those are there; a node that went away is left out."""
    deadline = time.monotonic() + REPLACED
    while True:
        listed = retrying(lambda: find(cluster, where), REPLACED)
        found = {node.name: node for node in listed.nodes if node.name in missed}
        if all(node.pod is not None for node in found.values()) or time.monotonic() > deadline:
            return found
        time.sleep(PAUSE)


def _canary(change: Change, options: ChangeOptions, targets: Sequence[Target]) -> str:
    """Choose who goes first: of itself one whose text changes, since only such a node says what the change does."""
    written = {entry.source.identity for entry in change.writes}
    risked = [target for target in targets if not written or target.node.source.identity in written]
    return first_node(risked if options.pace.canary == "auto" else targets, options.pace.canary)


def _cover(cluster: Cluster, change: Change, options: ChangeOptions, looks: Sequence[Look]) -> Coverage:
    """Choose the nodes."""
    if not looks:
        return NOTHING
    purpose = Purpose(
        writes=change.changes_text,
        mends=mends_start(change),
        everyone=not change.values and not options.outdated_only,
        named=frozenset(map(bare, options.names)),
        blind=options.force,
        reads=lambda node: node.source.identity in {entry.source.identity for entry in change.writes},
        spares=_spares(change),
    )
    return cover(looks, [bare(name) for name in options.skip], purpose, cluster.now)


def _spares(change: Change) -> Callable[[ProxyNode], bool]:
    """Tell which nodes have never read what an undo takes away, and have read what it restores."""
    edits = {entry.source.identity: entry for entry in change.writes if entry.note is not None}

    def spares(node: ProxyNode) -> bool:
        entry = edits.get(node.source.identity)
        if entry is None or node.pod is None or entry.since is None or entry.source.changed is None:
            return False
        return entry.since <= node.pod.began < entry.source.changed

    return spares


def _look_by(looker: Looker, change: Change) -> Callable[[ProxyNode], Look]:
    """Return how a node is looked at: at its table, and for the module that it is going to need, in one command.

    Only where there is something to look at; in another mode no table is read.
    """
    after = {source.identity: source for source in change.after.sources}

    def look(node: ProxyNode) -> Look:
        pod, source = node.pod, node.source
        if pod is None or not node.ready or not (pod.ready or pod.terminating) or source.mode not in {"ipvs", None}:
            reading = Reading(None, failure="no-pod" if pod is None else "")
            return Look(node, reading, judge(facts(node, reading)))
        return looker.look(node, probes_of(node, after.get(source.identity, source)))

    return look
