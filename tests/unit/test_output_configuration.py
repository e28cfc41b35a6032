"""`get` in every format."""

import json
from typing import Any

import pytest
import yaml

from kubectl_ipvs.cluster.objects import ConfigMap
from kubectl_ipvs.operations.installation import Installation, ProxyNode
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.output.configuration import content, render, warnings, where, words
from kubectl_ipvs.proxy.checks.lifecycle import notice
from kubectl_ipvs.proxy.config.configuration import read, read_flags
from kubectl_ipvs.proxy.config.fields import Value
from kubectl_ipvs.proxy.served import Running

TEXT = """\
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
ipvs:
  scheduler: ""
  strictARP: true
  syncPeriod: 5s
  excludeCIDRs: [10.0.0.0/8, "::/0"]
  Scheduler: lc
"""
CONFIG_MAP = ConfigMap(
    namespace="kube-system",
    name="kube-proxy",
    version="1",
    data={"config.conf": TEXT},
    immutable=False,
    annotations={},
    labels={},
    managers=(),
    changed={},
)
IN_CONFIG_MAP = Source(
    "ConfigMap", "kube-system", "kube-proxy-ds", "v1.35.1", configuration=read(TEXT), config_map=CONFIG_MAP,
    key="config.conf", identity=("ConfigMap", "kube-proxy", "config.conf"),
)  # fmt: skip
FLAGS = Source("DaemonSet", "kube-system", "kube-proxy", "", configuration=read_flags(["--ipvs-exclude-cidrs="]),
               identity=("DaemonSet",))  # fmt: skip
STATIC = Source("Pod", "kube-system", "kube-proxy", "v1.34.0", configuration=read_flags(["--proxy-mode=ipvs"]),
                identity=("Pod",))  # fmt: skip
FILE = Source("File", "kube-system", "kube-proxy", "v1.34.0", path="/etc/x.yaml", identity=("File",),
              problem="kube-proxy reads /etc/x.yaml, a file on each node", hint="change it there")  # fmt: skip


def found(*sources: Source, nodes: int = 0) -> Installation:
    """Make an installation in which each configuration is read by so many nodes."""
    proxies = [
        ProxyNode(f"node{position * nodes + number + 1}", None, None, None, entry)
        for position, entry in enumerate(sources)
        for number in range(nodes)
    ]
    return Installation("kube-system", (), sources, tuple(proxies), ())


TABLE = """\
SETTING         VALUE
mode            ipvs
scheduler       rr (default)
strictARP       true
syncPeriod      5s
minSyncPeriod   0s (default)
tcpTimeout      15m0s (default)
tcpFinTimeout   2m0s (default)
udpTimeout      5m0s (default)
excludeCIDRs    10.0.0.0/8,::/0
source          configmap kube-system/kube-proxy, key config.conf
nodes           0
"""
WIDE = """\
SETTING         VALUE                                               CONFIGURED        DEFAULT    FLAG
mode            ipvs                                                ipvs              iptables   --proxy-mode
scheduler       rr (default)                                        ""                rr         --ipvs-scheduler
strictARP       true                                                true              false      --ipvs-strict-arp
syncPeriod      5s                                                  5s                30s        --ipvs-sync-period
minSyncPeriod   0s (default)                                        <unset>           0s         --ipvs-min-sync-period
tcpTimeout      15m0s (default)                                     <unset>           15m0s      --ipvs-tcp-timeout
tcpFinTimeout   2m0s (default)                                      <unset>           2m0s       --ipvs-tcpfin-timeout
udpTimeout      5m0s (default)                                      <unset>           5m0s       --ipvs-udp-timeout
excludeCIDRs    10.0.0.0/8,::/0                                     10.0.0.0/8,::/0   []         --ipvs-exclude-cidrs
source          configmap kube-system/kube-proxy, key config.conf   -                 -          -
nodes           0                                                   -                 -          -
version         v1.35.1                                             -                 -          -
"""
FLAGS_WIDE = """\
SETTING         VALUE                                       CONFIGURED   DEFAULT    FLAG
mode            iptables (default)                          <unset>      iptables   --proxy-mode
scheduler       rr (default)                                <unset>      rr         --ipvs-scheduler
strictARP       false (default)                             <unset>      false      --ipvs-strict-arp
syncPeriod      30s (default)                               <unset>      30s        --ipvs-sync-period
minSyncPeriod   0s (default)                                <unset>      0s         --ipvs-min-sync-period
tcpTimeout      15m0s (default)                             <unset>      15m0s      --ipvs-tcp-timeout
tcpFinTimeout   2m0s (default)                              <unset>      2m0s       --ipvs-tcpfin-timeout
udpTimeout      5m0s (default)                              <unset>      5m0s       --ipvs-udp-timeout
excludeCIDRs    []                                          []           []         --ipvs-exclude-cidrs
source          flags of daemonset kube-system/kube-proxy   -            -          -
nodes           0                                           -            -          -
version         <unknown>                                   -            -          -
"""


