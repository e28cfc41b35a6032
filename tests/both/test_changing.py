"""One node alone; and a change that kube-proxy does not take, by force."""

import pytest

from tests.clusters import Cluster
from tests.versions import differs, since, until


def test_one_node(cluster: Cluster) -> None:
    """`restart NODE` replaces the pod of that node and no other, and verifies it."""
    before, pods = cluster.config, cluster.pods
    node = max(pods)

    run = cluster.ipvs("restart", node, *cluster.pace)

    assert (run.code, run.out) == (0, f"node/{node} restarted\n"), run.err
    after = cluster.pods
    assert {name for name in after if after[name] != pods[name]} == {node}
    assert (cluster.config, cluster.schedulers()[node]) == (before, "rr")


REFUSED_MH = until("1.26", "kube-proxy has a list of schedulers, and mh is not on it")


@differs
@pytest.mark.parametrize("scheduler", ["wlcc", pytest.param("mh", marks=REFUSED_MH)])
def test_scheduler_that_kube_proxy_refuses(scheduler: str, cluster: Cluster) -> None:
    """A name that this kube-proxy does not take, by --force: the first node crashes, and all is rolled back.

    Up to 1.26: `Invalid value: "wlcc": must be in [rr wrr lc ...]`. From 1.27: the kernel does not take it, `can't use
    the IPVS proxier: no such file or directory`. Both: exit, CrashLoopBackOff; the kernel goes on with the old table.
    """
    before, pods = cluster.config, cluster.pods

    run = cluster.ipvs("set", "--scheduler", scheduler, "--force", *cluster.pace)

    rows = dict(line.removeprefix("node/").split(" ", 1) for line in run.out.splitlines() if line.startswith("node/"))
    touched = {node for node, said in rows.items() if said.startswith("rolled back (had failed: pod")}
    assert (run.code, len(touched), set(rows)) == (1, 1, set(pods)), run.err
    assert {said for node, said in rows.items() if node not in touched} == {"not restarted"}
    assert " crashed (" in rows[touched.pop()]
    assert (cluster.config, set(cluster.schedulers().values())) == (before, {"rr"})


@since("1.27", "kube-proxy asks the kernel for any scheduler, and tells mh to mix in the client's port")
def test_mh(cluster: Cluster) -> None:
    """`set mh` is verified, and `undo` takes it back."""
    before = cluster.config

    run = cluster.ipvs("set", "--scheduler", "mh", *cluster.at_once)
    kernels = cluster.schedulers()
    back = cluster.ipvs("undo", *cluster.at_once)

    assert (run.code, set(kernels.values())) == (0, {"mh"}), run.err
    assert (back.code, cluster.config, set(cluster.schedulers().values())) == (0, before, {"rr"}), back.err
