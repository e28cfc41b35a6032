"""Proxies to test against, each in threads of its own: HTTP with CONNECT, the same behind TLS, SOCKS5."""

import select
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"


@dataclass
class Proxy:
    """A proxy that is running: the first bytes of each connection, as they were on the wire, and what it was asked."""

    port: int
    first: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


Serve = Callable[[socket.socket, Proxy], "socket.socket | None"]  # returns the way on, None for none


@contextmanager
def running(serve: Serve, tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """Run a proxy; `tls` is what its clients have to speak to it."""
    listener = socket.create_server((LOOPBACK, 0))
    proxy = Proxy(listener.getsockname()[1])
    threading.Thread(target=_accept, args=(listener, proxy, serve, tls), daemon=True).start()
    try:
        yield proxy
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, proxy: Proxy, serve: Serve, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_one, args=(client, proxy, serve, tls), daemon=True).start()


def _one(client: socket.socket, proxy: Proxy, serve: Serve, tls: ssl.SSLContext | None) -> None:
    client.settimeout(10)
    try:
        proxy.first.append(client.recv(16, socket.MSG_PEEK))
        spoken = tls.wrap_socket(client, server_side=True) if tls is not None else client
    except OSError:
        client.close()
        return
    with spoken, suppress(OSError):
        server = serve(spoken, proxy)
        if server is not None:
            with server:
                _relay(spoken, server)


def _relay(client: socket.socket, server: socket.socket) -> None:
    """Carry bytes both ways in one thread: no two may use one TLS connection at the same time."""
    while True:
        ready: list[socket.socket] = [client] if isinstance(client, ssl.SSLSocket) and client.pending() else []
        ready = ready or select.select([client, server], [], [], 10)[0]
        for source in ready:
            part = source.recv(65536)
            if not part:
                return
            (server if source is client else client).sendall(part)
        if not ready:
            return


def http(user: str = "", password: str = "", *, refusal: str = "") -> Serve:
    """Serve CONNECT, for this user alone where one is named; the answer comes in two pieces."""
    wanted = f"Proxy-Authorization: Basic {b64encode(f'{user}:{password}'.encode()).decode()}"

    def serve(client: socket.socket, proxy: Proxy) -> socket.socket | None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        lines = head.decode().split("\r\n")
        proxy.asked.append(lines[0])
        if refusal or (user and wanted not in lines):
            client.sendall(f"HTTP/1.1 {refusal or '407 Proxy Authentication Required'}\r\n\r\n".encode())
            return None
        host, _, port = lines[0].split()[1].rpartition(":")
        server = socket.create_connection((host, int(port)), 10)
        client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: a test\r\n")
        client.sendall(b"\r\n")
        return server

    return serve


def socks5(names: Mapping[str, str], user: str = "", password: str = "") -> Serve:
    """Serve SOCKS5 (RFC 1928, 1929); `names` is all that it can resolve."""

    def serve(client: socket.socket, proxy: Proxy) -> socket.socket | None:
        _, count = _read(client, 2)
        offered = _read(client, count)
        method = 2 if user else 0
        if method not in offered:
            client.sendall(b"\x05\xff")
            return None
        client.sendall(bytes([5, method]))
        if user and not _knows(client, user, password):
            return None
        kind = _read(client, 4)[3]
        host = _read(client, _read(client, 1)[0]).decode() if kind == 3 else socket.inet_ntoa(_read(client, 4))
        port = int.from_bytes(_read(client, 2), "big")
        proxy.asked.append(f"{host}:{port}")
        if host not in names:
            client.sendall(b"\x05\x04\x00\x01" + bytes(6))  # host unreachable
            return None
        client.sendall(b"\x05\x00\x00\x01" + bytes(6))
        return socket.create_connection((names[host], port), 10)

    return serve


def _knows(client: socket.socket, user: str, password: str) -> bool:
    _read(client, 1)
    given = [_read(client, _read(client, 1)[0]).decode() for _ in range(2)]
    client.sendall(b"\x01\x00" if given == [user, password] else b"\x01\x01")
    return given == [user, password]


def _read(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = client.recv(count - len(data))
        if not piece:
            raise ConnectionError("the client has gone")
        data += piece
    return data
