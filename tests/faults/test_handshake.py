"""A peer that speaks no HTTP, or HTTP that makes no sense, is one of our errors, in time."""

import gc
import socket
import struct
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.wire.exec import run
from kubectl_ipvs.cluster.wire.rest import Rest
from kubectl_ipvs.cluster.wire.tls import client_context
from kubectl_ipvs.errors import ExecFailed, IpvsError


@contextmanager
def speaking(speak: Callable[[socket.socket], None], hear: Callable[[bytes], object] = len) -> Iterator[str]:
    """Serve one connection in plain TCP; give its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener.accept()[0] as client:
            client.settimeout(5)
            try:
                hear(client.recv(65536))
                speak(client)
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()


def drip(data: bytes) -> Callable[[socket.socket], None]:
    """Send a byte each 50 ms, over and over, for 5 s."""

    def speak(client: socket.socket) -> None:
        for at in range(100):
            client.sendall(data[at % len(data) :][:1])
            time.sleep(0.05)

    return speak


HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nx: y\r\n"


@pytest.mark.parametrize("data", [HANDSHAKE, b"\r", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_handshake_that_trickles(data: bytes) -> None:
    """An exec whose handshake comes byte by byte ends at its deadline."""
    with speaking(drip(data)) as url:
        began = time.monotonic()
        with pytest.raises(ExecFailed) as raised:
            run(Rest(Connection(url)), "n", "p", "c", ["x"], timeout=0.4, sink=lambda _: None)
        assert (raised.value.kind, time.monotonic() - began < 4) == ("timeout", True)


def slow_proxy(client: socket.socket) -> None:
    """Open the tunnel after the deadline, each step in time, and drip through it."""
    for part in (b"HTTP/1.1 200 OK\r\n", b"\r\n"):
        time.sleep(0.3)
        client.sendall(part)
    drip(HANDSHAKE)(client)


def test_handshake_that_trickles_once_connecting_took_all_the_time() -> None:
    """There is no socket yet to cut when the deadline comes."""
    with speaking(slow_proxy) as url:
        began, rest = time.monotonic(), Rest(Connection("http://127.0.0.1:1", proxy_url=url))
        with pytest.raises(ExecFailed) as raised:
            run(rest, "n", "p", "c", ["x"], timeout=0.4, sink=lambda _: None)
        assert (raised.value.kind, time.monotonic() - began < 4) == ("timeout", True)


def test_reset_before_the_handshake_leaves_no_socket_open() -> None:
    """CPython's wrap_socket forgets it; the collector would close it, and say so, in the middle of something else."""
    context = client_context(None, insecure=True, certificate=None, key=None)
    with socket.create_server(("127.0.0.1", 0)) as listener, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by RST
        server.close()
        with pytest.raises(ConnectionResetError):
            context.wrap_socket(client)
        gc.collect()
    assert warned == []


HEADS = [
    b"Content-Length: 99999999999999999999999999\r\n\r\n",
    b"Content-Length: 99999999999999\r\n\r\n",
    b"Content-Length: -5\r\n\r\n",
    b"Content-Length: x\r\n\r\n",
    b"Sec-WebSocket-Accept: \xff\r\n\r\n",
    b": \r\n\r\n",
    b"no colon\r\n\r\n",
    b"\r\n",
]


def says(status: bytes, head: bytes) -> Callable[[socket.socket], None]:
    """Send a status line and headers."""
    return lambda client: client.sendall(b"HTTP/1.1 " + status + b" Odd\r\n" + head)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("status", [b"101", b"400", b"302", b"999", b"-1", b"x", b""])
def test_handshake_that_makes_no_sense(status: bytes, head: bytes) -> None:
    """Any answer to an exec is an ExecFailed, never another exception."""
    with speaking(says(status, head)) as url:
        with pytest.raises(ExecFailed) as raised:
            run(Rest(Connection(url)), "n", "p", "c", ["x"], timeout=1, sink=lambda _: None)
        assert raised.value.kind in {"unreadable", "unreachable", "timeout", "forbidden", "gone"}


@pytest.mark.parametrize("status", [b"200", b"500", b"302", b"100", b"999", b"-1", b"x", b""])
def test_answer_that_makes_no_sense(status: bytes) -> None:
    """So is any answer to a request: one of our errors."""
    for head in HEADS:
        with speaking(says(status, head)) as url, pytest.raises(IpvsError):
            Rest(Connection(url, request_timeout=1)).get("/x")
