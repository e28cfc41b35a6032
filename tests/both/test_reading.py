"""Other ways to a node than exec in kube-proxy's pod: its own port, and a pod of ours; both say what the kernel has."""

from tests.clusters import Cluster

IMAGE = "jsonpath={.spec.template.spec.containers[0].image}"


def helper(cluster: Cluster, *way: str) -> tuple[str, ...]:
    """Return the flags for helper pods: kube-proxy's own image has cat and sleep, and is on every node."""
    image = cluster.kubectl("-n", "kube-system", "get", "daemonset", "kube-proxy", "-o", IMAGE)
    return (*way, "--helper-image", image)


def test_what_kube_proxy_runs_with(cluster: Cluster) -> None:
    """/proxyMode and /configz, through a port-forward, are what the kernels have; and are no look at a kernel."""
    kernels = cluster.schedulers()

    beside, alone = cluster.ipvs("status", "-o", "json"), cluster.ipvs("status", "--read=proxy", "-o", "json")

    running = {node: {"mode": "ipvs", "scheduler": name} for node, name in kernels.items()}
    assert {row["node"]: row["running"] for row in beside.json["nodes"]} == running, beside.err
    assert {row["node"]: row["running"] for row in alone.json["nodes"]} == running, alone.err
    assert (beside.code, alone.code) == (0, 3)
    assert {(row["state"], row["source"]) for row in alone.json["nodes"]} == {("in-sync", "configz")}


def test_table_by_helper_pod(cluster: Cluster) -> None:
    """A pod without any right sees the node's whole table, and is gone afterwards."""
    kernels = {node: {name: len(cluster.table(node))} for node, name in cluster.schedulers().items()}

    seen = cluster.ipvs("status", "--check", "-o", "json", *helper(cluster, "--read=helper"))

    assert (seen.code, {row["source"] for row in seen.json["nodes"]}) == (0, {"helper"}), seen.out
    assert {row["node"]: row["schedulers"] for row in seen.json["nodes"]} == kernels
    assert cluster.helper_pods() == {}


def test_restart_verified_by_helper_pod(cluster: Cluster) -> None:
    """The look that verifies a node goes the same way."""
    node = min(cluster.pods)

    run = cluster.ipvs("restart", node, *cluster.pace, "-o", "json", *helper(cluster, "--read=helper"))

    (row,) = run.json["nodes"]
    assert (run.code, row["outcome"], row["seenInKernel"]) == (0, "verified", True), run.err
    assert cluster.helper_pods() == {}


def test_killed_with_helper_pods(cluster: Cluster) -> None:
    """After SIGKILL they are there, with an end; the next run on this machine deletes them."""
    left = cluster.killed_with_helpers(*helper(cluster, "--read=helper"))

    run = cluster.ipvs("status", *helper(cluster, "--read=helper"))

    assert (sorted(left), run.code, cluster.helper_pods()) == (sorted(cluster.pods), 0, {}), run.err
