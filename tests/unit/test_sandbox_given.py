"""A cluster that is given: what is read, what is made of it, and what is said of files that make no sense."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from tests.unit.test_sandbox_world import QUICK, choose, pod_on, ready, restart, until

Obj = dict[str, Any]
CONFIG = (
    "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\nipvs: {scheduler: lc}\n"
)
CONFIG_MAP: Obj = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "proxy", "namespace": "kube-system"},
    "data": {"conf": CONFIG},
}
POD: Obj = {
    "containers": [
        {
            "name": "kube-proxy",
            "image": "registry.k8s.io/kube-proxy:v1.30.1",
            "command": ["kube-proxy", "--config=/c/conf"],
            "volumeMounts": [{"name": "c", "mountPath": "/c"}],
        }
    ],
    "volumes": [{"name": "c", "configMap": {"name": "proxy"}}],
    "hostNetwork": True,
}
DAEMON_SET: Obj = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {"name": "proxy", "namespace": "kube-system"},
    "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": POD},
    },
}


def node(name: str, ready: str = "True", **labels: str) -> Obj:
    """Return a Node as kubectl prints it."""
    status = {
        "addresses": [{"type": "InternalIP", "address": "192.0.2.7"}],
        "conditions": [{"type": "Ready", "status": ready}],
        "nodeInfo": {"kernelVersion": "5.10.0", "kubeletVersion": "v1.30.1"},
    }
    meta = {"name": name, "labels": labels, "resourceVersion": "5", "uid": "u"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {}, "status": status}


def pod(name: str, on: str, status: Obj, **meta: object) -> Obj:
    """Return a pod of the DaemonSet as kubectl prints it."""
    owner = {"kind": "DaemonSet", "name": "proxy"}
    made = {"name": name, "namespace": "kube-system", "ownerReferences": [owner], **meta}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": made, "spec": {**POD, "nodeName": on}, "status": status}


def listed(*objects: Obj) -> Obj:
    """Return a List."""
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}


def test_lists_documents_and_files_are_one_cluster(tmp_path: Path) -> None:
    """A List, several documents and several files, YAML and JSON, are put together."""
    one, two = tmp_path / "one.yaml", tmp_path / "two.json"
    one.write_text(yaml.safe_dump_all([listed(node("a"), node("b")), CONFIG_MAP, None]))
    two.write_text(json.dumps(listed(DAEMON_SET)))

    with Sandbox(world=[one, str(two)], **QUICK) as box:
        assert (box.nodes, box.schedulers()) == (("a", "b"), {"a": "lc", "b": "lc"})
        assert (box.configurations, box.options.version) == ({"kube-system/proxy/conf": CONFIG}, "v1.30.1")


def test_what_is_not_needed_is_counted() -> None:
    """Secrets and everything else are left out, by kind; a pod that a DaemonSet makes anew is no loss."""
    secret = {"kind": "Secret", "metadata": {"name": "s"}}
    other = {"kind": "Deployment", "metadata": {"name": "d"}}
    lone = {"kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"name": "x"}]}}

    with Sandbox(world=listed(DAEMON_SET, CONFIG_MAP, node("a"), secret, secret, other, lone), **QUICK) as box:
        assert box.left_out == {"Secret": 2, "Deployment": 1, "Pod": 1}


def test_nodes_of_pods() -> None:
    """Without Nodes the pods tell which there are; without those the option does."""
    running = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}

    with Sandbox(world=listed(DAEMON_SET, CONFIG_MAP, pod("p", "z", running)), **QUICK) as box:
        assert box.nodes == ("z",)
    with Sandbox(world=listed(DAEMON_SET, CONFIG_MAP), nodes=2, **QUICK) as box:
        assert box.nodes == ("node1", "node2")


@pytest.mark.parametrize(
    ("status", "phase", "reason"),
    [
        ({"phase": "Pending"}, "Pending", ""),
        (
            {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]},
            "Pending",
            "ImagePullBackOff",
        ),
        (
            {"phase": "Running", "containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]},
            "Running",
            "CrashLoopBackOff",
        ),
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}, "Running", ""),
    ],
    ids=["pending", "no image", "crash loop", "never ready"],
)
def test_pods_that_were_ill_are_ill(status: Obj, phase: str, reason: str) -> None:
    """A given pod that is not well is not well here, from the start."""
    with Sandbox(world=listed(DAEMON_SET, CONFIG_MAP, node("a"), pod("p", "a", status)), **QUICK) as box:
        found = pod_on(box, "a")["status"]
        waiting = [each["state"].get("waiting", {}).get("reason", "") for each in found.get("containerStatuses", [])]

        assert (ready(box, "a"), found["phase"], "".join(waiting)) == (False, phase, reason)


def test_the_age_of_pods() -> None:
    """A pod is as old as it was."""
    running = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    old = pod("p", "a", running, creationTimestamp="2020-01-02T03:04:05Z")

    with Sandbox(world=listed(DAEMON_SET, CONFIG_MAP, node("a"), old), **QUICK) as box:
        assert pod_on(box, "a")["metadata"]["creationTimestamp"][:16] == "2020-01-02T03:04"


def test_mirror_pods_are_static_pods() -> None:
    """A mirror pod of kube-proxy is a static pod: deleting it restarts nothing."""
    mirror = pod("kube-proxy-a", "a", {}, ownerReferences=[], annotations={"kubernetes.io/config.mirror": "x"})

    with Sandbox(world=listed(CONFIG_MAP, node("a"), mirror), **QUICK) as box:
        assert (box.schedulers(), pod_on(box, "a")["metadata"]["name"]) == ({"a": "lc"}, "kube-proxy-a")
        restart(box)
        assert until(lambda: ready(box, "a"))
        assert box.restarts == {"a": 0}


def test_a_node_is_as_it_was() -> None:
    """Its kernel, its address and whether it is Ready are the given ones."""
    with Sandbox(world=listed(DAEMON_SET, CONFIG_MAP, node("a", ready="Unknown")), **QUICK) as box:
        made = box.get("Node", "", "a")
        state = {each["type"]: each["status"] for each in made["status"]["conditions"]}

        assert (state["Ready"], "twos" in box.kernel("a")["modules"]) == ("Unknown", False)
        assert pod_on(box, "a")["status"]["hostIP"] == "192.0.2.7"


def test_daemon_sets_share_the_nodes() -> None:
    """Each DaemonSet has its pods where its own selector says, and its own configuration."""
    second = copy.deepcopy(DAEMON_SET)
    second["metadata"]["name"] = "edge"
    second["spec"]["template"]["spec"]["nodeSelector"] = {"edge": "yes"}
    second["metadata"]["annotations"] = {"field/scheduler": "sed"}
    first = copy.deepcopy(DAEMON_SET)
    first["spec"]["template"]["spec"]["nodeSelector"] = {"edge": "no"}

    with Sandbox(world=listed(first, second, CONFIG_MAP, node("a", edge="no"), node("b", edge="yes")), **QUICK) as box:
        assert box.schedulers() == {"a": "lc", "b": "sed"}
        assert [box.get("ds", "kube-system", name)["status"]["numberReady"] for name in ("edge", "proxy")] == [1, 1]

        box.edit("Node", "", "a", lambda obj: obj["metadata"]["labels"].update(edge="yes"))

        assert until(lambda: box.schedulers() == {"a": "sed", "b": "sed"})


def test_other_containers_and_daemonsets_run_beside() -> None:
    """A DaemonSet that is no kube-proxy has pods too; they restart nothing of kube-proxy's and have no table."""
    network = copy.deepcopy(DAEMON_SET)
    network["metadata"]["name"] = "network"
    network["spec"]["template"]["spec"] = {"containers": [{"name": "agent", "image": "agent"}]}

    with Sandbox(world=listed(DAEMON_SET, network, CONFIG_MAP, node("a")), **QUICK) as box:
        names = sorted(each["metadata"]["name"][:7] for each in box.objects("Pod"))
        assert names == ["network", "proxy-" + names[1][6:]]
        gone = next(each["metadata"]["name"] for each in box.objects("Pod") if "network" in each["metadata"]["name"])
        box.remove("Pod", "kube-system", gone)
        assert until(lambda: box.get("ds", "kube-system", "network")["status"]["numberReady"] == 1)
        assert box.restarts == {"a": 0}


