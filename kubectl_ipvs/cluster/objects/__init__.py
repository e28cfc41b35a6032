"""What we keep of a Kubernetes object: frozen values, made from the API's JSON."""

from kubectl_ipvs.cluster.objects.apps import DaemonSet, daemon_set, selector
from kubectl_ipvs.cluster.objects.config_maps import MANAGER, MANAGER_AGAIN, ConfigMap, config_map
from kubectl_ipvs.cluster.objects.core import HOLDER, Node, Pod, PodSpec, Recognize, Taint, node, pod, pod_spec
from kubectl_ipvs.cluster.objects.json_values import (
    NOTHING,
    Json,
    condition,
    epoch,
    items,
    mapping,
    number,
    strings,
    text,
)
from kubectl_ipvs.cluster.objects.services import endpoint_slice, service

__all__ = [
    "HOLDER", "MANAGER", "MANAGER_AGAIN", "NOTHING", "ConfigMap", "DaemonSet", "Json", "Node", "Pod", "PodSpec",
    "Recognize", "Taint", "condition", "config_map", "daemon_set", "endpoint_slice", "epoch", "items", "mapping",
    "node", "number", "pod", "pod_spec", "selector", "service", "strings", "text",
]  # fmt: skip
