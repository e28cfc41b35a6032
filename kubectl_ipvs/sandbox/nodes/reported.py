"""A pod's status as its kubelet reports it. Pure: objects in and out."""

import hashlib
from collections.abc import Mapping
from typing import Any

from kubectl_ipvs.sandbox.nodes.manifests import stamp
from kubectl_ipvs.sandbox.nodes.pods import Container

Obj = dict[str, Any]


def with_status(
    pod: Obj, address: str, containers: Mapping[str, Container], *, node_ready: bool = True, ahead: float = 0
) -> Obj:
    """Return the pod with the status its kubelet reports, or the node controller's where no kubelet does."""
    unready = [name for name, each in containers.items() if not each.ready]
    ready = not unready and node_ready
    started = any(each.running or each.last for each in containers.values())
    status_now: Obj = {
        "phase": "Running" if started else "Pending",
        "conditions": _conditions(pod, unready or list(containers), ready=ready, ahead=ahead),
        "hostIP": address,
        "hostIPs": [{"ip": address}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": pod["status"].get("startTime") or stamp(ahead),
        "containerStatuses": [_container_status(pod, each, containers) for each in pod["spec"]["containers"]],
        "qosClass": "BestEffort",
    }
    if pod["spec"].get("initContainers"):
        status_now["initContainerStatuses"] = [_done(pod, each, ahead) for each in pod["spec"]["initContainers"]]
    return {**pod, "status": status_now}


def _conditions(pod: Obj, unready: list[str], *, ready: bool, ahead: float) -> list[Obj]:
    before = {each["type"]: each for each in pod["status"].get("conditions", [])}
    now = stamp(ahead)
    conditions = []
    for kind, good in (("Initialized", True), ("Ready", ready), ("ContainersReady", ready), ("PodScheduled", True)):
        status = "True" if good else "False"
        old = before.get(kind)
        since = old["lastTransitionTime"] if old and old["status"] == status else now
        condition = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
        if not good:
            condition["reason"] = "ContainersNotReady"
            condition["message"] = f"containers with unready status: [{' '.join(unready)}]"
        conditions.append(condition)
    return conditions


def _container_status(pod: Obj, spec: Obj, containers: Mapping[str, Container]) -> Obj:
    container, image = containers[spec["name"]], str(spec.get("image", ""))
    waiting = {"reason": container.reason} | ({"message": container.message} if container.message else {})
    state = {"running": {"startedAt": container.started_at}} if container.running else {"waiting": waiting}
    status: Obj = {"name": spec["name"], "image": image, "imageID": "", "ready": container.ready}
    status |= {
        "started": container.running,
        "restartCount": container.restarts,
        "state": state,
        "lastState": container.last,
    }
    if container.running or container.last:
        status |= _identity(pod, f"{spec['name']}/{container.restarts}", image)
    return status


def _identity(pod: Obj, which: str, image: str) -> Obj:
    identity = hashlib.sha256(f"{pod['metadata']['uid']}/{which}".encode()).hexdigest()
    digest = hashlib.sha256(image.encode()).hexdigest()
    return {"containerID": f"containerd://{identity}", "imageID": f"{image.rpartition(':')[0]}@sha256:{digest}"}


def _done(pod: Obj, spec: Obj, ahead: float) -> Obj:
    """Return the status of an init container that has done its work."""
    image = str(spec.get("image", ""))
    since = pod["status"].get("startTime") or stamp(ahead)
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": since, "finishedAt": since}
    status: Obj = {"name": spec["name"], "image": image, "ready": True, "started": False, "restartCount": 0}
    return {**status, "state": {"terminated": ended}, "lastState": {}, **_identity(pod, spec["name"], image)}
