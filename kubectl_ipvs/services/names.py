"""Whose a virtual server is, and which Pod a real server: by what Services and EndpointSlices say. Pure.

Rules: leaving-ipvs E2, E3 and E8. A virtual server is a Service port's by address, port and protocol: cluster IPs,
external IPs, addresses of load balancers, and NodePorts on the nodes' own addresses. A real server is the Pod that an
EndpointSlice of that very Service has at its address and port. Where two are possible none is chosen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

from kubectl_ipvs.ipvs.address import canonical
from kubectl_ipvs.ipvs.excluded import Excluded
from kubectl_ipvs.services.objects import Endpoint, EndpointSlice, Service, ServicePort

PROXY: Final = "Proxy"  # ipMode of a load balancer whose address kube-proxy leaves alone
_MOST: Final = 1 << 17  # virtual servers whose owners are remembered

Key: TypeAlias = tuple[str, str]  # protocol, and address with port as the table has it


class Owner(NamedTuple):
    """One port of one Service; `port_name` is "" where it has none."""

    namespace: str
    service: str
    port: int
    protocol: str
    port_name: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.service}:{self.port_name or self.port}"


class Names:
    """The names of a cluster at one time.

    `node_addresses`: those that Node objects have. kube-proxy serves NodePorts on others of a node's addresses, too:
    what is at the port of a NodePort and at no Service's address counts as that NodePort.
    """

    def __init__(
        self,
        services: Iterable[Service] = (),
        slices: Iterable[EndpointSlice] = (),
        node_addresses: Iterable[str] = (),
    ) -> None:
        self.services: dict[tuple[str, str], Service] = {(each.namespace, each.name): each for each in services}
        self._nodes = {_host(address) for address in node_addresses}
        self._exact: dict[Key, tuple[Owner, ...]] = {}
        self._node_ports: dict[Key, list[tuple[Owner, frozenset[bool]]]] = {}
        self._known: dict[tuple[Key, tuple[str, ...]], tuple[Owner, ...]] = {}
        self.owners: dict[Owner, Service] = {}
        for service in self.services.values():
            for port in service.ports if service.cluster_ips else ():
                self._add(service, port)
        self.behind: dict[Owner, dict[str, Endpoint]] = {owner: {} for owner in self.owners}
        for each in slices:
            self._add_slice(each)

    def _add(self, service: Service, port: ServicePort) -> None:
        owner = owner_of(service, port)
        families = frozenset(":" in address for address in service.cluster_ips)
        self.owners[owner] = service
        hosts = (*service.cluster_ips, *service.external_ips,
                 *(entry.address for entry in service.ingress if entry.mode != PROXY))  # fmt: skip
        for host in dict.fromkeys(hosts):
            if (":" in host) in families:
                key = port.protocol, with_port(host, port.port)
                self._exact[key] = tuple(dict.fromkeys((*self._exact.get(key, ()), owner)))
        if port.node_port:
            self._node_ports.setdefault((port.protocol, str(port.node_port)), []).append((owner, families))

    def _add_slice(self, each: EndpointSlice) -> None:
        service = self.services.get((each.namespace, each.service))
        if service is None or each.headless:
            return
        for port in each.ports:
            for own in (own for own in service.ports if (own.name, own.protocol) == (port.name, port.protocol)):
                behind = self.behind.get(owner_of(service, own))
                if behind is None or not port.port:
                    continue
                for endpoint in each.endpoints:
                    address = with_port(endpoint.address, port.port)
                    behind[address] = _one_of(behind.get(address), endpoint)

    def of(self, protocol: str, address: str, exclude: tuple[str, ...] = ()) -> tuple[Owner, ...]:
        """Return the Service ports that a virtual server may be of: none, one, or those that contest it.

        `exclude`: kube-proxy's excludeCIDRs; what is in there is a NodePort only at a known node's address.
        """
        key = (protocol, address), exclude
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            found = self._known[key] = self._find(*key)
        return found

    def _find(self, key: Key, exclude: tuple[str, ...]) -> tuple[Owner, ...]:
        protocol, address = key
        host, _, port = address.rpartition(":")
        exact = self._exact.get(key, ())
        on_node = host in self._nodes or (not exact and not Excluded(exclude).range_of(address.encode()))
        at_port = self._node_ports.get((protocol, port), ()) if on_node else ()
        return tuple(dict.fromkeys((*exact, *(owner for owner, has in at_port if host.startswith("[") in has))))

    def endpoint(self, owners: Sequence[Owner], protocol: str, address: str) -> Endpoint | None:
        """Return what is at a real server's address: of these Services, else of any if it is one Pod; None: unknown."""
        found = [behind[address] for behind in map(self.behind.__getitem__, owners) if address in behind]
        if not found:
            return self._anybodys.get((protocol, address))
        return found[0] if len({each.pod for each in found}) == 1 else None

    @cached_property
    def _anybodys(self) -> Mapping[Key, Endpoint]:
        """What is at an address, whichever Service leads there: real servers of a Service that is gone, for example."""
        found: dict[Key, Endpoint] = {}
        for owner, behind in self.behind.items():
            for address, endpoint in behind.items():
                key = owner.protocol, address
                found[key] = _one_of(found.get(key), endpoint)
        return found

    def ports_of(self, namespace: str, name: str) -> Iterator[Owner]:
        """Yield the ports of a Service, those that kube-proxy makes virtual servers for or might have made."""
        return (owner for owner in self.owners if (owner.namespace, owner.service) == (namespace, name))


def owner_of(service: Service, port: ServicePort) -> Owner:
    """Name a Service's port."""
    return Owner(service.namespace, service.name, port.port, port.protocol, port.name)


def unserved(service: Service) -> str:
    """Say why kube-proxy makes no virtual server of a Service (leaving-ipvs E2), "" where it makes some."""
    if service.type == "ExternalName":
        return "it is an ExternalName"
    if not service.cluster_ips:
        return "it is headless"
    if service.proxy_name:
        return "its label service.kubernetes.io/service-proxy-name leaves it to another proxy"
    return "" if service.ports else "it has no port"


def is_ready(endpoint: Endpoint) -> bool:
    """Tell whether an endpoint is ready; where the condition is not there, it is."""
    return endpoint.ready is not False


def with_port(host: str, port: int) -> str:
    """Write an address and a port as a table has them: `10.0.0.1:80`, `[fd00::1]:80`."""
    return canonical(f"[{host}]:{port}".encode(), hexadecimal=False) if ":" in host else f"{host}:{port}"


def _host(address: str) -> str:
    return with_port(address, 0).rpartition(":")[0]


def _one_of(known: Endpoint | None, other: Endpoint) -> Endpoint:
    """Return which of two endpoints at one address is meant; without its Pod where nobody can say."""
    if known is None or known == other:
        return other
    ranks = [(not each.terminating, is_ready(each)) for each in (known, other)]
    if ranks[0] != ranks[1]:
        return known if ranks[0] > ranks[1] else other
    return known if known.pod == other.pod else known._replace(pod=None, node="")
