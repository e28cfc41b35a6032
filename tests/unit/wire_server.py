"""A server of the sandbox in a thread of its own, and its clients: http.client, websocket-client, bytes by hand."""

import asyncio
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import websocket

from kubectl_ipvs.sandbox.certificates.pki import Authority, Identity, server_context
from kubectl_ipvs.sandbox.wire.server import (
    Channel,
    Handler,
    Reply,
    Request,
    Server,
    Upgrade,
)

AUTHORITY = Authority.create()
SERVER = AUTHORITY.issue("kubernetes", dns=["localhost"], ips=["127.0.0.1"])


@dataclass(frozen=True, slots=True)
class Running:
    """A server in a thread of its own."""

    server: Server
    port: int
    tls: bool

    def http(self, context: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
        """Make a client of the standard library."""
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context or trusting())

    def socket(self) -> socket.socket:
        """Open a connection to write bytes by hand."""
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return trusting().wrap_socket(raw, server_hostname="127.0.0.1") if self.tls else raw

    def websocket(self, subprotocols: tuple[str, ...] = ()) -> websocket.WebSocket:
        """Open a WebSocket."""
        return websocket.create_connection(
            f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}/exec",
            timeout=10,
            subprotocols=list(subprotocols),
            sslopt={"context": trusting()},
        )


def trusting(identity: Identity | None = None, directory: Path = Path()) -> ssl.SSLContext:
    """Return a strict client that trusts the server, with a certificate of its own if one is given."""
    context = ssl.create_default_context(cadata=AUTHORITY.certificate)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if identity is not None:
        (directory / "client.pem").write_text(identity.key + identity.certificate, encoding="ascii")
        context.load_cert_chain(directory / "client.pem")
    return context


@contextmanager
def serving(handler: Handler, *, tls: bool = True) -> Iterator[Running]:
    """Run a server with this handler; at the end it must have stopped and left no task."""
    server = Server(handler, server_context(SERVER, AUTHORITY.certificate) if tls else None)
    ready, left = threading.Event(), list[object]()
    ports, stops = list[int](), list[Callable[[], object]]()

    async def main() -> None:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: left.append(context))
        ports.append(await server.start())
        stops.append(lambda: loop.call_soon_threadsafe(over.set))
        ready.set()
        await over.wait()
        await server.stop()
        left.extend(asyncio.all_tasks() - {asyncio.current_task()})

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(10)
    try:
        yield Running(server, ports[0], tls)
    finally:
        stops[0]()
        thread.join(10)
    assert (thread.is_alive(), left, server.open_connections) == (False, [], 0)


def answering(*replies: Reply) -> tuple[Handler, list[Request]]:
    """Return a handler that gives these replies in turn (the last again and again), and what it was asked."""
    asked: list[Request] = []

    async def handle(request: Request) -> Reply:
        asked.append(request)
        return replies[min(len(asked), len(replies)) - 1]

    return handle, asked


def becoming(serve: Callable[[Channel], Awaitable[None]], subprotocol: str = "") -> Handler:
    """Return a handler that answers with a WebSocket."""

    async def handle(_: Request) -> Reply:
        return Upgrade(subprotocol, serve)

    return handle


def until(reached: Callable[[], bool]) -> bool:
    """Wait (5 seconds at most) until this is true."""
    end = time.monotonic() + 5
    while not reached() and time.monotonic() < end:
        time.sleep(0.005)
    return reached()


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes, with or without TLS's goodbye."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ssl.SSLEOFError:
        pass
    return received


@contextmanager
def speaking(running: Running) -> Iterator[websocket.WebSocket]:
    """Open a WebSocket and close it; once the server has closed, websocket-client leaves its socket open."""
    client = running.websocket()
    try:
        yield client
        client.close()
    finally:
        if client.sock is not None:
            vanish(client)


def vanish(client: websocket.WebSocket) -> None:
    """Close the connection below the WebSocket, without a close frame."""
    assert client.sock is not None
    client.sock.close()
    client.sock = None
