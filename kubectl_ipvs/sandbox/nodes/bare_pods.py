"""Pods that somebody creates by hand for one node (`nodeName` is set): pulled, started, refused, evicted, ended.

Source: what a kubelet of 1.36 reports of such pods, and PodSecurity's words at the API server.
"""

from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import PODS
from kubectl_ipvs.sandbox.apiserver.store import Store
from kubectl_ipvs.sandbox.faults import Faults
from kubectl_ipvs.sandbox.nodes.hosts import Host, Timers
from kubectl_ipvs.sandbox.nodes.images import programs_of_other
from kubectl_ipvs.sandbox.nodes.kubelets import Kubelets
from kubectl_ipvs.sandbox.nodes.pod_status import forbidden
from kubectl_ipvs.sandbox.nodes.pods import Container
from kubectl_ipvs.sandbox.nodes.processes import Process

Obj = dict[str, Any]
_FULL = (
    "OutOfpods",
    "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 110, capacity: 110",
)
_EVICTED = ("Evicted", "The node was low on resource: memory. ")
_NO_PROGRAM = ("StartError", 'exec: "sleep": executable file not found in $PATH')
_LATE = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


def admit(pod: Obj, faults: Faults) -> None:
    """Raise what the API server's own admission refuses of a pod that is to be created."""
    name, spec = pod.get("metadata", {}).get("name", ""), pod.get("spec") or {}
    if "pod-security" in faults and spec.get("hostNetwork"):
        why = 'violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'
        raise forbidden(f'pods "{name}" is forbidden: {why}', PODS, name)
    if "quota" in faults:
        why = "exceeded quota: pods, requested: pods=1, used: pods=9, limited: pods=9"
        raise forbidden(f'pods "{name}" is forbidden: {why}', PODS, name)


class BarePods:
    """Their life on the nodes."""

    def __init__(self, store: Store, timers: Timers, hosts: dict[str, Host], kubelets: Kubelets) -> None:
        self._store, self._timers, self._hosts, self._kubelets = store, timers, hosts, kubelets

    def created(self, pod: Obj) -> None:
        """Take note of a pod that was stored; one that names no node of ours stays as it is."""
        host = self._hosts.get(str(pod["spec"].get("nodeName") or ""))
        if host is not None:
            self._timers.later(0, lambda: self._take(pod, host))

    def fault(self, host: Host, kind: str) -> None:
        """Let a fault that was brought in take effect on the pods that are there."""
        if kind == "evict":
            for process in self._kubelets.on(host):
                if process.bare:
                    self._fail(process, *_EVICTED)

    def _take(self, pod: Obj, host: Host) -> None:
        if self._store.get(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"]) is None or not host.reachable:
            return
        pull = float(host.faults.get("slow-pull", 0))
        process = self._kubelets.run(pod, host, pull)
        deadline = pod["spec"].get("activeDeadlineSeconds")
        if deadline:
            self._timers.later(float(deadline), lambda: self._fail(process, *_LATE))
        if "full" in host.faults:
            self._fail(process, *_FULL)
        elif not programs_of_other(process.image):
            self._fail(process, *_NO_PROGRAM)
        elif "evict" in host.faults:
            self._fail(process, *_EVICTED)
        elif "no-pull" in host.faults:
            image = pod["spec"]["containers"][0].get("image", "")
            process.container = Container("ErrImagePull", f'failed to pull and unpack image "{image}": not found')
            self._kubelets.report(process)

    def _fail(self, process: Process, reason: str, message: str) -> None:
        process.failed = {"phase": "Failed", "reason": reason, "message": message}
        process.container = Container(reason=reason)
        self._kubelets.report(process)
