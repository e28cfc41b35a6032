"""Will kube-proxy start? What each release makes of modes, schedulers, gates, fields and flags."""

import pytest

from kubectl_ipvs.proxy.checks.findings import Finding
from kubectl_ipvs.proxy.checks.startup import FIX, startup, unknown_fields
from kubectl_ipvs.proxy.config.configuration import Configuration, read, read_flags

HEAD = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"


def text(*lines: str) -> Configuration:
    """Read a text of kube-proxy's own kind."""
    return read(HEAD + "\n".join(lines) + "\n")


def errors(found: list[Finding]) -> list[str]:
    """Give the codes of what refuses."""
    return [entry.code for entry in found if entry.severity == "error"]


def codes(found: list[Finding]) -> list[tuple[str, str]]:
    """Give code and severity of each finding."""
    return [(entry.code, entry.severity) for entry in found]


@pytest.mark.parametrize(
    ("mode", "version", "gates", "code"),
    [
        ("", "v1.34.2", "", ""),
        ("iptables", "v1.43.0", "", ""),
        ("ipvs", "", "", ""),
        ("ipvs", "v1.36.3", "KubeProxyIPVS: false", "IPVS013"),  # it exits on a gate that it does not know
        ("ipvs", "v1.36.3", "KubeProxyIPVS: true", "IPVS013"),
        ("iptables", "v1.36.3", "KubeProxyIPVS: true", "IPVS013"),
        ("iptables", "v1.45.0", "KubeProxyIPVS: true", ""),
        ("iptables", "v1.46.0", "KubeProxyIPVS: true", "IPVS013"),
        ("ipvs", "v1.37.2", "AllAlpha: false, AllBeta: false", ""),  # it is neither
        ("ipvs", "v1.40.0", "AllAlpha: true, AllBeta: true", "IPVS034"),
        ("ipvs", "v1.37.2", "", ""),
        ("ipvs", "v1.37.2", "KubeProxyIPVS: true", ""),
        ("ipvs", "v1.37.2", "KubeProxyIPVS: false", "IPVS034"),
        ("iptables", "v1.37.2", "KubeProxyIPVS: false", ""),
        ("ipvs", "v1.40.0", "", "IPVS034"),
        ("ipvs", "v1.42.0", "KubeProxyIPVS: false", "IPVS034"),
        ("ipvs", "v1.40.0", "KubeProxyIPVS: true", ""),
        ("ipvs", "v1.43.0", "", ""),  # the mode itself is gone: IPVS033
        ("ipvs", "", "KubeProxyIPVS: false", ""),
        ("userspace", "v1.25.9", "", ""),
        ("userspace", "v1.26.0", "", "IPVS015"),
        ("userspace", "", "", ""),
        ("nftables", "v1.28.9", "NFTablesProxyMode: true", "IPVS013 IPVS015"),
        ("ipvs", "v1.34.0", "NFTablesProxyMode: false", "IPVS013"),  # locked
        ("nftables", "v1.29.0", "", "IPVS015"),
        ("nftables", "v1.30.0", "NFTablesProxyMode: true", ""),
        ("nftables", "v1.31.0", "", ""),
        ("nftables", "v1.31.0", "NFTablesProxyMode: false", "IPVS015"),
        ("nftables", "v1.32.0", "AllBeta: false", "IPVS015"),
        ("nftables", "v1.33.0", "NFTablesProxyMode: false", ""),
        ("nftables", "", "", ""),
        ("IPVS", "v1.34.2", "", "IPVS015"),
        ("ebpf", "", "", "IPVS015"),
    ],
)
def test_modes_and_gates(mode: str, version: str, gates: str, code: str) -> None:
    """Each release has its modes, some behind a gate; of an unknown one only what is so in all is said."""
    found = startup(text(f'mode: "{mode}"', f"featureGates: {{{gates}}}"), version)
    assert errors(found) == code.split()


