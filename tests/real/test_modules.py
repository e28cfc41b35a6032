"""Schedulers whose kernel module is not loaded, or is nowhere.

From 1.27 the kernel loads a scheduler's module when kube-proxy asks for it; where it has none, kube-proxy exits:
`can't use the IPVS proxier: no such file or directory`, CrashLoopBackOff, and the kernel keeps the old table.

Real kube-proxy 1.20 loads the modules of rr, wrr and sh alone and looks into /proc/modules for any other. Without it:
`Can't use the IPVS proxier: IPVS proxier will not be used because the following required kernel modules are not
loaded: [ip_vs_lc]`, then `Using iptables Proxier`: Running, Ready, never restarted - and the kernel keeps the old
table for ever. Only the table tells.
"""

import pytest

from tests.clusters import Cluster, Machines
from tests.versions import differs, since, until

FALLS_BACK = until("1.25", "a module that is not loaded means iptables mode")

SHORT = ("--settle", "1s", "--timeout", "60s", "--exec-timeout", "60s")


def unload(cluster: Cluster, machines: Machines, scheduler: str) -> None:
    """Take a module out of every kernel; it is in use nowhere."""
    for node in cluster.pods:
        machines.sh(node, f"! grep -q '^ip_vs_{scheduler} ' /proc/modules || rmmod ip_vs_{scheduler}")


@FALLS_BACK
def test_module_that_is_not_loaded_is_refused(cluster: Cluster, machines: Machines) -> None:
    """Preflight names the module, the nodes and the cure; nothing is written. With the module it has nothing to say."""
    unload(cluster, machines, "nq")
    before, pods = cluster.config, cluster.pods

    refused = cluster.ipvs("set", "--scheduler", "nq", *cluster.pace)

    said = f"error IPVS004: ip_vs_nq is not loaded on {', '.join(sorted(pods))}: kube-proxy falls back to iptables mode"
    assert (refused.code, refused.err.startswith(said)) == (1, True), refused.err
    assert "hint: load it first on each of them: modprobe ip_vs_nq" in refused.err
    assert (cluster.config, cluster.pods) == (before, pods)

    for node in pods:
        machines.sh(node, "modprobe ip_vs_nq")
    planned = cluster.ipvs("set", "--scheduler", "nq", "--dry-run=server")
    assert (planned.code, "IPVS004" in planned.err) == (0, False), planned.err


@since("1.27", "the kernel loads the module when kube-proxy asks for it")
def test_module_that_is_not_loaded_is_loaded(cluster: Cluster, machines: Machines) -> None:
    """Preflight has nothing to say, the change is verified, and every kernel has loaded the module by itself."""
    unload(cluster, machines, "nq")
    before = cluster.config

    run = cluster.ipvs("set", "--scheduler", "nq", *cluster.at_once)
    kernels = cluster.schedulers()
    back = cluster.ipvs("undo", *cluster.at_once)

    assert (run.code, "IPVS004" in run.err, set(kernels.values())) == (0, False, {"nq"}), run.err
    assert (back.code, cluster.config) == (0, before), back.err


@differs
def test_module_that_the_kernel_has_not_is_refused(cluster: Cluster, machines: Machines) -> None:
    """Debian's kernel has no ip_vs_twos: preflight says that it is missing, on every node."""
    before, pods = cluster.config, cluster.pods
    machines.sh(min(pods), "! modprobe ip_vs_twos")

    run = cluster.ipvs("set", "--scheduler", "twos", *cluster.pace)

    said = f"error IPVS004: ip_vs_twos is missing on {', '.join(sorted(pods))}"
    assert (run.code, said in run.err) == (1, True), run.err
    assert (cluster.config, cluster.pods) == (before, pods)


@FALLS_BACK
@pytest.mark.usefixtures("machines")
def test_module_that_is_not_loaded_by_force(cluster: Cluster, machines: Machines) -> None:
    """--force: kube-proxy is Ready, the table stays. The look at the first node sees it, and all is rolled back."""
    unload(cluster, machines, "wlc")
    before, pods = cluster.config, cluster.pods

    run = cluster.ipvs("set", "--scheduler", "wlc", "--force", *SHORT)

    rows = dict(line.removeprefix("node/").split(" ", 1) for line in run.out.splitlines() if line.startswith("node/"))
    failed = "rolled back (had failed: not verified within 60s: the kernel has rr on "
    untouched = ["not restarted"] * (len(pods) - 1)
    begun = [row for row in rows.values() if row.startswith(failed) and row.endswith(" instead of wlc)")]
    assert (run.code, len(begun), sorted(rows.values())) == (1, 1, sorted([*untouched, *begun])), run.err
    assert (cluster.config, set(cluster.schedulers().values())) == (before, {"rr"})
    assert cluster.ipvs("status", "--check").code == 0


@since("1.27", "kube-proxy exits where the kernel has not the scheduler")
def test_module_that_the_kernel_has_not_by_force(cluster: Cluster) -> None:
    """--force: the first node's kube-proxy exits, its kernel keeps the old table, and all is rolled back."""
    before, pods = cluster.config, cluster.pods

    run = cluster.ipvs("set", "--scheduler", "twos", "--force", *cluster.pace)

    rows = dict(line.removeprefix("node/").split(" ", 1) for line in run.out.splitlines() if line.startswith("node/"))
    begun = [said for said in rows.values() if said.startswith("rolled back (had failed: pod")]
    assert (run.code, len(begun), set(rows)) == (1, 1, set(pods)), run.err
    assert " crashed (" in begun[0]
    assert (cluster.config, set(cluster.schedulers().values())) == (before, {"rr"})
