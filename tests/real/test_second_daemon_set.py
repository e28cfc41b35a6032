"""Two DaemonSets, a ConfigMap each (Alibaba ACK's layout): each node has its own, and a change covers both."""

import json
from collections.abc import Iterator

import pytest

from tests.clusters import SYSTEM, Cluster, Machines

OTHER = "kube-proxy-other"
ROLLED = ("rollout", "status", "--timeout=180s")


@pytest.fixture
def other(cluster: Cluster, machines: Machines) -> Iterator[str]:
    """Let a second DaemonSet, with a label and a ConfigMap of its own, run kube-proxy on the last node."""
    node = max(cluster.pods)
    for name in cluster.pods:
        machines.sh(name, "modprobe ip_vs_lc")
    config = json.loads(cluster.kubectl(*SYSTEM, "get", "configmap", "kube-proxy", "-o", "json"))
    config["metadata"] = {"name": OTHER, "namespace": "kube-system"}
    first = json.loads(cluster.kubectl(*SYSTEM, "get", "daemonset", "kube-proxy", "-o", "json"))
    second = json.loads(json.dumps(first))
    second["metadata"] = {"name": OTHER, "namespace": "kube-system"}
    second["spec"]["selector"] = {"matchLabels": {"k8s-app": OTHER}}
    template = second["spec"]["template"]
    template["metadata"]["labels"] = {"k8s-app": OTHER}
    template["spec"]["nodeSelector"] = {"kubernetes.io/hostname": node}
    for volume in template["spec"]["volumes"]:
        if volume["name"] == "kube-proxy":
            volume["configMap"]["name"] = OTHER
    _place(cluster, "NotIn", node)
    cluster.kubectl(*SYSTEM, *ROLLED, "daemonset/kube-proxy")
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [config, second]})
    cluster.kubectl("apply", "-f", "-", text=text)
    cluster.kubectl(*SYSTEM, *ROLLED, f"daemonset/{OTHER}")
    yield node
    cluster.kubectl(*SYSTEM, "delete", "daemonset,configmap", OTHER, "--wait=true")
    _place(cluster, None, node)
    cluster.kubectl(*SYSTEM, *ROLLED, "daemonset/kube-proxy")


def _place(cluster: Cluster, operator: str | None, node: str) -> None:
    """Keep kubeadm's own DaemonSet off a node, or let it back."""
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": operator, "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    affinity = {"nodeAffinity": required} if operator else None
    patch = {"spec": {"template": {"spec": {"affinity": affinity}}}}
    cluster.kubectl(*SYSTEM, "patch", "daemonset", "kube-proxy", "-p", json.dumps(patch))


def test_two_daemon_sets(cluster: Cluster, other: str) -> None:
    """`get` shows both with their nodes; `set` changes both, with one canary; `undo` restores both, byte for byte."""
    before = cluster.config, _text(cluster)
    get = cluster.ipvs("get", "-o", "json")
    nodes = {entry["source"]["name"]: entry["nodes"] for entry in get.json["configurations"]}

    changed = cluster.ipvs("set", "--scheduler", "lc", *cluster.pace)
    after = cluster.schedulers()
    narrowed = cluster.ipvs("status", "--daemonset", OTHER, "-o", "name")
    undone = cluster.ipvs("undo", *cluster.at_once)

    assert (nodes[OTHER], len(nodes["kube-proxy"])) == ([other], 2), get.out
    assert (changed.code, set(after.values()), len(after)) == (0, {"lc"}, 2), changed.err  # of k8s-app=kube-proxy alone
    assert cluster.ipvs("status", "--check").code == 0
    assert narrowed.out == f"node/{other}\n"
    assert (undone.code, (cluster.config, _text(cluster))) == (0, before), undone.err
    assert cluster.ipvs("status", "--check").code == 0


def _text(cluster: Cluster) -> str:
    found = json.loads(cluster.kubectl(*SYSTEM, "get", "configmap", OTHER, "-o", "json"))
    return str(found["data"]["config.conf"])
