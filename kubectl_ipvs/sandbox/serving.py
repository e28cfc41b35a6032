"""A simulated cluster at work: its thread, its server, and the record of every request.

It promises that a request is recorded before it is answered, and that nothing outlives `stop`. What the cluster
is and holds is `World`'s, what a request means is `Api`'s.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from kubectl_ipvs.sandbox.apiserver.access import MASTERS, Access, Denial, User
from kubectl_ipvs.sandbox.apiserver.api import Api
from kubectl_ipvs.sandbox.apiserver.interference import Interference
from kubectl_ipvs.sandbox.certificates.pki import Authority, Identity, server_context
from kubectl_ipvs.sandbox.nodes.pod_status import StatusError
from kubectl_ipvs.sandbox.options import Options
from kubectl_ipvs.sandbox.wire.server import Drop, Hang, Raw, Reply, Request, Response, Server, Upgrade
from kubectl_ipvs.sandbox.world import World

T = TypeVar("T")
HOST = "127.0.0.1"
SWITCHING = 101


class Seen(NamedTuple):
    """One request as it came: `user` is the effective one, `status` 0 while (or if ever) there is no answer."""

    number: int
    method: str
    path: str
    query: dict[str, list[str]]
    user: str
    real_user: str
    headers: list[tuple[str, str]]
    body: bytes
    status: int
    at: float  # time.monotonic()


class Serving:
    """A world behind an HTTPS server, in a thread of its own."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 -- the fields of Options, checked there
        self.options = Options(**options)
        self.requests: list[Seen] = []
        self.hook: Callable[[Request], Reply | None] | None = None
        self.after: Callable[[Request, Reply], None] | None = None
        self.interference = Interference()
        self.url = ""
        self._world = World(self.options)
        self.options = self._world.options
        self._access = Access()
        for rule in self._world.given.settings.deny:
            resource, _, subresource = rule["resource"].partition("/")
            silent = rule.get("ssar") is False
            self._access.denials.append(Denial(rule["verb"], resource, None, subresource, is_silent=silent))
        self.token = self._access.add_user("admin", "admin")
        self._viewer_token = self._access.add_user("viewer", "viewer")
        self._api = Api(self._world, self._access)
        self._authority = Authority.create()
        self.ca = self._authority.certificate
        identity = self._authority.issue("kube-apiserver", dns=("localhost", "kubernetes"), ips=(HOST, "::1"))
        self._tls = server_context(identity, self.ca)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: Server | None = None
        self._port = 0
        self._opened = 0
        self._reopening: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    @cached_property
    def _client(self) -> Identity:
        return self._authority.issue("kubernetes-admin", organizations=(MASTERS,), server=False)

    def start(self, port: int = 0) -> None:
        """Serve, on this port or a free one."""
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
        self._thread.start()
        try:
            self._wait(self._open(port))
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Cut every connection and end the thread; the last state can still be looked at."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._wait(self._close())
        self._loop = None
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    async def _close(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
        if self._server is not None:
            await self._server.stop()
        await asyncio.get_running_loop().shutdown_asyncgens()

    async def _open(self, port: int) -> None:
        self._world.timers.attach(asyncio.get_running_loop())
        self._server = Server(self._handle, self._tls)
        self._port = await self._server.start(HOST, port)
        self.url = f"https://{HOST}:{self._port}"

    async def _cut(self, seconds: float) -> None:
        if self._server is None:
            raise RuntimeError("the sandbox does not run")
        server, self._server = self._server, None
        await server.stop()
        self._opened = max(self._opened, server.most_connections)
        loop = asyncio.get_running_loop()
        self._reopening = loop.call_later(seconds, lambda: self._spawn(self._open(self._port)))

    def outage(self, seconds: float) -> None:
        """Take the server away: connections are cut and refused from now on; it is back after so many seconds.

        Called from a hook it begins right after the answer at hand, which does not arrive.
        """
        if threading.current_thread() is self._thread:
            self._spawn(self._cut(seconds))
        else:
            self._wait(self._cut(seconds))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.get_running_loop().create_task(coroutine)

    @property
    def most_connections(self) -> int:
        """Most connections that were open at the same time."""
        return max(self._opened, self._server.most_connections if self._server else 0)

    @property
    def open_connections(self) -> int:
        """Connections open now."""
        return self._server.open_connections if self._server else 0

    async def _handle(self, request: Request) -> Reply:
        position = len(self.requests)
        names = (request.method, request.path, request.query)
        seen = Seen(request.number, *names, "", "", request.headers, request.body, 0, time.monotonic())
        self.requests.append(seen)
        reply = self._answer(request, position)
        self.requests[position] = self.requests[position]._replace(status=_status_of(reply))
        if self.after is not None:
            self.after(request, reply)
        return reply

    def _answer(self, request: Request, position: int) -> Reply:
        try:
            real = self._access.authenticate(request)
            self._note(position, real, real)
            user = self._access.impersonate(request, real)
            self._note(position, real, user)
        except StatusError as refusal:
            user, refused = None, Response(refusal.code, refusal.body())
        if self.hook is not None and (instead := self.hook(request)) is not None:
            return instead
        if (instead := self.interference.answer(request)) is not None:
            return instead
        reply = refused if user is None else self._api.reply(request, user)
        self.interference.after(request, reply)
        return reply

    def _note(self, position: int, real: User, user: User) -> None:
        self.requests[position] = self.requests[position]._replace(user=user.name, real_user=real.name)

    def _inside(self, action: Callable[[], T]) -> T:
        """Do something in the sandbox's thread (or here, while it does not run)."""
        loop = self._loop
        if loop is None or threading.current_thread() is self._thread:
            return action()

        async def act() -> T:
            return action()

        return asyncio.run_coroutine_threadsafe(act(), loop).result()

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            coroutine.close()
            raise RuntimeError("the sandbox does not run")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


def _status_of(reply: Reply) -> int:
    if isinstance(reply, Upgrade):
        return SWITCHING
    return 0 if isinstance(reply, (Drop, Hang, Raw)) else reply.status
