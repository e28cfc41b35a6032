"""The virtual servers that kube-proxy makes of Services, EndpointSlices and Endpoints."""

from typing import Any

import pytest

from kubectl_ipvs.sandbox.nodes.defects import Virtual
from kubectl_ipvs.sandbox.nodes.virtuals import frontends, own, service_ports, shared

Obj = dict[str, Any]
TWO = (("10.244.0.5", 8080), ("10.244.1.6", 8080))


def service(
    labels: Obj | None = None, ports: list[Obj] | None = None, status: Obj | None = None, **spec: object
) -> Obj:
    """Return the Service web."""
    port = {"port": 80, "protocol": "TCP"}
    made = {"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"], "ports": ports or [port], **spec}
    meta = {"name": "web", "namespace": "shop", "labels": labels or {}}
    return {"metadata": meta, "spec": made, "status": status or {}}


def behind(*addresses: str, ports: list[Obj] | None = None, conditions: Obj | None = None) -> Obj:
    """Return an EndpointSlice of it, one endpoint on each of the nodes n0, n1 and so on."""
    meta = {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}}
    each = [
        {"addresses": [address], "conditions": conditions or {}, "nodeName": f"n{number}"}
        for number, address in enumerate(addresses)
    ]
    return {"metadata": meta, "endpoints": each, "ports": ports or [{"port": 8080, "protocol": "TCP"}]}


SLICE = behind("10.244.0.5", "10.244.1.6")


def everywhere(made: Obj, *slices: Obj, endpoints: tuple[Obj, ...] = ()) -> tuple[Virtual, ...]:
    """Return the virtual servers that are the same on all nodes."""
    return shared(frontends(service_ports([made], slices, endpoints)))


def test_a_cluster_ip() -> None:
    """One virtual server for each port, with the ready endpoints of the slice behind it."""
    assert everywhere(service(), SLICE) == (Virtual("TCP", "10.96.0.7", 80, TWO, 0),)


@pytest.mark.parametrize(
    "made",
    [
        service(clusterIP="None", clusterIPs=["None"]),
        service(clusterIP="", clusterIPs=[]),
        service(type="ExternalName"),
        service({"service.kubernetes.io/service-proxy-name": "other"}),
    ],
    ids=["headless", "no address", "external name", "another proxy's"],
)
def test_what_kube_proxy_leaves_alone(made: Obj) -> None:
    """Services without an address of the cluster, and those of another proxy, have no row."""
    assert everywhere(made, SLICE) == ()


def test_addresses_from_outside() -> None:
    """External IPs and load balancer IPs are rows, but for those that the balancer terminates itself."""
    ingress = [{"ip": "192.0.2.9"}, {"ip": "192.0.2.10", "ipMode": "Proxy"}, {"hostname": "x"}]
    made = service(type="LoadBalancer", externalIPs=["198.51.100.1"], status={"loadBalancer": {"ingress": ingress}})

    assert [each.address for each in everywhere(made, SLICE)] == ["10.96.0.7", "198.51.100.1", "192.0.2.9"]


def test_node_ports_and_families() -> None:
    """A NodePort is on each of a node's addresses; IPv6 addresses have IPv6 endpoints."""
    six = behind("fd00::5")
    made = service(clusterIPs=["10.96.0.7", "fd00:96::7"], type="NodePort", ports=[{"port": 80, "nodePort": 30080}])
    found = frontends(service_ports([made], [SLICE, six], []))

    assert shared(found)[1] == Virtual("TCP", "fd00:96::7", 80, (("fd00::5", 8080),))
    assert own(found, "n1", ("172.18.0.2", "fd00:18::2")) == (
        Virtual("TCP", "172.18.0.2", 30080, TWO),
        Virtual("TCP", "fd00:18::2", 30080, (("fd00::5", 8080),)),
    )


def test_ports_by_name_and_protocol() -> None:
    """A port of a Service leads to the slice's port of its name and protocol, whatever their order."""
    names = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "s", "port": 99, "protocol": "SCTP"}]
    targets = [{"name": "s", "port": 9, "protocol": "SCTP"}, {"name": "dns", "port": 5353, "protocol": "UDP"}]

    found = everywhere(service(ports=names), behind("10.244.0.5", ports=targets))

    assert [(each.protocol, each.port, each.reals[0][1]) for each in found] == [("UDP", 53, 5353), ("SCTP", 99, 9)]


def test_policy_local() -> None:
    """Where only a node's own endpoints count, each node has its own row."""
    found = frontends(service_ports([service(internalTrafficPolicy="Local")], [SLICE], []))

    assert shared(found) == ()
    assert own(found, "n1", ()) == (Virtual("TCP", "10.96.0.7", 80, TWO[1:]),)
    assert own(found, "n9", ()) == (Virtual("TCP", "10.96.0.7", 80, ()),)


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        ({}, 1),
        ({"ready": True}, 1),
        ({"ready": False, "serving": True, "terminating": True}, 1),
        ({"ready": False, "serving": False}, 0),
    ],
    ids=["unknown", "ready", "ending but serving", "not ready"],
)
def test_endpoints_that_are_not_ready(conditions: dict[str, bool], count: int) -> None:
    """They are left out, but where nothing is ready those that still serve are better than nothing."""
    assert len(everywhere(service(), behind("10.244.0.5", conditions=conditions))[0].reals) == count


def test_affinity() -> None:
    """Session affinity is persistence, three hours unless said otherwise."""
    asked = {"clientIP": {"timeoutSeconds": 60}}

    assert everywhere(service(sessionAffinity="ClientIP"))[0].persistent == 10800
    assert everywhere(service(sessionAffinity="ClientIP", sessionAffinityConfig=asked))[0].persistent == 60


def test_endpoints_stand_in_for_slices() -> None:
    """Endpoints count where a Service has no slice, and not beside one."""
    subset = {"addresses": [{"ip": "10.244.9.9"}], "ports": [{"port": 1}]}
    old = {"metadata": {"name": "web", "namespace": "shop"}, "subsets": [subset]}

    assert everywhere(service(), endpoints=(old,))[0].reals == (("10.244.9.9", 1),)
    assert everywhere(service(), SLICE, endpoints=(old,))[0].reals == TWO
