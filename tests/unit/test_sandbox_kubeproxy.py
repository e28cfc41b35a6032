"""What a kube-proxy of each version makes of its configuration, as facts about the real one say."""

import pytest

from kubectl_ipvs.sandbox.nodes.kernel import Kernel, schedulers_of
from kubectl_ipvs.sandbox.nodes.kubeproxy import start

ALL = schedulers_of("6.1.0")


def configuration(mode: str = "ipvs", **fields: object) -> str:
    """Return a configuration with these fields in its ipvs section."""
    head = f"apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: {mode}\nipvs:\n  x: 1\n"
    return head + "".join(f"  {name}: {value}\n" for name, value in fields.items())


@pytest.mark.parametrize(
    ("release", "scheduler", "runs", "mode"),
    [
        ((1, 19), "lc", True, "ipvs"),  # module not looked at
        ((1, 19), "mh", False, ""),  # name not known
        ((1, 20), "sh", True, "ipvs"),  # loads it itself
        ((1, 20), "lc", True, "iptables"),  # not loaded: falls back
        ((1, 25), "lc", True, "iptables"),
        ((1, 25), "twos", False, ""),
        ((1, 26), "lc", False, ""),  # not loaded: ends
        ((1, 26), "wrr", True, "ipvs"),
        ((1, 27), "lc", True, "ipvs"),  # the kernel loads it
        ((1, 34), "twos", True, "ipvs"),
        ((1, 34), "typo", False, ""),
        ((1, 34), '""', True, "ipvs"),
        ((1, 34), "null", True, "ipvs"),
        ((1, 34), "5", False, ""),
    ],
)
def test_schedulers_by_version(release: tuple[int, int], scheduler: str, runs: bool, mode: str) -> None:  # noqa: FBT001 -- a table
    """A scheduler that cannot be used falls back, or ends kube-proxy, by version."""
    kernel = Kernel("node1", "6.1.0", ALL, ("rr", "wrr", "sh"))

    result = start(configuration(scheduler=scheduler), release, kernel)

    assert (result.runs, result.mode) == (runs, mode)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (configuration(syncPeriod="30s", minSyncPeriod="1m"), False),
        (configuration(syncPeriod="1m0s", minSyncPeriod="30s"), True),
        (configuration(tcpTimeout="-1s"), False),
        (configuration(tcpTimeout="0"), False),
        (configuration(tcpTimeout="0s"), True),
        (configuration(tcpTimeout="soon"), False),
        (configuration(strictARP="'true'"), False),
        (configuration(excludeCIDRs="[10.0.0.0/8]"), True),
        (configuration(excludeCIDRs="[10.0.0.1]"), False),
        (configuration(Scheduler="typo"), True),
        (configuration("iptables", scheduler="typo"), True),
        (configuration(scheduler="[lc]"), False),
        (configuration("iptables", strictARP="maybe"), False),
        (configuration("false"), False),
        (configuration("nftables"), True),
        (configuration() + "  scheduler: typo\n  scheduler: lc\n", True),
        (configuration() + "clusterCIDR: 10\n", False),
        (configuration() + "conntrack: {maxPerCore: lots}\n", False),
        (configuration() + "iptables: []\n", False),
        (configuration() + "nodePortAddresses: [5]\n", False),
        (configuration() + "nodePortAddresses: null\noomScoreAdj: -999\nresourceContainer: 5\n", True),
        (configuration() + "featureGates: {Some: 'true'}\n", False),
        (configuration("userspace"), False),
        (configuration("wrong"), False),
        ("mode: ipvs", False),
        ("a: [", False),
        ("", False),
    ],
)
def test_validation(text: str, runs: bool) -> None:  # noqa: FBT001 -- a table
    """What kube-proxy 1.34 refuses to start with, and what it takes."""
    kernel = Kernel("node1", "6.1.0", ALL, ("rr",))

    assert start(text, (1, 34), kernel).runs is runs


def test_flags() -> None:
    """Flags are a configuration too."""
    kernel = Kernel("node1", "6.1.0", ALL, ("rr",))

    result = start(["kube-proxy", "--proxy-mode=ipvs", "--ipvs-scheduler=sed"], (1, 34), kernel)

    assert (result.runs, result.mode, result.scheduler) == (True, "ipvs", "sed")


@pytest.mark.parametrize(
    ("release", "mode", "gate", "runs"),
    [
        ((1, 37), "ipvs", "false", False),
        ((1, 37), "ipvs", "true", True),
        ((1, 37), "iptables", "false", True),
        ((1, 36), "ipvs", "false", False),  # not known yet
    ],
)
def test_the_gate_of_ipvs(release: tuple[int, int], mode: str, gate: str, runs: bool) -> None:  # noqa: FBT001 -- a table
    """From 1.37 on ipvs mode has a gate; without it, and with a gate it does not know, kube-proxy ends."""
    kernel = Kernel("node1", "6.1.0", ALL, ("rr",))
    text = configuration(mode) + f"featureGates: {{KubeProxyIPVS: {gate}}}\n"

    assert start(text, release, kernel).runs is runs
    flags = ["--proxy-mode", mode, f"--feature-gates=KubeProxyIPVS={gate}"]
    assert start(flags, release, kernel).runs is runs


@pytest.mark.parametrize(("release", "runs"), [((1, 17), True), ((1, 18), False)])
def test_fields_that_are_too_new(release: tuple[int, int], runs: bool) -> None:  # noqa: FBT001 -- a table
    """Up to 1.17 the timeouts are unknown, and ignored whatever they are."""
    kernel = Kernel("node1", "6.1.0", ALL, ("rr",))

    assert start(configuration(udpTimeout="soon"), release, kernel).runs is runs
