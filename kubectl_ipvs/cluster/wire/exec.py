"""Runs one command in a pod over a WebSocket (Kubernetes' channel protocol, v5 and v4).

Written on websocket-client alone: the exec of the `kubernetes` package drops the impersonation headers, has no
timeout for the handshake and breaks its shared client when threads use it (kubernetes-client/python#928, #2321).
Output is handed on as it arrives, so that no table is ever held whole. One deadline covers everything.
"""

import json
import re
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import websocket

from kubectl_ipvs.cluster.wire.channel import STUMBLES, Channel, TooMuchError
from kubectl_ipvs.cluster.wire.command_result import MAX_OUTPUT, Finished, Sink
from kubectl_ipvs.cluster.wire.failures import root_cause
from kubectl_ipvs.cluster.wire.rest import UNAUTHORIZED, Rest, asks_to_wait
from kubectl_ipvs.cluster.wire.retry import pauses
from kubectl_ipvs.cluster.wire.transport import Transport
from kubectl_ipvs.errors import ApiError, ConnectionFailed, ExecFailed

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
MIB = 1024 * 1024
STDOUT, STDERR, ERROR = 1, 2, 3
SWITCHING = 101
LONGEST_STDERR = 64 * 1024
EXIT_CODE = re.compile(r"[0-9]{1,9}")


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
    where = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/exec"
    path = f"{where}?{_query(tuple(command), container)}"
    channel = _open(rest, path, timeout, max_output)
    try:
        return _read(channel, sink, max_output, timeout)
    except TooMuchError as error:
        raise _cut(max_output) from error
    except (OSError, websocket.WebSocketException) as error:
        raise _broken(rest.transport, error, timeout) from error
    finally:
        channel.shutdown()


@lru_cache  # every node is asked the same
def _query(command: tuple[str, ...], container: str) -> str:
    query = [("command", word) for word in command]
    query += [("stdout", "true"), ("stderr", "true")] + ([("container", container)] if container else [])
    return urlencode(query, quote_via=quote)


def _open(rest: Rest, path: str, timeout: float, most: int) -> Channel:
    deadline = time.monotonic() + timeout
    waits, renews = pauses(deadline), True
    while True:
        transport = rest.transport
        channel = Channel(deadline, most)
        try:
            _shake_hands(transport, channel, path, timeout)
        except ApiError as error:
            if error.status == UNAUTHORIZED and renews and rest.renewed(transport.connection):
                renews = False
                continue
            wait = waits.after(error) if asks_to_wait(error) else None  # as in REST: the server asked for it
            if wait is None:
                raise _refused(error) from error
            time.sleep(wait)
        else:
            return channel


def _shake_hands(transport: Transport, channel: Channel, path: str, timeout: float) -> None:
    """Open a channel; raises ApiError where the server refused, ExecFailed where none was reached."""
    connection = transport.connection
    url = "ws" + connection.server.removeprefix("http") + path
    exchange = transport.log.request(connection, "GET", url, connection.headers())
    try:
        channel.open(
            url,
            transport.dialer,
            header=[f"{name}: {value}" for name, value in connection.headers()],
            subprotocols=list(PROTOCOLS),
            suppress_origin=True,
            redirect_limit=0,
        )
    except websocket.WebSocketBadStatusException as error:
        refused = transport.refusal(error.status_code, error.resp_body or b"", dict(error.resp_headers or {}))
        exchange.answered(error.status_code, error.resp_headers or {}, error.resp_body or b"")
        raise refused from error
    except (OSError, websocket.WebSocketException, *STUMBLES) as error:
        failed = _broken(transport, error, timeout)
        exchange.failed(failed)
        raise failed from error
    exchange.answered(SWITCHING, channel.getheaders() or {})


def _cut(most: int) -> ExecFailed:
    return ExecFailed(f"cut after {most / MIB:.3g} MiB of output: see --max-output", kind="unreadable")


def _read(channel: Channel, sink: Sink, max_output: int, timeout: float) -> Finished:
    seen, stderr, status = 0, b"", b""
    while True:
        opcode, data = channel.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            break
        stream, payload = data[:1], data[1:]
        if stream == bytes([STDOUT]) and payload:
            seen += len(payload)
            if seen > max_output:
                raise _cut(max_output)
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


def _refused(error: ApiError) -> ExecFailed:
    if error.status < 400:  # noqa: PLR2004 - HTTP's first error
        why = (
            f"the server answered HTTP {error.status} instead of a WebSocket: does a proxy in between let them through?"
        )
        return ExecFailed(why, kind="unreachable")
    kinds = {401: "forbidden", 403: "forbidden", 404: "gone", 504: "timeout"}
    words = str(error).removeprefix(f"the server refused ({error.reason or error.status}): ")
    kind = kinds.get(error.status, "unreachable")
    if error.status in {400, 500} and "not found" in words.lower():
        kind = "gone"  # the container is not there (yet, or any more)
    return ExecFailed(words, kind=kind, hint=error.hint)


def _broken(transport: Transport, error: BaseException, timeout: float) -> ExecFailed:
    cause = root_cause(error)
    if isinstance(error, TimeoutError) or isinstance(cause, TimeoutError) or "timed out" in str(cause).lower():
        return ExecFailed(f"no answer within {timeout:.3g}s", kind="timeout", hint="try a longer --exec-timeout")
    if isinstance(error, websocket.WebSocketConnectionClosedException):
        return ExecFailed("the connection was cut before the command ended", kind="unreadable")
    if isinstance(error, (websocket.WebSocketException, *STUMBLES)) and not isinstance(cause, OSError):
        return ExecFailed(f"not a WebSocket's answer: {transport.masked(str(cause))}", kind="unreadable")
    problem: ConnectionFailed = transport.broken(error)
    return ExecFailed(str(problem), kind="unreachable", hint=problem.hint)
