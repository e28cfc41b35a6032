"""The tutorial's job, whole: rr by default, sh on every node's NodePort, and back."""

import pytest

from tests.clusters import NODE_PORT, Cluster, everywhere


def node_ports(cluster: Cluster, scheduler: str) -> None:
    """Every node serves the NodePort on its own address at least, with this scheduler on every address."""
    found = cluster.node_ports()
    own = {node: f"{address}:{NODE_PORT}" for node, address in cluster.addresses.items()}
    assert {node: set(entries.values()) for node, entries in found.items()} == everywhere(own, {scheduler})
    assert {node: address for node, address in own.items() if address in found[node]} == own


def test_seed(cluster: Cluster) -> None:
    """From rr: `get`, `set --scheduler sh`, each kernel's NodePort, `status -o wide`, `undo`, the same bytes again."""
    if cluster.foreign and not all(cluster.node_ports().values()):
        pytest.skip(f"KUBECONFIG_REAL is set: that cluster has no Service with NodePort {NODE_PORT}")
    before, old = cluster.config, cluster.pods
    node_ports(cluster, "rr")

    got = cluster.ipvs("get")
    assert (got.code, got.rows["mode"][0].split()[0], got.rows["scheduler"][0].split()[0]) == (0, "ipvs", "rr"), got.err

    done = cluster.ipvs("set", "--scheduler", "sh", *cluster.pace)
    restarted = "".join(f"node/{node} restarted\n" for node in sorted(old))
    assert (done.code, done.out.endswith(f"configmap/kube-proxy patched\n{restarted}")) == (0, True), done.err
    assert not set(old.values()) & set(cluster.pods.values())
    changed = [
        pair for pair in zip(before.splitlines(), cluster.config.splitlines(), strict=True) if pair[0] != pair[1]
    ]
    assert [new for _, new in changed] == ['  scheduler: "sh"']
    node_ports(cluster, "sh")

    seen = cluster.ipvs("status", "-o", "wide")
    summary = f"{len(old)} of {len(old)} nodes in sync on sh"
    assert (seen.code, seen.out.splitlines()[-1]) == (0, summary), seen.err
    assert {node: (row[0], row[5]) for node, row in seen.rows.items() if node in old} == dict.fromkeys(
        old, ("sh", "in sync")
    )

    back = cluster.ipvs("undo", *cluster.at_once)
    assert (back.code, cluster.config) == (0, before), back.err
    assert cluster.schedulers() == dict.fromkeys(sorted(old), "rr")
    node_ports(cluster, "rr")
