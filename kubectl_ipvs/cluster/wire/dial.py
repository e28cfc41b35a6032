"""Opens the connections to one API server, for REST and exec alike: TCP, TLS, and through a proxy as kubectl does it.

Proxies: HTTP by CONNECT; an https:// proxy is spoken to in TLS before it is sent a word; SOCKS5, where the proxy
resolves the server's name (RFC 1928). What a proxy is told of its user goes to that proxy alone.
"""

import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple, cast
from urllib.parse import unquote, urlsplit

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.access.masked_repr import shown
from kubectl_ipvs.cluster.wire.failures import ProxyFailed
from kubectl_ipvs.cluster.wire.tls import proxy_context

PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
# A peer that went away without a word is noticed after a minute, in a watch or an exec that waits.
KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
LONGEST_HEAD = 65536  # bytes of a proxy's answer
OK = "200"
Opened = Callable[[socket.socket], object]


def unwatched(_: socket.socket) -> None:
    """Look after no socket: its own timeouts are enough."""


class Address(NamedTuple):
    """Where to connect to; what stands in a URL."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return shown(self, {"password"})

    def __str__(self) -> str:
        """Show it as host:port, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read a URL whose parts were checked when the connection was made out."""
        parts = urlsplit(url)
        user, password = (unquote(part or "") for part in (parts.username, parts.password))
        return cls(parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme], user, password)

    @property
    def authorization(self) -> str:
        """The value of Proxy-Authorization, "" for none."""
        named = self.user or self.password
        return f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}" if named else ""


class Dialer:
    """Connects to one API server, for any number of threads."""

    def __init__(self, connection: Connection, tls: ssl.SSLContext | None) -> None:
        self.server = Address.of(connection.server)
        self.proxy = Address.of(connection.proxy_url) if connection.proxy_url else None
        self._tls = tls
        self._name = connection.tls_server_name or self.server.host.rstrip(".").partition("%")[0]
        secure = self.proxy is not None and self.proxy.scheme == "https"
        self._proxy_tls = proxy_context(connection.ca, insecure=connection.insecure) if secure else None

    @property
    def forwards(self) -> bool:
        """REST over plain HTTP asks an HTTP proxy for the whole URL, as Go does, instead of a tunnel."""
        return self._tls is None and self.proxy is not None and self.proxy.scheme in {"http", "https"}

    def dial(self, timeout: float, opened: Opened = unwatched, *, tunnel: bool = True) -> socket.socket:
        """Connect, TLS included. Raises OSError, of which TimeoutError after `timeout` seconds.

        `opened` is given each socket in turn, while it is not ready yet: whoever shuts it down ends the attempt.
        """
        under_way = _Attempt(time.monotonic() + timeout, opened)
        try:
            if self.proxy is None:
                under_way.connect(self.server)
            else:
                self._through(self.proxy, under_way, tunnel=tunnel)
            if self._tls is not None:
                under_way.secure(self._tls, self._name)
            return under_way.ready()
        except BaseException:
            under_way.close()
            raise

    def _through(self, proxy: Address, under_way: "_Attempt", *, tunnel: bool) -> None:
        try:
            under_way.connect(proxy)
            if self._proxy_tls is not None:
                under_way.secure(self._proxy_tls, proxy.host)
            if proxy.scheme.startswith("socks"):
                _socks(under_way.ready(), proxy, self.server, under_way.left)
            elif tunnel:
                _connect(under_way, proxy, self.server)
        except (TimeoutError, ProxyFailed):
            raise
        except (OSError, ValueError) as error:
            raise ProxyFailed(str(proxy), _words(error)) from error


class _Attempt:
    """One connection that is being made: its socket so far, and the time that is left for it."""

    def __init__(self, deadline: float, opened: Opened) -> None:
        self._deadline, self._opened = deadline, opened
        self._socket: socket.socket | None = None

    @property
    def left(self) -> float:
        """The seconds that are left; TimeoutError for none."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def connect(self, address: Address) -> None:
        """Open the TCP connection."""
        made = self._keep(socket.create_connection((address.host, address.port), self.left))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE:
            if hasattr(socket, name):  # macOS has another name for the first
                made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def secure(self, context: ssl.SSLContext, name: str) -> None:
        """Shake hands; within TLS too, which Python's own socket does not do."""
        below = self.ready()
        if isinstance(below, ssl.SSLSocket):
            from urllib3.util.ssltransport import SSLTransport

            self._socket = cast("socket.socket", SSLTransport(below, context, name))  # it does all that is needed here
            return
        wrapped = context.wrap_socket(below, server_hostname=name, do_handshake_on_connect=False)
        self._keep(wrapped)
        wrapped.settimeout(self.left)
        wrapped.do_handshake()

    def ready(self) -> socket.socket:
        """Return what is open, ready for one more step in the time that is left."""
        assert self._socket is not None  # noqa: S101 - connect comes first
        self._socket.settimeout(self.left)
        return self._socket

    def close(self) -> None:
        """Give up."""
        if self._socket is not None:
            self._socket.close()

    def _keep(self, made: socket.socket) -> socket.socket:
        self._socket = made
        self._opened(made)
        return made


def _connect(under_way: _Attempt, proxy: Address, server: Address) -> None:
    lines = [f"CONNECT {server} HTTP/1.1", f"Host: {server}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    under_way.ready().sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        piece = under_way.ready().recv(4096)
        head += piece
        if not piece or len(head) > LONGEST_HEAD:
            raise ProxyFailed(str(proxy), "it did not answer to CONNECT" if not head else "its answer has no end")
    line = head.partition(b"\r\n")[0].decode(errors="replace")
    protocol, _, said = line.partition(" ")
    if not protocol.startswith("HTTP/") or said.split(" ")[0] != OK:
        raise ProxyFailed(str(proxy), said.strip() or line)


def _socks(ready: socket.socket, proxy: Address, server: Address, timeout: float) -> None:
    from python_socks import ProxyError, ProxyType
    from python_socks.sync import Proxy

    class Ready(Proxy):
        """The way to the proxy, which is open."""

        def connect(self, *_: object, **__: object) -> socket.socket:
            return ready

    way = Ready(ProxyType.SOCKS5, proxy.host, proxy.port)
    user, password = proxy.user or None, proxy.password or None
    through = Proxy(ProxyType.SOCKS5, proxy.host, proxy.port, user, password, rdns=True, forward=way)
    try:
        through.connect(server.host, server.port, timeout=timeout)
    except ProxyError as error:
        raise ProxyFailed(str(proxy), str(error)) from error


def _words(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "a name or a password cannot be sent as it is"  # not its own words: they may hold a part of it
    said = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or getattr(error, "reason", None)
    return str(said or error).strip() or type(error).__name__