def test_given_services() -> None:
    """Given Services are the table; the built-in ones are not there."""
    service = {"kind": "Service", "metadata": {"name": "s"}, "spec": {"clusterIP": "10.0.0.9", "ports": [{"port": 5}]}}

    with Sandbox(world=listed(DAEMON_SET, CONFIG_MAP, node("a"), service), **QUICK) as box:
        assert box.table("a").splitlines()[3:] == ["TCP  0A000009:0005 lc  "]


def test_files_of_a_node() -> None:
    """A configuration in a node's own file is read from there, node by node."""
    made = copy.deepcopy(DAEMON_SET)
    made["spec"]["template"]["spec"]["volumes"] = [{"name": "c", "hostPath": {"path": "/etc/p"}}]
    world = {"nodes": [{"name": "a"}, {"name": "b"}], "objects": [made], "files": {"a": {"/etc/p/conf": CONFIG}}}

    with Sandbox(world=world, **QUICK) as box:
        assert (box.schedulers(), box.configurations) == ({"a": "lc", "b": "rr"}, {})


def test_the_version_is_the_images_unless_asked_for() -> None:
    """kube-proxy behaves as its image's tag says; a version asked for goes over it."""
    world = listed(DAEMON_SET, CONFIG_MAP, node("a"))

    with Sandbox(world=world, **QUICK) as box:
        choose(box, "twos")
        restart(box)
        assert until(lambda: "CrashLoopBackOff" in json.dumps(pod_on(box, "a")))  # kernel 5.10 has no twos
    with Sandbox(world=world, version="v1.22.0", **QUICK) as box:
        assert (ready(box, "a"), box.schedulers()) == (True, {"a": None})  # lc is not loaded: iptables mode


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "while parsing"),
        ("just words", "a document is no object"),
        ("- 1", "a document is no object"),
        ("{}", "an object has no kind"),
        ("kind: 5", "an object has no kind"),
        ("kind: List\nitems: 3", "List.items is no list"),
        ("kind: List\nitems: [3]", "a document is no object"),
        ("kind: DaemonSet", "DaemonSet has no metadata"),
        ("kind: DaemonSet\nmetadata: {name: x}", "DaemonSet has no spec"),
        ("kind: ConfigMap\nmetadata: {name: x}\ndata: [a]", "ConfigMap.data is no mapping"),
        ("kind: ConfigMap\nmetadata: {name: x}\ndata: {a: 5}", "ConfigMap.data.a is no text"),
        ("kind: Node\nmetadata: {name: x, labels: {a: 5}}", "Node.metadata.labels.a is no text"),
        ("kind: Pod\nmetadata: {name: x}\nspec: {containers: [null]}", "Pod.spec.containers[0] is empty"),
        (
            "kind: Service\nmetadata: {name: x}\nspec: {ports: [{port: true}]}",
            "Service.spec.ports[0].port is no number",
        ),
        ("nodes: [{name: x}]\ncolour: red", "unknown key: colour"),
        ("nodes: [{}]", "world.nodes[0] has no name"),
        ("nodes: [{name: x}]\nonly: {x: [TCP]}", "no row of an IPVS table"),
        ('{"kind": "Node"', "Expecting"),
        ("a: &a [*a]", "Circular reference"),
        ("? [1]\n: 2", ""),
        ("a: !!python/name:os.system x", "could not determine a constructor"),
        ("\x00", "characters are not allowed"),
    ],
)
def test_what_makes_no_sense_is_said(text: str, why: str, tmp_path: Path) -> None:
    """A file that is no cluster is named, with the place and the reason."""
    path = tmp_path / "x.yaml"
    path.write_text(text)

    with pytest.raises(ValueError, match=f"^cannot read {path}: ") as caught:
        Sandbox(world=path, **QUICK)

    assert (why in str(caught.value), "\n" in str(caught.value)) == (True, False), str(caught.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A binary file is refused as one."""
    path = tmp_path / "x"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ValueError, match=f"cannot read {path}: .*decode"):
        Sandbox(world=path, **QUICK)


def test_nothing_that_is_given_is_changed() -> None:
    """A document that is given stays as it is."""
    world = listed(DAEMON_SET, CONFIG_MAP, node("a"))
    before = copy.deepcopy(world)
    with Sandbox(world=world, **QUICK):
        assert world == before


def words(table: str) -> set[str]:
    """Return the addresses of a table."""
    return {line.split()[1] for line in table.splitlines()}


def test_the_built_in_cluster_loads_again() -> None:
    """What one sandbox shows another one is made of: the same nodes, configuration and tables."""
    kinds = ("Node", "DaemonSet", "ConfigMap", "Pod", "Service", "Endpoints", "EndpointSlice", "Namespace")
    with Sandbox(nodes=2, scheduler="lc", **QUICK) as first:
        dumped = listed(*(obj for kind in kinds for obj in first.objects(kind)))
        with Sandbox(world=yaml.safe_load(yaml.safe_dump(dumped)), **QUICK) as second:
            assert (second.nodes, second.config, second.schedulers()) == (first.nodes, first.config, first.schedulers())
            assert second.left_out == {}
            shared = [line for line in first.table("node1").splitlines() if "0AF40101" not in line]
            assert {line.split()[1] for line in second.table("node1").splitlines()} <= {
                line.split()[1] for line in shared
            }
