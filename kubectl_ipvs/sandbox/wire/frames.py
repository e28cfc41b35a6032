"""One WebSocket (RFC 6455) after its handshake: whole messages in and out.

It promises that pings are answered, fragments are joined and the closing handshake is done without the
caller. It never compresses, and a client that breaks the protocol or vanishes ends `receive` with None.
"""

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage

from kubectl_ipvs.sandbox.wire.link import Link

CLOSE_WAIT = 2.0  # seconds the client has to answer our close frame
INTERNAL_ERROR = 1011


class Channel:
    """The server's end of one WebSocket.

    Every sending method raises `ConnectionResetError` once the WebSocket is closed or the client has gone; a
    `serve` function may let it pass.
    """

    def __init__(self, link: Link, received: bytes = b"") -> None:
        self._link = link
        self._frames = Connection(ConnectionType.SERVER)
        self._parts: list[bytes] = []
        self._messages: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._ended = asyncio.Event()
        link.on_data = self._feed
        link.on_lost = self._end
        if received:
            self._feed(received)

    async def send(self, data: bytes) -> None:
        """Send one binary message."""
        await self._send(BytesMessage(data=data))

    async def send_text(self, data: str) -> None:
        """Send one text message."""
        await self._send(TextMessage(data=data))

    async def receive(self) -> bytes | None:
        """Return the next message (text as UTF-8); None, however often, once the client has gone."""
        message = await self._messages.get()
        if message is None:
            self._messages.put_nowait(None)
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a close frame; nothing happens when the WebSocket is closed already."""
        with contextlib.suppress(ConnectionResetError):
            await self._send(CloseConnection(code=code, reason=reason))

    def abort(self) -> None:
        """Cut the TCP connection, without a close frame."""
        self._link.abort()

    async def send_raw(self, data: bytes) -> None:
        """Send bytes as they are, unframed."""
        self._link.write(data)
        await self._link.drain()

    async def run(self, serve: Callable[["Channel"], Awaitable[None]]) -> None:
        """Let `serve` speak, then close the WebSocket (1000; 1011 and a traceback when it failed)."""
        try:
            await serve(self)
        except Exception:  # noqa: BLE001  # any bug of the sandbox must be seen
            if self._is_open():
                traceback.print_exc()
                await self.close(INTERNAL_ERROR, "internal error of the sandbox")
        await self.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._ended.wait(), CLOSE_WAIT)

    def _is_open(self) -> bool:
        return self._frames.state is ConnectionState.OPEN and not self._link.closing

    async def _send(self, event: Event) -> None:
        if not self._is_open():
            raise ConnectionResetError("the WebSocket is closed")
        self._link.write(self._frames.send(event))
        await self._link.drain()

    def _feed(self, data: bytes) -> None:
        if self._ended.is_set():
            return
        self._frames.receive_data(data)
        for event in self._frames.events():
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, (TextMessage, BytesMessage)):
            part = event.data.encode() if isinstance(event, TextMessage) else bytes(event.data)
            self._parts.append(part)
            if event.message_finished:
                self._messages.put_nowait(b"".join(self._parts))
                self._parts.clear()
        elif isinstance(event, Ping):
            if self._is_open():
                self._link.write(self._frames.send(event.response()))
        elif isinstance(event, CloseConnection):
            self._answer_close(event)

    def _answer_close(self, event: CloseConnection) -> None:
        """Answer the client's close frame, or a frame that breaks the protocol, and close the connection."""
        answerable = self._frames.state in {ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING}
        if answerable and not self._link.closing:
            self._link.write(self._frames.send(event.response()))
        self._link.close()
        self._end()

    def _end(self) -> None:
        self._ended.set()
        self._messages.put_nowait(None)
