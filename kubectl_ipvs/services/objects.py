"""What kube-proxy reads of a Service and of an EndpointSlice, as frozen values (facts: leaving-ipvs E1 to E4)."""

from typing import Final, NamedTuple

TCP: Final = "TCP"  # the API's default
HEADLESS: Final = "None"


class ServicePort(NamedTuple):
    """One port of a Service; `node_port` is 0 where there is none, `name` "" where there is none."""

    protocol: str
    port: int
    node_port: int = 0
    name: str = ""


class Ingress(NamedTuple):
    """One address of a load balancer; `mode` is ipMode: VIP, Proxy, or "" where the field is not there."""

    address: str
    mode: str = ""


class Service(NamedTuple):
    """A Service.

    `cluster_ips` are those of clusterIPs (or clusterIP alone), without "" and "None"; `families` are ipFamilies, in the
    same order, () where there are none. `affinity`: seconds of session affinity by client IP, None without it.
    `proxy_name`: it has the label service-proxy-name, whatever its value: somebody else serves it. `topology_mode`,
    `topology_hints`: the values of those annotations, "" without them. `version`: its resourceVersion.
    """

    namespace: str
    name: str
    type: str
    cluster_ips: tuple[str, ...]
    ports: tuple[ServicePort, ...]
    families: tuple[str, ...] = ()
    external_ips: tuple[str, ...] = ()
    ingress: tuple[Ingress, ...] = ()
    affinity: int | None = None
    internal_local: bool = False
    external_local: bool = False
    proxy_name: bool = False
    headless_label: bool = False
    topology_mode: str = ""
    topology_hints: str = ""
    version: str = ""
    source_ranges: tuple[str, ...] = ()  # loadBalancerSourceRanges

    @property
    def addresses(self) -> tuple[str, ...]:
        """Cluster IPs, external IPs and those of its load balancer, once each."""
        found = (*self.cluster_ips, *self.external_ips, *(entry.address for entry in self.ingress))
        return tuple(dict.fromkeys(found))


class SlicePort(NamedTuple):
    """One port of an EndpointSlice; `port` 0 stands for "all ports", which kube-proxy takes for none."""

    name: str
    protocol: str
    port: int


class Endpoint(NamedTuple):
    """One endpoint: `address` is the first of its addresses, the only one that kube-proxy reads.

    `ready`, `serving`: None where the condition is not there, which means yes. `node`: its nodeName (of v1beta1: the
    topology's hostname). `zones`, `nodes`: its hints. `pod`: namespace and name of its targetRef where that is a Pod.
    """

    address: str
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool = False
    node: str = ""
    zones: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    pod: tuple[str, str] | None = None


class EndpointSlice(NamedTuple):
    """An EndpointSlice; `service` is the name in its label kubernetes.io/service-name, "" without it.

    `family`: its addressType, IPv4, IPv6 or FQDN. `version`: its resourceVersion.
    """

    namespace: str
    name: str
    service: str
    family: str
    ports: tuple[SlicePort, ...]
    endpoints: tuple[Endpoint, ...]
    headless: bool = False
    proxy_name: bool = False
    version: str = ""
