"""The cluster's objects as a real API server shows them: nodes, namespaces, ConfigMap, DaemonSet, Services.

Built once and stored; pods are built in `pods.py`. Nothing here changes a stored object.
"""

import hashlib
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from kubectl_ipvs.sandbox.nodes.layouts import KUBECONFIG, Layout, configuration
from kubectl_ipvs.sandbox.options import Options

Obj = dict[str, Any]
_REVISION_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


# Seconds by which a cluster that is being filled is older than it is; 0 ever after.
_AGO: ContextVar[float] = ContextVar("ago", default=0.0)


@contextmanager
def in_the_past(seconds: float) -> Iterator[None]:
    """Let everything that is made meanwhile carry times of so long ago."""
    token = _AGO.set(seconds)
    try:
        yield
    finally:
        _AGO.reset(token)


def now(ahead: float = 0) -> float:
    """Return the time now in seconds since 1970; by a clock that is so many seconds ahead."""
    return time.time() - _AGO.get() + ahead


def stamp(ahead: float = 0) -> str:
    """Return the time now as RFC 3339 with seconds, UTC; by a clock that is so many seconds ahead."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now(ahead)))


def metadata(name: str, namespace: str = "", labels: Mapping[str, str] | None = None) -> Obj:
    """Metadata of a new object."""
    result: Obj = {"name": name, "uid": str(uuid.uuid4()), "creationTimestamp": stamp()}
    if namespace:
        result["namespace"] = namespace
    if labels:
        result["labels"] = dict(labels)
    return result


def managed(manager: str, fields: Obj, operation: str = "Update", api_version: str = "v1") -> Obj:
    """One entry of managedFields."""
    entry = {"manager": manager, "operation": operation, "apiVersion": api_version, "time": stamp()}
    return {**entry, "fieldsType": "FieldsV1", "fieldsV1": fields}


def namespace(name: str) -> Obj:
    """Return a Namespace."""
    made = metadata(name, labels={"kubernetes.io/metadata.name": name})
    spec, status = {"finalizers": ["kubernetes"]}, {"phase": "Active"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": made, "spec": spec, "status": status}


def node(name: str, address: str, options: Options, *, control_plane: bool, windows: bool) -> Obj:
    """Return a Ready Node."""
    system = "windows" if windows else "linux"
    labels = {"kubernetes.io/os": system, "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name}
    labels |= {"beta.kubernetes.io/os": system, "beta.kubernetes.io/arch": "amd64"}
    spec: Obj = {"podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24"]}
    if control_plane:
        labels["node-role.kubernetes.io/control-plane"] = ""
        spec["taints"] = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
    room = {"cpu": "8", "ephemeral-storage": "103079844Ki", "hugepages-2Mi": "0", "memory": "32875508Ki"}
    room["pods"] = "110"
    made = metadata(name, labels=labels) | {"annotations": {"node.alpha.kubernetes.io/ttl": "0"}}
    addresses = [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]
    status = {"capacity": room, "allocatable": room, "addresses": addresses}
    status["conditions"] = node_conditions(ready=True)
    status["daemonEndpoints"] = {"kubeletEndpoint": {"Port": 10250}}
    status["nodeInfo"] = _node_info(name, options, system)
    return {"apiVersion": "v1", "kind": "Node", "metadata": made, "spec": spec, "status": status}


def _node_info(name: str, options: Options, system: str) -> Obj:
    identity = hashlib.sha256(name.encode()).hexdigest()[:32]
    windows = system == "windows"
    return {
        "machineID": identity,
        "systemUUID": identity,
        "bootID": identity,
        "kernelVersion": "10.0.20348.2402" if windows else options.kernel,
        "osImage": "Windows Server 2022 Datacenter" if windows else "Debian GNU/Linux 12 (bookworm)",
        "containerRuntimeVersion": "containerd://1.7.24",
        "kubeletVersion": options.version,
        "kubeProxyVersion": options.version if options.release < (1, 33) else "",
        "operatingSystem": system,
        "architecture": "amd64",
    }


def node_conditions(*, ready: bool) -> list[Obj]:
    """Conditions of a node that reports, or of one whose kubelet is no longer heard of."""
    now = stamp()
    reasons = {
        "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
    }
    if not ready:
        reasons = dict.fromkeys(reasons, ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."))
    return [
        {"type": kind, "status": status, "lastHeartbeatTime": now, "lastTransitionTime": now}
        | {"reason": reason, "message": message}
        for kind, (status, reason, message) in reasons.items()
    ]


def config_map(layout: Layout, options: Options) -> Obj:
    """Return the ConfigMap with kube-proxy's configuration."""
    data = {layout.key: configuration(options)}
    made = metadata(layout.config_map, layout.namespace, {"app": "kube-proxy", **options.labels})
    if options.layout == "kubeadm":
        data["kubeconfig.conf"] = KUBECONFIG
        digest = hashlib.sha256("".join(data[key] for key in sorted(data)).encode()).hexdigest()
        made["annotations"] = {"kubeadm.kubernetes.io/component-config.hash": f"sha256:{digest}"}
    if options.annotations:
        made["annotations"] = {**made.get("annotations", {}), **options.annotations}
    fields: Obj = {"f:data": {".": {}, **{f"f:{key}": {} for key in data}}}
    made["managedFields"] = [managed(options.manager, fields)]
    result: Obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": made, "data": data}
    return result | ({"immutable": True} if options.immutable else {})


