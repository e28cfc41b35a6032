"""What a kube-proxy of each version makes of its configuration, as facts about the real one say."""

import json

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
        ((1, 26), "lc", False, "ipvs"),  # not loaded: ends
        ((1, 26), "wrr", True, "ipvs"),
        ((1, 27), "lc", True, "ipvs"),  # the kernel loads it
        ((1, 34), "twos", True, "ipvs"),
        ((1, 34), "typo", False, "ipvs"),
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
        ((1, 30), "nftables", None, False),  # needs its own gate
        ((1, 31), "nftables", None, True),
        ((1, 28), "nftables", None, False),
    ],
)
def test_the_gate_of_ipvs(release: tuple[int, int], mode: str, gate: str | None, runs: bool) -> None:  # noqa: FBT001 -- a table
    """From 1.37 on ipvs mode has a gate; without it, and with a gate it does not know, kube-proxy ends."""
    kernel = Kernel("node1", "6.1.0", ALL, ("rr",))
    text = configuration(mode) + (f"featureGates: {{KubeProxyIPVS: {gate}}}\n" if gate else "")

    assert start(text, release, kernel).runs is runs
    flags = ["--proxy-mode", mode, f"--feature-gates=KubeProxyIPVS={gate}" if gate else "--v=2"]
    assert start(flags, release, kernel).runs is runs


@pytest.mark.parametrize(("release", "runs"), [((1, 17), True), ((1, 18), False)])
def test_fields_that_are_too_new(release: tuple[int, int], runs: bool) -> None:  # noqa: FBT001 -- a table
    """Up to 1.17 the timeouts are unknown, and ignored whatever they are."""
    kernel = Kernel("node1", "6.1.0", ALL, ("rr",))

    assert start(configuration(udpTimeout="soon"), release, kernel).runs is runs


BAD_MODE = "must be iptables, ipvs, nftables or blank (blank means the best-available proxy [currently iptables])"
WITHOUT_IPVS = "must be iptables, nftables or blank (blank means the best-available proxy [currently iptables])"
TOP = "failed validate: KubeProxyConfiguration"
DECODE = "failed complete: failed to decode:"
FIELD = f"{DECODE} json: cannot unmarshal"
UNKNOWN_GATE = "failed complete: unrecognized feature gate:"
NO_GATE = "featureGates: {KubeProxyIPVS: false}\nmode: ipvs"
LONGER = "must be greater than or equal to KubeProxyConfiguration.MinSyncPeriod"
NOT_NEGATIVE = 'Invalid value: "-1s": must be greater than or equal to 0'
WORDS = {  # fields of a configuration -> how 1.34.4 and 1.37.2 were seen to end
    "mode: wrong": f'{TOP}.Mode.ProxyMode: Invalid value: "wrong": {BAD_MODE}',
    "mode: userspace": f'{TOP}.Mode.ProxyMode: Invalid value: "userspace": {BAD_MODE}',
    "mode: ipvs\nipvs: {scheduler: 5}": (
        f"{FIELD} number into Go struct field KubeProxyIPVSConfiguration.ipvs.scheduler of type string"
    ),
    "mode: ipvs\nipvs: {syncPeriod: 30s, minSyncPeriod: 1m}": f'{TOP}.SyncPeriod: Invalid value: "1m0s": {LONGER}',
    "mode: ipvs\nipvs: {minSyncPeriod: -1s}": f"{TOP}.MinSyncPeriod: {NOT_NEGATIVE}",
    "mode: ipvs\nipvs: {tcpTimeout: -1s}": f"{TOP}.KubeProxyIPVSConfiguration.TCPTimeout: {NOT_NEGATIVE}",
    "mode: ipvs\nipvs: {excludeCIDRs: [10.0.0.1]}": (
        f'{TOP}.KubeProxyIPVSConfiguration.ExcludeCidrs[0]: Invalid value: "10.0.0.1": must be a valid CIDR'
    ),
    "mode: ipvs\nipvs: {tcpTimeout: soon}": f'{DECODE} time: invalid duration "soon"',
    "featureGates: {A: x}": f"{FIELD} string into Go struct field KubeProxyConfiguration.featureGates of type bool",
    "mode: [a]": f"{FIELD} array into Go struct field KubeProxyConfiguration.mode of type v1alpha1.ProxyMode",
    "conntrack: {maxPerCore: lots}": (
        f"{FIELD} string into Go struct field KubeProxyConntrackConfiguration.conntrack.maxPerCore of type int32"
    ),
}
HEAD = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"


