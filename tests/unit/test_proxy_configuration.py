"""kube-proxy's configuration, read from a ConfigMap's text."""

from pathlib import Path

import pytest

from kubectl_ipvs.errors import ConfigurationInvalid
from kubectl_ipvs.proxy.config.configuration import Configuration, Setting, read
from kubectl_ipvs.proxy.config.fields import FIELDS, Value

KUBEADM = Path(__file__).parent.joinpath("samples", "kubeadm.yaml").read_text(encoding="utf-8")
HEAD = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
JSON = (
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","ipvs":{"scheduler":"lc",'
    '"strictARP":true,"syncPeriod":"5s","excludeCIDRs":["10.0.0.0/8"]}}'
)
SECTION = "scheduler: lc, strictARP: true, excludeCIDRs: [10.0.0.0/8]"
MORE = "there are more documents in the text: kube-proxy reads the first one alone"
NOT_FIRST = "the KubeProxyConfiguration is not the first document of the text: kube-proxy reads that one alone"
UNKNOWN = "kube-proxy does not know this key and ignores it"
INVALID = "the configuration is not valid YAML: "


def defaults(**configured: Value) -> dict[str, Setting]:
    """All eight settings: configured where given, at their defaults elsewhere."""
    return {
        field.name: Setting(configured[field.name], configured[field.name], "configured")
        if field.name in configured
        else Setting(None, field.default, "default")
        for field in FIELDS
    }


def test_kubeadm_sample() -> None:
    """What kubeadm writes: empty and zero values are configured, and the defaults are in force."""
    assert read(KUBEADM) == Configuration(
        mode=Setting("ipvs", "ipvs", "configured"),
        ipvs={
            "scheduler": Setting("", "rr", "default"),
            "strictARP": Setting(configured=False, effective=False, origin="configured"),
            "syncPeriod": Setting("0s", "30s", "default"),
            "minSyncPeriod": Setting("0s", "0s", "default"),
            "tcpTimeout": Setting("0s", "15m0s", "default"),
            "tcpFinTimeout": Setting("0s", "2m0s", "default"),
            "udpTimeout": Setting("0s", "5m0s", "default"),
            "excludeCIDRs": Setting(None, (), "default"),
        },
        api_version="kubeproxy.config.k8s.io/v1alpha1",
        kind="KubeProxyConfiguration",
    )


def test_fields_come_in_the_order_of_the_catalogue() -> None:
    """The order of the text does not matter."""
    assert list(read(KUBEADM).ipvs) == [field.name for field in FIELDS]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", Setting(None, "iptables", "default")),
        ("mode:\n", Setting(None, "iptables", "default")),
        ('mode: ""\n', Setting("", "iptables", "default")),
        ("mode: nftables\n", Setting("nftables", "nftables", "configured")),
        ("mode: 5\n", Setting(None, "iptables", "default", "5: not a name")),
    ],
)
def test_mode(text: str, mode: Setting) -> None:
    """No mode means iptables on Linux."""
    assert read(HEAD + text).mode == mode


@pytest.mark.parametrize("section", ["", "ipvs:\n", "ipvs: null\n", "ipvs: {}\n", "ipvs: text\n"])
def test_without_section_all_is_default(section: str) -> None:
    """A section that is absent, empty or no mapping leaves every default in force."""
    assert read(HEAD + section).ipvs == defaults()


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "ipvs:\n  scheduler: lc\n  strictARP: true\n  syncPeriod: 5s\n  excludeCIDRs:\n  - 10.0.0.0/8\n",
        JSON,
        "\ufeff" + HEAD + "ipvs: {scheduler: 'lc', strictARP: yes, syncPeriod: 5s, excludeCIDRs: [10.0.0.0/8]}",
        HEAD + "ipvs:\n  <<: &x {" + SECTION + "}\n  syncPeriod: 5s\n",
    ],
)
def test_yaml_and_json(text: str) -> None:
    """YAML, JSON, braces, a byte order mark and a merge key all say the same."""
    assert read(text) == Configuration(
        mode=Setting(None, "iptables", "default"),
        ipvs=defaults(scheduler="lc", strictARP=True, syncPeriod="5s", excludeCIDRs=("10.0.0.0/8",)),
        api_version="kubeproxy.config.k8s.io/v1alpha1",
        kind="KubeProxyConfiguration",
    )


