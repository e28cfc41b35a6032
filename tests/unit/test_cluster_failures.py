"""What went wrong on the wire, in our words."""

import json
import ssl
from typing import Any

import pytest
import urllib3

from kubectl_ipvs.cluster.wire.failures import HINTS, api_error, connection_failed, root_cause
from kubectl_ipvs.errors import ApiError, ConnectionFailed

SERVER = "https://api.example:6443"
WHERE = "api.example:6443"
LOG_IN = HINTS["Unauthorized"]
ASK = HINTS["Forbidden"]
LONGER = "try a longer --request-timeout"


def status(**fields: object) -> bytes:
    """Give the body of a Status object."""
    return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", **fields}).encode()


def shown(error: ApiError) -> tuple[str, int, str, str, float]:
    """Give all that an ApiError holds."""
    return str(error), error.status, error.reason, error.hint, error.retry_after


HTML = "HTTP 503 with an HTML page: is this the API server, or a proxy in front of it?"
API: dict[str, tuple[tuple[int, bytes, dict[str, str]], tuple[str, int, str, str, float]]] = {
    "the server's own words": (
        (403, status(reason="Forbidden", message="pods is forbidden: no"), {}),
        ("the server refused (Forbidden): pods is forbidden: no", 403, "Forbidden", ASK, 0),
    ),
    "kubectl's words for a missing log-in": (
        (401, status(reason="Unauthorized", message="Unauthorized"), {}),
        (
            "the server refused (Unauthorized): you must be logged in to the server (Unauthorized)",
            401,
            "Unauthorized",
            LOG_IN,
            0,
        ),
    ),
    "a Status without words": (
        (404, status(), {}),
        ("the server refused (NotFound): " + status().decode(), 404, "NotFound", "", 0),
    ),
    "a Status of other types": (
        (409, status(reason=["x"], message={"a": 1}), {}),
        ("the server refused (['x']): {'a': 1}", 409, "['x']", "", 0),
    ),
    "another object": (
        (500, b'{"kind": "Pod"}', {}),
        ('the server refused (InternalError): {"kind": "Pod"}', 500, "InternalError", "", 0),
    ),
    "plain text, and a time to wait": (
        (429, b" slow down\n", {"content-type": "text/plain", "retry-after": "7"}),
        ("the server refused (TooManyRequests): slow down", 429, "TooManyRequests", "", 7),
    ),
    "a date to wait for": (
        (503, b"", {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}),
        ("the server refused (ServiceUnavailable): HTTP 503", 503, "ServiceUnavailable", "", 0),
    ),
    "no number to wait for": (
        (503, b"x", {"retry-after": "\u00b2"}),
        ("the server refused (ServiceUnavailable): x", 503, "ServiceUnavailable", "", 0),
    ),
    "a proxy's page": (
        (503, b"<html>", {"content-type": "text/html; charset=utf-8"}),
        (f"the server refused (ServiceUnavailable): {HTML}", 503, "ServiceUnavailable", "", 0),
    ),
    "a status without a name": ((418, b"\xff", {}), ("the server refused (418): \ufffd", 418, "", "", 0)),
    "too deep to read": (
        (400, b"[" * 100_000, {}),
        ("the server refused (BadRequest): " + "[" * 2000, 400, "BadRequest", "", 0),
    ),
    "too long": (
        (422, status(reason="Invalid", message="x" * 5000), {}),
        ("the server refused (Invalid): " + "x" * 2000, 422, "Invalid", "", 0),
    ),
}


@pytest.mark.parametrize("name", API)
def test_api_error(name: str) -> None:
    """A Status object's words, or the beginning of what came instead; Retry-After in seconds only."""
    answer, expected = API[name]
    assert shown(api_error(*answer)) == expected


def untrusted() -> ssl.SSLCertVerificationError:
    """Give the error that Python's ssl raises for an unknown issuer."""
    error: Any = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "unable to get local issuer certificate"
    return error  # type: ignore[no-any-return] # ssl sets the attribute, its stub has no setter


def tls(reason: str) -> ssl.SSLError:
    """Give an error of TLS as Python's ssl raises it."""
    error = ssl.SSLError(1, f"[SSL: {reason}] text")
    error.reason = reason
    return error


TRUST = "is this the right --certificate-authority, --server or --tls-server-name?"
FAILURES: dict[str, tuple[BaseException, tuple[str, str]]] = {
    "unknown issuer": (untrusted(), (f"cannot trust {WHERE}: unable to get local issuer certificate", TRUST)),
    "untrusted, in other words": (
        ssl.SSLCertVerificationError("not for this name"),
        (f"cannot trust {WHERE}: ('not for this name',)", TRUST),
    ),
    "TLS": (tls("WRONG_VERSION_NUMBER"), (f"cannot speak TLS with {WHERE}: WRONG_VERSION_NUMBER", "")),
    "TLS without a reason": (ssl.SSLError(1, "odd"), (f"cannot speak TLS with {WHERE}: odd", "")),
    "refused": (
        urllib3.exceptions.ProtocolError("x", ConnectionRefusedError(111, "Connection refused")),
        (f"the connection to the server {WHERE} was refused", "is it the right host and port, and is it up?"),
    ),
    "no answer": (TimeoutError(), (f"{WHERE} did not answer in time", LONGER)),
    "no answer, in words": (
        urllib3.exceptions.HTTPError("Read timed out. (read timeout=1)"),
        (f"{WHERE} did not answer in time", LONGER),
    ),
    "no such host": (
        OSError(-2, "Name or service not known"),
        (f"cannot connect to {WHERE}: Name or service not known", ""),
    ),
    "words": (RuntimeError(" odd "), (f"cannot connect to {WHERE}: odd", "")),
    "no words": (RuntimeError(), (f"cannot connect to {WHERE}: RuntimeError", "")),
}


@pytest.mark.parametrize("name", FAILURES)
def test_connection_failed(name: str) -> None:
    """Trust, TLS, refused, too slow, and the system's words for the rest."""
    error, expected = FAILURES[name]
    failed = connection_failed(SERVER, error)
    assert (type(failed), str(failed), failed.hint) == (ConnectionFailed, *expected)


def test_a_server_that_is_no_url() -> None:
    """It is shown as it is."""
    assert str(connection_failed("socket", RuntimeError("x"))) == "cannot connect to socket: x"


def chained(outer: BaseException, *, cause: BaseException | None = None, context: BaseException | None = None) -> Any:  # noqa: ANN401 - the error itself
    """Give an error as `raise outer from cause` leaves it."""
    outer.__cause__, outer.__context__ = cause, context
    return outer


def test_root_cause() -> None:
    """Reason, then cause, then context, then arguments; as deep as they go."""
    root = OSError("root")
    by_reason = urllib3.exceptions.MaxRetryError(urllib3.PoolManager(), "/", root)  # type: ignore[arg-type] # any pool
    wrapped = [
        root,
        by_reason,
        chained(ValueError("x"), cause=root, context=ValueError("y")),
        chained(ValueError("x"), context=root),
        ValueError("x", root),
        chained(ValueError("x"), cause=by_reason),
        chained(tls("a text is no error"), cause=root),
    ]
    assert [root_cause(error) for error in wrapped] == [root] * len(wrapped)


def test_causes_in_a_circle() -> None:
    """They end."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert root_cause(first) in {first, second}
