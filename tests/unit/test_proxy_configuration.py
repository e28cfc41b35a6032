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
        ("mode: 5\n", Setting(None, "iptables", "default")),
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
        "---\n# nothing\n---\nkind: Other\n---\n"
        + HEAD
        + "ipvs:\n  <<: &x {"
        + SECTION
        + "}\n  syncPeriod: 5s\n---\n"
        + HEAD,
    ],
)
def test_yaml_json_and_documents(text: str) -> None:
    """YAML, JSON, braces, a byte order mark, and the first document of the kind all say the same."""
    assert read(text) == Configuration(
        mode=Setting(None, "iptables", "default"),
        ipvs=defaults(scheduler="lc", strictARP=True, syncPeriod="5s", excludeCIDRs=("10.0.0.0/8",)),
        api_version="kubeproxy.config.k8s.io/v1alpha1",
        kind="KubeProxyConfiguration",
    )


def test_no_api_version() -> None:
    """A missing apiVersion is "" and no error: kube-proxy is the one to complain."""
    assert read("kind: KubeProxyConfiguration").api_version == ""


def test_unknown_keys_are_kept_by_name() -> None:
    """kube-proxy ignores what it does not know, which its author did not mean."""
    found = read(HEAD + "ipvs:\n  Scheduler: lc\n  udpIdleTimeout: 1s\n  7: x\n")

    assert (found.unknown, found.findings) == (
        ("Scheduler", "udpIdleTimeout", "7"),
        (
            "ipvs.Scheduler: kube-proxy does not know this key and ignores it, unlike scheduler",
            "ipvs.udpIdleTimeout: kube-proxy does not know this key and ignores it",
            "ipvs.7: kube-proxy does not know this key and ignores it",
        ),
    )


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("mode: 5\n", "mode: 5 is not a name"),
        ("ipvs: text\n", 'ipvs: "text" is not a mapping'),
        ("ipvs:\n  scheduler: [lc]\n", "ipvs.scheduler: a list is not a name"),
        ("ipvs:\n  scheduler: {a: b}\n", "ipvs.scheduler: a mapping is not a name"),
        ("ipvs:\n  scheduler: true\n", "ipvs.scheduler: true is not a name"),
        ('ipvs:\n  strictARP: "true"\n', 'ipvs.strictARP: "true" is not a boolean'),
        ("ipvs:\n  syncPeriod: 30\n", "ipvs.syncPeriod: 30 is not a duration"),
        ("ipvs:\n  syncPeriod: soon\n", 'ipvs.syncPeriod: "soon" is not a duration'),
        ("ipvs:\n  syncPeriod: -1s\n", 'ipvs.syncPeriod: "-1s" is negative'),
        ("ipvs:\n  syncPeriod:\n", "ipvs.syncPeriod: null is not a duration, leave the key out"),
        ("ipvs:\n  excludeCIDRs: 10.0.0.0/8\n", 'ipvs.excludeCIDRs: "10.0.0.0/8" is not a list of CIDRs'),
        ("ipvs:\n  excludeCIDRs: [10.0.0.0, null]\n", 'ipvs.excludeCIDRs: "10.0.0.0" is not a CIDR'),
        ("mode: a\nmode: b\n", "mode: there twice, the last one counts (line 4, column 1)"),
        (
            "ipvs:\n  scheduler: rr\n  scheduler: lc\n",
            "ipvs.scheduler: there twice, the last one counts (line 5, column 3)",
        ),
    ],
)
def test_findings(text: str, finding: str) -> None:
    """What kube-proxy reads otherwise than it was meant is said in a sentence, not raised."""
    assert read(HEAD + text).findings[0] == finding


def test_unreadable_durations_leave_the_default_in_force() -> None:
    """A text stays as it was configured; what cannot be read is not shown as effective."""
    assert read(HEAD + "ipvs:\n  syncPeriod: soon\n").ipvs["syncPeriod"] == Setting("soon", "30s", "default")


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
            HEAD + "x: !!python/object/apply:os.system [ls]\n",
            INVALID + "could not determine a constructor for the tag "
            "'tag:yaml.org,2002:python/object/apply:os.system' (line 3, column 4)",
        ),
        (
            HEAD + "x: a\x07b\n",
            INVALID + "control character U+0007 (line 3, column 5)",
        ),
        (
            "\x00",
            INVALID + "control character U+0000 (line 1, column 1)",
        ),
        ("{a: " * 1_000, INVALID + "it is nested too deeply"),
        (
            HEAD + "x: &x [*x]\n",
            INVALID + "it is too large, or its aliases stand for themselves",
        ),
        (
            HEAD + "x: " + "9" * 101,
            INVALID + "a number is too long (line 3, column 4)",
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
        "2001-99-99",
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
