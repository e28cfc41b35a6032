"""The sandbox's HTTPS server: HTTP/1.1 with keep-alive, chunked streams, WebSocket, and faults on purpose.

It promises one `Request` to the handler per request on the wire, in the order of each connection, and that a
client which goes away at any moment leaves no task, no log line and no traceback. It never knows what is
served: paths, JSON and Kubernetes are the handler's.
"""

import asyncio
import itertools
import socket
import ssl
import traceback
from functools import partial

from kubectl_ipvs.sandbox.wire.conversation import Conversation
from kubectl_ipvs.sandbox.wire.exchange import Drop, Handler, Hang, Raw, Reply, Request, Response, Stream, Upgrade
from kubectl_ipvs.sandbox.wire.frames import Channel
from kubectl_ipvs.sandbox.wire.link import Link

__all__ = [
    "Channel",
    "Drop",
    "Handler",
    "Hang",
    "Raw",
    "Reply",
    "Request",
    "Response",
    "Server",
    "Stream",
    "Upgrade",
]

BACKLOG = 4096  # connections the kernel holds for us; net.core.somaxconn may make it fewer
CLOSE_WAIT = 5.0  # seconds a client has to take its last bytes before it is cut
CANCEL_AGAIN = 0.1  # seconds
ACCEPT_AT_ONCE = 64  # connections
ACCEPT_PAUSE = 0.05  # seconds without a new connection when the process has no file descriptor left


class Server:
    """One listener and its connections, in the event loop that calls `start`.

    `open_connections` counts the connections whose TLS handshake is done; `most_connections` is the most of
    them that were open together.
    """

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None) -> None:
        self.open_connections = 0
        self.most_connections = 0
        self._handler = handler
        self._tls = tls
        self._numbers = itertools.count(1)
        self._listener: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; return the port (the kernel's choice for 0). `OSError` when the address cannot be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self._listener.setblocking(False)  # noqa: FBT003  # the socket's own signature
        self._listen()
        return int(self._listener.getsockname()[1])

    async def stop(self) -> None:
        """Close the listener and cut every connection; return when all of them are gone."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        while self._tasks:  # once is not enough: up to 3.11, wait_for forgets a cancel that meets its result
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=CANCEL_AGAIN)

    def _listen(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)

    def _accept(self, listener: socket.socket) -> None:
        """Take what waits at the listener, some at a time, so that the others get their turn."""
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPT_AT_ONCE):
            try:
                accepted, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:  # no file descriptor is left
                loop.remove_reader(listener)
                loop.call_later(ACCEPT_PAUSE, self._listen)
                return
            accepted.setblocking(False)  # noqa: FBT003  # the socket's own signature
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(self._tls, self._count)
            task = loop.create_task(self._serve(accepted, link))
            link.on_lost = task.cancel
            self._tasks.add(task)
            task.add_done_callback(partial(self._finish, accepted))

    def _finish(self, accepted: socket.socket, task: asyncio.Task[None]) -> None:
        """Close the socket: a task cancelled before its first step has made no transport to do it."""
        self._tasks.discard(task)
        accepted.close()

    async def _serve(self, accepted: socket.socket, link: Link) -> None:
        """Let the conversation run, and see the connection gone."""
        loop = asyncio.get_running_loop()
        conversation = Conversation(link, self._handler, self._numbers)
        try:
            await loop.connect_accepted_socket(lambda: link, accepted)
            await conversation.run()
            link.ignore()
            link.close()
            await asyncio.wait_for(link.wait_lost(), CLOSE_WAIT)
        except (OSError, asyncio.TimeoutError):
            pass  # a client that has gone already, or does not take its last bytes
        except Exception:  # noqa: BLE001  # any bug of the sandbox must be seen
            traceback.print_exc()
        finally:
            link.ignore()
            link.abort()
            await link.wait_lost()

    def _count(self, change: int) -> None:
        self.open_connections += change
        self.most_connections = max(self.most_connections, self.open_connections)
