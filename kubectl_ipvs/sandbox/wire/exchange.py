"""One request, and every way the sandbox can answer it: whole, in chunks, as a WebSocket, or not at all.

Plain values: nothing here reads or writes a socket.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.wire.frames import Channel

Headers = tuple[tuple[str, str], ...]
JSON: Headers = (("content-type", "application/json"),)
TEXT: Headers = (("content-type", "text/plain; charset=utf-8"),)


class Request(NamedTuple):
    """One whole request. `path` is percent-decoded and without the query; header names are in lower case."""

    number: int  # 1, 2, 3 ... over the life of the server, across connections
    method: str
    path: str
    query: dict[str, list[str]]
    headers: list[tuple[str, str]]
    body: bytes
    peer: dict[str, Any] | None  # ssl.SSLSocket.getpeercert() of the client, None without one

    def header(self, name: str) -> str:
        """Return the first value of this header, "" without one."""
        return next(iter(self.header_all(name)), "")

    def header_all(self, name: str) -> list[str]:
        """Return every value of this header, in the order they were sent."""
        wanted = name.lower()
        return [value for key, value in self.headers if key == wanted]


class Response(NamedTuple):
    """A whole answer, sent after `delay` seconds; content-length is added."""

    status: int
    body: bytes = b""
    headers: Headers = JSON
    delay: float = 0.0


class Stream(NamedTuple):
    """An answer in chunks, each sent at once; the iterator is closed when done or the client has gone."""

    status: int
    chunks: AsyncIterator[bytes]
    headers: Headers = JSON


class Upgrade(NamedTuple):
    """The request becomes a WebSocket; it is closed with 1000 when `serve` returns.

    When the client goes away `serve` is not cancelled (a command in a container is not either): `receive`
    gives None, sending raises. `Server.stop` cancels it. A request that asks for no WebSocket gets a 400.
    """

    subprotocol: str
    serve: Callable[[Channel], Awaitable[None]]


class Drop(NamedTuple):
    """Close the TCP connection without an answer; `reset` with RST."""

    reset: bool = False


class Raw(NamedTuple):
    """Bytes as they are on the wire (in TLS), then close; without `then_drop` the next request is awaited."""

    data: bytes
    then_drop: bool = True


class Hang(NamedTuple):
    """No answer for this many seconds, then the TCP connection is closed."""

    seconds: float


Reply = Response | Stream | Upgrade | Drop | Raw | Hang
Handler = Callable[[Request], Awaitable[Reply]]
