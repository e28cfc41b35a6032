"""The least of OpenAPI v3 that kubectl wants before it edits or replaces: that PATCH takes `fieldValidation`.

The schemas themselves are not there, since the sandbox validates nothing by them.
"""

from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import RESOURCES, Resource

Obj = dict[str, Any]
_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")


def document(path: str) -> Obj | None:
    """Return what is at /openapi/v3/PATH: the index at "", a group's at `apis/apps/v1`, None elsewhere."""
    groups = {_path(resource): resource.group for resource in RESOURCES}
    if not path:
        return {"paths": {each: {"serverRelativeURL": f"/openapi/v3/{each}?hash=0"} for each in groups}}
    if path not in groups:
        return None
    paths = dict(_item(resource) for resource in RESOURCES if resource.group == groups[path])
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "sandbox"}, "paths": paths}


def _path(resource: Resource) -> str:
    return f"apis/{resource.group}/v1" if resource.group else "api/v1"


def _item(resource: Resource) -> tuple[str, Obj]:
    """Return a path and its one operation: PATCH of an object."""
    namespace = "namespaces/{namespace}/" if resource.namespaced else ""
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _PARAMETERS]
    kind = {"group": resource.group, "version": "v1", "kind": resource.kind}
    operation = {"parameters": parameters, "responses": {}, "x-kubernetes-group-version-kind": kind}
    return f"/{_path(resource)}/{namespace}{resource.plural}/{{name}}", {"patch": operation}
