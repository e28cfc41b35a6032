"""Opens the WebSockets of exec and port-forward, and says in our own errors what became of them.

Credentials are renewed once after a 401, and what the API server puts off is asked again, as in REST.
"""

import time
from collections.abc import Sequence

import websocket

from kubectl_ipvs.cluster.wire.channel import STUMBLES, Channel
from kubectl_ipvs.cluster.wire.failures import root_cause
from kubectl_ipvs.cluster.wire.rest import UNAUTHORIZED, Rest, asks_to_wait
from kubectl_ipvs.cluster.wire.retry import pauses
from kubectl_ipvs.cluster.wire.transport import Transport
from kubectl_ipvs.errors import ApiError, ConnectionFailed, ExecFailed

SWITCHING = 101


def open_channel(rest: Rest, path: str, protocols: Sequence[str], timeout: float, most: int) -> Channel:
    """Open a WebSocket to a path of the API server; of `most` bytes after that. Raises ExecFailed."""
    deadline = time.monotonic() + timeout
    waits, renews = pauses(deadline), True
    while True:
        transport = rest.transport
        channel = Channel(deadline, most)
        try:
            _shake_hands(transport, channel, path, protocols, timeout)
        except ApiError as error:
            if error.status == UNAUTHORIZED and renews and rest.renewed(transport.connection):
                renews = False
                continue
            wait = waits.after(error) if asks_to_wait(error) else None  # as in REST: the server asked for it
            if wait is None:
                raise refused_by(error) from error
            time.sleep(wait)
        else:
            return channel


def _shake_hands(transport: Transport, channel: Channel, path: str, protocols: Sequence[str], timeout: float) -> None:
    """Open a channel; raises ApiError where the server refused, ExecFailed where none was reached."""
    connection = transport.connection
    url = "ws" + connection.server.removeprefix("http") + path
    exchange = transport.log.request(connection, "GET", url, connection.headers())
    try:
        channel.open(
            url,
            transport.dialer,
            header=[f"{name}: {value}" for name, value in connection.headers()],
            subprotocols=list(protocols),
            suppress_origin=True,
            redirect_limit=0,
        )
    except websocket.WebSocketBadStatusException as error:
        refusal = transport.refusal(error.status_code, error.resp_body or b"", dict(error.resp_headers or {}))
        exchange.answered(error.status_code, error.resp_headers or {}, error.resp_body or b"")
        raise refusal from error
    except (OSError, websocket.WebSocketException, *STUMBLES) as error:
        failed = broken(transport, error, timeout)
        exchange.failed(failed)
        raise failed from error
    exchange.answered(SWITCHING, channel.getheaders() or {})


def refused_by(error: ApiError) -> ExecFailed:
    """Say what the API server, or the kubelet behind it, answered instead of a WebSocket."""
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


def broken(transport: Transport, error: BaseException, timeout: float) -> ExecFailed:
    """Say how a WebSocket ended, or why there was none."""
    cause = root_cause(error)
    if isinstance(error, TimeoutError) or isinstance(cause, TimeoutError) or "timed out" in str(cause).lower():
        return ExecFailed(f"no answer within {timeout:.3g}s", kind="timeout", hint="try a longer --exec-timeout")
    if isinstance(error, websocket.WebSocketConnectionClosedException):
        return ExecFailed("the connection was cut before the command ended", kind="unreadable")
    if isinstance(error, (websocket.WebSocketException, *STUMBLES)) and not isinstance(cause, OSError):
        return ExecFailed(f"not a WebSocket's answer: {transport.masked(str(cause))}", kind="unreadable")
    problem: ConnectionFailed = transport.broken(error)
    return ExecFailed(str(problem), kind="unreachable", hint=problem.hint)
