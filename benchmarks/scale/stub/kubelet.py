"""One kubelet for all nodes: exec by WebSocket (v4, v5), behind TLS that asks for the API server's certificate.

It counts the execs, and how many were under way at once: what a client keeps open.
"""

import asyncio
import json
import ssl
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from aiohttp import web
from fleet import Fleet
from tables import Tables

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDERR, ERROR = b"\2", b"\3"
FOREVER = 3600.0
TLS_BACKLOG = 4096


class Kubelet:
    """Serves on 127.0.0.1."""

    def __init__(self, fleet: Fleet, tables: Tables) -> None:
        self._fleet = fleet
        self._tables = tables

    async def serve(self) -> None:
        """Begin to serve."""
        app = web.Application()
        app.router.add_route("*", "/exec/{namespace}/{pod}/{container}", self._exec)
        app.router.add_get("/counters", self._counters)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        options = self._fleet.options
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(options.pki / "ca.crt"))
        tls.load_cert_chain(options.pki / "stub.crt", options.pki / "stub.key")
        tls.verify_mode = ssl.CERT_REQUIRED  # as a kubelet without anonymous access
        tls.num_tickets = 0  # the API server never resumes a session with a kubelet
        await web.TCPSite(runner, "127.0.0.1", options.port, ssl_context=tls, backlog=TLS_BACKLOG).start()

    async def _counters(self, _: web.Request) -> web.Response:
        return web.json_response(self._fleet.counters())

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        """Answer; what is open is counted until the last frame is out, since the client goes on from there.

        The end of the connection comes through the API server later; the sandbox counts connections to their end.
        """
        fleet = self._fleet
        fleet.execs += 1
        fleet.open += 1
        fleet.most_open = max(fleet.most_open, fleet.open)
        try:
            answer = await self._answer(request)
        finally:
            fleet.open -= 1
        if isinstance(answer, web.WebSocketResponse):
            await answer.close()
        return answer

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["pod"]
        if name not in self._fleet.ready:
            return web.Response(status=500, text='unable to upgrade connection: container not found ("kube-proxy")')
        number = self._fleet.pods[name][1]
        failure = self._fleet.options.fail.get(number)
        if failure == "stall":
            await asyncio.sleep(FOREVER)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(status=403, text="unable to upgrade: the stub speaks WebSocket only")
        socket = web.WebSocketResponse(protocols=PROTOCOLS, compress=False, timeout=5)
        await socket.prepare(request)
        await asyncio.sleep(FOREVER if failure == "hang" else self._fleet.options.latency)
        await self._run(socket, number, request.query.getall("command", []))
        return socket

    async def _run(self, socket: web.WebSocketResponse, number: int, command: Sequence[str]) -> None:
        if command and PurePath(command[0]).name == "ipvsadm":
            for frame in self._tables.frames(number, self._fleet.schedulers[number]):
                await socket.send_bytes(frame)
            await socket.send_bytes(ERROR + json.dumps({"metadata": {}, "status": "Success"}).encode())
            return
        await socket.send_bytes(STDERR + f"{command[-1:]}: No such file or directory\n".encode())
        await socket.send_bytes(ERROR + json.dumps(_failed(1)).encode())


def _failed(code: int) -> dict[str, Any]:
    cause = {"reason": "ExitCode", "message": str(code)}
    message = f"command terminated with exit code {code}"
    return {"status": "Failure", "message": message, "reason": "NonZeroExitCode", "details": {"causes": [cause]}}