def daemon_set(layout: Layout, options: Options, template: Obj) -> Obj:
    """Return the DaemonSet, before its controller has seen it."""
    labels = dict(layout.labels)
    made = metadata(layout.daemon_set, layout.namespace, labels)
    made |= {"generation": 1, "annotations": {"deprecated.daemonset.template.generation": "1"}}
    strategy: Obj = {"type": options.strategy}
    if options.strategy == "RollingUpdate":
        strategy["rollingUpdate"] = {"maxSurge": 0, "maxUnavailable": options.max_unavailable}
    spec = {"revisionHistoryLimit": 10, "selector": {"matchLabels": labels}, "template": template}
    status = {"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0}
    made["managedFields"] = [managed(options.manager, {"f:spec": {}}, api_version="apps/v1")]
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": made,
        "spec": {**spec, "updateStrategy": strategy},
        "status": status,
    }


def revision(template: Obj) -> str:
    """`controller-revision-hash` of a pod template: changes when the template does."""
    number = int.from_bytes(hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()[:8], "big")
    letters = []
    for _ in range(10):
        number, index = divmod(number, len(_REVISION_ALPHABET))
        letters.append(_REVISION_ALPHABET[index])
    return "".join(letters)


def service(name: str, space: str, address: str, ports: list[Obj], extra: Obj) -> Obj:
    """Return a Service; `extra` goes over its spec."""
    spec: Obj = {"clusterIP": address, "clusterIPs": [address], "internalTrafficPolicy": "Cluster", "ports": ports}
    spec |= {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "sessionAffinity": "None", "type": "ClusterIP"}
    if (space, name) != ("default", "kubernetes"):
        spec["selector"] = {"app": name}
    made = metadata(name, space)
    status: Obj = {"loadBalancer": {}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": made, "spec": {**spec, **extra}, "status": status}


def endpoints(name: str, space: str, addresses: list[str], ports: list[Obj], pods: list[Obj]) -> Obj:
    """Return the Endpoints of a Service, all ready; `pods`: what is known of each one's Pod."""
    made = metadata(name, space)
    found = [{"ip": address, **pod} for address, pod in _with_pods(addresses, pods)]
    subsets: list[Obj] = [{"addresses": found, "ports": ports}]
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": made, "subsets": subsets if addresses else []}


def _with_pods(addresses: list[str], pods: list[Obj]) -> Iterator[tuple[str, Obj]]:
    """Pair addresses with what is known of their Pods: nothing, where there are none."""
    return zip(addresses, pods or [{}] * len(addresses), strict=False)


def endpoint_slice(name: str, space: str, addresses: list[str], ports: list[Obj], pods: list[Obj]) -> Obj:
    """Return an EndpointSlice of a Service, all of it ready; the addresses are of one family."""
    family = "IPv6" if ":" in addresses[0] else "IPv4"
    labels = {
        "kubernetes.io/service-name": name,
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    made = metadata(f"{name}-{family.lower()}", space, labels)
    conditions = {"ready": True, "serving": True, "terminating": False}
    found = [{"addresses": [address], "conditions": conditions, **pod} for address, pod in _with_pods(addresses, pods)]
    head = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": made, "addressType": family}
    return {**head, "endpoints": found, "ports": ports}
