"""Services (core/v1) and EndpointSlices (discovery/v1, v1beta1), as the API's JSON has them."""

from functools import lru_cache

from kubectl_ipvs.cluster.objects.json_values import Json, items, mapping, number, text
from kubectl_ipvs.services.objects import (
    HEADLESS,
    TCP,
    Endpoint,
    EndpointSlice,
    Ingress,
    Service,
    ServicePort,
    SlicePort,
)

AFFINITY = 10800  # seconds: the API's default for clients' affinity
PROXY_NAME, HEADLESS_LABEL = "service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"
TOPOLOGY_MODE, TOPOLOGY_HINTS = "service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"
SERVICE_NAME, HOSTNAME = "kubernetes.io/service-name", "kubernetes.io/hostname"


def service(raw: object) -> Service:
    """Read a Service."""
    meta, spec, status = (mapping(mapping(raw).get(part)) for part in ("metadata", "spec", "status"))
    labels, annotations = mapping(meta.get("labels")), mapping(meta.get("annotations"))
    inside = _texts(spec.get("clusterIPs")) or (text(spec.get("clusterIP")),)
    return Service(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        type=text(spec.get("type")) or "ClusterIP",
        cluster_ips=tuple(address for address in inside if address not in {"", HEADLESS}),
        ports=tuple(_port(entry) for entry in items(spec.get("ports"))),
        families=_texts(spec.get("ipFamilies")),
        external_ips=_texts(spec.get("externalIPs")),
        ingress=tuple(
            Ingress(text(entry.get("ip")), text(entry.get("ipMode")))
            for entry in items(mapping(status.get("loadBalancer")).get("ingress"))
            if text(entry.get("ip"))
        ),
        affinity=_affinity(spec),
        internal_local=spec.get("internalTrafficPolicy") == "Local",
        external_local=spec.get("externalTrafficPolicy") == "Local",
        proxy_name=PROXY_NAME in labels,
        headless_label=HEADLESS_LABEL in labels,
        topology_mode=text(annotations.get(TOPOLOGY_MODE)),
        topology_hints=text(annotations.get(TOPOLOGY_HINTS)),
        version=text(meta.get("resourceVersion")),
        source_ranges=_texts(spec.get("loadBalancerSourceRanges")),
    )


def endpoint_slice(raw: object) -> EndpointSlice:
    """Read an EndpointSlice of either version."""
    top = mapping(raw)
    meta = mapping(top.get("metadata"))
    labels = mapping(meta.get("labels"))
    return EndpointSlice(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        service=text(labels.get(SERVICE_NAME)),
        family=text(top.get("addressType")),
        ports=tuple(
            _slice_port(text(entry.get("name")), text(entry.get("protocol")) or TCP, number(entry.get("port")))
            for entry in items(top.get("ports"))
        ),
        endpoints=tuple(_endpoint(entry) for entry in items(top.get("endpoints")) if _texts(entry.get("addresses"))),
        headless=HEADLESS_LABEL in labels,
        proxy_name=PROXY_NAME in labels,
        version=text(meta.get("resourceVersion")),
    )


def _endpoint(raw: Json) -> Endpoint:
    conditions, hints, target = (mapping(raw.get(part)) for part in ("conditions", "hints", "targetRef"))
    pod = (text(target.get("namespace")), text(target.get("name"))) if target.get("kind") == "Pod" else None
    return Endpoint(
        address=_texts(raw.get("addresses"))[0],
        ready=_flag(conditions.get("ready")),
        serving=_flag(conditions.get("serving")),
        terminating=conditions.get("terminating") is True,
        node=text(raw.get("nodeName")) or text(mapping(raw.get("topology")).get(HOSTNAME)),
        zones=tuple(text(entry.get("name")) for entry in items(hints.get("forZones"))),
        nodes=tuple(text(entry.get("name")) for entry in items(hints.get("forNodes"))),
        pod=pod,
    )


def _affinity(spec: Json) -> int | None:
    if spec.get("sessionAffinity") != "ClientIP":
        return None
    config = mapping(mapping(spec.get("sessionAffinityConfig")).get("clientIP"))
    return number(config.get("timeoutSeconds")) or AFFINITY


def _port(raw: Json) -> ServicePort:
    return ServicePort(
        text(raw.get("protocol")) or TCP, number(raw.get("port")), number(raw.get("nodePort")), text(raw.get("name"))
    )


# Slices of thousands of Services have the same few ports: one value for each.
@lru_cache(maxsize=4096)
def _slice_port(name: str, protocol: str, port: int) -> SlicePort:
    return SlicePort(name, protocol, port)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()
