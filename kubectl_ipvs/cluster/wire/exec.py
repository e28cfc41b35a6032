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

from kubectl_ipvs.cluster.wire.channel import Channel, TooMuchError
from kubectl_ipvs.cluster.wire.command_result import MAX_OUTPUT, Finished, Sink
from kubectl_ipvs.cluster.wire.rest import Rest
from kubectl_ipvs.cluster.wire.upgrade import broken, open_channel
from kubectl_ipvs.errors import ExecFailed

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
MIB = 1024 * 1024
STDOUT, STDERR, ERROR = 1, 2, 3
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
    channel = open_channel(rest, path, PROTOCOLS, timeout, max_output)
    try:
        return _read(channel, sink, max_output, timeout)
    except TooMuchError as error:
        raise _cut(max_output) from error
    except (OSError, websocket.WebSocketException) as error:
        raise broken(rest.transport, error, timeout) from error
    finally:
        channel.shutdown()


@lru_cache  # every node is asked the same
def _query(command: tuple[str, ...], container: str) -> str:
    query = [("command", word) for word in command]
    query += [("stdout", "true"), ("stderr", "true")] + ([("container", container)] if container else [])
    return urlencode(query, quote_via=quote)


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
