"""The sandbox's WebSocket, through real sockets: websocket-client, and bytes by hand."""

import asyncio
import struct
import threading
from contextlib import closing

import pytest
import websocket

from kubectl_ipvs.sandbox.wire.server import (
    Channel,
    Response,
)
from tests.unit.wire_server import (
    answering,
    becoming,
    serving,
    speaking,
    until,
    vanish,
)


async def echo(channel: Channel) -> None:
    """Send every message back."""
    while (message := await channel.receive()) is not None:
        await channel.send(message)


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_websocket_echo_with_subprotocol(*, tls: bool) -> None:
    """Binary, text, empty and large messages come back as binary, under the subprotocol the server chose."""
    messages = [b"", b"\x00\xff", b"x" * 200_000]
    with serving(becoming(echo, "v5.channel.k8s.io"), tls=tls) as running:
        client = running.websocket(("v5.channel.k8s.io", "v4.channel.k8s.io"))
        chosen = client.getsubprotocol()
        back = []
        for message in messages:
            client.send_binary(message)
            back.append(client.recv_data())
        client.send("Grüße")
        back.append(client.recv_data())
        client.close()
        gone = until(lambda: running.server.open_connections == 0)
    binary = websocket.ABNF.OPCODE_BINARY
    assert (chosen, gone) == ("v5.channel.k8s.io", True)
    assert back == [(binary, message) for message in [*messages, "Grüße".encode()]]


def test_websocket_answers_pings_between_fragments() -> None:
    """A ping inside a fragmented message is answered with its payload, and the message arrives as one."""
    with serving(becoming(echo)) as running, speaking(running) as client:
        create = websocket.ABNF.create_frame
        client.send_frame(create(b"frag", websocket.ABNF.OPCODE_BINARY, 0))
        client.ping(b"still there?")
        client.send_frame(create(b"men", websocket.ABNF.OPCODE_CONT, 0))
        client.send_frame(create(b"ted", websocket.ABNF.OPCODE_CONT, 1))
        frames = [client.recv_data_frame(control_frame=True)[1] for _ in range(2)]
    assert [frame and (frame.opcode, frame.data) for frame in frames] == [
        (websocket.ABNF.OPCODE_PONG, b"still there?"),
        (websocket.ABNF.OPCODE_BINARY, b"fragmented"),
    ]


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1011, "no such container")])
def test_websocket_close_carries_code_and_reason(code: int, reason: str) -> None:
    """`close` sends its code and reason; `serve` that just returns closes with 1000."""

    async def serve(channel: Channel) -> None:
        await channel.send_text("last words")
        if reason:
            await channel.close(code, reason)
            await channel.close(1002, "too late")

    with serving(becoming(serve)) as running, speaking(running) as client:
        first, (opcode, data) = client.recv(), client.recv_data()
    assert (first, opcode, data) == (
        "last words",
        websocket.ABNF.OPCODE_CLOSE,
        struct.pack("!H", code) + reason.encode(),
    )


def test_websocket_abort_sends_no_close_frame() -> None:
    """`abort` cuts the connection after what was sent; the client gets no close frame."""

    async def serve(channel: Channel) -> None:
        await channel.send(b"half")
        channel.abort()

    with serving(becoming(serve)) as running, speaking(running) as client:
        first = client.recv()
        with pytest.raises((websocket.WebSocketConnectionClosedException, OSError)):
            client.recv()
    assert first == b"half"


def test_websocket_raw_bytes_are_not_framed() -> None:
    """`send_raw` puts its bytes on the wire: here a frame cut in two, and a ping nobody asked for."""

    async def serve(channel: Channel) -> None:
        await channel.send_raw(b"\x82\x05he")
        await asyncio.sleep(0.02)
        await channel.send_raw(b"llo\x89\x00\x82\x01!")

    with serving(becoming(serve)) as running, speaking(running) as client:
        received = [client.recv(), client.recv()]
    assert received == [b"hello", b"!"]


@pytest.mark.parametrize("goodbye", [True, False])
def test_websocket_client_that_leaves_ends_receive(*, goodbye: bool, capfd: pytest.CaptureFixture[str]) -> None:
    """`receive` gives None, however often, and `send` raises, when the client closed or vanished."""
    seen: list[object] = []
    done = threading.Event()

    async def serve(channel: Channel) -> None:
        seen.extend([await channel.receive(), await channel.receive(), await channel.receive()])
        try:
            await channel.send(b"anyone?")
        except ConnectionResetError:
            seen.append("gone")
        done.set()

    with serving(becoming(serve)) as running:
        client = running.websocket()
        client.send_binary(b"hello")
        if goodbye:
            client.close()
        else:
            vanish(client)
        finished = done.wait(5)
    assert (finished, seen, capfd.readouterr().err) == (True, [b"hello", None, None, "gone"], "")


def test_websocket_sender_without_end_stops_when_the_client_leaves(capfd: pytest.CaptureFixture[str]) -> None:
    """A `serve` that only sends ends quietly when its client has gone."""
    done = threading.Event()

    async def serve(channel: Channel) -> None:
        try:
            while True:
                await channel.send(b"x" * 10000)
        finally:
            done.set()

    with serving(becoming(serve)) as running:
        client = running.websocket()
        client.recv()
        vanish(client)
        finished = done.wait(5)
    assert (finished, capfd.readouterr().err) == (True, "")


def test_websocket_serve_that_fails_is_closed_and_seen(capfd: pytest.CaptureFixture[str]) -> None:
    """An exception of `serve` closes with 1011 and leaves its traceback on stderr."""

    async def serve(_: Channel) -> None:
        raise LookupError("no such command")

    with serving(becoming(serve)) as running, speaking(running) as client:
        opcode, data = client.recv_data()
    assert (opcode, data[:2]) == (websocket.ABNF.OPCODE_CLOSE, struct.pack("!H", 1011))
    assert "LookupError: no such command" in capfd.readouterr().err


@pytest.mark.parametrize("bad", [b"\x82\x01!", b"\xf2\x81\x00\x00\x00\x00!", b"\x81\x81\x00\x00\x00\x00\xff"])
def test_websocket_that_breaks_the_protocol_is_closed(bad: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """An unmasked frame, reserved bits, or text that is no UTF-8 get a close frame; nothing is printed."""
    with serving(becoming(echo)) as running, speaking(running) as client:
        assert client.sock is not None
        client.sock.sendall(bad + bad)
        opcode, data = client.recv_data()
    assert (opcode, data[:2] in {struct.pack("!H", 1002), struct.pack("!H", 1007)}) == (8, True)
    assert capfd.readouterr().err == ""


def test_upgrade_of_a_plain_request_is_refused() -> None:
    """An `Upgrade` for a request that asks for no WebSocket is a 400."""
    with serving(becoming(echo)) as running, closing(running.http()) as client:
        client.request("GET", "/exec")
        status = client.getresponse().status
    assert status == 400


def test_refused_websocket_is_plain_http() -> None:
    """A handler may answer a WebSocket request with a status; the client sees it."""
    handler, asked = answering(Response(403, b"{}"))
    with serving(handler) as running, pytest.raises(websocket.WebSocketBadStatusException) as caught:
        running.websocket(("v5.channel.k8s.io",))
    assert (caught.value.status_code, asked[0].header("sec-websocket-protocol")) == (403, "v5.channel.k8s.io")
