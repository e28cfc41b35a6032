"""`doctor` on a healthy cluster: its verdict, each node, and nothing that is not known."""

from tests.clusters import Cluster
from tests.versions import differs, since, until

PATIENT = ("--exec-timeout", "60s")  # a node of one emulated CPU

NAMES_NOBODY = {"blocks", "error"}


@since("1.34", "kube-proxy can go without losing a connection")
def test_healthy_cluster_is_ready(cluster: Cluster) -> None:
    """A cluster of kubeadm's: every question has an answer, every node can, and nothing was changed."""
    before, pods = cluster.config, cluster.pods

    run, words = cluster.ipvs("doctor", "--check", "-o", "json", *PATIENT), cluster.ipvs("doctor", *PATIENT)

    assert run.code == 0, run.out + run.err
    assert run.json["unknown"] == []
    assert {entry["node"]: entry["ready"] for entry in run.json["nodes"]} == dict.fromkeys(pods, True), run.out
    assert [entry for entry in run.json["findings"] if entry["level"] in NAMES_NOBODY] == []
    assert (run.json["cluster"]["mode"], run.json["cluster"]["scheduler"], run.json["way"]) == ("ipvs", "rr", "hitless")
    assert run.json["verdict"] in {"ready", "ready-but"}
    assert max(map(len, words.out.splitlines())) <= 80, words.out
    assert (cluster.config, cluster.pods) == (before, pods)


@differs
@until("1.28", "kube-proxy has no nftables mode")
def test_old_cluster_is_not_ready(cluster: Cluster) -> None:
    """A release without nftables mode blocks on every node, and an image without nft beside it."""
    run = cluster.ipvs("doctor", "--check", "-o", "json", *PATIENT)

    assert (run.code, run.json["verdict"], run.json["unknown"]) == (5, "not-yet", []), run.out + run.err
    assert {entry["node"] for entry in run.json["nodes"] if "IPVS102" in entry["findings"]} == set(cluster.pods)
