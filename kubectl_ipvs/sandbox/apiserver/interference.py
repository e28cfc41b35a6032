"""What comes between a request and its answer on purpose: HTTP errors, silence, and somebody who acts after a write."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubectl_ipvs.sandbox.apiserver.api import asked
from kubectl_ipvs.sandbox.nodes.pod_status import StatusError
from kubectl_ipvs.sandbox.wire.exchange import JSON, Hang, Reply, Request, Response

Obj = dict[str, Any]
REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
FOR_EVER = 7 * 86400.0  # seconds; the connection's end ends it


@dataclass(slots=True)
class Trouble:
    """An answer for the requests of a verb on a resource (`*`: any), `left` more times; below 0: always."""

    verb: str
    resource: str
    reply: Reply
    left: int

    def takes(self, request: Request) -> bool:
        """Tell whether this request gets it, and count it."""
        verb, resource = asked(request)
        if not self.left or self.verb not in ("*", verb) or self.resource not in ("*", resource):
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Interference:
    """All that is to come between requests and answers; the first that fits is taken."""

    troubles: list[Trouble] = field(default_factory=list)
    on_write: list[Callable[[Obj], object]] = field(default_factory=list)

    def answer(self, request: Request) -> Reply | None:
        """Return what is said instead of the API server's own answer, None where nothing is."""
        return next((each.reply for each in self.troubles if each.takes(request)), None)

    def after(self, request: Request, reply: Reply) -> None:
        """Let those act who wait for a ConfigMap to be written: before the answer is sent, after it is true."""
        verb, resource = asked(request)
        written = verb in ("create", "update", "patch") and resource == "configmaps" and "dryRun" not in request.query
        if written and isinstance(reply, Response) and reply.status in (200, 201):
            for action in tuple(self.on_write):
                action(json.loads(reply.body))


def http_error(status: int, headers: Mapping[str, str], message: str) -> Response:
    """Return an HTTP error with the API server's `Status` object."""
    words = message or f"the sandbox answers {status} on purpose"
    body = StatusError(status, REASONS.get(status, "Unknown"), words).body()
    return Response(status, body, (*JSON, *((name.lower(), value) for name, value in headers.items())))


def silence() -> Hang:
    """Return the answer that never comes."""
    return Hang(FOR_EVER)
