"""The simulated API server: from a request to a reply. It knows paths, verbs and who asks; it keeps nothing itself."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.apiserver import deletes, reads, writes
from kubectl_ipvs.sandbox.apiserver.access import Access, Attributes, User, review, rules, who
from kubectl_ipvs.sandbox.apiserver.execs import exec_reply
from kubectl_ipvs.sandbox.apiserver.kubectl import discovery, openapi
from kubectl_ipvs.sandbox.apiserver.port_forwards import port_forward_reply
from kubectl_ipvs.sandbox.apiserver.resources import BY_PATH, CUSTOM, PODS, REVIEWS, Resource
from kubectl_ipvs.sandbox.apiserver.store import encode
from kubectl_ipvs.sandbox.nodes import bare_pods
from kubectl_ipvs.sandbox.nodes.logs import log_reply
from kubectl_ipvs.sandbox.nodes.pod_status import StatusError, no_such_path, not_allowed
from kubectl_ipvs.sandbox.wire.exchange import TEXT, Reply, Request, Response
from kubectl_ipvs.sandbox.world import World

Obj = dict[str, Any]
_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
STREAMS = ("exec", "portforward")  # to open one is to create it, whatever the HTTP method
_REVIEWS: dict[str, Callable[[Access, User, Obj], Obj]] = {
    "SelfSubjectAccessReview": review,
    "SelfSubjectRulesReview": rules,
    "SelfSubjectReview": lambda _, user, body: who(user, body),
}


class Target(NamedTuple):
    """What a path names."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def target_of(group: str, parts: list[str]) -> Target:
    """Read the rest of a path behind /api/v1 or /apis/GROUP/v1."""
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2:  # noqa: PLR2004 -- namespaces/NAME/PLURAL
        namespace, parts = parts[1], parts[2:]
    resource = BY_PATH.get((group, parts[0]))
    if resource is None or len(parts) > 3 or (namespace and not resource.namespaced):  # noqa: PLR2004 -- PLURAL/NAME/SUB
        raise no_such_path()
    target = Target(resource, namespace, *parts[1:])
    known = {sub for sub, _, _ in resource.subresources}
    if (target.subresource and target.subresource not in known) or (
        target.name and resource.namespaced and not namespace
    ):
        raise no_such_path()
    return target


def verb_of(request: Request, target: Target) -> str:
    """Return the verb as authorization knows it: `list`, `watch`, `deletecollection` beside the HTTP methods' own."""
    verb = _VERBS.get(request.method, "")
    if target.subresource in STREAMS:
        return "create"
    if target.name:
        return verb
    if verb == "get":
        return "watch" if reads.is_set(request, "watch") else "list"
    return "deletecollection" if verb == "delete" else verb


def asked(request: Request) -> tuple[str, str]:
    """Return verb and resource of a request as RBAC has them: `("create", "pods/exec")`; ("", "") for other paths."""
    parts = request.path.strip("/").split("/")
    group, rest = ("", parts[2:]) if parts[0] == "api" else ("".join(parts[1:2]), parts[3:])
    try:
        target = target_of(group, rest) if rest else None
    except StatusError:
        target = None
    if target is None:
        return "", ""
    name = target.resource.plural
    return verb_of(request, target), f"{name}/{target.subresource}" if target.subresource else name