@pytest.mark.parametrize(
    ("located", "form", "expected"),
    [
        (IN_CONFIG_MAP, "table", TABLE),
        (IN_CONFIG_MAP, "wide", WIDE),
        (FLAGS, "wide", FLAGS_WIDE),
        (IN_CONFIG_MAP, "name", "configmap/kube-proxy\n"),
        (FLAGS, "name", "daemonset.apps/kube-proxy\n"),
        (STATIC, "name", "pod/kube-proxy\n"),
    ],
)
def test_for_people(located: Source, form: str, expected: str) -> None:
    """What is in force, marked where kube-proxy chose it; wide: what is configured, and the flag of that meaning."""
    assert render(found(located), form) == expected


def test_several_for_people() -> None:
    """Each configuration is a table of its own with the nodes that read it; one that cannot be read is <unknown>."""
    tables = render(found(IN_CONFIG_MAP, FLAGS, FILE, nodes=7), "table").split("\n\n")

    ends = [[line for line in text.splitlines() if line.startswith(("source", "nodes"))] for text in tables]
    assert ends == [
        [
            "source          configmap kube-system/kube-proxy, key config.conf",
            "nodes           7: node1, node2, node3, node4, node5 and 2 more",
        ],
        [
            "source          flags of daemonset kube-system/kube-proxy",
            "nodes           7: node8, node9, node10, node11, node12 and 2 more",
        ],
        [
            "source          file /etc/x.yaml on each node",
            "nodes           7: node15, node16, node17, node18, node19 and 2 more",
        ],
    ]
    assert "scheduler       <unknown>" in tables[2]
    names = render(found(IN_CONFIG_MAP, FLAGS, nodes=1), "name")
    assert names == "configmap/kube-proxy\ndaemonset.apps/kube-proxy\n"


def setting(configured: object, effective: object, origin: str) -> dict[str, object]:
    """Give a setting as the schema has it."""
    return {"configured": configured, "effective": effective, "origin": origin}


CONTENT: dict[str, Any] = {
    "source": {"kind": "ConfigMap", "namespace": "kube-system", "name": "kube-proxy", "key": "config.conf"},
    "version": "v1.35.1",
    "mode": setting("ipvs", "ipvs", "configured"),
    "ipvs": {
        "scheduler": setting("", "rr", "default"),
        "strictARP": setting(configured=True, effective=True, origin="configured"),
        "syncPeriod": setting("5s", "5s", "configured"),
        "minSyncPeriod": setting(None, "0s", "default"),
        "tcpTimeout": setting(None, "15m0s", "default"),
        "tcpFinTimeout": setting(None, "2m0s", "default"),
        "udpTimeout": setting(None, "5m0s", "default"),
        "excludeCIDRs": setting(["10.0.0.0/8", "::/0"], ["10.0.0.0/8", "::/0"], "configured"),
    },
    "unknown": ["Scheduler"],
}
PROBLEM = (
    "the configuration has keys that kube-proxy ignores: ipvs.Scheduler: kube-proxy does not know this key and "
    "ignores it, unlike scheduler (line 9)"
)
FINDINGS = [
    {"code": code, "severity": "warning", "reason": reason, "hint": "", "forcible": True, "nodes": []}
    for code, reason in (("IPVS009", PROBLEM), ("IPVS030", f"kube-proxy v1.35.1: {notice('v1.35.1')}"))
]


