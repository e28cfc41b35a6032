"""IPv6, SCTP and strictARP in one rollout, with the image that everybody has: it has no ipvsadm.

The table comes from /proc/net/ip_vs by `cat`. kube-proxy 1.20 serves IPv6 beside IPv4 with the alpha feature
IPv6DualStack alone, which its configuration asks for here; from 1.23 on it does so by itself. With strictARP it writes
arp_ignore 1 and arp_announce 2 for all interfaces, and it never writes them back.
"""

import json
from collections.abc import Iterator

import pytest

from tests.clusters import Cluster, Machines, everywhere
from tests.versions import differs

GATE = "featureGates:\n  IPv6DualStack: true\n"
BOTH_BY_ITSELF = (1, 23)
GONE = "for i in $(seq 300); do ipvsadm -Ln | grep -q '00:10:96::66' || exit 0; sleep 1; done; exit 1"
SYSCTLS = "cat /proc/sys/net/ipv4/conf/all/arp_ignore /proc/sys/net/ipv4/conf/all/arp_announce"


def service(name: str, spec: dict[str, object], behind: str, protocol: str) -> list[dict[str, object]]:
    """Return a Service on port 80 with one hand-written endpoint."""
    about = {"name": name, "namespace": "default"}
    port = {"port": 80, "protocol": protocol}
    subsets = [{"addresses": [{"ip": behind}], "ports": [{"port": 80, "protocol": protocol}]}]
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": {"ports": [port], **spec}},
        {"apiVersion": "v1", "kind": "Endpoints", "metadata": about, "subsets": subsets},
    ]


SIX = service("six", {"clusterIP": "fd00:10:96::66", "ipFamilies": ["IPv6"]}, "fd00:10:244:9::11", "TCP")
SCTP = service("sctp", {"clusterIP": "10.96.80.80"}, "10.244.9.21", "SCTP")


@pytest.fixture
def forms(cluster: Cluster, machines: Machines) -> Iterator[None]:
    """Offer dual stack, an IPv6 Service and an SCTP Service to the next rollout; and the way back."""
    for node in cluster.pods:
        machines.sh(node, "modprobe ip_vs_nq; echo 0 >/proc/sys/net/ipv4/conf/all/arp_ignore;"
                          " echo 0 >/proc/sys/net/ipv4/conf/all/arp_announce")  # fmt: skip
    gate = "" if cluster.release >= BOTH_BY_ITSELF else "\n" + GATE
    cluster.set_config(cluster.config + gate)
    services = json.dumps({"apiVersion": "v1", "kind": "List", "items": [*SIX, *SCTP]})
    cluster.kubectl("apply", "-f", "-", text=services)
    yield
    cluster.kubectl("delete", "service,endpoints", "six", "sctp", "--ignore-not-found")
    for node in cluster.pods:
        machines.sh(node, GONE)
    if gate:
        cluster.set_config(cluster.config.replace(gate, ""))


@differs
@pytest.mark.usefixtures("forms")
def test_every_family_and_protocol(cluster: Cluster, machines: Machines) -> None:
    """The change is proved through /proc, on IPv4, IPv6 and SCTP alike; the kernels' sysctls are strictARP's."""
    nodes = sorted(cluster.pods)
    assert {node: machines.sh(node, SYSCTLS).split() for node in nodes} == everywhere(nodes, ["0", "0"])

    done = cluster.ipvs("set", "--scheduler", "nq", "--strict-arp", *cluster.at_once)

    assert (done.code, done.out.splitlines()[-3:]) == (0, [f"node/{node} restarted" for node in nodes]), done.err
    seen = cluster.ipvs("status", "-o", "json").json["nodes"]
    assert {(row["state"], row["source"], *row["schedulers"]) for row in seen} == {("in-sync", "proc", "nq")}
    assert {node: machines.sh(node, SYSCTLS).split() for node in nodes} == everywhere(nodes, ["1", "2"])
    kinds = {"TCP 10.96.0.1:443", "UDP 10.96.0.10:53", "SCTP 10.96.80.80:80", "TCP [fd00:10:96::66]:80"}
    assert {node: kinds - set(cluster.table(node)) for node in nodes} == everywhere(nodes, set())
