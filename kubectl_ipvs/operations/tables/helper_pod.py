"""A helper pod: what it is made of, and what is to be thought of its state. Values in, values out.

It sees the node's IPVS table since it is in the host's network, and that is all it has: no privilege, no mounts, no
token, no right to write. Source: a pod like this one read the whole table on 1.36.
"""

from collections.abc import Mapping
from typing import Any

from kubectl_ipvs.cluster.objects import HOLDER, MANAGER, Pod
from kubectl_ipvs.errors import ExecFailed

LABELS = {"app.kubernetes.io/managed-by": MANAGER, "kubectl-ipvs/helper": "table"}
SELECTOR = ",".join(f"{key}={value}" for key, value in LABELS.items())
RUN = "kubectl-ipvs/run"  # label: all helper pods of one run
LIVES = 300  # seconds; then the kubelet ends it, whatever became of us
RENEWED = 240.0  # seconds after which a run that goes on takes a new one
PULLS = 6  # an image may take so many times as long as a node may take to answer
GRACE = 1  # seconds: `sleep` does not hear SIGTERM
NOBODY = 65534
REFUSED = frozenset({
    "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
    "RegistryUnavailable", "SignatureValidationFailed", "CreateContainerConfigError", "CreateContainerError",
    "RunContainerError", "CrashLoopBackOff",
})  # fmt: skip
LONGEST = 300  # characters of the kubelet's words


def manifest(name: str, namespace: str, node: str, image: str, run: str, holder: str) -> Mapping[str, Any]:
    """Write a helper pod for a node; `nodeName` is set, so that no scheduler has a say."""
    nobody = {"runAsNonRoot": True, "runAsUser": NOBODY, "runAsGroup": NOBODY}
    spec = {
        "nodeName": node,
        "hostNetwork": True,
        "restartPolicy": "Never",
        "activeDeadlineSeconds": LIVES,
        "terminationGracePeriodSeconds": GRACE,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "tolerations": [{"operator": "Exists"}],
        "securityContext": {**nobody, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(image)],
    }
    labels, notes = {**LABELS, RUN: run}, {HOLDER: holder}
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": notes}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(image: str) -> Mapping[str, Any]:
    return {
        "name": "table",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", str(LIVES)],
        "resources": {
            "requests": {"cpu": "1m", "memory": "8Mi"},
            "limits": {"cpu": "500m", "memory": "32Mi", "ephemeral-storage": "16Mi"},
        },
        "securityContext": {
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def has_ended(pod: Pod) -> bool:
    """Tell whether nothing runs in it any more, or will."""
    return pod.phase in {"Failed", "Succeeded"} or pod.terminating


def is_running(pod: Pod, waited: float, timeout: float) -> bool:
    """Tell whether a helper pod can be used by now; raises ExecFailed where it never will, or not in time.

    `waited`: seconds since it was made. A kubelet has `timeout` seconds to take it up; a container that is being made
    may be one whose image is pulled, and has PULLS times as long.
    """
    if has_ended(pod):
        raise ExecFailed(f"the helper pod has ended: {pod.said[:LONGEST] or pod.phase}", kind="unreadable")
    if pod.pending:
        raise ExecFailed(f"the helper pod cannot be scheduled: {pod.pending[:LONGEST]}", kind="unreadable")
    if pod.waiting in REFUSED:
        raise ExecFailed(f"the helper pod cannot start: {pod.said[:LONGEST]}", kind="unreadable")
    if pod.ready:
        return True
    if not pod.waiting and waited > timeout:
        raise ExecFailed(f"no kubelet took the helper pod up within {timeout:g}s", kind="timeout")
    if waited > (PULLS + 1) * timeout:
        words = f"the helper pod did not start within {(PULLS + 1) * timeout:g}s: {pod.said[:LONGEST]}"
        raise ExecFailed(words, kind="timeout", hint="is the image being pulled? then try a longer --exec-timeout")
    return False
