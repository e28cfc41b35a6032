"""kill -9 of a node's whole VM in the middle of a rollout.

After 25 seconds (as this cluster is set; 50 by default) the API server notices that the kubelet reports no more; a
deleted pod stays Terminating until the node is back. What the plugin was doing there cannot be verified: it says so,
writes the old value back, and restarts every node that it reaches. The node that comes back has rebooted: it starts
with whatever the configuration says then.
"""

from tests.clusters import Cluster, Machines, Rollout

SHORT = ("--settle", "1s", "--timeout", "25s", "--exec-timeout", "60s", "--max-unavailable", "1")


def test_lost_node(cluster: Cluster, machines: Machines) -> None:
    """The run ends with an error that names the node; the old value is back; with the node, `set` does the rest."""
    if set(cluster.schedulers().values()) == {"rr"}:  # wrr: kube-proxy loads its module itself, also after a reboot
        assert cluster.ipvs("set", "--scheduler", "wrr", *cluster.at_once).code == 0
    before, nodes = cluster.config, sorted(cluster.pods)
    with Rollout(cluster, "set", "--scheduler", "rr", "--no-strict-arp", *SHORT) as rollout:
        lost = rollout.until(": deleting pod ").split(":")[0]
        machines.run("node", lost.removeprefix("node"), "kill")
    row = next(line for line in rollout.out.splitlines() if line.startswith(f"node/{lost} "))
    status = cluster.ipvs("status", "-o", "json")
    after = cluster.config

    machines.run("node", lost.removeprefix("node"), "start", seconds=1200)
    done = cluster.ipvs("set", "--scheduler", "rr", "--no-strict-arp", *cluster.at_once)

    assert (rollout.code, row.startswith((f"node/{lost} failed: ", f"node/{lost} not rolled back: "))) == (1, True), (
        rollout.out + rollout.said
    )
    assert (after, "rolling it back failed" in rollout.said) == (before, True), rollout.said
    assert {entry["node"] for entry in status.json["nodes"] if entry["state"] != "in-sync"} == {lost}
    assert (done.code, cluster.schedulers()) == (0, dict.fromkeys(nodes, "rr")), done.err
    assert cluster.ipvs("status", "--check").code == 0
