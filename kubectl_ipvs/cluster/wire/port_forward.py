"""GETs a path from a port of a pod: HTTP through a port-forward, over a WebSocket of the API server.

The kubelet's protocol `v4.channel.k8s.io`: two channels a port, data (0) and errors (1), each begun by the port's
number in two bytes. The kubelet connects to the port on the pod's own loopback address, so that in the host's network
it reaches what listens on the node's 127.0.0.1. One deadline covers everything.
"""

from typing import NamedTuple
from urllib.parse import quote

import h11
import websocket

from kubectl_ipvs.cluster.wire.channel import Channel, TooMuchError
from kubectl_ipvs.cluster.wire.rest import Rest
from kubectl_ipvs.cluster.wire.upgrade import broken, open_channel
from kubectl_ipvs.errors import ExecFailed

PROTOCOLS = ("v4.channel.k8s.io",)
DATA, ERROR = 0, 1
PORT = 2  # bytes at the beginning of each channel
MOST = 16 * 1024 * 1024  # bytes of one answer
LONGEST_WORDS = 300  # characters of the kubelet's
NOBODY = "connection refused"


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes


def get(rest: Rest, namespace: str, pod: str, port: int, path: str, *, timeout: float, most: int = MOST) -> Answer:
    """GET `path` from a port of the pod.

    Raises ExecFailed (kind `timeout`, `unreachable`, `forbidden`, `gone`, `unreadable`): there was no answer.
    """
    where = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/portforward?ports={port}"
    channel = open_channel(rest, where, PROTOCOLS, timeout, most)
    try:
        return _asked(channel, port, path)
    except TooMuchError as error:
        raise ExecFailed(f"the answer of port {port} is too long", kind="unreadable") from error
    except h11.RemoteProtocolError as error:
        raise ExecFailed(f"what answers on port {port} does not speak HTTP: {error}", kind="unreadable") from error
    except (OSError, websocket.WebSocketException) as error:
        raise broken(rest.transport, error, timeout) from error
    finally:
        channel.shutdown()


def _asked(channel: Channel, port: int, path: str) -> Answer:
    """Send the request, and read until its answer is complete."""
    http = h11.Connection(h11.CLIENT)
    headers = [("Host", f"127.0.0.1:{port}"), ("Accept", "*/*"), ("Connection", "close")]
    asked = (http.send(h11.Request(method="GET", target=path, headers=headers)) or b"") + (
        http.send(h11.EndOfMessage()) or b""
    )
    channel.send_binary(bytes([DATA]) + asked)
    seen = {DATA: b"", ERROR: b""}  # of each channel's first bytes, the port's number
    status, body = 0, b""
    while True:
        opcode, frame = channel.recv_data()
        ended = opcode == websocket.ABNF.OPCODE_CLOSE
        number, payload = (frame[0], frame[1:]) if frame and not ended else (DATA, b"")
        if number in seen and len(seen[number]) < PORT:
            missing = PORT - len(seen[number])
            seen[number], payload = seen[number] + payload[:missing], payload[missing:]
        if number == ERROR and payload:
            raise _not_forwarded(port, payload)
        if ended or (number == DATA and payload):
            http.receive_data(b"" if ended else payload)
        for event in iter(http.next_event, h11.NEED_DATA):
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return Answer(status, body)
            elif isinstance(event, h11.ConnectionClosed):
                raise ExecFailed(f"port {port} gave no answer", kind="unreadable")


def _not_forwarded(port: int, payload: bytes) -> ExecFailed:
    words = payload.decode(errors="replace").strip()
    if NOBODY in words:
        return ExecFailed(f"nothing listens on port {port} of the pod's loopback address", kind="unreachable")
    return ExecFailed(words[:LONGEST_WORDS], kind="unreachable")
