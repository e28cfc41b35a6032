"""The table that kube-proxy makes of Services and EndpointSlices on a node (facts: leaving-ipvs E1 to E5).

What is alike on all nodes is computed once, for each set of rules and settings; a node's table then costs little more
than its rows of policy Local, of hints, and of NodePorts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from kubectl_ipvs.services.eras import Era, Version, distinct, era_of, possible_versions
from kubectl_ipvs.services.node_addresses import FAMILIES, Family, Node, NodePortAddresses, node_port_addresses
from kubectl_ipvs.services.objects import EndpointSlice, Service
from kubectl_ipvs.services.port_rows import Key, Origin, PortKey, PortRows, Row, rows_of

DEFAULT_SCHEDULER: Final = "rr"

_K = TypeVar("_K")


class Settings(NamedTuple):
    """What of kube-proxy's configuration decides about the table; `scheduler` "" is rr.

    `families`: those that the node serves as far as is known. `gates`: its feature gates, as (name, on).
    """

    scheduler: str = ""
    node_port_addresses: tuple[str, ...] = ()
    exclude_cidrs: tuple[str, ...] = ()
    families: tuple[Family, ...] = FAMILIES
    gates: tuple[tuple[str, bool], ...] = ()


class ExpectedTable(NamedTuple):
    """The table of one node.

    `rows`: every row that must be there. `node_ports` and `addresses`, for each family: the NodePort rows of one
    address, and on which addresses they are; see `NodePortAddresses` for those that only the real table decides.
    `flags`: those of the scheduler. `owners`: what each address of a Service is for. `version` is None where it is not
    known.
    """

    node: Node
    rows: Mapping[Key, Row]
    node_ports: Mapping[Family, Mapping[PortKey, Row]]
    addresses: Mapping[Family, NodePortAddresses]
    scheduler: str
    flags: tuple[str, ...]
    settings: Settings
    owners: Mapping[str, Origin]
    version: Version | None


class Expectations:
    """The expected tables of all nodes of a cluster, by one list of Services and EndpointSlices."""

    def __init__(self, services: Iterable[Service], slices: Iterable[EndpointSlice]) -> None:
        self._services = tuple(services)
        self._slices: defaultdict[tuple[str, str], list[EndpointSlice]] = defaultdict(list)
        for each in sorted(slices, key=lambda entry: (entry.namespace, entry.name)):
            self._slices[each.namespace, each.service].append(each)
        self._known: dict[tuple[Era, Settings], _Expectation] = {}

    def of(self, node: Node, version: Version | None, settings: Settings) -> tuple[ExpectedTable, ...]:
        """Return the table of a node: one, or where the version is not known one for each set of rules it may have.

        For any number of threads.
        """
        versions = distinct(possible_versions(version), dict(settings.gates))
        return tuple(self._expectation(each, settings).on(node, version) for each in versions)

    def _expectation(self, version: Version, settings: Settings) -> "_Expectation":
        era = era_of(version, dict(settings.gates))
        found = self._known.get((era, settings))
        if found is None:
            found = self._known[era, settings] = _Expectation(self._services, self._slices, era, settings)
        return found


class _Expectation:
    """What kube-proxys of one set of rules and settings make of one list of Services and EndpointSlices."""

    def __init__(
        self,
        services: Iterable[Service],
        slices: Mapping[tuple[str, str], Sequence[EndpointSlice]],
        era: Era,
        settings: Settings,
    ) -> None:
        self._era, self._settings = era, settings
        self._scheduler = settings.scheduler or DEFAULT_SCHEDULER
        self._alike = _Rows()
        self._varying: list[tuple[Family, PortRows]] = []
        self._owners: dict[str, Origin] = {}
        for service in services:
            for family in settings.families:
                for port in rows_of(service, family, slices.get((service.namespace, service.name), ()), era):
                    self._add(family, port)
        self._served = frozenset(self._owners)

    def on(self, node: Node, version: Version | None) -> ExpectedTable:
        """Return the table of a node."""
        rows = self._alike.copy() if self._varying else self._alike
        for family, port in self._varying:
            rows.add(family, port, node)
        addresses = {
            family: node_port_addresses(family, node, self._settings.node_port_addresses, self._era, self._served)
            for family in self._settings.families
        }
        every = dict(rows.own)
        for family, where in addresses.items():
            for address in where.required | where.likely:
                add_node_ports(every, address, rows.node_ports.get(family, {}))
        hashes_port = self._scheduler == "mh" and self._era.hash_port
        return ExpectedTable(
            node=node, rows=every, node_ports=rows.node_ports, addresses=addresses, scheduler=self._scheduler,
            flags=("mh-port",) if hashes_port else (), settings=self._settings, owners=self._owners, version=version,
        )  # fmt: skip

    def _add(self, family: Family, port: PortRows) -> None:
        self._owners.update((address, port.origin(kind)) for address, kind in port.addresses.items())
        if port.endpoints.is_alike:
            self._alike.add(family, port, Node(""))
        else:
            self._varying.append((family, port))


class _Rows:
    """Rows by their keys: those of the Services' own addresses, and those that each address of a node gets."""

    def __init__(self) -> None:
        self.own: dict[Key, Row] = {}
        self.node_ports: dict[Family, dict[PortKey, Row]] = {}

    def copy(self) -> "_Rows":
        found = _Rows()
        found.own = dict(self.own)
        found.node_ports = {family: dict(rows) for family, rows in self.node_ports.items()}
        return found

    def add(self, family: Family, port: PortRows, node: Node) -> None:
        own, on_node = port.on(node.name, node.zone)
        for key, row in own.items():
            _put(self.own, key, row)
        if port.place is not None:
            _put(self.node_ports.setdefault(family, {}), port.place, on_node)


def add_node_ports(rows: dict[Key, Row], address: str, node_ports: Mapping[PortKey, Row]) -> None:
    """Add the NodePort rows of one address of a node."""
    for (protocol, port), row in node_ports.items():
        _put(rows, (protocol, f"{address}:{port}"), row)


def _put(rows: dict[_K, Row], key: _K, row: Row) -> None:
    known = rows.get(key)
    rows[key] = row if known is None else row.beside(known)