@pytest.mark.parametrize(
    ("before", "after", "errors", "ignored"),
    [
        ("", "---\n" + HEAD, (), (MORE,)),
        ("---\n", "", (), ()),
        ("---\n# nothing\n---\n", "", (NOT_FIRST,), ()),
        ("kind: Other\n---\n", "---\n" + HEAD, (NOT_FIRST,), ()),
    ],
)
def test_documents(before: str, after: str, errors: tuple[str, ...], ignored: tuple[str, ...]) -> None:
    """The first of its kind is read here; kube-proxy reads the very first alone, and exits on another kind."""
    found = read(before + HEAD + "mode: ipvs\n" + after)
    assert (found.mode.effective, found.errors, found.ignored) == ("ipvs", errors, ignored)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("", "apiVersion is missing: kube-proxy takes kubeproxy.config.k8s.io/v1alpha1"),
        ('apiVersion: ""\n', "apiVersion is missing: kube-proxy takes kubeproxy.config.k8s.io/v1alpha1"),
        ("apiVersion: v1\n", 'apiVersion is "v1": kube-proxy takes kubeproxy.config.k8s.io/v1alpha1 (line 1)'),
        ("apiVersion: 1\n", "apiVersion is 1, not text (line 1)"),
        ("apiVersion: kubeproxy.config.k8s.io/v1\n", None),
    ],
)
def test_api_version(line: str, error: str | None) -> None:
    """kube-proxy's decoder needs its own apiVersion; which of its group it knows is for another release to say."""
    assert read(line + "kind: KubeProxyConfiguration").errors == ((error,) if error else ())


def test_unknown_keys_are_kept_by_name() -> None:
    """kube-proxy ignores what it does not know, at every level, which its author did not mean."""
    found = read(HEAD + "Mode: ipvs\nipvs:\n  Scheduler: lc\n  udpIdleTimeout: 1s\n  7: x\nconntrack: {no: 1}\n")

    assert (found.unknown, found.errors, found.ignored) == (
        ("Scheduler", "udpIdleTimeout", "7"),
        (),
        (
            f"Mode: {UNKNOWN}, unlike mode (line 3)",
            f"ipvs.Scheduler: {UNKNOWN}, unlike scheduler (line 5)",
            f"ipvs.udpIdleTimeout: {UNKNOWN} (line 6)",
            f"ipvs.7: {UNKNOWN}",
            f"conntrack.false: {UNKNOWN}",
        ),
    )


