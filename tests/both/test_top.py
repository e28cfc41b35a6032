"""`top`: what it counts is what each kernel counts, and it names the nodes and Services that there are."""

import pytest

from tests.clusters import SYSTEM, Cluster
from tests.versions import differs


def counted(cluster: Cluster, node: str) -> list[int]:
    """Return what the node's kernel has counted so far: five hexadecimal numbers, in the third line.

    Nothing where kubectl exec cannot bring it.
    """
    if cluster.tables:
        return []
    words = ("exec", cluster.pods[node], "-c", "kube-proxy", "--", "cat", "/proc/net/ip_vs_stats")
    return [int(word, 16) for word in cluster.kubectl(*SYSTEM, *words).splitlines()[2].split()]


@differs
def test_nodes(cluster: Cluster) -> None:
    """Every node's counters are its kernel's, and its rates, of two looks, go with the seconds between them."""
    if cluster.foreign:
        pytest.skip("KUBECONFIG_REAL is set: what is in that cluster's images is not known")
    before = {node: counted(cluster, node) for node in cluster.pods}

    run = cluster.ipvs("top", "nodes", "--once", "-o", "json")

    assert run.code == 0, run.err
    nodes = {each["node"]: each for each in run.json["nodes"]}
    assert sorted(nodes) == sorted(before)
    for name, node in nodes.items():
        now = list(node["counted"].values())
        after = counted(cluster, name)
        most = [(two - one) / node["seconds"] for one, two in zip(before[name] or [0] * 5, now, strict=True)]
        assert all(0 <= rate <= more + 1 for rate, more in zip(node["rates"].values(), most, strict=True)), name
        assert all(two <= three for two, three in zip(now, after or now, strict=True)), name
        assert node["seconds"] >= 2


def test_nodes_as_a_table(cluster: Cluster) -> None:
    """A row a node, and below them what the rates are."""
    run = cluster.ipvs("top", "nodes", "--once", "--interval", "1s")

    assert run.code == 0, run.err
    assert set(run.rows) >= set(cluster.pods)
    assert "rates: difference of two looks, " in run.out


def test_services(cluster: Cluster) -> None:
    """Every Service port that `services` has is there, in the order of active connections, each with its change."""
    names = {
        (each["namespace"], each["name"], each["port"])
        for each in cluster.ipvs("services", "-o", "json").json["services"]
    }

    run = cluster.ipvs("top", "services", "--once", "-o", "json", "--interval", "1s")

    found = run.json["services"]
    assert run.code == 0, run.err
    assert {(each["namespace"], each["name"], each["port"]) for each in found} == names
    assert [each["activeConnections"] for each in found] == sorted(
        (each["activeConnections"] for each in found), reverse=True
    )
    assert all(isinstance(each["change"], int) for each in found)
