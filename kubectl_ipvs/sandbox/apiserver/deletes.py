"""delete and deletecollection: preconditions, dry run, and pods that end gracefully."""

from typing import Any

from kubectl_ipvs.sandbox.apiserver.reads import collection, query
from kubectl_ipvs.sandbox.apiserver.resources import PODS, Resource
from kubectl_ipvs.sandbox.apiserver.store import Store, encode
from kubectl_ipvs.sandbox.apiserver.writes import body_of, current_of, is_dry
from kubectl_ipvs.sandbox.nodes.daemon_set import GRACE
from kubectl_ipvs.sandbox.nodes.kubelets import marked
from kubectl_ipvs.sandbox.nodes.pod_status import conflict
from kubectl_ipvs.sandbox.wire.exchange import Request, Response

Obj = dict[str, Any]
# Source: the API server's rest.BeforeDelete.
_PRECONDITIONS = (
    ("uid", "UID", "The object might have been deleted and then recreated"),
    ("resourceVersion", "ResourceVersion", "The object might have been modified"),
)


def delete(store: Store, request: Request, resource: Resource, namespace: str, name: str) -> Response:
    """Delete an object; a pod gracefully."""
    current = current_of(store, resource, namespace, name)
    options = body_of(request)
    wanted, meta = options.get("preconditions") or {}, current["metadata"]
    for key, title, end in _PRECONDITIONS:
        if wanted.get(key) not in (None, meta[key]):
            why = f"the {title} in the precondition ({wanted[key]}) does not match"
            raise conflict(resource, name, f"{why} the {title} in record ({meta[key]}). {end}")
    gone = _deleted(store, request, resource, current, options)
    if resource is PODS:
        return Response(200, encode(gone))
    details = {"name": name, "kind": resource.plural, "uid": meta["uid"]} | (
        {"group": resource.group} if resource.group else {}
    )
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
    return Response(200, encode(status))


def _deleted(store: Store, request: Request, resource: Resource, current: Obj, options: Obj) -> Obj:
    """Delete, or mark a pod as ending; return the object as it is then."""
    meta = current["metadata"]
    seconds = options.get("gracePeriodSeconds")
    seconds = int(query(request, "gracePeriodSeconds") or GRACE) if seconds is None else int(seconds)
    graceful = resource is PODS and seconds > 0 and "nodeName" in current["spec"]
    ending = marked(current, seconds) if graceful else current
    if is_dry(request, options):
        return ending
    if not graceful:
        return store.remove(resource, meta.get("namespace", ""), meta["name"]) or current
    return current if "deletionTimestamp" in meta else store.put(resource, ending)


def delete_collection(store: Store, request: Request, resource: Resource, namespace: str) -> Response:
    """Delete everything a selector names."""
    options = body_of(request)
    gone = [_deleted(store, request, resource, obj, options) for obj in collection(store, request, resource, namespace)]
    metadata = {"resourceVersion": str(store.version)}
    head = {"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": metadata}
    return Response(200, encode({**head, "items": gone}))
