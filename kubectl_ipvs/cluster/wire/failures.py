"""Turns what went wrong on the wire into our errors, with kubectl's words where kubectl has words."""

import json
import ssl
import zlib
from collections.abc import Mapping
from http.client import IncompleteRead
from urllib.parse import urlsplit

from kubectl_ipvs.cluster.wire.retry import retry_after
from kubectl_ipvs.errors import ApiError, ConnectionFailed

REASONS = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired",
           413: "RequestEntityTooLarge", 422: "Invalid", 429: "TooManyRequests", 500: "InternalError",
           503: "ServiceUnavailable", 504: "Timeout"}  # fmt: skip
HINTS = {
    "Unauthorized": "the credentials are missing, wrong or expired: log in again, then try `kubectl auth whoami`",
    "Forbidden": "ask for the right, or try another user with --context or --as",
}
LONGEST_WORDS = 2000  # characters of a server's message that we repeat


class ProxyFailed(OSError):
    """A proxy was not reached, or did not let us through; `proxy` is its host and port."""

    def __init__(self, proxy: str, why: str) -> None:
        super().__init__(f"the proxy {proxy} did not let us through: {why}")
        self.proxy, self.why = proxy, why


def api_error(status: int, body: bytes, headers: Mapping[str, str]) -> ApiError:
    """Read a refusal: the Status object's own words, or the beginning of what came instead."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    known = parsed if isinstance(parsed, dict) and parsed.get("kind") == "Status" else {}
    reason = str(known.get("reason") or REASONS.get(status, ""))
    words = str(known.get("message") or _plain(status, body, headers))[:LONGEST_WORDS]
    if reason == "Unauthorized" and words == "Unauthorized":
        words = "you must be logged in to the server (Unauthorized)"
    shown = f"the server refused ({reason or status}): {words}"
    return ApiError(shown, status=status, reason=reason, hint=HINTS.get(reason, ""), retry_after=retry_after(headers))


def connection_failed(server: str, error: BaseException) -> ConnectionFailed:
    """Say why a server was not reached; `error` is what urllib3, websocket-client or the system raised."""
    cause = root_cause(error)
    where = urlsplit(server).netloc or server
    if isinstance(cause, ProxyFailed):
        return ConnectionFailed(
            f"cannot connect to {where} through the proxy {cause.proxy}: {cause.why}",
            hint="is this the right proxy-url, HTTPS_PROXY or NO_PROXY?",
        )
    if isinstance(cause, ssl.SSLError):
        return _tls_failed(where, cause)
    if isinstance(cause, ConnectionRefusedError):
        return ConnectionFailed(
            f"the connection to the server {where} was refused",
            hint="is it the right host and port, and is it up?",
        )
    if isinstance(cause, (IncompleteRead, zlib.error)) or type(cause) is ValueError:  # a chunk's length that is none
        packed = isinstance(cause, zlib.error)
        return ConnectionFailed(
            f"the answer of {where} {'cannot be decompressed' if packed else 'was cut short'}",
            hint="try --disable-compression" if packed else "",
        )
    if isinstance(cause, TimeoutError) or "timed out" in str(cause).lower():
        return ConnectionFailed(f"{where} did not answer in time", hint="try a longer --request-timeout")
    return ConnectionFailed(f"cannot connect to {where}: {_words(cause)}")


def _tls_failed(where: str, cause: ssl.SSLError) -> ConnectionFailed:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ConnectionFailed(
            f"cannot trust {where}: {getattr(cause, 'verify_message', cause)}",
            hint="is this the right --certificate-authority, --server or --tls-server-name?",
        )
    return ConnectionFailed(f"cannot speak TLS with {where}: {getattr(cause, 'reason', None) or cause}")


def root_cause(error: BaseException) -> BaseException:
    """Follow causes, contexts and `reason` attributes to the first thing that went wrong."""
    seen: set[int] = set()
    while id(error) not in seen and not isinstance(error, ProxyFailed):  # which says it all
        seen.add(id(error))
        reason = getattr(error, "reason", None)
        inner = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
        if inner is None:
            inner = next((part for part in error.args if isinstance(part, BaseException)), None)
        if inner is None:
            break
        error = inner
    return error


def _words(cause: BaseException) -> str:
    strerror = getattr(cause, "strerror", None)
    return str(strerror or cause).strip() or type(cause).__name__


def _plain(status: int, body: bytes, headers: Mapping[str, str]) -> str:
    kind = headers.get("content-type", "").split(";")[0]
    if "html" in kind:
        return f"HTTP {status} with an HTML page: is this the API server, or a proxy in front of it?"
    return body[:LONGEST_WORDS].decode(errors="replace").strip() or f"HTTP {status}"
