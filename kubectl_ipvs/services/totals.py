"""Many nodes' tables folded into one row for each Service port: connections, weights, skew. Pure.

Each table is added when it arrives and then forgotten: what is kept grows with the Services, not with the nodes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kubectl_ipvs.ipvs.listing import Listing
from kubectl_ipvs.services.names import Names, Owner, is_ready, unserved
from kubectl_ipvs.services.objects import Service

MOST_STRAY: Final = 1000  # virtual servers of no Service, or of several, that are kept by name
_LOCAL_ONLY: Final = 1  # nodes that must have an endpoint where nodes may differ


class EndpointTotal(NamedTuple):
    """One endpoint over all nodes.

    `weights`: how many nodes have it with each weight (a node with several, once for each), the most first. `ready`:
    its weight is above 0 everywhere it is. `missing`: nodes that should have it and do not. `pod`: namespace and name,
    None where that is not known. `share`: of the Service port's active connections, None where there are none.
    """

    address: str
    pod: tuple[str, str] | None
    node: str
    weights: Mapping[int, int]
    active: int
    inactive: int
    missing: int = 0
    share: float | None = None

    @property
    def ready(self) -> bool:
        """It gets new connections on each node that has it."""
        return bool(self.weights) and min(self.weights) > 0


class PortTotal(NamedTuple):
    """One Service port over all nodes.

    `schedulers`: how many nodes have it with each scheduler. `nodes`: how many have a virtual server of it. `skew`: see
    there. `affinity`: seconds of the Service's session affinity, None without.
    """

    owner: Owner
    schedulers: Mapping[str, int]
    nodes: int
    endpoints: tuple[EndpointTotal, ...]
    active: int
    inactive: int
    skew: float | None
    affinity: int | None

    @property
    def ready(self) -> int:
        """Endpoints that get new connections."""
        return sum(1 for each in self.endpoints if each.ready)

    @property
    def drained(self) -> int:
        """Endpoints with weight 0 on some node."""
        return sum(1 for each in self.endpoints if each.weights and not each.ready)

    @property
    def missing(self) -> int:
        """Ready endpoints that some node lacks."""
        return sum(1 for each in self.endpoints if each.missing)


class Stray(NamedTuple):
    """A virtual server that is counted for no Service: of none, or of the several that are named."""

    protocol: str
    address: str
    scheduler: str
    owners: tuple[Owner, ...]
    nodes: tuple[str, ...]


@dataclass(slots=True)
class _Endpoint:
    active: int = 0
    inactive: int = 0
    nodes: int = 0
    last: int = 0  # the number of the last table that had it, and its weights there
    last_weights: tuple[int, ...] = ()
    weights: dict[int, int] = field(default_factory=dict)

    def add(self, table: int, weight: int, active: int, inactive: int) -> None:
        """Count a real server of this endpoint in the table of this number."""
        self.active += active
        self.inactive += inactive
        if self.last != table:
            self.last, self.last_weights = table, (weight,)
            self.nodes += 1
        elif weight in self.last_weights:
            return
        else:
            self.last_weights = (*self.last_weights, weight)
        self.weights[weight] = self.weights.get(weight, 0) + 1


@dataclass(slots=True)
class _Port:
    nodes: int = 0
    last: int = 0  # the number of the last table that had it
    schedulers: Counter[str] = field(default_factory=Counter)
    families: Counter[bool] = field(default_factory=Counter)  # whether IPv6: nodes that serve it
    endpoints: dict[str, _Endpoint] = field(default_factory=dict)
    seen: set[object] = field(default_factory=set)  # schedulers and families of the last table

    def add(self, table: int, scheduler: str, *, six: bool) -> None:
        """Count a virtual server of this port in the table of this number."""
        if self.last != table:
            self.last = table
            self.nodes += 1
            self.seen = set()
        if scheduler not in self.seen:
            self.seen.add(scheduler)
            self.schedulers[scheduler] += 1
        if six not in self.seen:
            self.seen.add(six)
            self.families[six] += 1


class Totals:
    """The sums; not for several threads at once. `slices_known`: Names were made with EndpointSlices."""

    def __init__(self, names: Names, *, slices_known: bool = True) -> None:
        self._names, self._slices_known = names, slices_known
        self._ports: dict[Owner, _Port] = {}
        self._strays: dict[tuple[str, str], tuple[str, tuple[Owner, ...], list[str]]] = {}
        self.tables = self.strays = 0

    def add(self, node: str, rows: Listing, exclude: Sequence[str] = ()) -> None:
        """Add one node's table; `exclude` is its kube-proxy's excludeCIDRs."""
        self.tables += 1
        table, excluded = self.tables, tuple(exclude)
        columns = rows.addresses, rows.weights, rows.active, rows.inactive
        for head, start, end in rows.spans():
            server = head.server
            owners = self._names.of(server.protocol, server.address, excluded)
            if len(owners) != 1:
                self._stray(node, server.protocol, server.address, server.scheduler, owners)
                continue
            port = self._ports.get(owners[0]) or self._ports.setdefault(owners[0], _Port())
            port.add(table, server.scheduler, six=server.ipv6)
            known = port.endpoints
            for address, weight, active, inactive in zip(*(column[start:end] for column in columns), strict=True):
                endpoint = known.get(address)
                if endpoint is None:
                    endpoint = known[address] = _Endpoint()
                endpoint.add(table, weight, active, inactive)

    def _stray(self, node: str, protocol: str, address: str, scheduler: str, owners: tuple[Owner, ...]) -> None:
        self.strays += 1
        if len(self._strays) < MOST_STRAY or (protocol, address) in self._strays:
            self._strays.setdefault((protocol, address), (scheduler, owners, []))[2].append(node)

    @property
    def outside(self) -> tuple[Stray, ...]:
        """What was counted for no Service, by address; MOST_STRAY at most."""
        return tuple(Stray(*key, *held[:2], tuple(held[2])) for key, held in sorted(self._strays.items()))

    def ports(self) -> Iterator[PortTotal]:
        """Yield every Service port: those in some table, and those that kube-proxy should serve and no node has."""
        for owner, service in self._names.owners.items():
            port = self._ports.get(owner)
            if port is not None or not unserved(service):
                yield self._total(owner, service, port or _Port())

    def _total(self, owner: Owner, service: Service, port: _Port) -> PortTotal:
        behind = self._names.behind[owner]
        lacking = [address for address in behind if address not in port.endpoints and is_ready(behind[address])]
        found = {**port.endpoints, **{address: _Endpoint() for address in lacking if port.families["[" in address]}}
        strict = not (service.internal_local or any(each.zones or each.nodes for each in behind.values()))
        active = sum(each.active for each in found.values())
        made = tuple(
            self._endpoint(owner, address, each, port, strict=strict, active=active) for address, each in found.items()
        )
        return PortTotal(
            owner, dict(port.schedulers.most_common()), port.nodes, made, active,
            sum(each.inactive for each in found.values()), skew(made), service.affinity,
        )  # fmt: skip

    def _endpoint(
        self, owner: Owner, address: str, found: _Endpoint, port: _Port, *, strict: bool, active: int
    ) -> EndpointTotal:
        """Sum an endpoint up; `strict`: every node with the Service should have it, else any one."""
        known = self._names.endpoint((owner,), owner.protocol, address)
        own = self._names.behind[owner].get(address)
        serving = port.families["[" in address]
        expected = serving if strict else min(_LOCAL_ONLY, serving)
        should = self._slices_known and own is not None and is_ready(own)
        return EndpointTotal(
            address, known.pod if known else None, known.node if known else "",
            dict(sorted(found.weights.items(), key=lambda item: (-item[1], -item[0]))), found.active, found.inactive,
            max(0, expected - found.nodes) if should else 0, found.active / active if active else None,
        )  # fmt: skip


def skew(endpoints: Sequence[EndpointTotal]) -> float | None:
    """Divide the busiest ready endpoint's active connections by the mean of the ready ones; 1.0 is even.

    The two addresses of a Pod of both families count as one endpoint: its clients choose the family. None where there
    is nothing to say: fewer than two endpoints, or no connection.
    """
    active: Counter[object] = Counter()
    for each in endpoints:
        if each.ready:
            active[each.pod or each.address] += each.active
    total = sum(active.values())
    return max(active.values()) * len(active) / total if len(active) > 1 and total else None