def test_keys_that_are_there_twice() -> None:
    """The strict decoder refuses them, and the lenient one takes the last: nobody is stopped."""
    found = read(HEAD + "mode: a\nmode: ipvs\nipvs:\n  scheduler: rr\n  scheduler: lc\n")

    assert (found.mode.effective, found.ipvs["scheduler"].effective, found.errors) == ("ipvs", "lc", ())
    assert found.ignored == (
        "mode is there twice: the last one counts (line 4)",
        "ipvs.scheduler is there twice: the last one counts (line 7)",
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("mode: 5\n", "mode is 5, not text (line 3)"),
        ("mode: [ipvs]\n", "mode is a list, not text (line 3)"),
        ("bindAddress: 3\n", "bindAddress is 3, not text (line 3)"),
        ("clusterCIDR: []\n", "clusterCIDR is a list, not text (line 3)"),
        ("conntrack: x\n", 'conntrack is "x", not a mapping (line 3)'),
        ("conntrack:\n  min: '1'\n", 'conntrack.min is "1", not a whole number (line 4)'),
        ("conntrack:\n  min: 1.5\n", "conntrack.min is 1.5, not a whole number (line 4)"),
        ("conntrack:\n  min: 2147483648\n", "conntrack.min is 2147483648, not a whole number (line 4)"),
        ("conntrack:\n  min: true\n", "conntrack.min is true, not a whole number (line 4)"),
        (
            "conntrack:\n  tcpCloseWaitTimeout: 5\n",
            "conntrack.tcpCloseWaitTimeout is 5, not a duration such as 30s (line 4)",
        ),
        ("clientConnection:\n  qps: fast\n", 'clientConnection.qps is "fast", not a number (line 4)'),
        ("nodePortAddresses: 10.0.0.0/8\n", 'nodePortAddresses is "10.0.0.0/8", not a list of texts (line 3)'),
        ("nodePortAddresses: [5]\n", "nodePortAddresses[0] is 5, not text (line 3)"),
        ("featureGates: [A]\n", "featureGates is a list, not a mapping (line 3)"),
        ("featureGates: {A: 1}\n", "featureGates.A is 1, not true or false (line 3)"),
        ("configSyncPeriod:\n", "configSyncPeriod is null, not a duration such as 30s: leave the key out (line 3)"),
        ("enableProfiling: 'false'\n", 'enableProfiling is "false", not true or false (line 3)'),
        ("ipvs: text\n", 'ipvs is "text", not a mapping (line 3)'),
        ("ipvs:\n  scheduler: [lc]\n", "ipvs.scheduler is a list, not text (line 4)"),
        ("ipvs:\n  scheduler: {a: b}\n", "ipvs.scheduler is a mapping, not text (line 4)"),
        ("ipvs:\n  scheduler: true\n", "ipvs.scheduler is true, not text (line 4)"),
        ('ipvs:\n  strictARP: "flase"\n', 'ipvs.strictARP is "flase", not true or false (line 4)'),
        ("ipvs:\n  syncPeriod: 30\n", "ipvs.syncPeriod is 30, not a duration such as 30s (line 4)"),
        ("ipvs:\n  syncPeriod: soon\n", 'ipvs.syncPeriod is "soon", not a duration such as 30s (line 4)'),
        ("ipvs:\n  syncPeriod:\n", "ipvs.syncPeriod is null, not a duration such as 30s: leave the key out (line 4)"),
        ("ipvs:\n  excludeCIDRs: 10.0.0.0/8\n", 'ipvs.excludeCIDRs is "10.0.0.0/8", not a list of texts (line 4)'),
    ],
)
def test_wrong_types(text: str, error: str) -> None:
    """kube-proxy's decoder exits on a wrong type, in any mode and any section; path and line are named."""
    assert read(HEAD + text).errors == (error,)


@pytest.mark.parametrize(
    "text",
    [
        "mode:\nclusterCIDR: null\nfeatureGates:\nipvs:\nconntrack:\nnodePortAddresses:\n",
        "conntrack: {min: null, tcpEstablishedTimeout: null, tcpCloseWaitTimeout: 1h}\n",
        "oomScoreAdj: -999\nclientConnection: {qps: 5, burst: 10.0}\n",
        "portRange: 10:20\nhostnameOverride: 2020-01-01\n",
        "logging: {format: json, flushFrequency: 5, verbosity: 2, vmodule: [], options: {text: {splitStream: true}}}\n",
        "ipvs: {scheduler: null, strictARP: null, excludeCIDRs: null, syncPeriod: 0s}\n",
    ],
)
def test_what_the_decoder_takes(text: str) -> None:
    """Null is "not given" but for a duration; its reader knows no numbers to the base of sixty and no dates."""
    found = read(HEAD + text)
    assert (found.errors, found.ignored) == ((), ())


@pytest.mark.parametrize(
    ("section", "name", "sentence", "problem"),
    [
        ("syncPeriod: -1s", "syncPeriod", 'is "-1s": negative', '"-1s": negative'),
        ("udpTimeout: -5m", "udpTimeout", 'is "-5m": negative', '"-5m": negative'),
        ("excludeCIDRs: [10.0.0.0]", "excludeCIDRs", 'has "10.0.0.0", not a CIDR', '"10.0.0.0": not a CIDR'),
        ("excludeCIDRs: [10.0.0.0/8, null]", "excludeCIDRs", "has null, not a CIDR", "null: not a CIDR"),
        ('excludeCIDRs: [""]', "excludeCIDRs", 'has "", not a CIDR', '"": not a CIDR'),
        (
            "minSyncPeriod: 1m",
            "minSyncPeriod",
            "is 1m: greater than syncPeriod 30s (default)",
            "1m: greater than syncPeriod 30s (default)",
        ),
    ],
)
def test_validation_in_ipvs_mode(section: str, name: str, sentence: str, problem: str) -> None:
    """What only kube-proxy's validation refuses is an error where the mode is ipvs, and of no account elsewhere."""
    text = HEAD + "mode: {}\nipvs:\n  " + section + "\n"

    found, other = read(text.format("ipvs")), read(text.format("iptables"))

    assert (found.errors, found.ipvs[name].problem) == ((f"ipvs.{name} {sentence} (line 5)",), problem)
    assert (other.errors, other.ipvs[name].problem) == ((), "")