def test_words_of_modes() -> None:
    """What is wrong with a mode is said in words, with the release."""
    cases = [("ebpf", "v1.34.2"), ("userspace", "v1.26.1"), ("nftables", "v1.28.0"), ("nftables", "v1.29.0")]
    found = [startup(text(f"mode: {mode}"), version) for mode, version in cases]
    assert found == [
        [Finding("IPVS015", "error", reason, FIX)]
        for reason in (
            'kube-proxy has no mode "ebpf": there are iptables, ipvs and nftables',
            "kube-proxy v1.26.1 has no mode userspace: it ended with 1.25",
            "kube-proxy v1.28.0 has no mode nftables: it came with 1.29",
            "kube-proxy v1.29.0 has mode nftables only with the feature gate NFTablesProxyMode",
        )
    ]


@pytest.mark.parametrize(
    ("configuration", "where"),
    [
        (text("mode: ipvs"), "featureGates: {KubeProxyIPVS: true}"),
        (read_flags(["kube-proxy", "--proxy-mode=ipvs"]), "--feature-gates=KubeProxyIPVS=true"),
    ],
)
def test_words_of_the_gate(configuration: Configuration, where: str) -> None:
    """The gate is named, and where it is switched on."""
    assert startup(configuration, "v1.40.1") == [
        Finding(
            "IPVS034",
            "error",
            "kube-proxy v1.40.1 will not start in mode ipvs: the feature gate KubeProxyIPVS is off",
            f"switch it on first ({where}), or change the mode",
        )
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--feature-gates=KubeProxyIPVS=false"], "IPVS034"),
        (["--feature-gates", "KubeProxyIPVS=F"], "IPVS034"),
        (["--feature-gates=AllBeta=true, KubeProxyIPVS = 0"], "IPVS034"),
        (["--feature-gates=KubeProxyIPVS=true", "--feature-gates=KubeProxyIPVS=false"], "IPVS034"),
        (["--feature-gates=KubeProxyIPVS=false", "--feature-gates=KubeProxyIPVS=true"], ""),
        (["--feature-gates=KubeProxyIPVS"], "IPVS013"),
        (["--feature-gates=KubeProxyIPVS=off"], "IPVS013"),
    ],
)
def test_gate_by_flag(words: list[str], code: str) -> None:
    """A command line has its gates too, in every form that kube-proxy takes; the last word counts."""
    found = read_flags(["kube-proxy", "--proxy-mode=ipvs", *words])
    assert errors(startup(found, "v1.37.2")) == ([code] if code else [])


@pytest.mark.parametrize(
    ("gates", "named"),
    [
        ("Nonsense: true, KubeProxyIPVS: true, Other: false", '"Nonsense", "Other"'),
        ("AllAlpha: true", '"AllAlpha"'),
        ("AllAlpha: false, AllBeta: false", ""),
    ],
)
def test_gates_that_nobody_here_can_judge(gates: str, named: str) -> None:
    """kube-proxy exits on a gate that it does not know: what cannot be said of one is said to be unknown."""
    found = startup(text("mode: ipvs", f"featureGates: {{{gates}}}"), "v1.37.2")
    reason = f"kube-proxy exits on a feature gate that it does not know; whether it knows {named} is not known here"
    hint = "kube-proxy's reference of that version lists its feature gates"
    assert found == ([Finding("IPVS035", "warning", reason, hint)] if named else [])


@pytest.mark.parametrize(
    ("scheduler", "version", "code"),
    [
        ("nq", "v1.26.9", ""),
        ("", "v1.20.2", ""),
        ("mh", "v1.26.9", "IPVS013"),
        ("twos", "v1.20.2", "IPVS013"),
        ("mh", "v1.27.0", ""),
        ("mh", "", ""),
        ("foo", "v1.20.2", "IPVS002"),
        ("foo", "v1.34.2", "IPVS002"),
        ("foo", "", "IPVS002"),
    ],
)
def test_schedulers(scheduler: str, version: str, code: str) -> None:
    """Until 1.26 kube-proxy has a list of its own; later ones ask the kernel, where no such name is."""
    found = startup(text("mode: ipvs", f'ipvs: {{scheduler: "{scheduler}"}}'), version)
    assert codes(found) == ([(code, "error")] if code else [])


