"""exec in a pod by WebSocket, as the API server does it, with every fault a node may have.

Source: the API server's StreamTranslator (v5, since 1.30: errors of the kubelet come on the error channel, after
the upgrade) and the kubelet's own WebSocket server (v4: they come instead of the upgrade).
"""

import asyncio
import contextlib
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.apiserver.reads import is_set, query
from kubectl_ipvs.sandbox.apiserver.resources import PODS
from kubectl_ipvs.sandbox.nodes.commands import Output, run
from kubectl_ipvs.sandbox.nodes.hosts import Host
from kubectl_ipvs.sandbox.nodes.pod_status import StatusError, bad_request, forbidden, internal, not_found
from kubectl_ipvs.sandbox.nodes.processes import MODULES, Process
from kubectl_ipvs.sandbox.wire.exchange import Reply, Request, Response, Upgrade
from kubectl_ipvs.sandbox.wire.frames import Channel
from kubectl_ipvs.sandbox.world import World

Obj = dict[str, Any]
OUT, ERR, STATUS = 1, 2, 3
V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
_CHUNK = 32768
_CONTROL = "\x1b[2J\x1b[31mTCP  10.96.0.99:80 \x1b]0;owned\x07rr\r\x08\x9b5n\n"
_GARBAGE = bytes(range(256)) * 8


class Command(NamedTuple):
    """One exec: where, what, and which channels the client listens to."""

    process: Process | None
    host: Host
    container: str
    words: tuple[str, ...]
    channels: frozenset[int]
    protocol: str
    url: str  # the kubelet's, as errors name it


def exec_reply(world: World, request: Request, user: str, namespace: str, name: str) -> Reply:
    """Answer an exec request; raise what refuses it."""
    command = _command(world, request, namespace, name)
    settings = world.given.settings
    if settings.deny_exec:
        raise StatusError(403, "Forbidden", settings.deny_exec)
    if "gone" in command.host.faults and command.host.faults["gone"] != "0":
        _lose(world, command.host, namespace, name)
        raise not_found(PODS, name)
    if "forbidden-exec" in command.host.faults:
        what = f'cannot create resource "pods/exec" in API group "" in the namespace "{namespace}"'
        message = f'pods "{name}" is forbidden: User "{user}" {what}'
        raise forbidden(message, PODS, name)
    if not command.protocol:
        return Response(403)  # no subprotocol in common
    problem = _kubelet_problem(command)
    if problem and command.protocol == V4:
        raise problem if problem.code != 500 else StatusError(500, "", problem.message.partition("occurred: ")[2])  # noqa: PLR2004 -- HTTP
    session = Session(world, command, problem)
    return Upgrade(command.protocol, session.serve)


def _command(world: World, request: Request, namespace: str, name: str) -> Command:
    entry = world.store.get(PODS, namespace, name)
    if entry is None:
        raise not_found(PODS, name)
    expect_websocket(request, "exec")
    pod = entry.obj
    containers = [each["name"] for each in pod["spec"]["containers"]]
    container = query(request, "container") or containers[0]
    if container not in containers:
        raise bad_request(f"container {container} is not valid for pod {name}")
    words = tuple(request.query.get("command", ()))
    if not words:
        raise bad_request("you must specify at least 1 command for the container")
    if "nodeName" not in pod["spec"]:
        raise bad_request(f"pod {name} does not have a host assigned")
    host = world.hosts[pod["spec"]["nodeName"]]
    channels = frozenset(channel for channel, key in ((OUT, "stdout"), (ERR, "stderr")) if is_set(request, key))
    known = [V4] if "v4" in host.faults or world.options.release < (1, 30) else [V5, V4]
    protocol = common_protocol(request, known)
    url = f"https://{host.address}:10250/exec/{namespace}/{name}/{container}?command={words[0]}"
    process = world.kubelets.process(pod["metadata"]["uid"])
    return Command(process, host, container, words, channels, protocol, url)


def expect_websocket(request: Request, what: str) -> None:
    """Raise a 400 for a request that asks for no WebSocket."""
    if "upgrade" not in request.header("connection").lower():
        raise bad_request("Upgrade request required")
    if request.header("upgrade").lower() != "websocket":
        raise bad_request(f"the sandbox speaks {what} by WebSocket alone, not by SPDY: use kubectl 1.31 or newer")


def common_protocol(request: Request, known: Iterable[str]) -> str:
    """Return the first subprotocol that the client offers too, "" where there is none."""
    offered = [word.strip() for value in request.header_all("sec-websocket-protocol") for word in value.split(",")]
    return next((each for each in known if each in offered), "")


