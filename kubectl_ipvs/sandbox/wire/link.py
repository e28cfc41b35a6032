"""One accepted TCP connection, in TLS or plain: bytes in, bytes out, closing and loss.

It promises that a client which goes away raises `ConnectionResetError` in whoever writes and nothing else: no
log line, no traceback. It never looks into the bytes; who speaks on the link sets `on_data` and `on_lost`.

TLS is done here, over asyncio's plain transport: asyncio's own TLS transport takes writes for a client that has
gone and complains about them in the log, waits for goodbyes, and does so differently in each version of Python.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any, cast

READ_AT_ONCE = 64 << 10  # bytes


def _nothing(*_: object) -> None:
    pass


class Link(asyncio.Protocol):
    """The connection as asyncio's protocol; the callbacks are replaced when the speaker changes (upgrade)."""

    def __init__(self, tls: ssl.SSLContext | None, count: Callable[[int], None]) -> None:
        self.on_data: Callable[[bytes], object] = _nothing
        self.on_lost: Callable[[], object] = _nothing
        self.peer: dict[str, Any] | None = None  # `ssl.SSLSocket.getpeercert()` of the client, None without one
        self._count = count  # called with +1 when the connection speaks (after TLS's handshake), -1 when it is gone
        self._speaks = False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = None if tls is None else tls.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost = asyncio.Event()
        self._lost.set()  # nothing to wait for until the connection is made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: the TCP connection is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._lost.clear()
        if self._tls is None:
            self._begin()

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes from the client."""
        if self._tls is None:
            self.on_data(data)
            return
        self._incoming.write(data)
        try:
            self._decrypt(self._tls)
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:  # no handshake, TLS's goodbye, or no TLS at all; what is left to send is an alert
            self._flush()
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Asyncio: the connection is gone, whoever closed it."""
        if self._speaks:
            self._count(-1)
        self._lost.set()
        self._writable.set()
        self.on_lost()

    def pause_writing(self) -> None:
        """Asyncio: the send buffer is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Asyncio: the send buffer has room again."""
        self._writable.set()

    @property
    def closing(self) -> bool:
        """Whether nothing can be written any more."""
        return self._transport is None or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send now, or as soon as the socket takes it. `ConnectionResetError` when the client has gone."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the client has gone")
        if self._tls is None:
            self._transport.write(data)
            return
        rest = memoryview(data)
        while rest:
            rest = rest[self._tls.write(rest) :]
        self._flush()

    async def drain(self) -> None:
        """Wait until the send buffer has room. `ConnectionResetError` when the client has gone."""
        await self._writable.wait()
        if self.closing:
            raise ConnectionResetError("the client has gone")

    def close(self) -> None:
        """Send what is buffered and TLS's goodbye, then close; the client's goodbye is not awaited."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._tls is not None and self._speaks:
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()
        self._transport.close()

    def abort(self, *, reset: bool = False) -> None:
        """Cut the TCP connection at once, without TLS's goodbye; `reset`: with RST instead of FIN."""
        if self._transport is None:
            return
        if reset and not self._transport.is_closing():
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()

    def ignore(self) -> None:
        """Nobody speaks on this link any more; what still arrives is dropped."""
        self.on_data = self.on_lost = _nothing

    async def wait_lost(self) -> None:
        """Wait until the socket is closed on our side."""
        await self._lost.wait()

    def _begin(self) -> None:
        self._speaks = True
        self._count(1)

    def _decrypt(self, tls: ssl.SSLObject) -> None:
        """Hand on what can be read; ends with an `ssl.SSLError`, or when the link is closed meanwhile."""
        if not self._speaks:
            tls.do_handshake()
            self.peer = tls.getpeercert() or None
            self._begin()
            self._flush()
        while not self.closing:
            data = tls.read(READ_AT_ONCE)
            if not data:  # TLS's goodbye, which Python's ssl may report as nothing at all, for ever
                raise ssl.SSLZeroReturnError("the client has closed TLS")
            self.on_data(data)

    def _flush(self) -> None:
        if self._transport is not None and self._outgoing.pending and not self._transport.is_closing():
            self._transport.write(self._outgoing.read())
