"""The API server's refusals: `Status` objects with the code, the reason and the words a real one uses."""

import json
from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import Resource

Obj = dict[str, Any]


class StatusError(Exception):
    """A request is refused; `body()` is the `Status` object that says so."""

    def __init__(self, code: int, reason: str, message: str, details: Obj | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}

    def status(self) -> Obj:
        """Return the `Status` object."""
        status: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        status |= {"message": self.message, "reason": self.reason}
        if self.details:
            status["details"] = self.details
        return status | {"code": self.code}

    def body(self) -> bytes:
        """Return the `Status` object as JSON."""
        return json.dumps(self.status(), separators=(",", ":")).encode()


def _details(resource: Resource, name: str) -> Obj:
    details: Obj = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    return {**details, "kind": resource.plural}


def not_found(resource: Resource, name: str) -> StatusError:
    """404 of an object."""
    message = f'{resource.qualified} "{name}" not found'
    return StatusError(404, "NotFound", message, _details(resource, name))


def no_such_path() -> StatusError:
    """404 of a path."""
    return StatusError(404, "NotFound", "the server could not find the requested resource")


def already_exists(resource: Resource, name: str) -> StatusError:
    """409 of a creation."""
    message = f'{resource.qualified} "{name}" already exists'
    return StatusError(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: Resource, name: str, why: str = "") -> StatusError:
    """409 of a write that comes too late."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return StatusError(409, "Conflict", message, _details(resource, name))


def invalid(resource: Resource, name: str, field: str, why: str, reason: str) -> StatusError:
    """422 of a validation: `reason` is the cause's, such as FieldValueForbidden."""
    details = {**_details(resource, name), "kind": resource.kind}
    details["causes"] = [{"reason": reason, "message": why, "field": field}]
    return StatusError(422, "Invalid", f'{resource.kind} "{name}" is invalid: {field}: {why}', details)


def rejected() -> StatusError:
    """422 of a JSON Patch whose `test` fails or whose path is not there: the server's words name neither."""
    return StatusError(422, "Invalid", "the server rejected our request due to an error in our request")


def bad_request(message: str) -> StatusError:
    """400."""
    return StatusError(400, "BadRequest", message)


def not_allowed() -> StatusError:
    """405."""
    message = "the server does not allow this method on the requested resource"
    return StatusError(405, "MethodNotAllowed", message)


def expired(message: str) -> StatusError:
    """410 of a continue token or of a watch that starts too early."""
    return StatusError(410, "Expired", message)


def unauthorized() -> StatusError:
    """401."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(message: str, resource: Resource | None = None, name: str = "") -> StatusError:
    """403, with the authorizer's words."""
    return StatusError(403, "Forbidden", message, _details(resource, name) if resource else None)


def internal(message: str) -> StatusError:
    """500; `message` without the prefix the API server sets before it."""
    details = {"causes": [{"message": message}]}
    return StatusError(500, "InternalError", f"Internal error occurred: {message}", details)