def no_route(host: Host) -> str:
    """Return the API server's words for a kubelet that cannot be reached."""
    return f"dial tcp {host.address}:10250: connect: no route to host"


def _lose(world: World, host: Host, namespace: str, name: str) -> None:
    """Delete the pod between the client's list and its exec."""
    host.faults["gone"] = str(max(int(host.faults["gone"]) - 1, -1))
    world.store.remove(PODS, namespace, name)


def _kubelet_problem(command: Command) -> StatusError | None:
    """Return what stands between the API server and the container, if anything does."""
    host, process = command.host, command.process
    dial = no_route(host)
    if not host.reachable:
        if command.protocol == V4:
            return internal(f"error dialing backend: {dial}")
        return internal(f'error sending request: Post "{command.url}": {dial}')
    if "exec-refused" in host.faults:
        return internal("unable to upgrade connection: the kubelet refuses exec on purpose")
    runs = process and (process.container if command.container == process.main else process.beside).running
    if not runs:
        return internal(f'unable to upgrade connection: container not found ("{command.container}")')
    return None


def _programs(world: World, command: Command) -> Collection[str]:
    """Return the programs in the container's image."""
    return world.kubelets.programs(command.process, command.container) if command.process else ()


class Session:
    """One exec under way."""

    def __init__(self, world: World, command: Command, problem: StatusError | None) -> None:
        self._world = world
        self._command = command
        self._problem = problem
        self._faults = dict(command.host.faults)

    async def serve(self, channel: Channel) -> None:
        """Speak the protocol from the first frame to the last; a client that goes away ends it."""
        with contextlib.suppress(ConnectionError):
            await channel.send(bytes([min(self._command.channels, default=STATUS)]))  # the stream is open
            if self._problem:
                await self._status(channel, self._problem.status())
                return
            delay = self._world.options.exec_latency + float(self._faults.get("slow", 0))
            if delay:
                await asyncio.sleep(delay)
            if "hang" in self._faults:
                while await channel.receive() is not None:
                    pass
                return
            await self._run(channel)

    async def _run(self, channel: Channel) -> None:
        command = self._command
        unseen = "" if command.process is None or command.process.sees_modules else MODULES
        output = run(command.host, list(command.words), _programs(self._world, command), unseen)
        out = self._spoiled(output.out)
        if "half" in self._faults and out:
            await self._send(channel, OUT, out[: len(out) // 2])
            channel.abort()
            return
        await self._send(channel, OUT, out)
        await self._send(channel, ERR, output.err.encode())
        if "no-status" not in self._faults:
            await self._status(channel, _status(output, command))

    def _spoiled(self, text: str) -> bytes:
        """Return the output as the node's faults leave it."""
        if "garbage" in self._faults:
            return _GARBAGE
        if "control" in self._faults and "RemoteAddress" in text:
            return (text + _CONTROL).encode()
        return text.encode()

    async def _send(self, channel: Channel, number: int, data: bytes) -> None:
        if number in self._command.channels:
            size = 1 if "one-byte" in self._faults else _CHUNK
            for piece in _pieces(data, size):
                await channel.send(bytes([number]) + piece)

    @staticmethod
    async def _status(channel: Channel, status: Obj) -> None:
        await channel.send(bytes([STATUS]) + json.dumps(status).encode())


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def _status(output: Output, command: Command) -> Obj:
    """Return the Status object that ends an exec."""
    if output.code == 0:
        return {"metadata": {}, "status": "Success"}
    if output.code is None:
        why = (
            f'error executing command in container: failed to exec in container: failed to start exec "{"7c" * 32}": '
            "OCI runtime exec failed: exec failed: unable to start container process: "
            f'exec: "{command.words[0]}": executable file not found in $PATH: unknown'
        )
        # The translator wraps the kubelet's words, which begin the same way.
        return internal(f"Internal error occurred: {why}" if command.protocol == V5 else why).status()
    cause = {"reason": "ExitCode", "message": str(output.code)}
    message = f"command terminated with non-zero exit code: command terminated with exit code {output.code}"
    if command.protocol == V4:
        words = " ".join(command.words)
        message = (
            f"command terminated with non-zero exit code: error executing command [{words}], exit code {output.code}"
        )
    failure = {"metadata": {}, "status": "Failure", "message": message, "reason": "NonZeroExitCode"}
    return {**failure, "details": {"causes": [cause]}}
