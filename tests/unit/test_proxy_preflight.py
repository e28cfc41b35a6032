"""What speaks against a change, decided from facts; every code of the table has a case and a paragraph."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_ipvs.ipvs.schedulers import SCHEDULERS
from kubectl_ipvs.proxy.checks.config_owners import HELM, OPENSHIFT
from kubectl_ipvs.proxy.checks.findings import CODES, Finding, some
from kubectl_ipvs.proxy.checks.modules import Modules
from kubectl_ipvs.proxy.checks.registry import Facts, NodeFact, findings

DOCS = Path(__file__).parents[2] / "docs" / "preflight.md"
GOOD = Facts(values={"scheduler": "lc"}, version="v1.34.2", nodes=[NodeFact("node1", kernel="6.1.0-18-amd64")])
CRASHES = "kube-proxy crashes in a loop; the old table goes on, without updates"
FALLS_BACK = "kube-proxy falls back to iptables mode, looks Ready, and the kernel keeps the old table for ever"
EXITS = "kube-proxy exits at once; the old table goes on, without updates"
STORES = "--force stores it all the same"
IGNORED = "the configuration holds what kube-proxy ignores"
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
    "strictARP comes": ({"values": {"strictARP": True}, "before": {"strictARP": False}}, []),
    "strictARP was never there": ({"values": {"strictARP": False}, "before": {"strictARP": False}}, []),
    "keys that kube-proxy ignores": (
        {"unknown_keys": ["ipvs.Scheduler: x", "ipvs.x: y"]},
        [warning("IPVS009", f"{IGNORED}: ipvs.Scheduler: x; ipvs.x: y")],
    ),
    "rights that are missing": (
        {"missing_rights": ["delete pods in kube-system", "list pods in kube-system"]},
        [
            error(
                "IPVS010",
                "you may not: delete pods in kube-system; list pods in kube-system",
                "docs/rbac.yaml holds a role that may; or try another user",
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
                "wait for `kubectl rollout status` of it",
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
            [error("IPVS005", f"{name} is a trap: {SCHEDULERS[name].with_kube_proxy}", SCHEDULERS[name].advice)],
        )
        for name in ("dh", "lblc", "lblcr", "fo", "ovf")
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
            [warning("IPVS007", f"{name} does what {same} does: The same as {same}.")],
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
    assert [found.code for found in findings(replace(GOOD, static_pods=True))] == ["IPVS024"]


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
