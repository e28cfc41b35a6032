"""GETs paths from a port of a pod: HTTP through a port-forward, over a WebSocket of the API server.

The kubelet's protocol `v4.channel.k8s.io`: two channels a port, data (0) and errors (1), each begun by the port's
number in two bytes. The kubelet connects to the port on the pod's own loopback address, so that in the host's network
it reaches what listens on the node's 127.0.0.1. One deadline covers everything.
"""

import time
from collections.abc import Sequence
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
SOON = 0.001  # seconds


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes


def get(
    rest: Rest, namespace: str, pod: str, port: int, paths: Sequence[str], *, timeout: float, most: int = MOST
) -> list[Answer]:
    """GET several paths from a port of the pod, one after the other over one connection, within one `timeout`.

    Where the server closes the connection after an answer, the next path has one of its own. Raises ExecFailed (kind
    `timeout`, `unreachable`, `forbidden`, `gone`, `unreadable`): some path had no answer.
    """
    where = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/portforward?ports={port}"
    deadline = time.monotonic() + timeout
    answers: list[Answer] = []
    while len(answers) < len(paths):
        channel = open_channel(rest, where, PROTOCOLS, max(deadline - time.monotonic(), SOON), most)
        try:
            answers += _Conversation(channel, port).ask(paths[len(answers) :])
        except TooMuchError as error:
            raise ExecFailed(f"the answer of port {port} is too long", kind="unreadable") from error
        except h11.RemoteProtocolError as error:
            raise ExecFailed(f"what answers on port {port} does not speak HTTP: {error}", kind="unreadable") from error
        except (OSError, websocket.WebSocketException) as error:
            raise broken(rest.transport, error, timeout) from error
        finally:
            channel.shutdown()
    return answers


class _Conversation:
    """HTTP over the two channels of one port."""

    def __init__(self, channel: Channel, port: int) -> None:
        self._channel, self._port = channel, port
        self._http = h11.Connection(h11.CLIENT)
        self._begun = {DATA: b"", ERROR: b""}  # of each channel's first bytes, the port's number
        self._heard = False  # something of the answer that is waited for

    def ask(self, paths: Sequence[str]) -> list[Answer]:
        """Return the answers that this connection gives: one at least."""
        answers: list[Answer] = []
        for position, path in enumerate(paths):
            self._heard = False
            try:
                self._send(path, last=position == len(paths) - 1)
                answers.append(self._answer())
            except (h11.RemoteProtocolError, websocket.WebSocketConnectionClosedException, ConnectionError):
                if self._heard or not answers:
                    raise
                break  # it was closed after an answer, as a server may at any time
            if self._http.their_state is not h11.DONE or self._http.our_state is not h11.DONE:
                break
            self._http.start_next_cycle()
        return answers

    def _send(self, path: str, *, last: bool) -> None:
        headers = [("Host", f"127.0.0.1:{self._port}"), ("Accept", "*/*"), *([("Connection", "close")] if last else [])]
        parts = (h11.Request(method="GET", target=path, headers=headers), h11.EndOfMessage())
        self._channel.send_binary(bytes([DATA]) + b"".join(self._http.send(part) or b"" for part in parts))

    def _answer(self) -> Answer:
        """Read until an answer is complete."""
        status, body = 0, b""
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._receive()
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return Answer(status, body)
            elif isinstance(event, h11.ConnectionClosed):
                raise ExecFailed(f"port {self._port} gave no answer", kind="unreadable")

    def _receive(self) -> None:
        opcode, frame = self._channel.recv_data()
        ended = opcode == websocket.ABNF.OPCODE_CLOSE
        number, payload = (frame[0], frame[1:]) if frame and not ended else (DATA, b"")
        if number in self._begun and len(self._begun[number]) < PORT:
            missing = PORT - len(self._begun[number])
            self._begun[number], payload = self._begun[number] + payload[:missing], payload[missing:]
        if number == ERROR and payload:
            raise _not_forwarded(self._port, payload)
        if ended or (number == DATA and payload):
            self._heard = self._heard or not ended
            self._http.receive_data(b"" if ended else payload)


def _not_forwarded(port: int, payload: bytes) -> ExecFailed:
    words = payload.decode(errors="replace").strip()
    if NOBODY in words:
        return ExecFailed(f"nothing listens on port {port} of the pod's loopback address", kind="unreachable")
    return ExecFailed(words[:LONGEST_WORDS], kind="unreachable")
