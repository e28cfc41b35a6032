"""A kube-proxy in nftables mode: what verifies a restart there, and the way back."""

from tests.clusters import Cluster
from tests.versions import since

NFTABLES = since("1.31", "nftables mode is on without a gate")


@NFTABLES
def test_restart_into_nftables_mode_and_back(cluster: Cluster) -> None:
    """Somebody wrote another mode: each restart is verified by the mode in effect, the first sync and the tables."""
    before, nodes = cluster.config, sorted(cluster.pods)
    cluster.set_config(before.replace("mode: ipvs", "mode: nftables"))

    there = cluster.ipvs("restart", *cluster.at_once, "-o", "json")
    seen = cluster.ipvs("status", "-o", "json")
    again = cluster.ipvs("restart", nodes[0], *cluster.pace)
    cluster.set_config(before)
    back = cluster.ipvs("restart", *cluster.at_once, "-o", "json")

    assert (there.code, there.json["outcome"]) == (0, "verified"), there.err
    assert [line for line in there.err.splitlines() if ": verified: nftables" in line] != [], there.err
    assert {row["node"]: row["state"] for row in seen.json["nodes"]} == dict.fromkeys(nodes, "not-ipvs"), seen.out
    assert (again.code, again.out) == (0, f"node/{nodes[0]} restarted\n"), again.err
    assert (back.code, back.json["outcome"], set(cluster.schedulers().values())) == (0, "verified", {"rr"}), back.err
