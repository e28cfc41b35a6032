"""The Services of the built-in cluster, as objects."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple
from zlib import crc32

from kubectl_ipvs.sandbox.nodes.manifests import endpoint_slice, endpoints, service
from kubectl_ipvs.sandbox.nodes.virtuals import UNEVEN
from kubectl_ipvs.sandbox.options import Options

Obj = dict[str, Any]
NODE_PORT = 31191
AFFINITY = 10800  # seconds, Kubernetes' default


class Port(NamedTuple):
    """A port of a Service and the port behind it."""

    name: str
    protocol: str
    port: int
    target: int


class Service(NamedTuple):
    """A Service with its addresses and those behind it (IPv6 ones answer IPv6)."""

    namespace: str
    name: str
    addresses: tuple[str, ...]
    ports: tuple[Port, ...]
    behind: tuple[str, ...]
    node_port: int = 0
    affinity: int = 0
    uneven: bool = False

    def objects(self, nodes: Sequence[str]) -> tuple[Obj, Obj, list[Obj]]:
        """Return the Service, its Endpoints and its EndpointSlices; its Pods are spread over these nodes."""
        ports: list[Obj] = [
            {"name": port.name, "protocol": port.protocol, "port": port.port, "targetPort": port.target}
            | ({"nodePort": self.node_port} if self.node_port else {})
            for port in self.ports
        ]
        extra: Obj = {"clusterIPs": list(self.addresses)}
        if len(self.addresses) > 1:
            extra |= {"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "PreferDualStack"}
        if self.node_port:
            extra |= {"type": "NodePort", "externalTrafficPolicy": "Cluster"}
        if self.affinity:
            extra["sessionAffinity"] = "ClientIP"
            extra["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": self.affinity}}
        targets: list[Obj] = [
            {"name": port.name, "port": port.target, "protocol": port.protocol} for port in self.ports
        ]
        four = [address for address in self.behind if ":" not in address]
        six = [address for address in self.behind if ":" in address]
        made = service(self.name, self.namespace, self.addresses[0], ports, extra)
        if self.uneven:
            made["metadata"]["annotations"] = {UNEVEN: "true"}
        pods = self._pods(nodes)
        slices = [endpoint_slice(self.name, self.namespace, each, targets, pods) for each in (four, six) if each]
        return made, endpoints(self.name, self.namespace, four, targets, pods), slices

    def _pods(self, nodes: Sequence[str]) -> list[Obj]:
        """Return what an endpoint says of its Pod, for each; nothing of the API server, which is no Pod here."""
        if self.name == "kubernetes":
            return []
        first = crc32(self.name.encode())
        return [
            {
                "targetRef": {"kind": "Pod", "namespace": self.namespace, "name": _pod_name(self.name, number)},
                "nodeName": nodes[(first + number) % len(nodes)],
            }
            for number in range(len(self.behind))
        ]


def _pod_name(service: str, number: int) -> str:
    """Return a name as the ReplicaSet of a Deployment gives it."""
    digest = hashlib.sha256(f"{service}{number}".encode()).hexdigest()
    return f"{service}-{hashlib.sha256(service.encode()).hexdigest()[:9]}-{digest[:5]}"


def _address(first: int, number: int) -> str:
    return f"10.{first + number // 65536}.{number // 256 % 256}.{number % 256}"


def services_of(options: Options, control_plane: str) -> tuple[Service, ...]:
    """All Services: kubernetes, kube-dns, hello, and as many more as the options ask for."""
    dns = (Port("dns", "UDP", 53, 53), Port("dns-tcp", "TCP", 53, 53), Port("metrics", "TCP", 9153, 9153))
    six = tuple(f"fd00:10:244::{number}" for number in (11, 12, 13, 14))
    four = tuple(f"10.244.0.{number}" for number in (11, 12, 13, 14))
    named = (
        Service("default", "kubernetes", ("10.96.0.1",), (Port("https", "TCP", 443, 6443),), (control_plane,)),
        Service("kube-system", "kube-dns", ("10.96.0.10",), dns, ("10.244.0.2", "10.244.0.3")),
        Service(
            "default",
            "hello",
            ("10.96.73.19", "fd00:10:96::4913"),
            (Port("http", "TCP", 8080, 8080),),
            four + six,
            node_port=NODE_PORT,
        ),
    )
    return (*named, *(_numbered(number, options.endpoints) for number in range(1, options.services + 1)))


def _numbered(number: int, count: int) -> Service:
    """Return default/service-NUMBER with `count` addresses behind it.

    Connections have piled up on the first endpoint of the first one; the second one has session affinity.
    """
    first = (number - 1) * count
    behind = tuple(_address(200, first + each) for each in range(1, count + 1))
    ports = (Port("http", "TCP", 80, 8080),)
    affinity = AFFINITY if number == 2 else 0  # noqa: PLR2004 -- the second
    return Service(
        "default", f"service-{number}", (_address(97, number),), ports, behind, affinity=affinity, uneven=number == 1
    )
