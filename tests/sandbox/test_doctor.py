"""`doctor` through the front door: what it asks a cluster, and what it says, also of what it cannot see."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import Ipvs, MakeSandbox, Run, writes

Obj = dict[str, Any]
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # kubectl and plugin
CONFIG = """apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16
mode: ipvs
nodePortAddresses: [primary]
"""
ALWAYS = {"IPVS105", "IPVS124", "IPVS131", "IPVS135"}  # said of every cluster in IPVS mode


def daemon_set(name: str, image: str, namespace: str = "kube-system", **container: Any) -> Obj:  # noqa: ANN401 - any field
    """Give a DaemonSet of one container, of a name that no node has, so that it has no pods."""
    labels = {"k8s-app": name}
    spec = {"containers": [{"name": name, "image": image, **container}], "nodeSelector": {"no": "node"}}
    template = {"metadata": {"labels": labels}, "spec": spec}
    meta = {"name": name, "namespace": namespace, "labels": labels}
    return {"kind": "DaemonSet", "metadata": meta, "spec": {"selector": {"matchLabels": labels}, "template": template}}


def kube_proxy(**more: str) -> list[Obj]:
    """Give kubeadm's kube-proxy: its DaemonSet and its ConfigMap; `annotations` of both."""
    made = daemon_set("kube-proxy", "registry.k8s.io/kube-proxy:v1.36.3")
    made["metadata"]["annotations"] = more
    spec = made["spec"]["template"]["spec"]
    spec.pop("nodeSelector")
    spec["tolerations"] = [{"operator": "Exists"}]
    spec["volumes"] = [
        {"name": "proxy", "configMap": {"name": "kube-proxy"}},
        {"name": "modules", "hostPath": {"path": "/lib/modules"}},
    ]
    spec["containers"][0] |= {
        "command": ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf"],
        "volumeMounts": [
            {"name": "proxy", "mountPath": "/var/lib/kube-proxy"},
            {"name": "modules", "mountPath": "/lib/modules"},
        ],
    }
    return [made, config_map("kube-proxy", {"config.conf": CONFIG})]


