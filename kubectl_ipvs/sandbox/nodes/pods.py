"""kube-proxy's pods as a real API server shows them: template, new pod, binding, status. Pure: objects in and out."""

import hashlib
import uuid
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.nodes.layouts import Layout
from kubectl_ipvs.sandbox.nodes.manifests import stamp
from kubectl_ipvs.sandbox.nodes.placement import added_tolerations
from kubectl_ipvs.sandbox.options import Options

Obj = dict[str, Any]
TOKEN = "kube-api-access-7x2lq"  # noqa: S105 -- a volume's name


@dataclass(frozen=True, slots=True)
class Container:
    """What the kubelet knows of one container. `reason` is why it waits, "" when it runs."""

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

    def run(self, *, ready: bool, ahead: float = 0) -> "Container":
        """Return the container with its process started now, by a clock that is so many seconds ahead."""
        return replace(self, reason="", message="", ready=ready, started_at=stamp(ahead))

    def crash(self, name: str, ahead: float = 0) -> "Container":
        """Return the container with its process ended (exit code 1), waiting for its next start."""
        ended: Obj = {"exitCode": 1, "reason": "Error", "startedAt": self.started_at or stamp(ahead)}
        last: Obj = {"terminated": {**ended, "finishedAt": stamp(ahead)}}
        message = f"back-off 10s restarting failed container={name}"
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
    labels = {**(source["metadata"].get("labels") or {}), "controller-revision-hash": revision}
    notes = owner["metadata"].get("annotations") or {}
    generation = notes.get("deprecated.daemonset.template.generation", "1")
    made: Obj = {"name": name, "generateName": f"{owner['metadata']['name']}-", "namespace": namespace}
    made |= {"uid": str(uuid.uuid4()), "creationTimestamp": stamp()}
    made["labels"] = {**labels, "pod-template-generation": generation}
    if source["metadata"].get("annotations"):
        made["annotations"] = source["metadata"]["annotations"]
    made["ownerReferences"] = [controller_reference(owner)]
    spec = {**source["spec"], "affinity": _bound_affinity(source["spec"].get("affinity") or {}, node)}
    spec["tolerations"] = [*(spec.get("tolerations") or []), *added_tolerations(spec)]
    spec |= _admitted(spec)
    return _pending(made, spec)


def _pending(metadata: Obj, spec: Obj) -> Obj:
    """Return the pod as it stands before anybody has started it."""
    status = {"phase": "Pending", "qosClass": "BestEffort"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def _bound_affinity(affinity: Obj, node: str) -> Obj:
    """Return the template's affinity with this node in the place of what it required of nodes."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    return {**affinity, "nodeAffinity": {**(affinity.get("nodeAffinity") or {}), **required}}


def _admitted(spec: Obj) -> Obj:
    """Return what admission adds: priority, and the service account's token."""
    sources = [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]
    volume = {"name": TOKEN, "projected": {"defaultMode": 420, "sources": sources}}
    mount = {"name": TOKEN, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True}
    first = spec["containers"][0]
    containers = [{**first, "volumeMounts": [*(first.get("volumeMounts") or []), mount]}, *spec["containers"][1:]]
    added: Obj = {"containers": containers, "volumes": [*(spec.get("volumes") or []), volume]}
    return {**added, "priority": 2000001000, "preemptionPolicy": "PreemptLowerPriority", "enableServiceLinks": True}


class Static(NamedTuple):
    """A static pod of one node: what its mirror is made of."""

    namespace: str
    base: str  # its name without the node's
    source: Obj  # metadata and spec, as in a pod template


def mirror_pod(node: Obj, static: Static) -> Obj:
    """Return a static pod as the API server shows it; the kubelet keeps it, whoever deletes it."""
    name = node["metadata"]["name"]
    digest = hashlib.sha256(name.encode()).hexdigest()[:32]
    made: Obj = {
        "name": f"{static.base}-{name}",
        "namespace": static.namespace,
        "uid": str(uuid.uuid4()),
        "creationTimestamp": stamp(),
    }
    made["labels"] = static.source["metadata"].get("labels") or {}
    made["annotations"] = {f"kubernetes.io/config.{key}": digest for key in ("hash", "mirror")} | {
        "kubernetes.io/config.seen": stamp(),
        "kubernetes.io/config.source": "file",
    }
    reference = controller_reference(node)
    del reference["blockOwnerDeletion"]
    made["ownerReferences"] = [reference]
    spec = {**static.source["spec"], "nodeName": name}
    spec["tolerations"] = [{"effect": "NoExecute", "operator": "Exists"}]
    return _pending(made, spec)


def bound(pod: Obj, node: str) -> Obj:
    """Return the pod as the scheduler leaves it."""
    now = stamp()
    condition = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
    return {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": {**pod["status"], "conditions": [condition]}}


def is_ready(pod: Obj) -> bool:
    """Return whether the pod is Ready and not on its way out."""
    if "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