@pytest.mark.parametrize("release", [(1, 34), (1, 37)])
@pytest.mark.parametrize("fields", WORDS)
def test_last_words(release: tuple[int, int], fields: str) -> None:
    """What kube-proxy says when it refuses its configuration, to the letter."""
    kernel = Kernel("node1", "6.1.0", ALL, ("rr",))

    result = start(f"{HEAD}{fields}\n", release, kernel)

    said = json.loads(result.log[-1].removeprefix('E "command failed" err='))
    assert (result.runs, result.mode, said) == (False, "", WORDS[fields])


@pytest.mark.parametrize(
    ("release", "fields", "said"),
    [
        ((1, 37), NO_GATE, f'{TOP}.Mode.ProxyMode: Invalid value: "ipvs": {WITHOUT_IPVS}'),
        ((1, 34), NO_GATE, f"{UNKNOWN_GATE} KubeProxyIPVS"),
        ((1, 37), "featureGates: {IPv6DualStack: true}", f"{UNKNOWN_GATE} IPv6DualStack"),
        ((1, 37), "kind: x", "failed complete: failed to decode: Object 'apiVersion' is missing in 'kind: x\n'"),
        ((1, 37), "mode: ipvs", "failed complete: failed to decode: Object 'Kind' is missing in 'mode: ipvs\n'"),
    ],
)  # fmt: skip
def test_last_words_of_one_version(release: tuple[int, int], fields: str, said: str) -> None:
    """Gates by version; and a text that is no configuration at all, over several lines of the log."""
    kernel, text = Kernel("node1", "6.1.0", ALL, ("rr",)), fields + "\n"
    if text.startswith("feature"):
        text = HEAD + text

    line = start(text, release, kernel).log[-1]

    if line.endswith("\n >"):
        told = line.removeprefix('E "command failed" err=<\n\t').removesuffix("\n >").replace("\n\t", "\n")
    else:
        told = json.loads(line.removeprefix('E "command failed" err='))
    assert told == said


@pytest.mark.parametrize(
    ("release", "words"),
    [((1, 37), "ipvs not supported"), ((1, 36), "ipvs not supported"), ((1, 34), "Ipvs not supported")],
)
def test_a_kernel_without_ipvs(release: tuple[int, int], words: str) -> None:
    """From 1.27 on nothing falls back: kube-proxy ends, after it has begun in ipvs mode."""
    kernel = Kernel("node1", "6.1.0", ALL, ("rr",))
    kernel.has_ipvs = False

    result = start(configuration(), release, kernel)

    assert (result.runs, result.mode) == (False, "ipvs")
    assert result.log[-1] == f'E "command failed" err="can\'t use the IPVS proxier: {words}"'


@pytest.mark.parametrize(
    ("release", "kernel", "runs"),
    [((1, 32), "5.4.0", True), ((1, 33), "5.4.0", False), ((1, 33), "5.13.0", True), ((1, 37), "unknown", True)],
)
def test_nftables_mode_needs_a_kernel(release: tuple[int, int], kernel: str, runs: bool) -> None:  # noqa: FBT001 -- a table
    """From 1.33 on it ends on kernels before 5.13; 1.31 and 1.32 have that check and never make it."""
    result = start(configuration("nftables"), release, Kernel("node1", kernel, ALL, ("rr",)))

    assert (result.runs, result.mode) == (runs, "nftables")


@pytest.mark.parametrize(
    ("release", "words"),
    [((1, 34), ""), ((1, 35), "is now deprecated and may be removed"), ((1, 37), "removed in Kubernetes 1.43")],
)
def test_the_deprecation_is_a_line_of_the_log(release: tuple[int, int], words: str) -> None:
    """From 1.35 on ipvs mode logs that it will go; from 1.37 with its dates."""
    log = start(configuration(), release, Kernel("node1", "6.1.0", ALL, ("rr",))).log

    said = [line for line in log if "deprecated" in line]
    assert [words in line for line in said] == ([True] if words else [])