def test_problems_are_at_their_settings() -> None:
    """`get` shows at the field itself what kube-proxy will not start with."""
    found = read(HEAD + 'ipvs:\n  strictARP: "flase"\n  syncPeriod:\n  scheduler: lc\n')

    assert {name: setting.problem for name, setting in found.ipvs.items() if setting.problem} == {
        "strictARP": '"flase": not a boolean',
        "syncPeriod": "null: not a duration",
    }


def test_feature_gates() -> None:
    """The gates that are given, as they are; a wrong one is none."""
    assert read(HEAD + "featureGates: {A: true, B: false, C: x}\n").feature_gates == {"A": True, "B": False}


def test_effective() -> None:
    """All fields as they work, in one mapping."""
    assert read(HEAD + "ipvs: {scheduler: lc}\n").effective() == {field.name: field.default for field in FIELDS} | {
        "scheduler": "lc"
    }


def test_unreadable_durations_leave_the_default_in_force() -> None:
    """A text stays as it was configured; what cannot be read is not shown as effective."""
    assert read(HEAD + "ipvs:\n  syncPeriod: soon\n").ipvs["syncPeriod"] == Setting(
        "soon", "30s", "default", '"soon": not a duration'
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the configuration is empty"),
        ("# nothing\n---\n", "the configuration is empty"),
        ("- a\n", "the configuration is not a mapping (line 1, column 1)"),
        ("---\n\n text\n", "the configuration is not a mapping (line 3, column 2)"),
        ("a: b\n", "the configuration is not of kind KubeProxyConfiguration: its kind is null"),
        ("kind: Pod\n", 'the configuration is not of kind KubeProxyConfiguration: its kind is "Pod"'),
        (
            HEAD + "ipvs:\n\tscheduler: rr\n",
            INVALID + "found character '\\t' that cannot start any token (line 4, column 1)",
        ),
        (
            HEAD + "x: !!int five\n",
            INVALID + "int is not what its text is (line 3, column 4)",
        ),
        (
            "{kind: KubeProxyConfiguration}",
            (
                "the configuration begins with a brace and is not valid JSON: "
                "expecting property name enclosed in double quotes (line 1, column 2)"
            ),
        ),
        (
            HEAD + "x: a\x07b\n",
            INVALID + "control character U+0007 (line 3, column 5)",
        ),
        (
            "\x00",
            INVALID + "control character U+0000 (line 1, column 1)",
        ),
        ("--- " + "{a: " * 1_000, INVALID + "it is nested too deeply"),
        (
            HEAD + "x: &x [*x]\n",
            INVALID + "it is too large, or its aliases stand for themselves",
        ),
        ("a" * 1_048_577, "the configuration is too long: 1048577 characters of at most 1048576"),
    ],
)
def test_what_is_no_configuration_is_refused(text: str, problem: str) -> None:
    """Malformed, dangerous and foreign texts are refused with their place."""
    with pytest.raises(ConfigurationInvalid) as caught:
        read(text)

    assert str(caught.value) == problem


@pytest.mark.parametrize(
    "value",
    [
        '!!int ""',
        "!!bool x",
        "!!timestamp x",
        '"\\UFFFFFFFF"',
        '!!float ""',
        "!!binary \u00e9",
        "{[a]: b}",
    ],
)
def test_malformed_values_raise_nothing_else(value: str) -> None:
    """Where PyYAML stumbles over a value, the configuration is invalid; no other exception comes out."""
    with pytest.raises(ConfigurationInvalid, match="is not valid YAML"):
        read(f"{HEAD}x: {value}\n")


@pytest.mark.parametrize("leaf", ["[x, x]", "{k: x}"])
@pytest.mark.parametrize("use", ["[*{0}, *{0}]", "{{<<: [*{0}, *{0}]}}"])
def test_alias_bombs_are_refused_quickly(leaf: str, use: str) -> None:
    """A few lines of aliases that stand for billions of nodes are not expanded."""
    lines = [f"a0: &a0 {leaf}"]
    lines += [f"a{n}: &a{n} " + use.format(f"a{n - 1}") for n in range(1, 40)]

    with pytest.raises(ConfigurationInvalid, match="too large"):
        read(HEAD + "\n".join(lines))
