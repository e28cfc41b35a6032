"""The shapes that given objects must have before anything reads them: no more than the sandbox itself looks at."""

from collections.abc import Mapping
from typing import Any

Shape = type | tuple[type, ...] | Mapping[str, Any] | list[Any]
Number = (int, float)
EACH = "*"  # in a mapping's shape: that of every value
NEEDED = "!"  # before a key: it must be there


class WrongShapeError(ValueError):
    """A value is not what it must be; its words say where."""


_TEXTS = {EACH: str}
_META = {
    "!name": str,
    "namespace": str,
    "labels": _TEXTS,
    "annotations": _TEXTS,
    "ownerReferences": [{"!kind": str, "!name": str}],
    "managedFields": [{}],
    "uid": str,
    "generation": int,
    "creationTimestamp": str,
}
_REQUIREMENTS = [{"!key": str, "operator": str, "values": [str]}]
_TERMS = {"nodeSelectorTerms": [{"matchExpressions": _REQUIREMENTS, "matchFields": _REQUIREMENTS}]}
_ITEMS = [{"!key": str, "!path": str}]
_CONFIG_MAP = {"name": str, "items": _ITEMS}
_CONTAINER = {
    "!name": str,
    "image": str,
    "command": [str],
    "args": [str],
    "env": [
        {
            "!name": str,
            "value": str,
            "valueFrom": {"fieldRef": {"fieldPath": str}, "configMapKeyRef": {"name": str, "key": str}},
        }
    ],
    "envFrom": [{"prefix": str, "configMapRef": {"name": str}}],
    "volumeMounts": [{"!name": str, "!mountPath": str, "subPath": str}],
}
_POD_SPEC = {
    "!containers": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "volumes": [
        {
            "!name": str,
            "configMap": _CONFIG_MAP,
            "hostPath": {"!path": str},
            "projected": {"sources": [{"configMap": _CONFIG_MAP}]},
        }
    ],
    "nodeName": str,
    "nodeSelector": _TEXTS,
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": _TERMS}},
    "tolerations": [{"key": str, "operator": str, "value": str, "effect": str}],
}
_CONDITIONS = [{"!type": str, "!status": str}]
_PORT = {"name": str, "protocol": str, "port": int, "nodePort": int}
_TAINTS = [{"!key": str, "value": str, "effect": str}]
SHAPES: Mapping[str, Shape] = {
    "Namespace": {},
    "ConfigMap": {"data": _TEXTS},
    "DaemonSet": {
        "!spec": {
            "!template": {"metadata": {"labels": _TEXTS, "annotations": _TEXTS}, "!spec": _POD_SPEC},
            "updateStrategy": {"type": str, "rollingUpdate": {"maxUnavailable": (int, str)}},
        },
    },
    "Node": {
        "spec": {"taints": _TAINTS},
        "status": {
            "addresses": [{"!type": str, "!address": str}],
            "conditions": _CONDITIONS,
            "nodeInfo": {"kernelVersion": str, "kubeletVersion": str},
        },
    },
    "Pod": {"!spec": _POD_SPEC, "status": {"phase": str, "conditions": _CONDITIONS, "containerStatuses": [{}]}},
    "Service": {
        "!spec": {
            "type": str,
            "clusterIP": str,
            "clusterIPs": [str],
            "externalIPs": [str],
            "ports": [{**_PORT, "!port": int}],
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": int}},
        },
        "status": {"loadBalancer": {"ingress": [{"ip": str}]}},
    },
    "Endpoints": {"subsets": [{"addresses": [{"!ip": str, "nodeName": str}], "ports": [{**_PORT, "!port": int}]}]},
    "FelixConfiguration": {"spec": {}},
    "Installation": {"spec": {}},
    "PrometheusRule": {"spec": {}},
    "EndpointSlice": {
        "endpoints": [{"addresses": [str], "nodeName": str, "conditions": {"ready": bool, "serving": bool}}],
        "ports": [_PORT],
    },
}
WORLD: Mapping[str, Shape] = {
    "version": str,
    "nodes": [
        {
            "!name": str,
            "labels": _TEXTS,
            "taints": _TAINTS,
            "ready": bool,
            "kernel": str,
            "os_image": str,
            "addresses": [str],
        }
    ],
    "objects": [{}],
    "only": {EACH: [str]},
    "extra": {EACH: [str]},
    "initial": _TEXTS,
    "faults": {EACH: (str, list)},
    "deny": [{"!verb": str, "!resource": str, "ssar": bool}],
    "deny_exec": str,
    "tools": {EACH: [str]},
    "pod_overrides": {EACH: {"never": bool, "reason": str}},
    "pod_age": Number,
    "ds_status": {EACH: {}},
    "files": {EACH: _TEXTS},
}


def check_object(obj: object, kind: str) -> None:
    """Raise WrongShapeError where an object of this kind is not what the sandbox can read."""
    shape = SHAPES[kind]
    check(obj, {"!metadata": _META, **(shape if isinstance(shape, Mapping) else {})}, kind)


def check(value: object, shape: Shape, where: str) -> None:
    """Raise WrongShapeError where a value, or anything in it, has another shape; null stands for what is not there."""
    if value is None:
        return
    if isinstance(shape, Mapping):
        _mapping(value, shape, where)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise WrongShapeError(f"{where} is no list")
        for number, each in enumerate(value):
            if each is None:
                raise WrongShapeError(f"{where}[{number}] is empty")
            check(each, shape[0], f"{where}[{number}]")
    elif not isinstance(value, shape) or (isinstance(value, bool) and shape in (int, Number)):
        raise WrongShapeError(f"{where} is no {_name(shape)}")


def _mapping(value: object, shape: Mapping[str, Any], where: str) -> None:
    if not isinstance(value, dict):
        raise WrongShapeError(f"{where} is no mapping")
    for name, inner in shape.items():
        key = name.removeprefix(NEEDED)
        if name.startswith(NEEDED) and value.get(key) in (None, "", [], {}):
            raise WrongShapeError(f"{where} has no {key}")
        if name != EACH:
            check(value.get(key), inner, f"{where}.{key}")
    if EACH in shape:
        for key, each in value.items():
            check(each, shape[EACH], f"{where}.{key}")


def _name(shape: type | tuple[type, ...]) -> str:
    names = {str: "text", int: "number", float: "number", bool: "true or false", list: "list"}
    kinds = shape if isinstance(shape, tuple) else (shape,)
    return " or ".join(dict.fromkeys(names[each] for each in kinds))
