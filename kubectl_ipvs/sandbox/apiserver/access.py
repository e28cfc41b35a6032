"""Who asks, and whether they may: tokens, client certificates, impersonation, roles and denials.

Three roles only: `admin` may everything, `viewer` may read, anybody else nothing but ask what they may.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.apiserver.resources import BY_PATH, READ, Resource
from kubectl_ipvs.sandbox.nodes.pod_status import StatusError, forbidden, unauthorized
from kubectl_ipvs.sandbox.wire.exchange import Request

Obj = dict[str, Any]
ANONYMOUS = "system:anonymous"
MASTERS = "system:masters"
_OPEN_PATHS = ("/version", "/healthz", "/livez", "/readyz")


class User(NamedTuple):
    """Somebody as the API server knows them."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, str], ...] = ()


class Attributes(NamedTuple):
    """What is asked for: a verb on a resource, or on a path when `resource` is ""."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


class Denial(NamedTuple):
    """A rule that takes something away, whatever the role; `*` stands for any, user None for everyone.

    `is_silent`: access reviews say that it is allowed all the same.
    """

    verb: str
    resource: str
    user: str | None = None
    subresource: str = ""
    name: str | None = None
    is_silent: bool = False

    def hits(self, user: User, asked: Attributes) -> bool:
        """Return whether the rule is about this."""
        return (
            self.verb in ("*", asked.verb)
            and self.resource in ("*", asked.resource)
            and self.subresource in ("*", asked.subresource)
            and self.user in (None, user.name)
            and self.name in (None, asked.name)
        )


@dataclass(slots=True)
class Access:
    """Authentication and authorization of one cluster."""

    tokens: dict[str, User] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)  # user or group -> admin or viewer
    denials: list[Denial] = field(default_factory=list)

    def add_user(self, name: str, role: str) -> str:
        """Return the token of a new user."""
        token = f"sandbox-{name}-{secrets.token_hex(16)}"
        self.tokens[token] = User(name, ("system:authenticated",))
        self.roles[name] = role
        return token

    def authenticate(self, request: Request) -> User:
        """Return the user of the client certificate, or else of the token; a bad token is a 401, nothing is anonymous.

        In the API server's order: beside a good certificate it does not look at a token.
        """
        subject = [pair for part in (request.peer or {}).get("subject", ()) for pair in part]
        names = [value for key, value in subject if key == "commonName"]
        groups = [value for key, value in subject if key == "organizationName"]
        if names:
            return User(names[-1], (*groups, "system:authenticated"))
        header = request.header("authorization")
        if not header:
            return User(ANONYMOUS, ("system:unauthenticated",))
        kind, _, token = header.partition(" ")
        user = self.tokens.get(token.strip()) if kind.lower() == "bearer" else None
        if user is None:
            raise unauthorized()
        return user

    def impersonate(self, request: Request, real: User) -> User:
        """Return the effective user of a request."""
        name, groups = request.header("impersonate-user"), request.header_all("impersonate-group")
        uid = request.header("impersonate-uid")
        prefix = "impersonate-extra-"
        extra = tuple((key.removeprefix(prefix), value) for key, value in request.headers if key.startswith(prefix))
        if not name and (groups or uid or extra):
            why = "requested impersonation without impersonating a user"
            raise StatusError(500, "InternalError", f"Internal error occurred: {why}")
        if not name:
            return real
        self._check(real, Attributes("impersonate", resource="users", name=name))
        for group in groups:
            self._check(real, Attributes("impersonate", resource="groups", name=group))
        return User(name, (*groups, "system:authenticated"), uid, extra)

    def _check(self, user: User, asked: Attributes) -> None:
        if not self.allows(user, asked):
            raise forbidden(_words(user, asked))

    def authorize(self, user: User, asked: Attributes) -> None:
        """Raise a 403 with the API server's words where the user may not."""
        if self.allows(user, asked):
            return
        resource: Resource | None = BY_PATH.get((asked.group, asked.resource))
        raise forbidden(_words(user, asked), resource, asked.name)

    def allows(self, user: User, asked: Attributes, *, reviewed: bool = False) -> bool:
        """Whether the user may, or whether a review says so."""
        if any(denial.hits(user, asked) for denial in self.denials if not (reviewed and denial.is_silent)):
            return False
        if asked.path:
            return asked.path in _OPEN_PATHS or user.name != ANONYMOUS
        if asked.group in ("authorization.k8s.io", "authentication.k8s.io"):
            return user.name != ANONYMOUS
        roles = {self.roles.get(name) for name in (user.name, *user.groups)}
        if "admin" in roles or MASTERS in user.groups:
            return True
        return "viewer" in roles and asked.verb in READ and asked.subresource in ("", "log", "status")


def _words(user: User, asked: Attributes) -> str:
    if asked.path:
        return f'forbidden: User "{user.name}" cannot {asked.verb} path "{asked.path}"'
    qualified = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    what = f'{qualified} "{asked.name}" is forbidden' if asked.name else f"{qualified} is forbidden"
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    return f'{what}: User "{user.name}" cannot {asked.verb} resource "{resource}" in API group "{asked.group}" {where}'


def review(access: Access, user: User, body: Obj) -> Obj:
    """Answer a SelfSubjectAccessReview."""
    spec = body.get("spec") or {}
    if path := spec.get("nonResourceAttributes"):
        asked = Attributes(str(path.get("verb", "")), path=str(path.get("path", "")))
    else:
        wish = spec.get("resourceAttributes") or {}
        names = ("verb", "group", "resource", "subresource", "namespace", "name")
        asked = Attributes(**{name: str(wish.get(name, "")) for name in names})
    allowed = access.allows(user, asked, reviewed=True)
    status: Obj = {"allowed": allowed}
    if allowed:
        status["reason"] = "the sandbox's own rules allow it"
    return {**body, "kind": "SelfSubjectAccessReview", "metadata": body.get("metadata", {}), "status": status}


def rules(access: Access, user: User, body: Obj) -> Obj:
    """Answer a SelfSubjectRulesReview, roughly: it says what the role gives, not what denials take."""
    granted: list[Obj] = []
    verbs = ["*"] if access.allows(user, Attributes("delete", resource="pods")) else list(READ)
    if access.allows(user, Attributes("get", resource="pods")):
        granted.append({"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]})
    status: Obj = {"resourceRules": granted, "nonResourceRules": [], "incomplete": False}
    return {**body, "kind": "SelfSubjectRulesReview", "metadata": {}, "status": status}


def who(user: User, body: Obj) -> Obj:
    """Answer a SelfSubjectReview (`kubectl auth whoami`)."""
    info: Obj = {"username": user.name, "groups": list(user.groups)}
    return {**body, "kind": "SelfSubjectReview", "metadata": {}, "status": {"userInfo": info}}
