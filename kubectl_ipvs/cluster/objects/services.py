"""Services, as the API's JSON has them (core/v1): what kube-proxy makes virtual servers of."""

from typing import NamedTuple

from kubectl_ipvs.cluster.objects.json_values import Json, items, mapping, number, text

TCP = "TCP"  # the API's default
HEADLESS = "None"


class ServicePort(NamedTuple):
    """One port; `node_port` is 0 where there is none."""

    protocol: str
    port: int
    node_port: int = 0


class Service(NamedTuple):
    """A Service; `addresses`: cluster IPs, external IPs and those of its load balancer, once each."""

    namespace: str
    name: str
    type: str
    addresses: tuple[str, ...]
    ports: tuple[ServicePort, ...]


def service(raw: object) -> Service:
    """Read a Service."""
    meta, spec, status = (mapping(mapping(raw).get(part)) for part in ("metadata", "spec", "status"))
    balancer = items(mapping(status.get("loadBalancer")).get("ingress"))
    found = [
        text(spec.get("clusterIP")),
        *_texts(spec.get("clusterIPs")),
        *_texts(spec.get("externalIPs")),
        *(text(entry.get("ip")) for entry in balancer),
    ]
    return Service(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        type=text(spec.get("type")) or "ClusterIP",
        addresses=tuple(dict.fromkeys(address for address in found if address not in {"", HEADLESS})),
        ports=tuple(_port(entry) for entry in items(spec.get("ports"))),
    )


def _port(raw: Json) -> ServicePort:
    return ServicePort(text(raw.get("protocol")) or TCP, number(raw.get("port")), number(raw.get("nodePort")))


def _texts(value: object) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
