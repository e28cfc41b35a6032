"""From objects as kubectl prints them to a cluster: what a server adds is added, what is not needed is counted."""

import calendar
import time
import uuid
from typing import Any

from kubectl_ipvs.sandbox.given.builtin import add_services, address_of
from kubectl_ipvs.sandbox.given.cluster import KINDS, Cluster
from kubectl_ipvs.sandbox.given.files import Read
from kubectl_ipvs.sandbox.given.settings import settings_of
from kubectl_ipvs.sandbox.nodes.manifests import node, stamp
from kubectl_ipvs.sandbox.nodes.pods import Static, is_ready
from kubectl_ipvs.sandbox.nodes.startup import container_of
from kubectl_ipvs.sandbox.options import Options

Obj = dict[str, Any]
MIRROR = "kubernetes.io/config.mirror"
_FIELDS = ("manager", "operation", "fieldsV1")
_OF_SERVER = ("resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds")
_NO_NAMESPACE = ("Namespace", "Node", "FelixConfiguration", "Installation")
_API = {
    "DaemonSet": "apps/v1", "EndpointSlice": "discovery.k8s.io/v1", "FelixConfiguration": "crd.projectcalico.org/v1",
    "Installation": "operator.tigera.io/v1", "PrometheusRule": "monitoring.coreos.com/v1",
}  # fmt: skip


def complete(read: Read, options: Options) -> Cluster:
    """Make a cluster of what was read."""
    made = Cluster(settings=settings_of(read.worlds))
    by_name: dict[tuple[str, str, str], Obj] = {}
    for obj in read.objects:
        if obj["kind"] not in KINDS:
            if obj["kind"] != "Pod":
                made.left_out[obj["kind"]] += 1
            continue
        whole = _whole(obj)
        by_name[(whole["kind"], whole["metadata"].get("namespace", ""), whole["metadata"]["name"])] = whole
    for (kind, _, _), obj in by_name.items():
        made.objects[kind].append(obj)
    pods = [obj for obj in read.objects if obj["kind"] == "Pod"]
    _nodes(made, read, pods, options)
    for obj in made.objects["Node"]:
        _judge_node(made, obj)
    _pods(made, pods)
    if not made.objects["Service"]:
        add_services(made, options, made.nodes)
    return made


def _whole(obj: Obj) -> Obj:
    """Return an object with what every stored one has."""
    kind, meta = obj["kind"], {key: value for key, value in obj["metadata"].items() if key not in _OF_SERVER}
    meta["uid"] = meta.get("uid") or str(uuid.uuid4())
    meta["creationTimestamp"] = meta.get("creationTimestamp") or stamp()
    if kind not in _NO_NAMESPACE:
        meta["namespace"] = meta.get("namespace") or "default"
    managed = [each for each in meta.pop("managedFields", None) or () if _is_entry(each)]
    meta |= {"managedFields": managed} if managed else {}
    whole = {**obj, "apiVersion": obj.get("apiVersion") or _API.get(kind, "v1"), "metadata": meta}
    if kind == "DaemonSet":
        _whole_set(whole)
    if kind == "Node":
        whole["spec"], whole["status"] = whole.get("spec") or {}, whole.get("status") or {}
    return whole


def _is_entry(entry: Obj) -> bool:
    return all(name in entry for name in _FIELDS) and isinstance(entry["fieldsV1"], dict)


def _whole_set(obj: Obj) -> None:
    obj["metadata"]["generation"] = obj["metadata"].get("generation") or 1
    template = obj["spec"]["template"]
    template["metadata"] = template.get("metadata") or {}
    obj["spec"].setdefault("updateStrategy", {"type": "RollingUpdate"})
    names = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")
    obj["status"] = dict.fromkeys(names, 0)


