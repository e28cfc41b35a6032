"""The JSON Patches (RFC 6902) that we send: the smallest that say what we mean, each guarded by a test."""

from collections.abc import Mapping
from typing import Any

from kubectl_ipvs.cluster.objects import ConfigMap

Step = dict[str, Any]


def swap_patch(target: ConfigMap, key: str, new: str) -> list[Step]:
    """Replace one key of `data`, provided that it still holds what we read."""
    at = f"/data/{pointer(key)}"
    return [{"op": "test", "path": at, "value": target.data[key]}, {"op": "replace", "path": at, "value": new}]


def annotate_patch(target: ConfigMap, wanted: Mapping[str, str | None]) -> list[Step]:
    """Write annotations; None takes one away. An object without any is guarded by its version: "add" would replace."""
    steps: list[Step] = []
    if any(value is not None for value in wanted.values()) and not target.annotations:
        steps.append({"op": "test", "path": "/metadata/resourceVersion", "value": target.version})
        steps.append({"op": "add", "path": "/metadata/annotations", "value": {}})
    for name, value in wanted.items():
        path = f"/metadata/annotations/{pointer(name)}"
        if value is not None:
            steps.append({"op": "add", "path": path, "value": value})
        elif name in target.annotations:
            steps.append({"op": "remove", "path": path})
    return steps


def pointer(key: str) -> str:
    """Write a key as a part of a JSON Pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