def test_for_programs() -> None:
    """The schema's facts, the same in json and in yaml; one configuration stands at the first level as well."""
    whole = {"apiVersion": "kubectl-ipvs/v1", "kind": "Configuration", **CONTENT}
    running = [{"mode": "ipvs", "scheduler": "lc", "nodes": ["node1"]}]
    whole["configurations"] = [
        {**CONTENT, "nodes": ["node1"], "problems": [PROBLEM], "findings": FINDINGS, "running": running}
    ]
    one, told = found(IN_CONFIG_MAP, nodes=1), {"node1": Running("ipvs", "lc", "ipvs")}
    assert [json.loads(render(one, "json", told)), yaml.safe_load(render(one, "yaml", told))] == [whole, whole]


def test_several_for_programs() -> None:
    """Of several none stands at the first level: a script that reads one scheduler is not told half of the truth."""
    document = json.loads(render(found(IN_CONFIG_MAP, STATIC, FILE, nodes=2), "json"))

    assert set(document) == {"apiVersion", "kind", "configurations"}
    assert [entry["source"]["kind"] for entry in document["configurations"]] == ["ConfigMap", "Pod", "File"]
    assert [entry["nodes"] for entry in document["configurations"]] == [
        ["node1", "node2"], ["node3", "node4"], ["node5", "node6"],
    ]  # fmt: skip
    last = document["configurations"][2]
    assert (last["mode"], last["ipvs"], last["problems"], last["source"]["path"]) == (
        None, {}, [FILE.problem], "/etc/x.yaml",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("located", "source", "said"),
    [
        (IN_CONFIG_MAP, CONTENT["source"], "configmap kube-system/kube-proxy, key config.conf"),
        (
            FLAGS,
            {"kind": "DaemonSet", "namespace": "kube-system", "name": "kube-proxy", "key": ""},
            "flags of daemonset kube-system/kube-proxy",
        ),
        (
            STATIC,
            {"kind": "Pod", "namespace": "kube-system", "name": "kube-proxy", "key": ""},
            "flags of static pods in kube-system",
        ),
    ],
)
def test_where_it_lives(located: Source, source: dict[str, str], said: str) -> None:
    """A ConfigMap's key, a DaemonSet's flags, or static pods' flags."""
    assert (content(found(located))["source"], where(located)) == (source, said)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ""), ("lc", "lc"), ("", ""), (True, "true"), (False, "false"), ((), "[]"), (("a", "b"), "a,b")],
)
def test_words(value: Value | None, expected: str) -> None:
    """A value as YAML would read it, lists as the flag takes them."""
    assert words(value) == expected


DEPRECATED = (
    "kube-proxy v1.35.1: IPVS mode is deprecated since Kubernetes 1.35, off by default in 1.40 and removed in 1.43 "
    "(KEP-5495); nftables mode takes its place"
)


@pytest.mark.parametrize(
    ("located", "expected"),
    [
        (IN_CONFIG_MAP, [PROBLEM, DEPRECATED]),
        (FLAGS, ["kube-proxy's mode is iptables: the ipvs settings are not in force"]),
        (STATIC, []),
        (FILE, [f"{FILE.problem}; {FILE.hint}"]),
    ],
)
def test_warnings(located: Source, expected: list[str]) -> None:
    """What kube-proxy ignores, a mode in which nothing of it counts, or the end of IPVS mode."""
    assert warnings(found(located)) == expected
