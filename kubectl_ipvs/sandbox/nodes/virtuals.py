"""The virtual servers kube-proxy makes of Services and what is behind them. Pure: objects in, values out.

Source: kube-proxy's ipvs proxier: cluster IPs, external IPs, load balancer IPs and NodePorts, one virtual server for
each port; a policy `Local` leaves the endpoints of the node itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.nodes.defects import Virtual
from kubectl_ipvs.sandbox.nodes.rows import is_ip

Obj = dict[str, Any]
SERVICE_NAME = "kubernetes.io/service-name"
OTHER_PROXY = "service.kubernetes.io/service-proxy-name"
UNEVEN = "field/uneven"  # an annotation of a Service: connections have piled up on its first endpoint
AFFINITY = 10800  # seconds, Kubernetes' default


class Backend(NamedTuple):
    """One endpoint of one port."""

    address: str
    port: int
    node: str


class Frontend(NamedTuple):
    """A virtual server before it is on a node: `address` "" stands for each of the node's own."""

    protocol: str
    address: str
    port: int
    backends: tuple[Backend, ...]
    affinity: int
    is_local: bool  # only the node's own endpoints
    uneven: bool = False

    def on(self, address: str, node: str = "") -> Virtual:
        """Return the virtual server at this address; of one node where only its endpoints count."""
        reals = tuple(
            (each.address, each.port)
            for each in self.backends
            if (":" in each.address) is (":" in address) and (not self.is_local or each.node == node)
        )
        return Virtual(self.protocol, address, self.port, reals, self.affinity, self.uneven)


class ServicePort(NamedTuple):
    """One port of a Service, with its addresses and what is behind it.

    `inside`: cluster IPs; `outside`: external and load balancer IPs; `affinity`: seconds, 0 without;
    `local_inside`, `local_outside`: that traffic goes to the node's own endpoints alone. `uneven`: see kernel.Virtual.
    """

    namespace: str
    service: str
    name: str
    protocol: str
    port: int
    node_port: int
    inside: tuple[str, ...]
    outside: tuple[str, ...]
    backends: tuple[Backend, ...]
    affinity: int
    local_inside: bool
    local_outside: bool
    uneven: bool = False

    def frontends(self) -> Iterator[Frontend]:
        """Yield its virtual servers."""
        for address in self.inside:
            yield Frontend(
                self.protocol, address, self.port, self.backends, self.affinity, self.local_inside, self.uneven
            )
        for address in self.outside:
            yield Frontend(
                self.protocol, address, self.port, self.backends, self.affinity, self.local_outside, self.uneven
            )
        if self.node_port:
            yield Frontend(
                self.protocol, "", self.node_port, self.backends, self.affinity, self.local_outside, self.uneven
            )


def shared(frontends: Iterable[Frontend]) -> tuple[Virtual, ...]:
    """Virtual servers that are the same on every node."""
    return tuple(each.on(each.address) for each in frontends if each.address and not each.is_local)


def own(frontends: Iterable[Frontend], node: str, addresses: Iterable[str]) -> tuple[Virtual, ...]:
    """Virtual servers of one node alone: NodePorts on its addresses, and where its own endpoints count."""
    return tuple(
        each.on(address, node)
        for each in frontends
        if each.is_local or not each.address
        for address in ([each.address] if each.address else addresses)
    )


def frontends(ports: Iterable[ServicePort]) -> tuple[Frontend, ...]:
    """Return the virtual servers that kube-proxy makes of the Services' ports."""
    return tuple(frontend for port in ports for frontend in port.frontends())


def service_ports(services: Iterable[Obj], slices: Iterable[Obj], endpoints: Iterable[Obj]) -> tuple[ServicePort, ...]:
    """Return the ports that kube-proxy serves; EndpointSlices go before Endpoints."""
    behind: dict[tuple[str, str], list[tuple[str, str, Backend]]] = defaultdict(list)
    for obj in slices:
        meta = obj["metadata"]
        name = (meta.get("labels") or {}).get(SERVICE_NAME, "")
        behind[(meta.get("namespace", ""), name)] += _of_slice(obj)
    for obj in endpoints:
        key = (obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        if key not in behind:
            behind[key] += _of_endpoints(obj)
    found: list[ServicePort] = []
    for service in services:
        meta = service["metadata"]
        found += _of_service(service, behind.get((meta.get("namespace", ""), meta["name"]), []))
    return tuple(found)


def _of_slice(obj: Obj) -> Iterator[tuple[str, str, Backend]]:
    """Yield port name, protocol and backend of what is ready, or of what still serves where nothing is."""
    all_of = obj.get("endpoints") or []
    conditions = [each.get("conditions") or {} for each in all_of]
    ready = [each for each, has in zip(all_of, conditions, strict=True) if has.get("ready") is not False]
    serving = [each for each, has in zip(all_of, conditions, strict=True) if has.get("serving") is True]
    for endpoint in ready or serving:
        for port in obj.get("ports") or ():
            for address in filter(is_ip, (endpoint.get("addresses") or ())[:1] if port.get("port") else ()):
                backend = Backend(address, port["port"], endpoint.get("nodeName") or "")
                yield port.get("name") or "", port.get("protocol") or "TCP", backend


def _of_endpoints(obj: Obj) -> Iterator[tuple[str, str, Backend]]:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            for address in (each for each in subset.get("addresses") or () if is_ip(each["ip"])):
                backend = Backend(address["ip"], port["port"], address.get("nodeName") or "")
                yield port.get("name") or "", port.get("protocol") or "TCP", backend


def _of_service(service: Obj, behind: list[tuple[str, str, Backend]]) -> Iterator[ServicePort]:
    spec = service["spec"]
    if spec.get("type") == "ExternalName" or OTHER_PROXY in (service["metadata"].get("labels") or {}):
        return
    inside = spec.get("clusterIPs") or [spec.get("clusterIP")]
    inside = [each for each in inside if each and is_ip(each)]  # a headless Service has "None"
    if not inside:
        return
    timeout = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds") or AFFINITY
    affinity = timeout if spec.get("sessionAffinity") == "ClientIP" else 0
    local = spec.get("internalTrafficPolicy") == "Local", spec.get("externalTrafficPolicy") == "Local"
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    outside = [*(spec.get("externalIPs") or ())]
    outside += [each["ip"] for each in ingress if each.get("ip") and each.get("ipMode") != "Proxy"]
    addresses = tuple(inside), tuple(filter(is_ip, outside))
    where = service["metadata"].get("namespace", ""), service["metadata"]["name"]
    for port in spec.get("ports") or ():
        protocol, name = port.get("protocol") or "TCP", port.get("name") or ""
        backends = tuple(backend for each, kind, backend in behind if (each, kind) == (name, protocol))
        numbers = port["port"], port.get("nodePort") or 0
        uneven = (service["metadata"].get("annotations") or {}).get(UNEVEN) == "true"
        yield ServicePort(*where, name, protocol, *numbers, *addresses, backends, affinity, *local, uneven=uneven)
