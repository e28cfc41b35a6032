"""`verify` against real kube-proxy: of Services of every form nothing is found, of what is broken past Kubernetes all.

The Services have no selector: their EndpointSlices are made here, so that no pod has to start. kube-proxy makes rows of
addresses on which nobody listens, too.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clusters import Cluster, Machines
from tests.harness import Run
from tests.versions import differs

LABEL = "kubectl-ipvs-forms"
PATIENT = ("--exec-timeout", "60s")
SECONDS = 120.0
INSIDE = {"internalTrafficPolicy": "Local"}
OUTSIDE = {"externalTrafficPolicy": "Local"}
AFFINE = {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 600}}}
DUAL = {"ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv4", "IPv6"]}
UNREADY = {"ready": False, "serving": False, "terminating": False}
LEAVING = {"ready": False, "serving": True, "terminating": True}
# name -> what its spec has beside ports; its annotations; the conditions of its three endpoints, one a node
READY: list[dict[str, bool]] = [{"ready": True}, {"ready": True}, {"ready": True}]
FORMS: dict[str, tuple[dict[str, Any], list[dict[str, bool]]]] = {
    "plain": ({}, READY),
    "affine": (AFFINE, READY),
    "no-endpoints": ({}, []),
    "unready": ({}, [UNREADY, *READY[1:]]),
    "leaving": ({}, [LEAVING, *READY[1:]]),
    "all-leaving": ({}, [LEAVING, LEAVING, LEAVING]),
    "none-ready": ({}, [UNREADY, UNREADY, UNREADY]),
    "internal-local": (INSIDE, READY),
    "internal-local-far": (INSIDE, READY[:1]),
    "node-port": ({"type": "NodePort"}, READY),
    "node-port-local": ({"type": "NodePort", **OUTSIDE}, READY[:1]),
    "node-port-local-leaving": ({"type": "NodePort", **OUTSIDE}, [LEAVING]),
    "both-local": ({"type": "NodePort", **INSIDE, **OUTSIDE}, READY[:1]),
    "external-ips": ({"externalIPs": ["198.18.7.1"]}, READY),
    "balanced": ({"type": "LoadBalancer"}, READY),
    "balanced-local": ({"type": "LoadBalancer", **OUTSIDE}, READY[:1]),
    "dual": (DUAL, READY),
    "dual-node-port": ({"type": "NodePort", **DUAL}, READY),
    "headless": ({"clusterIP": "None"}, READY),
    "other-proxy": ({}, READY),
    "hints": ({}, READY),
    "sctp": ({"ports": [{"port": 80, "targetPort": 8080, "protocol": "SCTP"}]}, READY),
    "two-ports": (
        {"ports": [{"name": "http", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]},
        READY,
    ),
    "broken": ({}, READY),
}
LABELS = {"other-proxy": {"service.kubernetes.io/service-proxy-name": "somebody-else"}}
NOTES = {
    "hints": {
        "service.kubernetes.io/topology-mode": "Auto", "service.kubernetes.io/topology-aware-hints": "Auto",
    },
}  # fmt: skip
ADDRESSES = {"balanced": "198.18.8.1", "balanced-local": "198.18.8.2"}


def service(name: str) -> dict[str, Any]:
    """Return a form's Service."""
    spec = {"ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}], **FORMS[name][0]}
    metadata = {
        "name": f"form-{name}", "namespace": "default", "labels": {LABEL: "yes", **LABELS.get(name, {})},
        "annotations": NOTES.get(name, {}),
    }  # fmt: skip
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def slices(name: str, nodes: list[str], *, old: bool) -> Iterator[dict[str, Any]]:
    """Yield a form's EndpointSlices; `old`: as 1.20 has them."""
    spec, conditions = FORMS[name]
    number = list(FORMS).index(name)
    ports = [
        {"name": port.get("name", ""), "port": 8080 + at, "protocol": port.get("protocol", "TCP")}
        for at, port in enumerate(service(name)["spec"]["ports"])
    ]
    labels = {LABEL: "yes", "kubernetes.io/service-name": f"form-{name}", **LABELS.get(name, {})}
    if name == "headless":
        labels["service.kubernetes.io/headless"] = ""
    for family in spec.get("ipFamilies", ["IPv4"]):
        base = f"198.19.{number}." if family == "IPv4" else f"fd00:198:19:{number:x}::"
        yield {
            "apiVersion": "discovery.k8s.io/v1beta1" if old else "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": f"form-{name}-{family.lower()}", "namespace": "default", "labels": labels},
            "addressType": family,
            "ports": ports,
            "endpoints": [
                {
                    "addresses": [f"{base}{at + 1}"],
                    "conditions": each,
                    **({"topology": {"kubernetes.io/hostname": node}} if old else {"nodeName": node}),
                    **({"hints": {"forZones": [{"name": f"zone-{node}"}]}} if name == "hints" and not old else {}),
                }
                for at, (node, each) in enumerate(zip(nodes, conditions, strict=False))
            ],
        }


