"""`get` in every format."""

import json
from typing import Any

import pytest
import yaml
from kubectl_ipvs.operations.locate import Located

from kubectl_ipvs.cluster.objects import ConfigMap
from kubectl_ipvs.output.configuration import content, render, warnings, where, words
from kubectl_ipvs.proxy.config.configuration import read, read_flags
from kubectl_ipvs.proxy.config.fields import Value

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
IN_CONFIG_MAP = Located(
    kind="ConfigMap",
    namespace="kube-system",
    name="kube-proxy-ds",
    selector="k8s-app=kube-proxy",
    version="v1.35.1",
    configuration=read(TEXT),
    config_map=CONFIG_MAP,
    key="config.conf",
)
FLAGS = Located(
    kind="Flags",
    namespace="kube-system",
    name="kube-proxy",
    selector="component=kube-proxy",
    version="",
    configuration=read_flags(["--ipvs-exclude-cidrs="]),
)
STATIC = Located(
    kind="StaticPods",
    namespace="kube-system",
    name="kube-proxy",
    selector="k8s-app=kube-proxy",
    version="v1.34.0",
    configuration=read_flags(["--proxy-mode=ipvs"]),
)

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
def test_for_people(located: Located, form: str, expected: str) -> None:
    """What is in force, marked where kube-proxy chose it; wide: what is configured, and the flag of that meaning."""
    assert render(located, form) == expected


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


def test_for_programs() -> None:
    """The schema's facts, the same in json and in yaml."""
    whole = {"apiVersion": "kubectl-ipvs/v1", "kind": "Configuration", **CONTENT}
    documents = [json.loads(render(IN_CONFIG_MAP, "json")), yaml.safe_load(render(IN_CONFIG_MAP, "yaml"))]
    assert documents == [whole, whole]


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
            "flags of static pods in kube-system (k8s-app=kube-proxy)",
        ),
    ],
)
def test_where_it_lives(located: Located, source: dict[str, str], said: str) -> None:
    """A ConfigMap's key, a DaemonSet's flags, or static pods' flags."""
    assert (content(located)["source"], where(located)) == (source, said)


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
IGNORED = "ipvs.Scheduler: kube-proxy does not know this key and ignores it, unlike scheduler (line 9)"


@pytest.mark.parametrize(
    ("located", "expected"),
    [
        (IN_CONFIG_MAP, [IGNORED, DEPRECATED]),
        (FLAGS, ["kube-proxy's mode is iptables: the ipvs settings are not in force"]),
        (STATIC, []),
    ],
)
def test_warnings(located: Located, expected: list[str]) -> None:
    """What kube-proxy ignores, a mode in which nothing of it counts, or the end of IPVS mode."""
    assert warnings(located) == expected
