"""`verify` on a cluster where all is well: nothing is found, on any release, and it says what it has looked at."""

import pytest

from tests.clusters import Cluster
from tests.versions import differs

PATIENT = ("--exec-timeout", "60s")  # a node of one emulated CPU


@differs
def test_nothing_is_found(cluster: Cluster) -> None:
    """Every node is verified, and as many virtual servers are expected there as its kernel has."""
    if cluster.foreign:
        pytest.skip("KUBECONFIG_REAL is set: what is in that cluster's tables is not known")
    run = cluster.ipvs("verify", "-o", "json", *PATIENT)

    assert run.code == 0, run.out + run.err
    found = {node["node"]: (node["state"], node["virtualServers"], node["findings"]) for node in run.json["nodes"]}
    assert found == {node: ("verified", len(cluster.table(node)), []) for node in cluster.pods}
    assert run.json["summary"]["verified"] == len(cluster.pods)


def test_one_node_and_one_service(cluster: Cluster) -> None:
    """What is not asked for is not looked at; what is nowhere is an error, and nothing is on stdout."""
    node = min(cluster.pods)

    one = cluster.ipvs("verify", node, "--service", "kube-system/kube-dns", *PATIENT)
    lost = cluster.ipvs("verify", "--service", "default/no-such-service", *PATIENT)

    assert (one.code, one.out.splitlines()[-1]) == (0, "1 of 1 node verified (one look)"), one.err
    assert (lost.code, lost.out) == (1, "")
    assert lost.err == "error: service default/no-such-service not found\n"
