"""What kube-proxy serves over HTTP, and what nft lists of it: texts in, facts out."""

import json
from pathlib import Path

import pytest

from kubectl_ipvs.proxy.served import Running, bind_address, has_synced, metrics_port, running, services_in

HEAD = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
SYNC = "kubeproxy_sync_proxy_rules_last_timestamp_seconds"
OTHER = "kubeproxy_sync_proxy_rules_duration_seconds_count 0\n"
RECORDED = Path(__file__).parent / "recorded"


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("", 10249),
        ("127.0.0.1:10249", 10249),
        ("0.0.0.0:9000", 9000),
        ("[::]:9001", 9001),
        (":9002", 9002),
        ("10.0.0.1", 10249),
        ("::1", 10249),
        ("[::1]", 10249),
        ("nonsense:port", 10249),
    ],
)
def test_metrics_port(address: str, port: int) -> None:
    """The port that is named, or kube-proxy's own."""
    assert metrics_port(address) == port


@pytest.mark.parametrize(
    ("text", "arguments", "address"),
    [
        (HEAD, (), ""),
        (HEAD + 'metricsBindAddress: ""\n', (), ""),
        (HEAD + "metricsBindAddress: 0.0.0.0:9000\n", (), "0.0.0.0:9000"),
        (HEAD, ("kube-proxy", "--config=/c", "--metrics-bind-address=:1"), ""),  # --config makes the flag void
        ("{", (), ""),
        ("", ("kube-proxy", "--metrics-bind-address=:9"), ":9"),
        ("", ("kube-proxy", "--metrics-bind-address", ":9", "--v=2"), ":9"),
        ("", ("kube-proxy", "--metrics-bind-address=:8", "--metrics-bind-address=:9"), ":9"),
        ("", ("kube-proxy", "--metrics-bind-address"), ""),
        ("", (), ""),
    ],
)
def test_bind_address(text: str, arguments: tuple[str, ...], address: str) -> None:
    """The configuration's, else the last flag's."""
    assert bind_address(text, arguments) == address


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (f"{SYNC} 1.79e+09\n", True),
        (f"# TYPE {SYNC} gauge\n{SYNC} 0\n", False),
        (f'{SYNC}{{ip_family="IPv4"}} 1.79e+09\n{SYNC}{{ip_family="IPv6"}} 1.79e+09\n', True),
        (f'{SYNC}{{ip_family="IPv4"}} 1.79e+09\n{SYNC}{{ip_family="IPv6"}} 0\n', False),
        (OTHER, False),
        ("go_goroutines 7\n", None),
        ("", None),
    ],
)
def test_has_synced(metrics: str, expected: bool | None) -> None:  # noqa: FBT001 - a column of the table
    """Every family that is told of has to have synced; before the first sync there may be no time at all."""
    assert has_synced(metrics) is expected


@pytest.mark.parametrize("version", ["1.34.4", "1.36.3", "1.37.2"])
def test_services_in_a_real_table(version: str) -> None:
    """The map is counted in what real nft lists, whatever else is there."""
    listings = [(RECORDED / f"nft-{version}-{family}.json").read_text() for family in ("ip", "ip6")]
    counts = [services_in(text) for text in listings]
    elements = [
        len(entry["map"].get("elem", []))
        for text in listings
        for entry in json.loads(text)["nftables"]
        if entry.get("map", {}).get("name") == "service-ips"
    ]
    assert (counts, min(elements) > 0) == (elements, True)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('{"nftables": [{"metainfo": {}}]}', 0),
        ('{"nftables": [{"map": {"name": "service-ips"}}]}', 0),
        ('{"nftables": [{"map": {"name": "other", "elem": [1]}}]}', 0),
        ("", None),
        ("[]", None),
        ('{"nftables": 1}', None),
        ('{"nftables": [{"map": {}}]}', None),
        ("[" * 100_000, None),
    ],
)
def test_services_in(text: str, count: int | None) -> None:
    """None for what is no list of nft's."""
    assert services_in(text) == count


@pytest.mark.parametrize(
    ("mode", "configz", "expected"),
    [
        (b"ipvs", {"mode": "ipvs", "ipvs": {"scheduler": "lc"}}, Running("ipvs", "lc", "ipvs")),
        (b"ipvs", {"Mode": "ipvs", "IPVS": {"Scheduler": "lc"}}, Running("ipvs", "lc", "ipvs")),
        (b"ipvs\n", {"Mode": "ipvs", "IPVS": {"Scheduler": ""}}, Running("ipvs", "rr", "ipvs")),
        (b"iptables", {"Mode": "ipvs", "IPVS": {"Scheduler": "lc"}}, Running("iptables", "lc", "ipvs")),
        (b"iptables", {"mode": "", "ipvs": {"scheduler": ""}}, Running("iptables", "rr", "iptables")),
        (b"nftables", {"mode": "nftables"}, Running("nftables", None, "nftables")),
        (b"ipvs", {"mode": 7, "ipvs": {"scheduler": ["lc"]}}, Running("ipvs")),
        (b"ipvs", {"mode": "ipvs", "ipvs": {"scheduler": "l\x1bc"}}, Running("ipvs", None, "ipvs")),
        (b"ipvs", {"ipvs": "x"}, Running("ipvs")),
        (b"404 page not found\n", {"mode": "ipvs", "ipvs": {"scheduler": "lc"}}, None),
        (b"", {}, None),
    ],
)
def test_running(mode: bytes, configz: object, expected: Running | None) -> None:
    """Mode in effect, and what it was started with, in both spellings; what is no name is not known."""
    assert running(mode, json.dumps({"kubeproxy.config.k8s.io": configz}).encode()) == expected


@pytest.mark.parametrize("configz", [b"", b"404 page not found", b"[]", b"7", b"null", b"{}", b"[" * 100_000, b"\xff{"])
def test_running_without_a_configuration(configz: bytes) -> None:
    """The mode alone is something."""
    assert running(b"ipvs", configz) == Running("ipvs")
