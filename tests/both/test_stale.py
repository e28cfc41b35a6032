"""The configuration first, the nodes later: `set --no-restart`, then `restart --stale`."""

from tests.clusters import Cluster


def test_configuration_first_nodes_later(cluster: Cluster) -> None:
    """--no-restart writes alone: each node needs a restart, and says so; `restart --stale` brings them all in step."""
    kernels, pods = cluster.schedulers(), cluster.pods

    run = cluster.ipvs("set", "--scheduler", "wrr", "--no-restart")
    status = cluster.ipvs("status", "--check", "-o", "json")

    assert (run.code, run.out.splitlines()[-1]) == (0, "configmap/kube-proxy patched"), run.err
    assert "warning: written, but no node uses it until kube-proxy restarts: kubectl ipvs restart --stale" in run.err
    assert (status.code, status.json["summary"]) == (5, {"nodes": len(pods), "restart-needed": len(pods)})
    assert (cluster.pods, cluster.schedulers()) == (pods, kernels)

    stale = cluster.ipvs("restart", "--stale", *cluster.at_once)

    assert (stale.code, stale.out) == (0, "".join(f"node/{node} restarted\n" for node in sorted(pods))), stale.err
    assert cluster.schedulers() == dict.fromkeys(sorted(pods), "wrr")
    assert cluster.ipvs("status", "--check").code == 0
