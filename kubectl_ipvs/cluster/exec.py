"""Runs one command in a pod over a WebSocket (Kubernetes' channel protocol, v5 and v4).

Written on websocket-client alone: the exec of the `kubernetes` package drops the impersonation headers, has no
timeout for the handshake and breaks its shared client when threads use it (kubernetes-client/python#928, #2321).
Output is handed on as it arrives, so that no table is ever held whole. One deadline covers everything.
"""

import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import websocket

from kubectl_ipvs.cluster.failures import api_error, connection_failed, root_cause
from kubectl_ipvs.cluster.finished import MAX_OUTPUT, Finished, Sink
from kubectl_ipvs.cluster.rest import UNAUTHORIZED, Rest
from kubectl_ipvs.errors import ApiError, ConnectionFailed, ExecFailed

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDOUT, STDERR, ERROR = 1, 2, 3
LONGEST_STDERR = 64 * 1024
WAITS = {429, 503}
EXIT_CODE = re.compile(r"[0-9]{1,9}")


class _Channel(websocket.WebSocket):
    """A WebSocket whose every read stays within one deadline: a peer that trickles cannot stretch it."""

    deadline = 0.0

    def _recv(self, bufsize: int) -> bytes:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self.sock is not None:
            self.sock.settimeout(left)
        received: bytes = super()._recv(bufsize)  # type: ignore[no-untyped-call] # websocket-client is typed in part
        return received


def run(
    rest: Rest,
    namespace: str,
    pod: str,
    container: str,
    command: Sequence[str],
    *,
    timeout: float,
    sink: Sink,
    max_output: int = MAX_OUTPUT,
) -> Finished:
    """Run `command`; its stdout goes to `sink` piece by piece.

    Raises ExecFailed (kind `timeout`, `unreachable`, `forbidden`, `gone`, `unreadable`): the command gave no result.
    """
    query = [("command", word) for word in command]
    query += [("stdout", "true"), ("stderr", "true")] + ([("container", container)] if container else [])
    path = f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(pod)}/exec?{urlencode(query, quote_via=quote)}"
    channel = _open(rest, path, timeout)
    try:
        return _read(channel, sink, max_output, timeout)
    except (OSError, websocket.WebSocketException) as error:
        raise _broken(rest, error, timeout) from error
    finally:
        channel.shutdown()  # type: ignore[no-untyped-call] # as above


def _open(rest: Rest, path: str, timeout: float, *, again: bool = True) -> _Channel:
    connection = rest.connection
    channel = _Channel(sslopt=_tls(rest), skip_utf8_validation=True, enable_multithread=False)
    channel.deadline = time.monotonic() + timeout
    headers = [f"{name}: {value}" for name, value in connection.headers()]
    try:
        channel.connect(  # type: ignore[no-untyped-call] # as above
            "ws" + connection.server.removeprefix("http") + path,
            header=headers,
            subprotocols=list(PROTOCOLS),
            timeout=timeout,
            suppress_origin=True,
            redirect_limit=0,
            **_proxy(connection.proxy_url),
        )
    except websocket.WebSocketBadStatusException as error:
        refused = api_error(error.status_code, error.resp_body or b"", dict(error.resp_headers or {}))
        left = channel.deadline - time.monotonic() - refused.retry_after
        if refused.status == UNAUTHORIZED and again and rest.renewed(connection):
            return _open(rest, path, timeout, again=False)
        if refused.status in WAITS and refused.retry_after and left > 0:  # as in REST: the server asked for it
            time.sleep(refused.retry_after)
            return _open(rest, path, left, again=again)
        raise _refused(refused) from error
    except (OSError, websocket.WebSocketException) as error:
        raise _broken(rest, error, timeout) from error
    return channel


def _read(channel: _Channel, sink: Sink, max_output: int, timeout: float) -> Finished:
    seen, stderr, status = 0, b"", b""
    while True:
        opcode, data = channel.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            break
        stream, payload = data[:1], data[1:]
        if stream == bytes([STDOUT]) and payload:
            seen += len(payload)
            if seen > max_output:
                raise ExecFailed(
                    f"more than {max_output} bytes of output", kind="unreadable", hint="raise --max-output"
                )
            sink(payload)
        elif stream == bytes([STDERR]):
            stderr = (stderr + payload)[:LONGEST_STDERR]
        elif stream == bytes([ERROR]) and payload:
            status = payload
            break
        if time.monotonic() > channel.deadline:
            raise ExecFailed(f"no end within {timeout:.3g}s", kind="timeout")
    return outcome(status, stderr)


def outcome(status: bytes, stderr: bytes) -> Finished:
    """Read the frame that ends a command: a Status object on channel 3."""
    if not status:
        raise ExecFailed("the connection ended before the command did", kind="unreadable")
    try:
        parsed: Any = json.loads(status)
    except (ValueError, RecursionError):
        parsed = None
    said = stderr.decode(errors="replace").strip()
    if not isinstance(parsed, dict):
        raise ExecFailed("the command's status cannot be read", kind="unreadable")
    if parsed.get("status") == "Success":
        return Finished(0, said)
    details = parsed.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    for cause in causes if isinstance(causes, list) else ():
        if (
            isinstance(cause, dict)
            and cause.get("reason") == "ExitCode"
            and EXIT_CODE.fullmatch(str(cause.get("message")))
        ):
            return Finished(int(cause["message"]), said)
    return Finished(None, said, str(parsed.get("message") or parsed.get("reason") or "it did not start"))


def _tls(rest: Rest) -> dict[str, Any]:
    options: dict[str, Any] = {"context": rest.tls} if rest.tls is not None else {}
    if rest.connection.tls_server_name:
        options["server_hostname"] = rest.connection.tls_server_name
    return options


def _proxy(url: str | None) -> Mapping[str, Any]:
    if not url:
        return {"http_no_proxy": ["*"]}  # the environment's proxies were weighed when the connection was made out
    parts = urlsplit(url)
    kind = "http" if parts.scheme in {"http", "https"} else parts.scheme
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 1080)
    return {"http_proxy_host": parts.hostname, "http_proxy_port": port, "http_proxy_auth": auth, "proxy_type": kind,
            "http_no_proxy": ["-"]}  # fmt: skip


def _refused(error: ApiError) -> ExecFailed:
    kinds = {401: "forbidden", 403: "forbidden", 404: "gone", 504: "timeout"}
    words = str(error).removeprefix(f"the server refused ({error.reason or error.status}): ")
    kind = kinds.get(error.status, "unreachable")
    if error.status in {400, 500} and "not found" in words.lower():
        kind = "gone"  # the container is not there (yet, or any more)
    return ExecFailed(words, kind=kind, hint=error.hint)


def _broken(rest: Rest, error: BaseException, timeout: float) -> ExecFailed:
    cause = root_cause(error)
    if isinstance(cause, TimeoutError) or "timed out" in str(cause).lower():
        return ExecFailed(f"no answer within {timeout:.3g}s", kind="timeout", hint="try a longer --exec-timeout")
    if isinstance(error, websocket.WebSocketConnectionClosedException):
        return ExecFailed("the connection was cut before the command ended", kind="unreadable")
    if isinstance(error, websocket.WebSocketException) and not isinstance(cause, OSError):
        return ExecFailed(f"not a WebSocket's answer: {cause}", kind="unreadable")
    problem: ConnectionFailed = connection_failed(rest.connection.server, error)
    return ExecFailed(str(problem), kind="unreachable", hint=problem.hint)
