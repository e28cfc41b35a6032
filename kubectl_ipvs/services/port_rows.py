"""The virtual servers of one Service port in one family (facts: leaving-ipvs E2 and E3)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from kubectl_ipvs.services.eras import Era
from kubectl_ipvs.services.members import Endpoints, Members, policies_of
from kubectl_ipvs.services.node_addresses import Family, family_of, host
from kubectl_ipvs.services.objects import Endpoint, EndpointSlice, Service, ServicePort

Key: TypeAlias = tuple[str, str]  # protocol and address:port, as ipvs/table.py has them
PortKey: TypeAlias = tuple[str, int]  # protocol and port
OriginKind: TypeAlias = Literal["clusterIP", "externalIP", "loadBalancer", "nodePort"]


class Origin(NamedTuple):
    """What a virtual server is for: a port of a Service ("" where it has no name), and which of its addresses.

    `number`: the Service's port, whatever port the virtual server has.
    """

    namespace: str
    name: str
    port: str
    kind: OriginKind
    number: int = 0

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}:{self.port or self.number}"


class Row(NamedTuple):
    """One virtual server that is expected; weight 1 and Masq for each of `members`.

    `persistence`: seconds, None without. `rivals`: other Services with the same protocol, address and port; each sync
    the later one wins, so that neither members nor persistence can be judged.
    """

    origin: Origin
    members: Members
    persistence: int | None
    rivals: tuple[Origin, ...] = ()

    def beside(self, other: "Row") -> "Row":
        """Return this row where another one has the same key: contested, unless it is of the same Service."""
        found = [each for each in (other.origin, *other.rivals, *self.rivals) if not same_service(each, self.origin)]
        return self._replace(rivals=tuple(dict.fromkeys(found)))


class PortRows:
    """The rows of one Service port in one family, on any node."""

    def __init__(
        self, service: Service, port: ServicePort, endpoints: Endpoints, addresses: Mapping[str, OriginKind]
    ) -> None:
        self.addresses = addresses
        self.place: PortKey | None = (port.protocol, port.node_port) if port.node_port else None
        self.endpoints = endpoints
        self._service, self._port = service, port
        self._known: dict[tuple[str, str], tuple[dict[Key, Row], Row]] = {}

    def on(self, node: str, zone: str) -> tuple[Mapping[Key, Row], Row]:
        """Return the rows on the Service's own addresses, and the one that each of the node's addresses gets."""
        key = self.endpoints.key(node, zone)
        found = self._known.get(key)
        if found is None:
            inside, outside = self.endpoints.on(node, zone)
            rows = {
                (self._port.protocol, f"{address}:{self._port.port}"): self._row(
                    kind, inside if kind == "clusterIP" else outside
                )
                for address, kind in self.addresses.items()
            }
            found = self._known[key] = rows, self._row("nodePort", outside)
        return found

    def origin(self, kind: OriginKind) -> Origin:
        """Name what a row on such an address is for."""
        return Origin(self._service.namespace, self._service.name, self._port.name, kind, self._port.port)

    def _row(self, kind: OriginKind, members: Members) -> Row:
        return Row(self.origin(kind), members, self._service.affinity)


def same_service(one: Origin, other: Origin) -> bool:
    """Tell whether two rows are of one Service."""
    return one[:2] == other[:2]


def rows_of(service: Service, family: Family, slices: Sequence[EndpointSlice], era: Era) -> Iterator[PortRows]:
    """Yield a Service's ports; none where kube-proxy leaves it out, or it has no cluster IP of this family."""
    if service.type == "ExternalName" or service.proxy_name or (service.headless_label and era.any_headless):
        return
    cluster_ip = _cluster_ip(service, family)
    if cluster_ip is None:
        return
    outside: dict[str, OriginKind] = {}
    if era.external_ips:
        outside.update((address, "externalIP") for address in _of(family, service.external_ips))
    balanced = [entry.address for entry in service.ingress if entry.mode in {"", "VIP"} or not era.ip_mode]
    outside.update((address, "loadBalancer") for address in _of(family, balanced))
    usable = [each for each in slices if _is_read(each, family, era)]
    for port in service.ports:
        policies = policies_of(service, era, is_external=bool(port.node_port or outside))
        found = _endpoints(usable, port)
        yield PortRows(service, port, Endpoints(service, policies, found, era), {cluster_ip: "clusterIP", **outside})


def _cluster_ip(service: Service, family: Family) -> str | None:
    """Return the cluster IP of a family: by ipFamilies where they are there, else by the form of the first one."""
    if service.families:
        pairs = zip(service.cluster_ips, service.families, strict=False)
        return next((host(address) for address, of in pairs if of == family), None)
    first = host(service.cluster_ips[0]) if service.cluster_ips else None
    return first if first is not None and family_of(first) == family else None


def _of(family: Family, addresses: Sequence[str]) -> list[str]:
    return [address for address in map(host, addresses) if address is not None and family_of(address) == family]


def _is_read(entry: EndpointSlice, family: Family, era: Era) -> bool:
    return entry.family == family and not entry.headless and not (entry.proxy_name and era.any_headless)


def _endpoints(slices: Sequence[EndpointSlice], port: ServicePort) -> Iterator[Endpoint]:
    for entry in slices:
        numbers = [each.port for each in entry.ports if (each.name, each.protocol) == (port.name, port.protocol)]
        for number in filter(None, numbers):
            for endpoint in entry.endpoints:
                address = host(endpoint.address)
                if address is not None:
                    yield endpoint._replace(address=f"{address}:{number}")
