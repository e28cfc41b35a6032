"""Nodes and kube-proxy pods as the API server would have them of a real kubelet 1.20. Pure: values in, objects out."""

import time
from typing import Any

Obj = dict[str, Any]
TAINTS = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
    ("network-unavailable", "NoSchedule"),
)
TOKEN = "kube-proxy-token-abcde"  # noqa: S105 - a volume's name
MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
ROOM = {"cpu": "8", "memory": "32875508Ki", "pods": "110", "ephemeral-storage": "103079844Ki", "hugepages-1Gi": "0"}
INFO = {
    "kernelVersion": "6.1.0-56-cloud-amd64",
    "osImage": "Debian GNU/Linux 12 (bookworm)",
    "containerRuntimeVersion": "containerd://1.6.20",
    "kubeletVersion": "v1.20.2",
    "kubeProxyVersion": "v1.20.2",
    "operatingSystem": "linux",
    "architecture": "amd64",
}


def now() -> str:
    """Return the time as the API writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def node_name(number: int) -> str:
    """Return the name of node 1, 2 ..."""
    return f"node-{number:05}"


def node_number(name: str) -> int:
    """Return the number of a node's name."""
    return int(name.rpartition("-")[2])


def node_address(number: int) -> str:
    """Return a node's internal address."""
    return f"10.{128 + number // 65536}.{number // 256 % 256}.{number % 256}"


def node(number: int, port: int) -> Obj:
    """Return a Ready node whose kubelet listens on 127.0.0.1:port."""
    name, when = node_name(number), now()
    labels = {f"kubernetes.io/{key}": value for key, value in (("os", "linux"), ("arch", "amd64"), ("hostname", name))}
    pressures = (("MemoryPressure", "False"), ("DiskPressure", "False"), ("PIDPressure", "False"), ("Ready", "True"))
    times = {"lastHeartbeatTime": when, "lastTransitionTime": when}
    places = (("InternalIP", node_address(number)), ("Hostname", name), ("ExternalIP", "127.0.0.1"))
    identity = dict.fromkeys(("machineID", "systemUUID", "bootID"), f"{number:032x}")
    status = {
        "capacity": ROOM,
        "allocatable": ROOM,
        "conditions": [{"type": kind, "status": value, "reason": "Kubelet", **times} for kind, value in pressures],
        "addresses": [{"type": kind, "address": value} for kind, value in places],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "nodeInfo": {**identity, **INFO},
    }
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": status}


def pod(daemon_set: Obj, name: str) -> Obj:
    """Return the pod that the DaemonSet controller would create on a node, bound to it."""
    template = daemon_set["spec"]["template"]
    owner = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "kube-proxy", "uid": daemon_set["metadata"]["uid"]}
    labels = {"controller-revision-hash": "b89db7f56", "pod-template-generation": "1"}
    metadata = {
        "generateName": "kube-proxy-",
        "labels": {**template["metadata"]["labels"], **labels},
        "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _spec(template["spec"], name)}


def _spec(template: Obj, name: str) -> Obj:
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    tolerated = [{"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect} for key, effect in TAINTS]
    volume = {"name": TOKEN, "secret": {"secretName": TOKEN, "defaultMode": 420}}
    mount = {"name": TOKEN, "readOnly": True, "mountPath": MOUNT}
    first = template["containers"][0]
    return {
        **template,
        "nodeName": name,
        "affinity": {"nodeAffinity": required},
        "tolerations": [*template.get("tolerations", []), *tolerated],
        "volumes": [*template["volumes"], volume],
        "containers": [{**first, "volumeMounts": [*first["volumeMounts"], mount]}],
    }


def pod_status(daemon_set: Obj, number: int, *, ready: bool) -> Obj:
    """Return what the kubelet reports of a pod: Ready, or about to start."""
    when, address, truth = now(), node_address(number), str(ready)
    image = daemon_set["spec"]["template"]["spec"]["containers"][0]["image"]
    state = {"running": {"startedAt": when}} if ready else {"waiting": {"reason": "ContainerCreating"}}
    container = {"name": "kube-proxy", "image": image, "ready": ready, "started": ready, "restartCount": 0}
    identity = {"imageID": "sha256:" + "1c61ef6b" * 8, "containerID": f"containerd://{number:064x}"}
    container |= identity if ready else {"imageID": ""}
    conditions = (("Initialized", "True"), ("Ready", truth), ("ContainersReady", truth), ("PodScheduled", "True"))
    return {
        "phase": "Running" if ready else "Pending",
        "hostIP": address,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": when,
        "conditions": [{"type": kind, "status": is_so, "lastTransitionTime": when} for kind, is_so in conditions],
        "containerStatuses": [{**container, "lastState": {}, "state": state}],
    }


def is_ready(found: Obj) -> bool:
    """Tell whether a pod is Ready."""
    conditions = found.get("status", {}).get("conditions", [])
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def daemon_set_status(nodes: int, pods: int, ready: int, generation: int) -> Obj:
    """Return what the DaemonSet controller reports."""
    counts = {"desiredNumberScheduled": nodes, "currentNumberScheduled": pods, "updatedNumberScheduled": pods}
    counts |= {"numberReady": ready, "numberAvailable": ready, "numberUnavailable": max(0, nodes - ready)}
    return {**counts, "numberMisscheduled": 0, "observedGeneration": generation}
