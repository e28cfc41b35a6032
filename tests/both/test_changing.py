"""One node alone; and a change that kube-proxy does not take, by force."""

import pytest

from tests.clusters import Cluster


def test_one_node(cluster: Cluster) -> None:
    """`restart NODE` replaces the pod of that node and no other, and verifies it."""
    before, pods = cluster.config, cluster.pods
    node = max(pods)

    run = cluster.ipvs("restart", node, *cluster.pace)

    assert (run.code, run.out) == (0, f"node/{node} restarted\n"), run.err
    after = cluster.pods
    assert {name for name in after if after[name] != pods[name]} == {node}
    assert (cluster.config, cluster.schedulers()[node]) == (before, "rr")


@pytest.mark.parametrize("scheduler", ["wlcc", "mh"])
def test_scheduler_that_kube_proxy_refuses(scheduler: str, cluster: Cluster) -> None:
    """A name that this kube-proxy does not take, by --force: the first node crashes, and all is rolled back.

    Real kube-proxy 1.20: `Invalid value: "wlcc": must be in [rr wrr lc ...]`, exit, CrashLoopBackOff; the kernel goes
    on with the old table. mh came into that list with 1.27 only, whatever the kernel has.
    """
    if cluster.foreign and scheduler == "mh":
        pytest.skip("KUBECONFIG_REAL is set: that kube-proxy may know mh")
    before, pods = cluster.config, cluster.pods

    run = cluster.ipvs("set", "--scheduler", scheduler, "--force", *cluster.pace)

    rows = dict(line.removeprefix("node/").split(" ", 1) for line in run.out.splitlines() if line.startswith("node/"))
    touched = {node for node, said in rows.items() if said.startswith("rolled back (had failed: pod")}
    assert (run.code, len(touched), set(rows)) == (1, 1, set(pods)), run.err
    assert {said for node, said in rows.items() if node not in touched} == {"not restarted"}
    assert " crashed (" in rows[touched.pop()]
    assert (cluster.config, set(cluster.schedulers().values())) == (before, {"rr"})