def config_map(name: str, data: Obj, namespace: str = "kube-system") -> Obj:
    """Give a ConfigMap."""
    return {"kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def service(name: str = "web", **spec: Any) -> Obj:  # noqa: ANN401 - any field
    """Give a Service."""
    base = {"clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "ipFamilies": ["IPv4"], "ports": [{"port": 80}]}
    return {"kind": "Service", "metadata": {"name": name, "namespace": "default"}, "spec": {**base, **spec}}


def endpoints(name: str, node: str) -> Obj:
    """Give a Service's EndpointSlice with an endpoint on a node."""
    meta = {"name": f"{name}-1", "namespace": "default", "labels": {"kubernetes.io/service-name": name}}
    listed = [{"addresses": ["10.244.0.9"], "nodeName": node, "conditions": {"ready": True}}]
    return {"kind": "EndpointSlice", "metadata": meta, "addressType": "IPv4", "endpoints": listed,
            "ports": [{"name": "", "port": 8080, "protocol": "TCP"}]}  # fmt: skip


def world(*objects: Obj, **more: Any) -> Obj:  # noqa: ANN401 - any key of a world
    """Give a cluster of two nodes that nothing speaks against, with more objects in it."""
    whole = [*kube_proxy(), service(), endpoints("web", "node1"), *objects]
    return {"nodes": [{"name": "node1"}, {"name": "node2"}], "objects": whole, "version": "v1.36.3", **more}


def codes(run: Run) -> dict[str, list[str]]:
    """Give the nodes and objects of each finding, but for those that every cluster has."""
    found: dict[str, list[str]] = {}
    for entry in run.json["findings"]:
        seen = [*entry["nodes"], *(f"{each['namespace']}/{each['name']}" for each in entry["objects"])]
        found.setdefault(f"{entry['code']} {entry['level']}", []).extend(seen)
    return {name: seen for name, seen in found.items() if name.split()[0] not in ALWAYS}


def test_good_cluster_is_ready(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Nothing speaks against it, everything is known: the document has the whole contract, --check ends with 0."""
    box = sandbox(world=world())

    run = ipvs(box, "doctor", "--check", "-o", "json")

    assert run.code == 0, run.out + run.err
    assert (run.json["apiVersion"], run.json["kind"]) == ("kubectl-ipvs/v1", "Doctor")
    assert set(run.json) - {"apiVersion", "kind"} == {
        "cluster", "schedule", "nodes", "findings", "unknown", "verdict", "way",
    }  # fmt: skip
    assert run.json["cluster"] == {"version": box.options.version, "mode": "ipvs", "scheduler": "rr"}
    assert [entry["version"] for entry in run.json["schedule"]] == ["1.37", "1.40", "1.40", "1.43", "1.46"]
    assert run.json["nodes"] == [{"node": name, "ready": True, "findings": []} for name in ("node1", "node2")]
    assert codes(run) == {}
    assert (run.json["unknown"], run.json["verdict"], run.json["way"]) == ([], "ready", "hitless")
    assert writes(box) == []


def test_yaml_says_the_same(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Both formats have the same facts."""
    box = sandbox(world=world())

    assert yaml.safe_load(ipvs(box, "doctor", "-o", "yaml").out) == ipvs(box, "doctor", "-o", "json").json


VIP = ["TCP  192.0.2.200:6443 rr", "  -> 192.0.2.11:6443             Local   1      12         0"]
KUBE_VIP = "ghcr.io/kube-vip/kube-vip:v0.8.0"
CALICO = "docker.io/calico/node:v3.31.0"
FELIX = {"kind": "FelixConfiguration", "metadata": {"name": "default"}, "spec": {"nftablesMode": "Enabled"}}
INSTALLATION = {"kind": "Installation", "metadata": {"name": "default"},
                "spec": {"calicoNetwork": {"linuxDataplane": "BPF"}}}  # fmt: skip
RULE = {"kind": "PrometheusRule", "metadata": {"name": "ipvs", "namespace": "monitoring"},
        "spec": {"groups": [{"rules": [{"expr": "rate(node_ipvs_connections_total[5m])"}]}]}}  # fmt: skip
LOCAL = service("local", internalTrafficPolicy="Local", clusterIP="10.96.0.11", clusterIPs=["10.96.0.11"])
SEEN: dict[str, tuple[Obj, dict[str, list[str]]]] = {
    "an old kernel": (
        world(nodes=[{"name": "node1", "kernel": "4.18.0-553.el8"}, {"name": "node2"}]),
        {"IPVS101 blocks": ["node1"], "IPVS115 info": ["node1"]},
    ),
    "an operating system": (
        world(nodes=[{"name": "node1", "os_image": "AlmaLinux 10.1 (Heliotrope Lion)"}, {"name": "node2"}]),
        {"IPVS103 warning": ["node1"], "IPVS106 info": ["node1"]},
    ),
    "an image without nft": (
        world(tools={"kube-proxy": ["cat", "ipset"]}),
        {"IPVS104 blocks": ["node1", "node2"]},
    ),
    "a Local Service": (world(LOCAL, endpoints("local", "node1")), {"IPVS110 info": ["node2", "default/local"]}),
    "source ranges": (
        world(service("lb", type="LoadBalancer", loadBalancerSourceRanges=["192.0.2.0/24"])),
        {"IPVS127 info": ["default/lb"]},
    ),
    "a foreign row, and who made it": (
        world(daemon_set("kube-vip-ds", KUBE_VIP), extra={"node1": VIP}),
        {"IPVS130 error": ["node1", "kube-system/kube-vip-ds"]},
    ),
    "a row of no Service": (
        world(extra={"node2": ["TCP  192.0.2.201:80 rr", "  -> 192.0.2.11:80  Masq  1  0  0"]}),
        {"IPVS130 error": ["node2"]},
    ),
    "kube-vip, not the leader now": (
        world(daemon_set("kube-vip-ds", KUBE_VIP, env=[{"name": "lb_enable", "value": "true"}])),
        {"IPVS130 error": ["kube-system/kube-vip-ds"]},
    ),
    "Calico, by hand": (
        world(daemon_set("calico-node", CALICO, "calico-system")),
        {"IPVS119 warning": ["calico-system/calico-node"]},
    ),
    "Calico, Felix says nftables": (
        world(daemon_set("calico-node", CALICO, "calico-system"), FELIX),
        {"IPVS119 info": ["calico-system/calico-node"]},
    ),
    "Calico, the operator says eBPF": (
        world(daemon_set("calico-node", CALICO, "calico-system"), INSTALLATION),
        {"IPVS119 warning": ["calico-system/calico-node"]},
    ),
    "a ConfigMap beside a CNI": (
        world(daemon_set("kube-flannel-ds", "ghcr.io/flannel-io/flannel:v0.27.0", "kube-flannel"),
              config_map("kube-flannel-cfg", {"net-conf.json": '{"Backend": {"Type": "vxlan"}}'}, "kube-flannel")),
        {"IPVS120 warning": ["kube-flannel/kube-flannel-ds", "kube-flannel/kube-flannel-cfg"]},
    ),
    "Prometheus": (world(RULE), {"IPVS132 info": ["monitoring/ipvs"]}),
}  # fmt: skip


@pytest.mark.parametrize("name", SEEN)
def test_doctor_sees_what_is_in_the_cluster(name: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What needs more than a Service or a setting to be seen is found where it is, and named."""
    given, expected = SEEN[name]
    box = sandbox(world=given)

    run = ipvs(box, "doctor", "-o", "json")

    assert (run.code, codes(run), run.json["unknown"]) == (0, expected, []), run.err


def test_foreign_row_among_many_is_found(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """However long a table is, the one row of no Service is named, and nothing of it is unknown."""
    box = sandbox(nodes=2, services=250, endpoints=1, faults={"node1": "foreign=rr"})

    run = ipvs(box, "doctor", "-o", "json")

    (found,) = (entry for entry in run.json["findings"] if entry["code"] == "IPVS130")
    assert ("node1: TCP 192.168.50.10:6443 rr" in found["reason"], found["nodes"]) == (True, ["node1"])
    assert run.json["unknown"] == []


def test_static_pod_beside_a_row_is_its_owner(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """Without a DaemonSet the pods of that node are asked who may have made the row: kube-vip is named as the pod."""
    box = sandbox(world=world(extra={"node1": VIP}))
    spec = {"nodeName": "node1", "hostNetwork": True, "containers": [{"name": "kube-vip", "image": KUBE_VIP}]}
    meta = {"name": "kube-vip-node1", "namespace": "kube-system"}
    pod = yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
    (tmp_path / "kubeconfig").write_text(box.kubeconfig())
    env = {"PATH": PATH, "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig")}
    subprocess.run(["kubectl", "create", "-f", "-"], input=pod, env=env, text=True, check=True, capture_output=True)

    run = ipvs(box, "doctor", "-o", "json")

    (found,) = (entry for entry in run.json["findings"] if entry["code"] == "IPVS130")
    assert "probably kube-vip's" in found["reason"], run.out
    assert found["objects"] == [{"kind": "Pod", "namespace": "kube-system", "name": "kube-vip-node1"}]


def test_requests_are_few(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node more costs its table alone; the image is asked for nft once."""
    counts = []
    for nodes in (4, 8):
        box = sandbox(nodes=nodes)
        assert ipvs(box, "doctor", "--concurrency", "1").code == 0
        counts.append(sum("/exec" in seen.path for seen in box.requests))

    assert counts[1] - counts[0] == 4


def test_node_that_cannot_is_named(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """One old kernel makes a node not ready and the cluster not yet: exit code 5, the code on the last line."""
    box = sandbox(world=SEEN["an old kernel"][0])

    run = ipvs(box, "doctor", "--check")

    assert (run.code, run.out.splitlines()[-1]) == (5, "not yet: IPVS101")
    assert re.search(r"^nodes +node1: not yet \(kube-proxy v1.36.3, 4.18", run.out, re.MULTILINE), run.out
    assert re.search(r"^nodes +node2: can run nftables mode", run.out, re.MULTILINE), run.out


def test_one_screen_is_80_columns_wide(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """No line is longer, names are five and then a count, and each level stands below the graver one."""
    many = [service(f"sticky-{n}", sessionAffinity="ClientIP", clusterIP=f"10.96.1.{n}", clusterIPs=[f"10.96.1.{n}"])
            for n in range(1, 9)]  # fmt: skip
    box = sandbox(world=world(*many, daemon_set("calico-node", CALICO), extra={"node1": VIP}))

    run = ipvs(box, "doctor")

    labels = [line[:10].strip() for line in run.out.splitlines() if line[:1] not in {" ", ""}]
    levels = [label for label in labels if label in {"blocks", "error", "warning", "to know"}]
    assert max(map(len, run.out.splitlines())) <= 80, run.out
    assert "Service default/sticky-5 and 3 more]" in " ".join(run.out.split()), run.out
    assert levels == sorted(levels, key=["blocks", "error", "warning", "to know"].index)


def test_question_without_a_right_is_a_line(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What may not be asked is not known, in the server's words; the rest is there, and --check says 3."""
    box = sandbox(world=world())
    for resource in ("services", "endpointslices", "prometheusrules"):
        box.deny("list", resource)
    box.deny("create", "pods", subresource="exec")
    box.deny("get", "pods", subresource="exec")

    run = ipvs(box, "doctor", "--check", "-o", "json")
    words = ipvs(box, "doctor")

    questions = {entry["question"] for entry in run.json["unknown"]}
    image = "nft in registry.k8s.io/kube-proxy:v1.36.3"
    assert questions == {"Services", "EndpointSlices", "PrometheusRules", "the IPVS table on node1, node2", image}
    assert all("forbidden" in entry["reason"] for entry in run.json["unknown"]), run.out
    assert [node["ready"] for node in run.json["nodes"]] == [None, None]
    assert (run.code, run.json["verdict"]) == (5, "not-yet")  # of no node it is known
    assert words.out.count("not known: ") == 5, words.out
    assert words.code == 0


def test_unknown_answer_is_not_green(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where nothing speaks against leaving and one question has no answer, --check is not content."""
    box = sandbox(world=world())
    box.deny("list", "endpointslices")

    run = ipvs(box, "doctor", "--check")

    assert (run.code, run.out.splitlines()[-1]) == (3, "ready but for 1 thing"), run.out


def test_viewer_sees_what_it_may(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Somebody who may read alone gets a report, and is shown no way that needs more rights."""
    run = ipvs(sandbox(world=world()), "doctor", "-o", "json", user="viewer")

    assert (run.code, run.json["way"], run.json["cluster"]["mode"]) == (0, "by-hand", "ipvs"), run.err


def test_kube_proxy_that_may_not_be_looked_for(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """No right to list pods: not known, and never ready."""
    box = sandbox(world=world())
    box.deny("list", "pods")

    run = ipvs(box, "doctor", "--check", "-o", "json")

    assert (run.code, run.json["verdict"], run.json["nodes"]) == (5, "not-yet", []), run.err
    assert "kube-proxy" in {entry["question"] for entry in run.json["unknown"]}


@pytest.mark.parametrize(
    ("options", "way"),
    [
        ({}, "hitless"),
        ({"version": "v1.33.6"}, "isolated"),
        ({"layout": "flags"}, "by-hand"),
        ({"layout": "static"}, "by-hand"),
        ({"labels": {"eks.amazonaws.com/component": "kube-proxy"}}, "shared"),
        ({"annotations": {"meta.helm.sh/release-name": "kube-proxy"}}, "shared"),
    ],
)
def test_way_is_chosen_by_owner_and_version(options: Obj, way: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The built-in cluster in its layouts."""
    run = ipvs(sandbox(**options), "doctor", "-o", "json")

    assert (run.code, run.json["way"]) == (0, way), run.err


def test_right_that_is_missing_changes_the_way(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without the right to patch the DaemonSet the one ConfigMap is left."""
    box = sandbox(world=world())
    box.deny("patch", "daemonsets", name="kube-proxy")

    run = ipvs(box, "doctor")

    assert "shared: you may not: patch daemonsets" in " ".join(run.out.split()), run.out


def commands(out: str) -> str:
    """Give the commands of the way as they stand there."""
    lines = out.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("way"))
    return "\n".join(line[2:] for line in lines[start + 1 : -1] if not line.startswith(" " * 11))


@pytest.mark.parametrize(
    ("deny", "mode"), [((), "nftables"), (("patch", "daemonsets"), "nftables")], ids=["hitless", "shared"]
)
def test_commands_work_when_they_are_copied(
    deny: tuple[str, ...], mode: str, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path
) -> None:
    """Both ways as they are printed: the first node is in nftables mode afterwards, IPVS's table stays with hitless."""
    box = sandbox(world=world())
    if deny:
        box.deny(*deny, name="kube-proxy")
    text = commands(ipvs(box, "doctor").out).replace("kubectl ipvs restart", "kubectl ipvs restart -y --settle 0.2s")
    env = {**os.environ, "PATH": PATH, "HOME": str(tmp_path)}

    done = subprocess.run(["sh", "-e", "-c", text], env=env, capture_output=True, text=True, timeout=25, check=False)
    run = ipvs(box, "doctor", "-o", "json")

    assert done.returncode == 0, f"{text}\n{done.stderr}"
    moved = [node for node in run.json["nodes"] if "IPVS140" in node["findings"]]
    assert (run.json["cluster"]["mode"], len(moved)) == (("", 1) if not deny else (mode, 2)), run.out


def left(mode: str, sandbox: MakeSandbox, **options: Any) -> Sandbox:  # noqa: ANN401 - the options' own types
    """Give a cluster that was in IPVS mode and whose kube-proxys were restarted in another."""
    box = sandbox(nodes=2, **options)
    box.set_config(box.config.replace("mode: ipvs", f"mode: {mode}"))
    return box


def test_iptables_mode_leaves_ipvs_behind(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Rows, device and ipsets are named with their nodes, and that a reboot removes them."""
    box = left("iptables", sandbox)
    assert ipvs(box, "restart", "--settle", "0.2s").code in {0, 3}

    run = ipvs(box, "doctor")

    words = " ".join(run.out.split())
    assert "rows in the IPVS table (2 nodes), the device kube-ipvs0 (2 nodes), ipsets KUBE-* (2 nodes)" in words
    assert "a reboot removes it" in words, words
    assert run.out.splitlines()[-1] == "out of IPVS mode but for 1 thing"


def test_nftables_mode_removes_most(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """After an ordinary switch IPv6's ipsets and the sysctls are what is left."""
    box = left("nftables", sandbox)
    assert ipvs(box, "restart", "--settle", "0.2s").code == 0

    run = ipvs(box, "doctor", "-o", "json")

    found = {entry["level"]: entry["reason"] for entry in run.json["findings"] if entry["code"] == "IPVS140"}
    assert found == {
        "warning": "left over from IPVS mode: ipsets KUBE-* (2 nodes)",
        "info": "sysctls of IPVS mode stay until a reboot: ipv4/vs/conntrack=1 ipv4/vs/expire_nodest_conn=1 "
        "ipv4/vs/expire_quiescent_template=1",
    }


def test_cluster_that_never_was_in_ipvs_mode(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Nothing is left, nothing is to be done."""
    run = ipvs(sandbox(mode="nftables"), "doctor", "--check")

    assert (run.code, run.out.splitlines()[-1]) == (0, "out of IPVS mode"), run.out
    assert "way " not in run.out


def test_node_in_nftables_mode_is_not_asked_for_nft(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Whether its image has nft is no question any more."""
    box = sandbox(mode="nftables")

    assert ipvs(box, "doctor").code == 0
    assert not any("--version" in seen.query.get("command", ()) for seen in box.requests)


def contexts(folder: Path, boxes: dict[str, Sandbox | None]) -> str:
    """Write a kubeconfig with a context for each cluster; None is one at which nobody answers."""
    whole: Obj = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    for name, box in boxes.items():
        given = yaml.safe_load(box.kubeconfig()) if box else None
        cluster = given["clusters"][0]["cluster"] if given else {"server": "https://127.0.0.1:1"}
        user = given["users"][0]["user"] if given else {"token": "of-nobody"}
        whole["clusters"].append({"name": name, "cluster": cluster})
        whole["users"].append({"name": name, "user": user})
        whole["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    path = folder / "several"
    path.write_text(yaml.safe_dump(whole))
    return str(path)


def test_several_contexts_are_a_row_each(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """One that is down is a row, its reason below, and exit code 3; the others are there."""
    good, old = sandbox(world=world()), sandbox(world=SEEN["an old kernel"][0])
    config = contexts(tmp_path, {"good": good, "old": old, "down": None})

    run = ipvs(None, "doctor", "--contexts", "good,old,down", "--kubeconfig", config)

    assert run.code == 3, run.err
    assert run.rows["CONTEXT"] == [
        "VERSION", "MODE", "SCHEDULER", "NODES", "BLOCKS", "ERRORS", "OFF BY DEFAULT IN",
    ]  # fmt: skip
    assert run.rows["good"][1:] == ["ipvs", "rr", "2", "0", "0", "1.40"]
    assert run.rows["old"][1:] == ["ipvs", "rr", "2", "1", "0", "1.40"]
    assert run.rows["down"] == ["no answer", "-", "-", "-", "-", "-", "-"]
    assert re.search("^down: .*127.0.0.1:1", run.out, re.MULTILINE), run.out
    assert max(map(len, run.out.splitlines())) <= 120


def test_all_contexts_as_a_document(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """Each has what one alone has, and its problem; --check is as bad as the worst."""
    config = contexts(tmp_path, {"b": sandbox(world=world()), "a": sandbox(world=SEEN["an old kernel"][0])})

    run = ipvs(None, "doctor", "--all-contexts", "--kubeconfig", config, "--check", "-o", "json")

    found = [(entry["context"], entry["problem"], entry["verdict"]) for entry in run.json["contexts"]]
    assert (run.code, run.json["kind"]) == (5, "DoctorList")
    assert found == [("a", "", "not-yet"), ("b", "", "ready")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--contexts", "none"), '--contexts: context "none" does not exist'),
        (("--contexts", ","), "--contexts: no context is named"),
        (("--contexts", "a", "--all-contexts"), "--all-contexts and --contexts exclude each other"),
        (("--contexts", "a", "--context", "a"), "--contexts and --context exclude each other"),
        (("-o", "name"), "unable to match a printer"),
    ],
)
def test_bad_words_are_refused(words: tuple[str, ...], said: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Exit code 2, why, and nothing is asked."""
    box = sandbox(nodes=1)

    run = ipvs(box, "doctor", *words)

    assert (run.code, said in run.err, run.out, box.requests) == (2, True, "", []), run.err


def test_api_server_that_is_away_ends_it(ipvs: Ipvs, tmp_path: Path) -> None:
    """One cluster alone that does not answer is an error, as for every command."""
    run = ipvs(None, "doctor", "--kubeconfig", contexts(tmp_path, {"down": None}), "--context", "down")

    assert (run.code, run.out, run.err.startswith("error: ")) == (1, "", True)
