"""HTTP/1.1 on one connection: requests in, replies out, one after the other.

It promises one whole `Request` to the handler at a time and a visible 500 when the handler fails. It never
reads a path or a body: what is served is the handler's.
"""

import asyncio
import contextlib
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from urllib.parse import parse_qs, unquote

import h11
from wsproto.utilities import generate_accept_token

from kubectl_ipvs.sandbox.wire.exchange import (
    TEXT,
    Drop,
    Handler,
    Hang,
    Raw,
    Reply,
    Request,
    Response,
    Stream,
    Upgrade,
)
from kubectl_ipvs.sandbox.wire.frames import Channel
from kubectl_ipvs.sandbox.wire.link import Link

MAX_BODY = 4 << 20  # bytes
MAX_HEAD = 64 << 10  # bytes of request line and headers
BODILESS = {204, 304}


def _http() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)


class Conversation:
    """The requests of one connection, one after the other."""

    def __init__(self, link: Link, handler: Handler, numbers: Iterator[int]) -> None:
        self._link = link
        self._handler = handler
        self._numbers = numbers
        self._http = _http()
        self._arrived = asyncio.Event()
        link.on_data = self._feed

    async def run(self) -> None:
        """Answer requests until one side ends the connection; a client that has gone is no error."""
        with contextlib.suppress(ConnectionResetError):
            while await self._exchange():
                pass

    def _feed(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._arrived.set()

    async def _exchange(self) -> bool:
        """Read one request and answer it; tell whether the connection may go on."""
        try:
            request = await self._read()
        except h11.RemoteProtocolError as error:
            self._respond(Response(400, f"{error}\n".encode(), TEXT), "")
            return False
        if request is None:
            self._respond(Response(413, f"the body has more than {MAX_BODY} bytes\n".encode(), TEXT), "")
            return self._next_cycle()
        try:
            reply = await self._handler(request)
        except Exception:  # noqa: BLE001  # any bug of the sandbox must be seen
            traceback.print_exc()
            reply = Response(500, traceback.format_exc().encode(), TEXT)
        return await self._deliver(request, reply)

    async def _read(self) -> Request | None:
        """Wait for the next whole request; None when its body was too large (it is read to its end)."""
        head, parts, size = None, list[bytes](), 0
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                await self._more()
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                size += len(event.data)
                if size <= MAX_BODY:
                    parts.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return None if size > MAX_BODY else self._request(head, b"".join(parts))
            else:
                raise ConnectionResetError("no further request")

    async def _more(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            self._link.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        self._arrived.clear()
        await self._arrived.wait()

    def _request(self, head: h11.Request, body: bytes) -> Request:
        path, _, query = head.target.decode("latin-1").partition("?")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
        return Request(
            number=next(self._numbers),
            method=head.method.decode("latin-1"),
            path=unquote(path),
            query=parse_qs(query, keep_blank_values=True),
            headers=headers,
            body=body,
            peer=self._link.peer,
        )

    async def _deliver(self, request: Request, reply: Reply) -> bool:
        """Send the reply; tell whether the connection may go on."""
        match reply:
            case Response():
                if reply.delay:
                    await asyncio.sleep(reply.delay)
                self._respond(reply, request.method)
                await self._link.drain()
                return self._next_cycle()
            case Stream():
                return await self._stream(reply, request.method)
            case Upgrade():
                return await self._upgrade(reply, request)
            case Raw():
                self._link.write(reply.data)
                await self._link.drain()
                self._restart()
                return not reply.then_drop
            case Hang():
                await asyncio.sleep(reply.seconds)
                self._link.abort()
            case Drop():
                self._link.abort(reset=reply.reset)
        return False

    def _respond(self, reply: Response, method: str) -> None:
        """Send head and body in one write."""
        bodiless = method == "HEAD" or reply.status in BODILESS
        headers = list(reply.headers)
        if reply.status not in BODILESS and all(name.lower() != "content-length" for name, _ in headers):
            headers.append(("content-length", str(len(reply.body))))
        parts = [self._head(reply.status, headers)]
        if reply.body and not bodiless:
            parts.append(self._http.send(h11.Data(data=reply.body)) or b"")
        parts.append(self._http.send(h11.EndOfMessage()) or b"")
        self._link.write(b"".join(parts))

    def _head(self, status: int, headers: list[tuple[str, str]]) -> bytes:
        return self._http.send(h11.Response(status_code=status, headers=headers)) or b""

    async def _stream(self, reply: Stream, method: str) -> bool:
        try:
            self._link.write(self._head(reply.status, list(reply.headers)))
            if method != "HEAD":
                async for chunk in reply.chunks:
                    self._link.write(self._http.send(h11.Data(data=chunk)) or b"")
                    await self._link.drain()
            self._link.write(self._http.send(h11.EndOfMessage()) or b"")
        except Exception:  # noqa: BLE001  # a bug of the handler's iterator; the head is sent, so no 500
            if not self._link.closing:
                traceback.print_exc()
            return False
        finally:
            await _close(reply.chunks)
        return self._next_cycle()

    async def _upgrade(self, reply: Upgrade, request: Request) -> bool:
        key = request.header("sec-websocket-key")
        if not key or request.header("upgrade").lower() != "websocket":
            self._respond(Response(400, b"this request does not ask for a WebSocket\n", TEXT), request.method)
            return self._next_cycle()
        headers = [("upgrade", "websocket"), ("connection", "Upgrade")]
        headers.append(("sec-websocket-accept", generate_accept_token(key.encode()).decode()))
        if reply.subprotocol:
            headers.append(("sec-websocket-protocol", reply.subprotocol))
        self._link.write(self._http.send(h11.InformationalResponse(status_code=101, headers=headers)) or b"")
        await Channel(self._link, self._http.trailing_data[0]).run(reply.serve)
        return False

    def _next_cycle(self) -> bool:
        """Make ready for the next request; False when one side asked to close."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    def _restart(self) -> None:
        """Forget the exchange, answered without h11's knowledge; keep what the client sent after it."""
        received, _ = self._http.trailing_data
        self._http = _http()
        if received:
            self._http.receive_data(received)


async def _close(chunks: AsyncIterator[bytes]) -> None:
    """Close the iterator if it is a generator, so that its `finally` runs now."""
    if isinstance(chunks, AsyncGenerator):
        await chunks.aclose()
