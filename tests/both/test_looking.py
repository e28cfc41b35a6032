"""What only looks: the same words, states and codes on both clusters, and nothing changes."""

from tests.clusters import Cluster


def test_get_and_status_say_the_same_as_the_kernel(cluster: Cluster) -> None:
    """The scheduler of `get`, of `status`, and of each kernel is one; `status --check` is content."""
    kernels = cluster.schedulers()

    got, seen = cluster.ipvs("get", "-o", "json").json, cluster.ipvs("status", "--check", "-o", "json")

    assert seen.code == 0, seen.err
    assert {node["node"]: node["schedulers"] for node in seen.json["nodes"]} == {
        node: {name: len(cluster.table(node))} for node, name in kernels.items()
    }
    assert (got["mode"]["effective"], {seen.json["wanted"]["scheduler"]}) == ("ipvs", set(kernels.values()))
    assert seen.json["summary"] == {"nodes": len(kernels), "in-sync": len(kernels)}


def test_status_of_named_nodes(cluster: Cluster) -> None:
    """Named nodes alone are asked; a name that is not there is an error."""
    node = sorted(cluster.pods)[1]

    one, none = cluster.ipvs("status", node), cluster.ipvs("status", "no-such-node")

    assert (one.code, set(one.rows) - {"NODE"}) == (0, {node, "1 of 1 node in sync on rr"}), one.err
    assert (none.code, none.out) == (1, "")
    assert none.err.startswith("error: node no-such-node not found")


def test_server_version(cluster: Cluster) -> None:
    """`version` shows the API server's own."""
    version = cluster.ipvs("version")

    assert (version.code, "server: v1." in version.out) == (0, True), version.err


def test_dry_runs_change_nothing(cluster: Cluster) -> None:
    """Both dry runs of `set` show the diff and name every node; configuration and pods stay."""
    before, pods = cluster.config, cluster.pods

    for kind, mark in (("client", "(dry run)"), ("server", "(server dry run)")):
        run = cluster.ipvs("set", "--scheduler", "wrr", f"--dry-run={kind}")

        said = [line for line in run.out.splitlines() if line.endswith(mark)]
        nodes = [f"node/{node} restarted {mark}" for node in sorted(pods)]
        assert (run.code, said) == (0, [f"configmap/kube-proxy patched {mark}", *nodes]), run.err
        assert '+  scheduler: "wrr"' in run.out.splitlines()

    assert (cluster.config, cluster.pods) == (before, pods)


def test_nothing_to_change(cluster: Cluster) -> None:
    """What is set and in force is left alone: no write, no restart; `restart --stale` finds nobody."""
    before, pods = cluster.config, cluster.pods

    run, stale = cluster.ipvs("set", "--no-strict-arp"), cluster.ipvs("restart", "--stale")

    assert (run.code, run.out) == (0, ""), run.err
    assert run.err.splitlines()[-1] == "already set and in force on every node: nothing to change"
    assert (stale.code, stale.err.splitlines()[-1]) == (0, "all nodes are in sync: nothing to restart")
    assert (cluster.config, cluster.pods) == (before, pods)