def test_schedulers_of_another_mode() -> None:
    """In another mode nobody reads the scheduler."""
    assert startup(text("mode: iptables", "ipvs: {scheduler: foo}"), "v1.20.2") == []


def test_what_it_exits_on_is_one_finding() -> None:
    """All that is wrong in a text comes together, with path and line, and what to do."""
    found = startup(text("mode: ipvs", "bindAddress: 3", "ipvs:", '  strictARP: "flase"', "  scheduler: mh"), "v1.20.2")
    assert found == [
        Finding(
            "IPVS013",
            "error",
            'kube-proxy will not start: bindAddress is 3, not text (line 4); ipvs.strictARP is "flase", not true or '
            "false (line 6); kube-proxy v1.20.2 refuses the scheduler mh: it takes it from 1.27 on",
            FIX,
        )
    ]


def test_what_it_ignores() -> None:
    """Keys that nobody knows, and a field that came later, are warnings: kube-proxy starts without them."""
    found = startup(text("mode: ipvs", "ipvs:", "  Scheduler: lc", "  udpTimeout: 0s"), "v1.16.9")
    assert found == [
        Finding(
            "IPVS009",
            "warning",
            "the configuration has keys that kube-proxy ignores: "
            "ipvs.Scheduler: kube-proxy does not know this key and ignores it, unlike scheduler (line 5)",
        ),
        Finding(
            "IPVS014",
            "warning",
            "udpTimeout: kube-proxy v1.16.9 does not know this field (since 1.18): it has no effect",
        ),
    ]


def test_a_field_that_is_being_set_is_not_warned_of() -> None:
    """Of a field that is asked for the error speaks."""
    assert startup(text("mode: ipvs", "ipvs: {udpTimeout: 1m}"), "v1.16.9", being_set=["udpTimeout"]) == []


def test_a_flag_that_came_later() -> None:
    """kube-proxy exits on a flag that it does not know."""
    found = startup(read_flags(["kube-proxy", "--ipvs-udp-timeout=1m"]), "v1.16.9")
    assert found == [
        Finding(
            "IPVS013",
            "error",
            "kube-proxy will not start: kube-proxy v1.16.9 does not know --ipvs-udp-timeout (since 1.18)",
            FIX,
        )
    ]


@pytest.mark.parametrize(
    ("arguments", "void"),
    [
        (["kube-proxy", "--config=/a", "--proxy-mode=ipvs", "--ipvs-scheduler=lc"], "--proxy-mode, --ipvs-scheduler"),
        (["kube-proxy", "--config", "/a", "--v=2", "--hostname-override=x"], ""),
        (["kube-proxy", "--proxy-mode=ipvs"], ""),
        (["kube-proxy", "--config=", "--proxy-mode=ipvs"], ""),
    ],
)
def test_void_flags(arguments: list[str], void: str) -> None:
    """With a file kube-proxy reads that alone: one warning names the flags that say the same things."""
    found = startup(text("mode: ipvs"), "v1.29.4", arguments=arguments)
    reason = f"kube-proxy reads --config and ignores these flags beside it: {void}"
    hint = "take them out, or move their values into the configuration"
    assert found == ([Finding("IPVS016", "warning", reason, hint)] if void else [])


@pytest.mark.parametrize(
    ("names", "version", "expected"),
    [
        (["udpTimeout", "strictARP", "scheduler"], "v1.16.9", ["udpTimeout"]),
        (["udpTimeout", "strictARP"], "v1.14.0", ["udpTimeout", "strictARP"]),
        (["tcpTimeout"], "v1.18.0", []),
        (["tcpTimeout"], "", []),
        (["nothing"], "v1.16.9", []),
    ],
)
def test_unknown_fields(names: list[str], version: str, expected: list[str]) -> None:
    """A field to be set that this kube-proxy does not know yet is an error: it would have no effect."""
    found = unknown_fields(names, version)
    assert [entry.reason.partition(":")[0] for entry in found] == expected
    assert {(entry.code, entry.severity) for entry in found} <= {("IPVS014", "error")}