def apply(cluster: Cluster, objects: list[dict[str, Any]]) -> None:
    """Create or change objects; a field that this release does not know is left out by the API server."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    cluster.kubectl("apply", "--validate=false", "-f", "-", text=text)


def settled(cluster: Cluster, *words: str) -> Run:
    """Look until every node is verified: kube-proxy takes its time on an emulated machine."""
    deadline = time.monotonic() + SECONDS
    while True:
        run = cluster.ipvs("verify", "--once", *words, *PATIENT)
        if run.code == 0 or time.monotonic() > deadline:
            assert run.code == 0, run.out + run.err
            return run
        time.sleep(2)


def kinds(run: Run) -> dict[str, set[tuple[str, str]]]:
    """Give each node's findings: what it is, and of which Service, or where it is nobody's on which address."""
    return {
        node["node"]: {
            (each["kind"], each["service"]["name"] if each["service"] else each["address"]) for each in node["findings"]
        }
        for node in run.json["nodes"]
        if node["findings"]
    }


@pytest.fixture(scope="module")
def forms(real: Cluster) -> Iterator[dict[str, dict[str, Any]]]:
    """Make a Service of every form, with the zones of the nodes; return the Services as the API server has them."""
    nodes, old = sorted(real.pods), real.release < (1, 21)
    for node in nodes:
        real.kubectl("label", "node", node, f"topology.kubernetes.io/zone=zone-{node}", "--overwrite")
    try:
        apply(real, [service(name) for name in FORMS])
        apply(real, [each for name in FORMS for each in slices(name, nodes, old=old)])
        for name, address in ADDRESSES.items():
            ingress = [{"ip": address}, {"ip": f"{address}9", "ipMode": "Proxy"}]
            patch = json.dumps({"status": {"loadBalancer": {"ingress": ingress}}})
            words = ("patch", "service", f"form-{name}", "--subresource=status", "--type=merge", "-p", patch)
            real.kubectl(*words)
        yield {
            each["metadata"]["name"]: each
            for each in real.listed("services")
            if LABEL in each["metadata"].get("labels", {})
        }
    finally:
        real.kubectl("delete", "services,endpointslices", "-l", LABEL, "--wait=false")
        for node in nodes:
            real.kubectl("label", "node", node, "topology.kubernetes.io/zone-")
        settled(real)


@differs
def test_every_form(cluster: Cluster, forms: dict[str, dict[str, Any]]) -> None:
    """kube-proxy's rows of every form are those that are expected: no finding, on any node."""
    settled(cluster)

    run = cluster.ipvs("verify", "-o", "json", *PATIENT)

    assert run.code == 0, run.out + run.err
    assert kinds(run) == {}
    assert len(forms) == len(FORMS)
    for node in run.json["nodes"]:
        assert node["virtualServers"] > len(FORMS), node["node"]


@differs
def test_what_is_broken_is_named(cluster: Cluster, machines: Machines, forms: dict[str, dict[str, Any]]) -> None:
    """A kube-proxy that stands still while endpoints change, a table that somebody changed: each is found in two looks.

    kube-proxy is stopped first: within 30 seconds it would put most of it right.
    """
    settled(cluster)
    node, nodes, old = min(cluster.pods), sorted(cluster.pods), cluster.release < (1, 21)
    row = f"-t {forms['form-broken']['spec']['clusterIP']}:80"
    number = list(FORMS).index("broken")
    lost, idle = (f"-r 198.19.{number}.{at}:8080" for at in (1, 2))
    (late,) = slices("plain", nodes, old=old)
    machines.sh(node, "pkill -STOP kube-proxy")
    try:
        machines.sh(
            node, f"ipvsadm -d {row} {lost}; ipvsadm -e {row} {idle} -m -w 0; ipvsadm -A -t 10.96.231.7:80 -s rr"
        )
        apply(cluster, [{**late, "endpoints": late["endpoints"][:2]}])
        settled(cluster, *nodes[1:])  # the others have followed
        run = cluster.ipvs("verify", "--apart", "2s", "-o", "json", *PATIENT)
    finally:
        machines.sh(node, "pkill -CONT kube-proxy")
        # a weight that somebody else set stays: of 1.20 for ever, later until kube-proxy is restarted
        machines.sh(node, f"ipvsadm -e {row} {idle} -m -w 1 || true")
        apply(cluster, [late])

    assert run.code == 5, run.out + run.err
    assert run.json["looks"] == 2
    assert kinds(run) == {
        node: {
            ("missing-real-server", "form-broken"), ("weight-zero", "form-broken"), ("extra-real-server", "form-plain"),
            ("stale-virtual-server", "10.96.231.7"),
        }
    }  # fmt: skip
    settled(cluster)
