"""What speaks against a change, decided from facts; every code of the table has a case and a paragraph."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_ipvs.ipvs.schedulers import SCHEDULERS
from kubectl_ipvs.proxy.checks.config_owners import HELM, OPENSHIFT
from kubectl_ipvs.proxy.checks.facts import Facts, NodeFact
from kubectl_ipvs.proxy.checks.findings import CODES, Finding, some
from kubectl_ipvs.proxy.checks.modules import Modules
from kubectl_ipvs.proxy.checks.registry import findings, rollout_under_way
from kubectl_ipvs.proxy.checks.startup import FIX, startup, unknown_scheduler, unreadable
from kubectl_ipvs.proxy.config.configuration import read
from kubectl_ipvs.proxy.process import Reference

API = "default/kubernetes"
DOCS = Path(__file__).parents[2] / "docs" / "preflight.md"
GOOD = Facts(values={"scheduler": "lc"}, version="v1.34.2", nodes=[NodeFact("node1", kernel="6.1.0-18-amd64")])
CRASHES = "kube-proxy crashes in a loop; the old table goes on, without updates"
FALLS_BACK = "kube-proxy falls back to iptables mode, looks Ready, and the kernel keeps the old table for ever"
EXITS = "kube-proxy exits at once; the old table goes on, without updates"
STAY = "for a client to stay on one pod: sh; else lc"
EVEN = "for an even load: lc; else rr"
STORES = "--force stores it all the same"
READ = read("apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\nx: 1\n")
UNKNOWN = "x: kube-proxy does not know this key and ignores it (line 4)"
ROLLING = (
    "kubectl -n kube-system rollout status daemonset/kube-proxy --timeout=5m; "
    "where it has stopped for good, --force goes on"
)
LEFT_OUT = "`kubectl ipvs restart --stale` restarts them once they are well"
THREE = [NodeFact("a"), NodeFact("b"), NodeFact("c")]
CANDIDATES = (("kube-proxy", "config.conf"), ("other", ""))
INSTALL = "install the kernel's extra modules there, or choose another scheduler"
LOAD = "load it first on each of them: modprobe ip_vs_lc, and for good in /etc/modules-load.d"
PLAN = "off by default in 1.40 and removed in 1.43 (KEP-5495); nftables mode takes its place"


def error(code: str, reason: str, hint: str = "", nodes: Sequence[str] = (), *, forcible: bool = True) -> Finding:
    """Give the error that is expected."""
    return Finding(code, "error", reason, hint, forcible, tuple(nodes))


def warning(code: str, reason: str, hint: str = "", nodes: Sequence[str] = ()) -> Finding:
    """Give the warning that is expected."""
    return Finding(code, "warning", reason, hint, nodes=tuple(nodes))


def node(loaded: set[str] | None, available: set[str] | None, name: str = "node1") -> NodeFact:
    """Give a node of whose kernel this could be read."""
    known = [None if names is None else frozenset(names) for names in (loaded, available)]
    return NodeFact(name, kernel="6.1.0", modules=Modules(*known))


ALL = set(SCHEDULERS)
CASES: dict[str, tuple[dict[str, Any], list[Finding]]] = {
    "all is well": ({}, []),
    "a plain restart": ({"values": {}}, []),
    "the mode is another": (
        {"mode": "iptables"},
        [error("IPVS001", "kube-proxy's mode is iptables: the value would have no effect", STORES)],
    ),
    "a restart in another mode": ({"mode": "iptables", "values": {}}, []),
    "a name nobody knows": (
        {"values": {"scheduler": "xyzzy"}},
        [error("IPVS002", 'no scheduler of the kernel is called "xyzzy"', "`kubectl ipvs schedulers` lists them")],
    ),
    "a name that is nearly right": (
        {"values": {"scheduler": "least-conn"}},
        [error("IPVS002", 'no scheduler of the kernel is called "least-conn"', "did you mean lc?")],
    ),
    "kernels that are too old": (
        {
            "values": {"scheduler": "twos"},
            "nodes": [NodeFact("a", kernel="5.10.1"), NodeFact("b", kernel="5.12.0"), NodeFact("c", kernel="4.19.2")],
        },
        [error("IPVS003", "twos came with Linux 5.12; a, c: 4.19.2, 5.10.1", CRASHES, ["a", "c"])],
    ),
    "a kernel nobody knows": ({"values": {"scheduler": "twos"}, "nodes": [NodeFact("a")]}, []),
    "no module": (
        {"nodes": [node({"rr"}, {"rr", "sh"}), node({"rr"}, ALL, "node2")]},
        [error("IPVS004", f"ip_vs_lc is missing on node1: {CRASHES}", INSTALL, ["node1"])],
    ),
    "the module is loaded, whatever its folder says": ({"nodes": [node({"lc"}, {"rr"})]}, []),
    "not loaded, and 1.34 loads it": ({"nodes": [node({"rr"}, ALL)]}, []),
    "not loaded, the folder cannot be read": ({"nodes": [node({"rr"}, None)]}, []),
    "nothing could be read": ({"nodes": [NodeFact("node1", kernel="6.1.0", modules=None)], "version": "v1.20.2"}, []),
    "what is loaded is not known": ({"nodes": [node(None, ALL)], "version": "v1.20.2"}, []),
    "not loaded, 1.20": (
        {"nodes": [node({"rr"}, ALL)], "version": "v1.20.2"},
        [error("IPVS004", f"ip_vs_lc is not loaded on node1: {FALLS_BACK}", LOAD, ["node1"])],
    ),
    "missing here, not loaded there, 1.26": (
        {"nodes": [node({"rr"}, {"rr"}), node({"rr"}, ALL, "node2")], "version": "v1.26.0"},
        [
            error("IPVS004", f"ip_vs_lc is missing on node1: {EXITS}", INSTALL, ["node1"]),
            error("IPVS004", f"ip_vs_lc is not loaded on node2: {EXITS}", LOAD, ["node2"]),
        ],
    ),
    "1.20 loads sh by itself": (
        {"nodes": [node({"rr"}, ALL)], "version": "v1.20.2", "values": {"scheduler": "sh"}},
        [warning("IPVS006", f"sh: {SCHEDULERS['sh'].advice}")],
    ),
    "strictARP goes": (
        {"values": {"strictARP": False}, "before": {"strictARP": True}},
        [
            warning(
                "IPVS008",
                "kube-proxy never sets arp_ignore and arp_announce back",
                "on each node: sysctl net.ipv4.conf.all.{arp_ignore,arp_announce}=0, or a reboot",
            )
        ],
    ),
    "a timeout that some kernels refuse": (
        {"values": {"tcpTimeout": "597h"}},
        [
            warning(
                "IPVS028",
                "tcpTimeout 597h is more than kernels with 1000 ticks a second take",
                "at most 596h works everywhere",
            )
        ],
    ),
    "a timeout that every kernel refuses": (
        {"values": {"udpTimeout": "6000h"}},
        [
            error(
                "IPVS028",
                "udpTimeout 6000h is more than any kernel takes: "
                "neither it nor the other timeouts would have an effect",
                "at most 596h works everywhere",
            )
        ],
    ),
    "a timeout that every kernel takes": ({"values": {"tcpTimeout": "596h"}}, []),
    "a range with Services in it": (
        {
            "values": {"excludeCIDRs": ("10.96.0.0/12", "fd00::/8")},
            "services": {"a/b": ("fd00::1",), "c/d": ("None",), API: ("10.96.0.1",), "e/f": ("10.1.0.1",)},
        },
        [
            warning(
                "IPVS029",
                "excludeCIDRs 10.96.0.0/12,fd00::/8 covers addresses of Services (default/kubernetes, a/b): "
                "kube-proxy never removes their virtual servers once they are out of date",
                "name the addresses of the foreign virtual servers alone",
            )
        ],
    ),
    "a range without Services": (
        {"values": {"excludeCIDRs": ("10.1.0.0/16",)}, "services": {"a/b": ("10.96.0.1",)}},
        [],
    ),
    "strictARP comes": ({"values": {"strictARP": True}, "before": {"strictARP": False}}, []),
    "strictARP was never there": ({"values": {"strictARP": False}, "before": {"strictARP": False}}, []),
    "the scheduler that kube-proxy will read, another field is set": (
        {"values": {"tcpTimeout": "2h"}, "before": {"scheduler": "xyzzy"}},
        [error("IPVS002", 'no scheduler of the kernel is called "xyzzy"', "`kubectl ipvs schedulers` lists them")],
    ),
    "the scheduler that kube-proxy will read, a restart": (
        {"values": {}, "before": {"scheduler": "lc"}, "nodes": [node({"rr"}, {"rr"})]},
        [error("IPVS004", f"ip_vs_lc is missing on node1: {CRASHES}", INSTALL, ["node1"])],
    ),
    "an old kernel, a restart": (
        {"values": {}, "before": {"scheduler": "twos"}, "nodes": [NodeFact("a", kernel="5.10.1")]},
        [error("IPVS003", "twos came with Linux 5.12; a: 5.10.1", CRASHES, ["a"])],
    ),
    "the scheduler to be set counts, not the one before": ({"before": {"scheduler": "xyzzy"}}, []),
    "another mode does not read the scheduler": (
        {"values": {}, "mode": "nftables", "before": {"scheduler": "xyzzy"}},
        [],
    ),
    "a scheduler that was there before is not advised on": ({"values": {}, "before": {"scheduler": "dh"}}, []),
    "a scheduler from a variable": ({"values": {}, "before": {"scheduler": "$(SCHED)"}}, []),
    "keys that kube-proxy ignores": (
        {"startup": startup(READ, "v1.34.2")},
        [warning("IPVS009", f"the configuration has keys that kube-proxy ignores: {UNKNOWN}")],
    ),
    "what is found twice is said once": (
        {"startup": [unknown_scheduler("xyzzy")], "values": {}, "before": {"scheduler": "xyzzy"}},
        [error("IPVS002", 'no scheduler of the kernel is called "xyzzy"', "`kubectl ipvs schedulers` lists them")],
    ),
    "a text that cannot be read": (
        {"startup": [unreadable("the configuration is empty")]},
        [error("IPVS013", "kube-proxy will not start: the configuration is empty", FIX)],
    ),
    "a field that came later": (
        {"values": {"udpTimeout": "1m"}, "version": "v1.16.9"},
        [
            error(
                "IPVS014",
                "udpTimeout: kube-proxy v1.16.9 does not know this field (since 1.18): it would have no effect",
                STORES,
            )
        ],
    ),
    "a mode that is not there": (
        {"startup": [Finding("IPVS015", "error", "x")]},
        [error("IPVS015", "x")],
    ),
    "void flags": ({"startup": [Finding("IPVS016", "warning", "x")]}, [warning("IPVS016", "x")]),
    "the gate is off": ({"startup": [Finding("IPVS034", "error", "x")]}, [error("IPVS034", "x")]),
    "gates that nobody can judge": ({"startup": [Finding("IPVS035", "warning", "x")]}, [warning("IPVS035", "x")]),
    "no table can be read": (
        {"nodes": THREE, "unreadable": {"a": "denied", "b": "denied", "c": "timeout"}},
        [
            error(
                "IPVS017",
                "no node's table can be read: a, b (denied); c (timeout)",
                "--force goes on, and verifies that each pod stays up and no more",
                ["a", "b", "c"],
            )
        ],
    ),
    "no table can be read of those that are not left out": (
        {"nodes": THREE, "unreadable": {"a": "denied", "b": "denied"}, "left_out": {"c": "Pending"}},
        [
            error(
                "IPVS017",
                "no node's table can be read: a, b (denied)",
                "--force goes on, and verifies that each pod stays up and no more",
                ["a", "b"],
            ),
            warning("IPVS018", "left out: c (Pending)", LEFT_OUT, ["c"]),
        ],
    ),
    "some tables cannot be read": (
        {"nodes": THREE, "unreadable": {"a": "timeout"}, "left_out": {"b": "--skip"}},
        [warning("IPVS018", "left out: a (timeout); b (--skip)", LEFT_OUT, ["a", "b"])],
    ),
    "every node is left out": (
        {"nodes": THREE[:1], "left_out": {"a": "Pending"}},
        [warning("IPVS018", "left out: a (Pending)", LEFT_OUT, ["a"])],
    ),
    "no table can be read, and nothing is restarted": (
        {"nodes": THREE[:1], "unreadable": {"a": "denied"}, "restarts": False},
        [],
    ),
    "several configurations": (
        {"in_the_way": {"flags of daemonset w": "--daemonset m", "file of daemonset x": "--daemonset m"}},
        [
            error(
                "IPVS019",
                "this covers several configurations, and not all can be changed: flags of daemonset w; "
                "file of daemonset x",
                "narrow it: --daemonset m",
                forcible=False,
            )
        ],
    ),
    "a file of the host": (
        {"reference": Reference("host-file", "/etc/a", "/srv/a")},
        [
            error(
                "IPVS027",
                "kube-proxy reads a file on each node (/srv/a): not ours to edit",
                "change it there, then `kubectl ipvs restart`",
                forcible=False,
            )
        ],
    ),
    "a rendered file": (
        {"reference": Reference("rendered", "/run/a", candidates=CANDIDATES)},
        [
            error(
                "IPVS027",
                "kube-proxy reads /run/a, which the pod renders when it starts: not ours to edit",
                "is it made of a ConfigMap? name that: --configmap kube-proxy/config.conf or --configmap other",
                forcible=False,
            )
        ],
    ),
    "a file that is nowhere": (
        {"reference": Reference("unknown", "/a")},
        [
            error(
                "IPVS027",
                "kube-proxy reads /a, which is in no ConfigMap that its pods mount: not ours to edit",
                "change it there, then `kubectl ipvs restart`",
                forcible=False,
            )
        ],
    ),
    "a file of the host, and a restart": ({"reference": Reference("host-file", "/a"), "values": {}}, []),
    "rights that are missing": (
        {"missing_rights": ["delete pods in kube-system", "list pods in kube-system"]},
        [
            error(
                "IPVS010",
                "you may not: delete pods in kube-system; list pods in kube-system",
                "docs/rbac.yaml has a role with these rights; or try another user",
                forcible=False,
            )
        ],
    ),
    "rights that are not known": (
        {"unknown_rights": "the server refused"},
        [warning("IPVS012", "your rights could not be asked for: the server refused")],
    ),
    "owners": (
        {"owners": [HELM, OPENSHIFT]},
        [
            warning("IPVS011", "Helm owns this configuration and may write its own back", HELM.durable),
            warning(
                "IPVS011",
                "OpenShift's network operator owns this configuration and may write its own back",
                OPENSHIFT.durable,
            ),
        ],
    ),
    "a restart does not care who owns it": ({"owners": [HELM], "values": {}}, []),
    "nodes that are not ready": (
        {"nodes": [NodeFact("a", ready=False), NodeFact("b"), NodeFact("c", ready=False)]},
        [
            warning(
                "IPVS020",
                "not ready, so not restarted: a, c",
                "run `kubectl ipvs restart --stale` when they are back",
                ["a", "c"],
            )
        ],
    ),
    "nodes that are not ready, and nothing is restarted": (
        {"nodes": [NodeFact("a", ready=False)], "restarts": False},
        [],
    ),
    "pods that crash": (
        {"nodes": [NodeFact("a"), NodeFact("b", crashing="pod p CrashLoopBackOff"), NodeFact("c", crashing="pod q")]},
        [warning("IPVS021", "kube-proxy already crashes on b, c: pod p CrashLoopBackOff", nodes=["b", "c"])],
    ),
    "a rollout is under way": (
        {"rollout": "1 of 3 pods are updated"},
        [
            error(
                "IPVS022",
                "the DaemonSet is in the middle of a rollout: 1 of 3 pods are updated",
                ROLLING,
            )
        ],
    ),
    "a rollout is under way, and nothing is restarted": ({"rollout": "1 of 3", "restarts": False}, []),
    "OnDelete is fine for deletion": ({"on_delete": True}, []),
    "OnDelete does not roll": (
        {"on_delete": True, "strategy": "rollout"},
        [
            error(
                "IPVS023",
                "the DaemonSet's update strategy is OnDelete: it does not roll by itself",
                "leave --strategy=rollout out",
                forcible=False,
            )
        ],
    ),
    "static pods": (
        {"place": "StaticPods", "values": {}},
        [
            error(
                "IPVS024",
                "kube-proxy runs as static pods: deleting one restarts nothing",
                "change the manifest on each node (RKE2: kube-proxy-arg in config.yaml; kops: spec.kubeProxy)",
                forcible=False,
            )
        ],
    ),
    "flags": (
        {"place": "Flags"},
        [
            error(
                "IPVS025",
                "flags of the DaemonSet configure kube-proxy: not ours to edit",
                "change --ipvs-scheduler where the DaemonSet comes from (AKS: az aks update --kube-proxy-config)",
                forcible=False,
            )
        ],
    ),
    "flags, and a restart": ({"place": "Flags", "values": {}}, []),
    "an immutable ConfigMap": (
        {"immutable": True},
        [
            error(
                "IPVS026",
                "the ConfigMap is immutable: it cannot be changed",
                "make a new one and let the DaemonSet mount it",
                forcible=False,
            )
        ],
    ),
    "deprecated": (
        {"version": "v1.35.0"},
        [warning("IPVS030", f"kube-proxy v1.35.0: IPVS mode is deprecated since Kubernetes 1.35, {PLAN}")],
    ),
    "behind a gate": (
        {"version": "v1.37.1", "values": {}},
        [
            warning(
                "IPVS031",
                "kube-proxy v1.37.1: IPVS mode is deprecated and behind the feature gate KubeProxyIPVS "
                f"since 1.37, {PLAN}",
            )
        ],
    ),
    "off by default": (
        {"version": "v1.40.0"},
        [
            warning(
                "IPVS032",
                "kube-proxy v1.40.0: IPVS mode is off by default since Kubernetes 1.40: kube-proxy does not start "
                "in it without the feature gate KubeProxyIPVS; it is removed in 1.43 (KEP-5495)",
            )
        ],
    ),
    "removed": (
        {"version": "v1.43.0"},
        [
            error(
                "IPVS033",
                "kube-proxy v1.43.0: Kubernetes 1.43 removed IPVS mode (KEP-5495): this kube-proxy cannot run it",
            )
        ],
    ),
    "another mode does not end": ({"version": "v1.43.0", "mode": "nftables", "values": {}}, []),
    "a value that is no text is no scheduler": ({"values": {"scheduler": ("lc",)}}, []),
    **{
        f"{name} is a trap": (
            {"values": {"scheduler": name}},
            [error("IPVS005", f"{name} is a trap: {SCHEDULERS[name].with_kube_proxy}", instead)],
        )
        for name, instead in (("dh", STAY), ("lblc", STAY), ("lblcr", STAY), ("fo", EVEN), ("ovf", EVEN))
    },
    **{
        f"{name} refuses connections": (
            {"values": {"scheduler": name}},
            [warning("IPVS006", f"{name}: {SCHEDULERS[name].advice}")],
        )
        for name in ("sh", "mh")
    },
    **{
        f"{name} is {same}": (
            {"values": {"scheduler": name}},
            [warning("IPVS007", f"{name} does what {same} does under kube-proxy (all weights are 1)")],
        )
        for name, same in (("wrr", "rr"), ("wlc", "lc"))
    },
    **{f"{name} is fine": ({"values": {"scheduler": name}}, []) for name in ("rr", "lc", "sed", "nq", "twos")},
}  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), CASES.values(), ids=CASES)
def test_findings(facts: dict[str, Any], expected: list[Finding]) -> None:
    """Each fact leads to its finding, with its words, and to no other."""
    assert findings(replace(GOOD, **facts)) == expected


def test_static_pods_beside_a_daemon_set() -> None:
    """Mirror pods among those of the selector are refused too."""
    assert [found.code for found in findings(replace(GOOD, place="StaticPods"))] == ["IPVS024"]


def test_every_code_has_a_case() -> None:
    """No code is in the table that nothing produces, and none is produced that is not there."""
    produced = {found.code for _, expected in CASES.values() for found in expected}
    assert produced == set(CODES)


def test_every_code_has_a_paragraph() -> None:
    """docs/preflight.md explains each code once, in the order of the table, under the table's words."""
    parts = re.split(r"^## ", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    titles = [part.splitlines()[0] for part in parts]
    assert titles == [f"{code}: {words}" for code, words in CODES.items()]
    assert [title for part, title in zip(parts, titles, strict=True) if len(part.split()) < 25] == []


@pytest.mark.parametrize(
    ("nodes", "shown"),
    [
        (("a",), "a"),
        (("a", "b", "c", "d", "e"), "a, b, c, d, e"),
        (tuple("abcdefg"), "a, b, c, d, e and 2 more"),
    ],
)
def test_some(nodes: tuple[str, ...], shown: str) -> None:
    """A message names five nodes at most."""
    assert some(nodes) == shown


@pytest.mark.parametrize(
    ("desired", "updated", "observed", "generation", "away", "expected"),
    [
        (3, 3, 5, 5, 0, ""),
        (3, 3, 4, 5, 0, "its last change is not taken in yet"),
        (3, 1, 5, 5, 0, "1 of 3 pods are updated"),
        (3, 2, 5, 5, 1, ""),
        (3, 1, 5, 5, 1, "1 of 3 pods are updated"),
        (3, 2, 4, 5, 1, "its last change is not taken in yet"),
        (3, 3, 5, 5, 2, ""),
        (3, 0, 0, 5, 0, ""),
    ],
)
def test_rollout_under_way(
    desired: int, updated: int, observed: int, generation: int, away: int, expected: str
) -> None:
    """Pods that are missing on nodes that are not ready alone are no rollout; an unknown status says nothing."""
    assert rollout_under_way(desired, updated, observed, generation, away) == expected
