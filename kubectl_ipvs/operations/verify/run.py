"""All nodes' tables are verified: Services listed, nodes read, Services listed again; then once more where it differs.

What concerns a Service that changed in between is not judged, and a difference counts where two looks have it that are
as far apart as kube-proxy's syncs (facts: leaving-ipvs E6).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kubectl_ipvs.operations.installation import ProxyNode, natural
from kubectl_ipvs.operations.listed_services import ListedServices
from kubectl_ipvs.operations.look import Looker
from kubectl_ipvs.operations.support.fanout import fan_out
from kubectl_ipvs.operations.verify.look import NodeLook, Verifier
from kubectl_ipvs.operations.verify.old_connections import NodeConnections
from kubectl_ipvs.services.changes import Changed, Listing, changed, listing, seen_twice, unchanged
from kubectl_ipvs.services.expected import Expectations
from kubectl_ipvs.services.findings import Finding
from kubectl_ipvs.services.named_table import EVERYTHING, Narrow

NOTHING = "nothing is expected there: no Service has what was asked for"

Seen = Callable[[int, int, Sequence[str]], None]


class NodeVerified(NamedTuple):
    """One node. `state`: verified, differs, or a state of `status` where its table was not judged; `reason` says why.

    `since`: when its findings were first seen, in seconds since the epoch.
    """

    node: str
    state: str
    reason: str
    version: str
    source: str
    rows: int
    findings: tuple[Finding, ...]
    since: float
    has_no_ipvs: bool = False

    @property
    def judged(self) -> bool:
        """Its table was compared."""
        return self.state in {"verified", "differs"}

    @property
    def differs(self) -> bool:
        """It is not as it should be."""
        return self.state == "differs" or self.has_no_ipvs

    @property
    def unread(self) -> bool:
        """It should have been judged, and was not."""
        return not self.judged and not (self.state == "not-ipvs" and not self.has_no_ipvs)


class Verification(NamedTuple):
    """All nodes, by name. `looks`: 1 or 2, `seconds` apart.

    `changing`: what is not judged since it changed meanwhile: Services, and addresses that are no Service's any more.
    `connections`: those of the nodes that were judged, None where nobody asked.
    """

    nodes: tuple[NodeVerified, ...]
    looks: int = 1
    seconds: float = 0.0
    changing: tuple[str, ...] = ()
    connections: tuple[NodeConnections, ...] | None = None

    @property
    def empty(self) -> bool:
        """Every node that could be judged has nothing, and should have nothing, of what was asked for."""
        return bool(self.nodes) and all(node.reason == NOTHING or node.state == "not-ipvs" for node in self.nodes)

    @property
    def differs(self) -> bool:
        """Some node is not as it should be."""
        return any(node.differs for node in self.nodes)

    @property
    def incomplete(self) -> bool:
        """Something was not verified: a node, what changed meanwhile, or everything."""
        if any(each.reason for each in self.connections or ()):
            return True
        return any(node.unread for node in self.nodes) or not any(node.judged and node.rows for node in self.nodes)


@dataclass(slots=True)
class Run:
    """One verification. `relist` lists Services again, `wait` pauses between the looks; None: there is one look alone.

    `seen` is told of each answer, as by `survey`.
    """

    looker: Looker
    concurrency: int
    relist: Callable[[], ListedServices]
    wait: Callable[[int, int], None] | None
    narrow: Narrow = EVERYTHING
    seen: Seen | None = None
    _lists: list[Listing] = field(default_factory=list)

    def verify(self, chosen: Sequence[ProxyNode], listed: ListedServices) -> Verification:
        """Verify these nodes; `listed`: Services and EndpointSlices as they are now."""
        first = self._looks(chosen, listed)
        if not any(look.findings for look in first.values()):
            return _result(first, {}, (), 1, 0.0)
        changes = self._changed()
        kept = {name: unchanged(look.findings, changes) for name, look in first.items()}
        again = [node for node in chosen if kept[node.name]]
        if self.wait is None or not again:
            return _result(first, kept, _changing(first.values(), changes), 1, 0.0)
        self.wait(sum(map(len, kept.values())), len(again))
        return self._twice(first, again)

    def _twice(self, first: dict[str, NodeLook], again: Sequence[ProxyNode]) -> Verification:
        """Look at these nodes once more; the others have nothing that could be seen twice."""
        second = self._looks(again, self.relist())
        changes = self._changed()
        kept: dict[str, tuple[Finding, ...]] = {}
        apart = []
        for name, look in second.items():
            seconds = look.clock - first[name].clock
            apart.append(seconds)
            if look.expected is not None:
                kept[name] = seen_twice(first[name].findings, look.findings, changes, look.expected, seconds)
        found = {name: second.get(name, look) for name, look in first.items()}
        since = {name: look._replace(at=first[name].at) for name, look in found.items()}
        return _result(since, kept, _changing((*first.values(), *second.values()), changes), 2, min(apart))

    def _looks(self, nodes: Sequence[ProxyNode], listed: ListedServices) -> dict[str, NodeLook]:
        services, slices = listed.both()
        self._lists.append(listing(services, slices))
        self.looker.reader.cluster.let_go()
        verifier = Verifier(self.looker, Expectations(services, slices), self.narrow)
        waiting = {node.name: None for node in nodes}
        found: dict[str, NodeLook] = {}
        for look in fan_out(verifier.look, nodes, self.concurrency):
            found[look.node] = look
            waiting.pop(look.node, None)
            if self.seen is not None:
                self.seen(len(found), len(nodes), tuple(waiting))
        return found

    def _changed(self) -> Changed:
        """List again, and return what is not the same in all lists up to now."""
        self._lists.append(listing(*self.relist().both()))
        return changed(*self._lists)


def _result(
    looks: dict[str, NodeLook],
    kept: dict[str, tuple[Finding, ...]],
    changing: tuple[str, ...],
    count: int,
    seconds: float,
) -> Verification:
    nodes = (_node(look, kept.get(name, ())) for name, look in looks.items())
    return Verification(tuple(sorted(nodes, key=lambda node: natural(node.node))), count, seconds, changing)


def _node(look: NodeLook, findings: tuple[Finding, ...]) -> NodeVerified:
    found = findings if look.judged else ()
    differs = any(finding.is_difference for finding in found)
    state, reason = look.state or ("differs" if differs else "verified"), look.reason
    if look.judged and not look.rows and not differs:
        state, reason = "unknown", NOTHING
    return NodeVerified(
        look.node, state, reason, look.version, look.source, look.rows, found, look.at, look.has_no_ipvs
    )


def _changing(looks: Iterable[NodeLook], changes: Changed) -> tuple[str, ...]:
    """Name what findings were left out about."""
    left = (each for look in looks for each in look.findings if changes.concerns(each))
    return tuple(sorted({"/".join(each.service[:2]) if each.service else each.address for each in left}))