def _nodes(made: Cluster, read: Read, pods: list[Obj], options: Options) -> None:
    """Add the nodes of the world.yaml; without any at all those of the pods, or as many as are asked for."""
    wishes = [each for world in read.worlds for each in world.get("nodes") or ()]
    if not wishes and not made.objects["Node"]:
        names = sorted({pod["spec"]["nodeName"] for pod in pods if pod["spec"].get("nodeName")})
        wishes = [{"name": name} for name in names or [f"node{number + 1}" for number in range(options.nodes)]]
    for wish in [each for each in wishes if each["name"] not in made.nodes]:
        number = len(made.objects["Node"]) + 1
        made.objects["Node"].append(new_node(wish, address_of(number), options))


def new_node(wish: Obj, address: str, options: Options) -> Obj:
    """Return a node of this name, with these labels, taints, kernel, operating system and further addresses."""
    obj = node(wish["name"], address, options, control_plane=False, windows=False)
    obj["metadata"]["labels"] |= wish.get("labels") or {}
    obj["spec"] |= {"taints": wish["taints"]} if wish.get("taints") else {}
    obj["status"]["nodeInfo"] |= {"kernelVersion": wish["kernel"]} if wish.get("kernel") else {}
    obj["status"]["nodeInfo"] |= {"osImage": wish["os_image"]} if wish.get("os_image") else {}
    obj["status"]["addresses"] += [{"type": "InternalIP", "address": each} for each in wish.get("addresses") or ()]
    return obj


def _judge_node(made: Cluster, obj: Obj) -> None:
    """Let a node whose object says that it is not Ready be so."""
    ready = [each["status"] for each in obj["status"].get("conditions") or () if each["type"] == "Ready"]
    kinds = made.settings.faults.setdefault(obj["metadata"]["name"], [])
    if ready and ready[0] != "True" and not {"kubeedge", "not-ready"} & set(kinds):
        kinds.append("not-ready")


def _pods(made: Cluster, pods: list[Obj]) -> None:
    """Take from pods what they tell: a static pod, or that kube-proxy is ill or old on a node."""
    nodes, sets = set(made.nodes), {each["metadata"]["name"] for each in made.objects["DaemonSet"]}
    for pod in pods:
        meta, name = pod["metadata"], pod["spec"].get("nodeName") or ""
        owners = {each["name"] for each in meta.get("ownerReferences") or () if each["kind"] == "DaemonSet"}
        is_proxy = name in nodes and container_of(pod["spec"]) is not None
        if is_proxy and MIRROR in (meta.get("annotations") or {}):
            source = {"metadata": {"labels": meta.get("labels")}, "spec": pod["spec"]}
            base = meta["name"].removesuffix(f"-{name}")
            made.static.setdefault(name, []).append(Static(meta.get("namespace") or "default", base, source))
        elif is_proxy and owners & sets:
            _facts(made, pod, name)
        elif not owners & sets:
            made.left_out["Pod"] += 1


def _facts(made: Cluster, pod: Obj, name: str) -> None:
    age, illness = _age(pod["metadata"].get("creationTimestamp")), _illness(pod)
    made.ages |= {} if age is None else {name: age}
    if illness and not {"not-ready", "kubeedge"} & set(made.settings.faults.get(name, ())):
        made.ill[name] = illness


def _age(text: str | None) -> float | None:
    try:
        return max(0.0, time.time() - calendar.timegm(time.strptime(text or "", "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        return None


def _illness(pod: Obj) -> str:
    """Name the fault that explains a pod which is not well; "" for one that is."""
    status = pod.get("status") or {}
    states = [each.get("state") for each in status.get("containerStatuses") or ()]
    waiting = [each.get("waiting") or {} for each in states if isinstance(each, dict)]
    reasons = [str(each.get("reason", "")) for each in waiting if isinstance(each, dict) and each.get("reason")]
    if "CrashLoopBackOff" in reasons:
        return "crash-loop"
    if status.get("phase") == "Pending":
        return f"pending={reasons[0] if reasons else ''}"
    if status.get("phase") == "Running" and not is_ready({**pod, "status": {"conditions": [], **status}}):
        return "never-ready"
    return ""