class Api:
    """One API server in front of one world."""

    def __init__(self, world: World, access: Access) -> None:
        self._world = world
        self._access = access

    def reply(self, request: Request, user: User) -> Reply:
        """Answer a request of this (effective) user; a refusal is an answer too."""
        try:
            return self._route(request, user)
        except StatusError as refusal:
            return Response(refusal.code, refusal.body())

    def _route(self, request: Request, user: User) -> Reply:
        parts = request.path.strip("/").split("/")
        if parts[0] == "api" and parts[1:2] == ["v1"] and len(parts) > 2:  # noqa: PLR2004 -- api/v1/...
            return self._resource(request, user, target_of("", parts[2:]))
        if parts[0] == "apis" and parts[2:3] == ["v1"] and len(parts) > 3:  # noqa: PLR2004 -- apis/GROUP/v1/...
            for group, plural, kind in REVIEWS:
                if parts[1:] == [group, "v1", plural]:
                    return self._review(request, user, Attributes("create", group, plural), kind)
            return self._resource(request, user, target_of(parts[1], parts[3:]))
        self._access.authorize(user, Attributes(request.method.lower(), path=request.path))
        return self._about(request, parts)

    def _about(self, request: Request, parts: list[str]) -> Reply:
        """Answer for a path that names no resource."""
        if parts in (["healthz"], ["livez"], ["readyz"]):
            return Response(200, b"ok", TEXT)
        if parts in (["api"], ["apis"]) and "as=APIGroupDiscoveryList" in request.header("accept"):
            names = [""] if parts == ["api"] else discovery.group_names()
            return Response(200, encode(discovery.aggregated(names)), (("content-type", discovery.AGGREGATED),))
        if parts[:2] == ["openapi", "v3"]:
            document = openapi.document("/".join(parts[2:]))
        else:
            document = discovery.document(parts, self._world.options)
        if document is None:
            raise no_such_path()
        return Response(200, encode(document))

    def _review(self, request: Request, user: User, asked: Attributes, kind: str) -> Reply:
        self._access.authorize(user, asked)
        if request.method != "POST":
            raise not_allowed()
        body = writes.body_of(request)
        return Response(201, encode(_REVIEWS[kind](self._access, user, body)))

    def _resource(self, request: Request, user: User, target: Target) -> Reply:
        verb, resource = verb_of(request, target), target.resource
        namespace = target.name if resource.plural == "namespaces" else target.namespace
        asked = Attributes(verb, resource.group, resource.plural, target.subresource, namespace, target.name)
        self._access.authorize(user, asked)
        store = self._world.store
        if resource in CUSTOM and not self._world.given.objects[resource.kind]:
            raise no_such_path()
        if target.subresource in ("log", *STREAMS):
            return self._of_pod(request, user, target)
        if verb == "list":
            return reads.list_objects(store, request, resource, target.namespace)
        if verb == "watch":
            bookmark = self._world.options.bookmark
            return reads.Watch(store, request, resource, target.namespace, bookmark).reply()
        if verb == "deletecollection":
            return deletes.delete_collection(store, request, resource, target.namespace)
        return self._single(request, verb, target)

    def _of_pod(self, request: Request, user: User, target: Target) -> Reply:
        where = (target.namespace, target.name)
        if target.subresource == "exec":
            return exec_reply(self._world, request, user.name, *where)
        if target.subresource == "portforward":
            return port_forward_reply(self._world, request, *where)
        return log_reply(self._world, request, *where)

    def _create_pod(self, request: Request, namespace: str) -> Response:
        bare_pods.admit(writes.body_of(request), self._world.troubles.faults)
        made = writes.create(self._world.store, request, PODS, namespace)
        if not writes.is_dry(request):
            self._world.bare_pods.created(json.loads(made.body))
        return made

    def _single(self, request: Request, verb: str, target: Target) -> Reply:
        store, resource, where = self._world.store, target.resource, (target.namespace, target.name)
        if verb == "create" and not target.name and bool(target.namespace) is resource.namespaced:
            if resource is PODS:
                return self._create_pod(request, target.namespace)
            return writes.create(store, request, resource, target.namespace)
        if not target.name:
            raise not_allowed()
        if verb == "get":
            return reads.get(store, request, resource, *where)
        if verb == "update":
            return writes.update(store, request, resource, *where, target.subresource)
        if verb == "patch":
            return writes.patch(store, request, resource, *where, target.subresource)
        if verb == "delete" and not target.subresource:
            return deletes.delete(store, request, resource, *where)
        raise not_allowed()
