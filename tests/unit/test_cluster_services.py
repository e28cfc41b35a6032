"""Services and EndpointSlices as the API's JSON has them: every field that kube-proxy reads, and its default."""

from typing import Any

from kubectl_ipvs.cluster.objects import endpoint_slice, service
from kubectl_ipvs.services.objects import Endpoint, EndpointSlice, Ingress, Service, ServicePort, SlicePort


def test_service() -> None:
    """Every address once, without the word for "none"; the API's defaults where a field is not there."""
    raw = {
        "metadata": {"namespace": "n", "name": "web", "resourceVersion": "7"},
        "spec": {
            "type": "LoadBalancer",
            "clusterIP": "10.96.0.9",
            "clusterIPs": ["10.96.0.9", "fd00::9", 5],
            "ipFamilies": ["IPv4", "IPv6"],
            "externalIPs": ["192.0.2.9"],
            "ports": [{"name": "http", "port": 80, "nodePort": 30080}, {"protocol": "UDP", "port": 53}],
        },
        "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.9", "ipMode": "Proxy"}, {"hostname": "lb"}]}},
    }

    read = service(raw)

    assert read == Service(
        namespace="n",
        name="web",
        type="LoadBalancer",
        cluster_ips=("10.96.0.9", "fd00::9"),
        families=("IPv4", "IPv6"),
        external_ips=("192.0.2.9",),
        ingress=(Ingress("198.51.100.9", "Proxy"),),
        ports=(ServicePort("TCP", 80, 30080, "http"), ServicePort("UDP", 53)),
        version="7",
    )
    assert read.addresses == ("10.96.0.9", "fd00::9", "192.0.2.9", "198.51.100.9")


def test_headless() -> None:
    """No cluster IP is no address, however that is written."""
    headless = service({"spec": {"clusterIP": "None", "clusterIPs": ["None"]}})

    assert (headless.type, headless.addresses) == ("ClusterIP", ())
    assert service({"spec": {"clusterIP": "10.96.0.9"}}).cluster_ips == ("10.96.0.9",), "before clusterIPs was a field"


def test_policies_affinity_and_labels() -> None:
    """What changes where the traffic goes; a label counts whatever its value."""
    raw: dict[str, Any] = {
        "metadata": {
            "labels": {"service.kubernetes.io/service-proxy-name": "", "service.kubernetes.io/headless": ""},
            "annotations": {
                "service.kubernetes.io/topology-mode": "Auto",
                "service.kubernetes.io/topology-aware-hints": "auto",
            },
        },
        "spec": {
            "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}},
            "internalTrafficPolicy": "Local",
            "externalTrafficPolicy": "Local",
        },
    }

    read = service(raw)

    assert (read.affinity, read.internal_local, read.external_local) == (60, True, True)
    assert (read.proxy_name, read.headless_label) == (True, True)
    assert (read.topology_mode, read.topology_hints) == ("Auto", "auto")
    del raw["spec"]["sessionAffinityConfig"]
    assert service(raw).affinity == 10800  # the API's default
    assert service({"spec": {"sessionAffinity": "None"}}).affinity is None


def test_slice() -> None:
    """The first address of each endpoint, its conditions as they are, its hints and its Pod."""
    raw = {
        "metadata": {
            "namespace": "n",
            "name": "web-x",
            "resourceVersion": "9",
            "labels": {"kubernetes.io/service-name": "web"},
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}, {"name": "all", "protocol": "UDP", "port": None}],
        "endpoints": [
            {
                "addresses": ["10.0.0.1", "10.0.0.2"],
                "conditions": {"ready": False, "serving": True, "terminating": True},
                "nodeName": "node1",
                "hints": {"forZones": [{"name": "a"}], "forNodes": [{"name": "node1"}]},
                "targetRef": {"kind": "Pod", "namespace": "n", "name": "web-1"},
            },
            {"addresses": ["10.0.0.3"], "topology": {"kubernetes.io/hostname": "node2"}},
            {"addresses": []},
        ],
    }

    read = endpoint_slice(raw)

    first = Endpoint(
        "10.0.0.1", ready=False, serving=True, terminating=True, node="node1", zones=("a",), nodes=("node1",),
        pod=("n", "web-1"),
    )  # fmt: skip
    assert read == EndpointSlice(
        namespace="n",
        name="web-x",
        service="web",
        family="IPv4",
        ports=(SlicePort("http", "TCP", 8080), SlicePort("all", "UDP", 0)),
        endpoints=(first, Endpoint("10.0.0.3", node="node2")),
        version="9",
    )
