"""kube-proxy's pods as a real API server shows them: template, new pod, binding, status. Pure: objects in and out."""

import hashlib
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from kubectl_ipvs.sandbox.nodes.layouts import Layout
from kubectl_ipvs.sandbox.nodes.manifests import stamp
from kubectl_ipvs.sandbox.options import Options

Obj = dict[str, Any]
TOKEN = "kube-api-access-7x2lq"  # noqa: S105 -- a volume's name
_TAINTS = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
    ("network-unavailable", "NoSchedule"),
)


@dataclass(frozen=True, slots=True)
class Container:
    """What the kubelet knows of the pod's one container. `reason` is why it waits, "" when it runs."""

    reason: str = "ContainerCreating"
    message: str = ""
    ready: bool = False
    restarts: int = 0
    started_at: str = ""
    last: Obj = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Its process is there: exec works."""
        return not self.reason

    def run(self, *, ready: bool) -> "Container":
        """Return the container with its process started now."""
        return replace(self, reason="", message="", ready=ready, started_at=stamp())

    def crash(self) -> "Container":
        """Return the container with its process ended (exit code 1), waiting for its next start."""
        ended: Obj = {"exitCode": 1, "reason": "Error", "startedAt": self.started_at or stamp()}
        last: Obj = {"terminated": {**ended, "finishedAt": stamp()}}
        message = "back-off 10s restarting failed container=kube-proxy"
        return replace(self, reason="CrashLoopBackOff", message=message, ready=False, last=last)


def template(layout: Layout, options: Options) -> Obj:
    """Pod template of kube-proxy."""
    mounts: list[Obj] = []
    volumes: list[Obj] = []
    if layout.config_map:
        source = {"name": layout.config_map, "defaultMode": 420}
        name = "config" if options.layout == "eks" else layout.config_map
        volumes.append({"name": name, "configMap": source})
        mounts.append({"name": name, "mountPath": layout.directory})
    for name, path, kind in (
        ("xtables-lock", "/run/xtables.lock", "FileOrCreate"),
        ("lib-modules", "/lib/modules", ""),
    ):
        volumes.append({"name": name, "hostPath": {"path": path, "type": kind}})
        mounts.append({"name": name, "mountPath": path} | ({} if kind else {"readOnly": True}))
    container = {
        "name": "kube-proxy",
        "image": f"{layout.image}:{options.version}",
        "imagePullPolicy": "IfNotPresent",
        "command": list(layout.command),
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}}],
        "resources": {},
        "securityContext": {"privileged": True},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeMounts": mounts,
    }
    return {"metadata": {"labels": dict(layout.labels)}, "spec": _spec(container, volumes)}


def _spec(container: Obj, volumes: list[Obj]) -> Obj:
    return {
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "hostNetwork": True,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "priorityClassName": "system-node-critical",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "serviceAccount": "kube-proxy",
        "serviceAccountName": "kube-proxy",
        "terminationGracePeriodSeconds": 30,
        "tolerations": [{"operator": "Exists"}],
        "volumes": volumes,
    }


def controller_reference(owner: Obj) -> Obj:
    """Return an ownerReference to the DaemonSet or Node that controls a pod."""
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    return {**reference, "uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}


def new_pod(name: str, owner: Obj, source: Obj, revision: str, node: str) -> Obj:
    """Return a pod as the DaemonSet controller creates it: not yet bound, with an affinity to its node."""
    namespace = owner["metadata"]["namespace"]
    labels = {**source["metadata"].get("labels", {}), "controller-revision-hash": revision}
    generation = owner["metadata"].get("annotations", {}).get("deprecated.daemonset.template.generation", "1")
    made: Obj = {"name": name, "generateName": f"{owner['metadata']['name']}-", "namespace": namespace}
    made |= {"uid": str(uuid.uuid4()), "creationTimestamp": stamp()}
    made["labels"] = {**labels, "pod-template-generation": generation}
    if source["metadata"].get("annotations"):
        made["annotations"] = source["metadata"]["annotations"]
    made["ownerReferences"] = [controller_reference(owner)]
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    spec = {**source["spec"], "affinity": {"nodeAffinity": required}}
    spec["tolerations"] = [
        *spec.get("tolerations", []),
        *({"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect} for key, effect in _TAINTS),
    ]
    spec |= _admitted(spec)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": made,
        "spec": spec,
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }


def _admitted(spec: Obj) -> Obj:
    """Return what admission adds: priority, and the service account's token."""
    sources = [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]
    volume = {"name": TOKEN, "projected": {"defaultMode": 420, "sources": sources}}
    mount = {"name": TOKEN, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True}
    first = spec["containers"][0]
    containers = [{**first, "volumeMounts": [*first.get("volumeMounts", []), mount]}, *spec["containers"][1:]]
    added: Obj = {"containers": containers, "volumes": [*spec.get("volumes", []), volume]}
    return {**added, "priority": 2000001000, "preemptionPolicy": "PreemptLowerPriority", "enableServiceLinks": True}


