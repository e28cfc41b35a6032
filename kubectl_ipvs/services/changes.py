"""What stays of findings when Services change while a table is read: no false alarms (facts: leaving-ipvs E6).

Services and EndpointSlices are listed before and after a look at the tables. What concerns an object that is not the
same in both is left out; with two looks, a fault is one that both of them have.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from kubectl_ipvs.services.describe import Describer
from kubectl_ipvs.services.expected import ExpectedTable
from kubectl_ipvs.services.findings import Finding
from kubectl_ipvs.services.known_bugs import issues_of
from kubectl_ipvs.services.node_addresses import host
from kubectl_ipvs.services.objects import EndpointSlice, Service

ServiceName: TypeAlias = tuple[str, str]  # namespace and name

APART: Final = 30.0  # seconds between two looks: kube-proxy's syncPeriod, unless it is configured otherwise
STUCK_AFTER: Final = 120.0  # seconds: kube-proxy looks at draining real servers once a minute


class Listing(NamedTuple):
    """One list of all Services and EndpointSlices, as far as changes are seen in it.

    `versions`: every object of each Service with its resourceVersion. `places`: the addresses (IPv6 without brackets)
    and the NodePorts, as protocol and port, of each.
    """

    versions: dict[ServiceName, frozenset[tuple[str, str]]]
    places: dict[ServiceName, frozenset[str | tuple[str, int]]]


class Changed(NamedTuple):
    """The Services that are not the same in all of some lists, and every place that they have or had."""

    services: frozenset[ServiceName]
    places: frozenset[str | tuple[str, int]]

    def concerns(self, finding: Finding) -> bool:
        """Tell whether a finding may be due to such a change."""
        if finding.service is not None and finding.service[:2] in self.services:
            return True
        return finding.address in self.places or (finding.protocol, finding.port) in self.places


def listing(services: Iterable[Service], slices: Iterable[EndpointSlice]) -> Listing:
    """Note what a list has."""
    versions: defaultdict[ServiceName, list[tuple[str, str]]] = defaultdict(list)
    places: dict[ServiceName, frozenset[str | tuple[str, int]]] = {}
    for service in services:
        name = service.namespace, service.name
        versions[name].append(("", service.version))
        addresses = (address.strip("[]") for address in map(host, service.addresses) if address is not None)
        ports = ((port.protocol, port.node_port) for port in service.ports if port.node_port)
        places[name] = frozenset((*addresses, *ports))
    for each in slices:
        versions[each.namespace, each.service].append((each.name, each.version))
    return Listing({name: frozenset(found) for name, found in versions.items()}, places)


def changed(first: Listing, *others: Listing) -> Changed:
    """Return what is not the same in all of these lists."""
    names = frozenset(
        name
        for other in others
        for name in first.versions.keys() | other.versions.keys()
        if first.versions.get(name) != other.versions.get(name)
    )
    places = (each.places.get(name, frozenset()) for each in (first, *others) for name in names)
    return Changed(names, frozenset[str | tuple[str, int]]().union(*places))


def unchanged(findings: Iterable[Finding], changes: Changed) -> tuple[Finding, ...]:
    """Return what one look found, without what concerns an object that changed around it."""
    return tuple(finding for finding in findings if not changes.concerns(finding))


def seen_twice(
    first: Iterable[Finding], second: Iterable[Finding], changes: Changed, expected: ExpectedTable, seconds: float
) -> tuple[Finding, ...]:
    """Return what both looks at a node found and no change explains, as the second one has it.

    `changes`: over all four lists. `expected`: the node's table at the second look, or one of them. `seconds`: between
    the looks. A real server that drains is stuck where it had no connection in both looks, two minutes apart.
    """
    before = {(finding.kind, finding.place): finding for finding in first}
    found = []
    for finding in unchanged(second, changes):
        earlier = before.get((finding.kind, finding.place))
        if earlier is not None:
            found.append(_draining(earlier, finding, expected, seconds) if finding.kind == "draining" else finding)
    return tuple(found)


def _draining(earlier: Finding, finding: Finding, expected: ExpectedTable, seconds: float) -> Finding:
    if finding.connections > earlier.connections:
        return finding._replace(issues=issues_of("draining", expected.version, ("reused",)))
    if earlier.connections or finding.connections or seconds < STUCK_AFTER:
        return finding
    detail = f"no endpoint any more, weight 0, no connections, for {seconds:.0f} s: kube-proxy does not remove it"
    return Describer(expected).again("stuck", finding, detail)
