"""create, update and patch: optimistic locking, dry run, field managers. Deletions are in `deletes.py`."""

import json
import uuid
from typing import Any

import yaml

from kubectl_ipvs.sandbox.apiserver import patch as patching
from kubectl_ipvs.sandbox.apiserver.kubectl import protobuf
from kubectl_ipvs.sandbox.apiserver.managers import claimed
from kubectl_ipvs.sandbox.apiserver.object_rules import validate
from kubectl_ipvs.sandbox.apiserver.reads import query
from kubectl_ipvs.sandbox.apiserver.resources import PODS, Resource
from kubectl_ipvs.sandbox.apiserver.store import Store, encode
from kubectl_ipvs.sandbox.nodes.manifests import stamp
from kubectl_ipvs.sandbox.nodes.pod_status import (
    StatusError,
    already_exists,
    bad_request,
    conflict,
    invalid,
    not_found,
    rejected,
)
from kubectl_ipvs.sandbox.wire.exchange import Request, Response

Obj = dict[str, Any]
_KINDS = ("json-patch", "merge-patch", "strategic-merge-patch")


def body_of(request: Request) -> Obj:
    """Return the body as an object; a body that is none is a 400."""
    kind = request.header("content-type")
    try:
        if kind.startswith(protobuf.MEDIA_TYPE):
            return protobuf.review(request.body)
        body = yaml.safe_load(request.body) if "yaml" in kind else json.loads(request.body or b"{}")
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"the object provided is unrecognized (must be of type json): {error}") from error
    if not isinstance(body, dict):
        raise bad_request("the object provided is unrecognized")
    return body


def _manager(request: Request) -> str:
    return query(request, "fieldManager") or request.header("user-agent").partition("/")[0] or "unknown"


def is_dry(request: Request, options: Obj | None = None) -> bool:
    """Return whether nothing is to be kept; `options` are those of a DELETE's body."""
    values = request.query.get("dryRun", []) or (options or {}).get("dryRun", [])
    if values and values != ["All"]:
        raise bad_request(f"dryRun: Unsupported value: {values}")
    return bool(values)


def create(store: Store, request: Request, resource: Resource, namespace: str) -> Response:
    """Create an object."""
    obj = body_of(request)
    meta = obj.setdefault("metadata", {})
    name = meta.get("name") or (meta.get("generateName", "") and f"{meta['generateName']}{uuid.uuid4().hex[:5]}")
    if not name:
        raise invalid(
            resource, "", "metadata.name", "Required value: name or generateName is required", "FieldValueRequired"
        )
    if meta.get("namespace", namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if store.get(resource, namespace, name):
        raise already_exists(resource, name)
    obj |= {"apiVersion": resource.api_version, "kind": resource.kind}
    made = {**meta, "name": name, "uid": str(uuid.uuid4()), "creationTimestamp": stamp()}
    obj["metadata"] = made | ({"namespace": namespace} if namespace else {})
    obj = store.admit(resource, obj)
    validate(resource, obj, {})
    if resource is PODS:
        obj |= {"status": {"phase": "Pending"}}
    obj = claimed({"metadata": {}}, obj, resource.api_version, _manager(request))
    return Response(201, encode(obj if is_dry(request) else store.put(resource, obj)))


def update(store: Store, request: Request, resource: Resource, namespace: str, name: str, subresource: str) -> Response:
    """Replace an object (PUT)."""
    current = current_of(store, resource, namespace, name)
    obj = body_of(request)
    if obj.get("metadata", {}).get("name", name) != name:
        raise bad_request("the name of the object does not match the name on the URL")
    return _write(store, request, resource, current, obj, subresource)


def patch(store: Store, request: Request, resource: Resource, namespace: str, name: str, subresource: str) -> Response:
    """Apply one of the three kinds of patch."""
    current = current_of(store, resource, namespace, name)
    kind = request.header("content-type").partition(";")[0].strip().removeprefix("application/").removesuffix("+json")
    if kind not in _KINDS:
        supported = ", ".join(f"application/{each}+json" for each in _KINDS)
        message = f"the body of the request was in an unknown format - accepted media types include: {supported}"
        raise StatusError(415, "UnsupportedMediaType", message)
    try:
        wish = json.loads(request.body)
        obj = _patched(kind, current, wish)
    except (ValueError, patching.MalformedPatch) as error:
        raise bad_request(f"error decoding patch: {error}") from error
    except patching.PatchError as error:
        raise rejected() from error
    return _write(store, request, resource, current, obj, subresource)


def _patched(kind: str, current: Obj, wish: Any) -> Obj:  # noqa: ANN401 -- whatever JSON the client sent
    if kind == "json-patch":
        return patching.json_patch(current, wish)
    if not isinstance(wish, dict):
        raise patching.MalformedPatch("a merge patch is an object")
    if kind == "strategic-merge-patch":
        return patching.strategic_merge(current, wish)
    merged: Obj = patching.merge_patch(current, wish)
    return merged


def current_of(store: Store, resource: Resource, namespace: str, name: str) -> Obj:
    """Return the object, or raise its 404."""
    entry = store.get(resource, namespace, name)
    if entry is None:
        raise not_found(resource, name)
    return entry.obj


def _write(store: Store, request: Request, resource: Resource, current: Obj, obj: Obj, subresource: str) -> Response:
    """Store `obj` in the place of `current`, if it may take it."""
    result = _checked(resource, current, store.admit(resource, obj), subresource)
    if {**result, "metadata": {**result["metadata"], "managedFields": []}} == {
        **current,
        "metadata": {**current["metadata"], "managedFields": []},
    }:
        return Response(200, encode(current))  # nothing to do: no new version, no event
    result = claimed(current, result, resource.api_version, _manager(request), subresource)
    return Response(200, encode(result if is_dry(request) else store.put(resource, result)))


def _checked(resource: Resource, current: Obj, obj: Obj, subresource: str) -> Obj:
    """Return what would be stored: identity kept, status and the rest told apart, validated."""
    meta, was = obj.get("metadata"), current["metadata"]
    if not isinstance(meta, dict):
        raise bad_request("metadata is missing")
    if meta.get("uid", was["uid"]) != was["uid"]:
        why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {was['uid']}"
        raise conflict(resource, was["name"], why)
    if meta.get("resourceVersion") not in (None, "", was["resourceVersion"]):
        raise conflict(resource, was["name"])
    kept = ("name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp", "resourceVersion")
    if any(meta.get(key, was.get(key)) != was.get(key) for key in ("name", "namespace")):
        raise bad_request("the name of the object does not match the name on the URL")
    merged = {**meta, **{key: was[key] for key in kept if key in was}}
    result = {**obj, "apiVersion": current["apiVersion"], "kind": current["kind"], "metadata": merged}
    if subresource == "status":
        result = {**current, "status": obj.get("status", {})}
    elif "status" in current:
        result["status"] = current["status"]
    if "generation" in was and result.get("spec") != current.get("spec"):
        result["metadata"]["generation"] = was["generation"] + 1
    validate(resource, result, current)
    return result