def mirror_pod(node: Obj, source: Obj, namespace: str) -> Obj:
    """Return a static pod as the API server shows it; the kubelet keeps it, whoever deletes it."""
    name = node["metadata"]["name"]
    digest = hashlib.sha256(name.encode()).hexdigest()[:32]
    made: Obj = {
        "name": f"kube-proxy-{name}",
        "namespace": namespace,
        "uid": str(uuid.uuid4()),
        "creationTimestamp": stamp(),
    }
    made["labels"] = source["metadata"]["labels"]
    made["annotations"] = {f"kubernetes.io/config.{key}": digest for key in ("hash", "mirror")} | {
        "kubernetes.io/config.seen": stamp(),
        "kubernetes.io/config.source": "file",
    }
    reference = controller_reference(node)
    del reference["blockOwnerDeletion"]
    made["ownerReferences"] = [reference]
    spec = {**source["spec"], "nodeName": name, "tolerations": [{"effect": "NoExecute", "operator": "Exists"}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": made,
        "spec": spec,
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }


def bound(pod: Obj, node: str) -> Obj:
    """Return the pod as the scheduler leaves it."""
    now = stamp()
    condition = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
    return {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": {**pod["status"], "conditions": [condition]}}


def with_status(pod: Obj, address: str, container: Container, *, node_ready: bool = True) -> Obj:
    """Return the pod with the status its kubelet reports, or the node controller's where no kubelet does."""
    ready = container.ready and node_ready
    before = {each["type"]: each for each in pod["status"].get("conditions", [])}
    now = stamp()
    conditions = []
    for kind, good in (("Initialized", True), ("Ready", ready), ("ContainersReady", ready), ("PodScheduled", True)):
        status = "True" if good else "False"
        old = before.get(kind)
        since = old["lastTransitionTime"] if old and old["status"] == status else now
        condition = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
        if not good:
            condition["reason"] = "ContainersNotReady"
            condition["message"] = "containers with unready status: [kube-proxy]"
        conditions.append(condition)
    started = bool(container.running or container.last)
    status_now = {
        "phase": "Running" if started else "Pending",
        "conditions": conditions,
        "hostIP": address,
        "hostIPs": [{"ip": address}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": pod["status"].get("startTime") or now,
        "containerStatuses": [_container_status(pod, container)],
        "qosClass": "BestEffort",
    }
    return {**pod, "status": status_now}


def _container_status(pod: Obj, container: Container) -> Obj:
    waiting = {"reason": container.reason} | ({"message": container.message} if container.message else {})
    state = {"running": {"startedAt": container.started_at}} if container.running else {"waiting": waiting}
    image = pod["spec"]["containers"][0]["image"]
    status: Obj = {"name": "kube-proxy", "image": image, "imageID": "", "ready": container.ready}
    status |= {
        "started": container.running,
        "restartCount": container.restarts,
        "state": state,
        "lastState": container.last,
    }
    if container.running or container.last:
        identity = hashlib.sha256(f"{pod['metadata']['uid']}/{container.restarts}".encode()).hexdigest()
        status["containerID"] = f"containerd://{identity}"
        status["imageID"] = f"{image.rpartition(':')[0]}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"
    return status


def is_ready(pod: Obj) -> bool:
    """Return whether the pod is Ready and not on its way out."""
    if "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
