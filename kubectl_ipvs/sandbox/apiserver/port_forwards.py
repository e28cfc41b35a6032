"""port-forward to a pod by WebSocket: TCP connections to the ports on which its kube-proxy listens.

Source: the kubelet's WebSocket server (`v4.channel.k8s.io`): two channels a port, data and errors, each begun by the
port's number in two bytes, low byte first. All the pods are in the host's network.
"""

import asyncio
import contextlib
from typing import NamedTuple

import h11

from kubectl_ipvs.sandbox.apiserver.execs import V4, common_protocol, expect_websocket, no_route
from kubectl_ipvs.sandbox.apiserver.resources import PODS
from kubectl_ipvs.sandbox.nodes.http_endpoints import Answer, Release, answer, listening
from kubectl_ipvs.sandbox.nodes.pod_status import StatusError, bad_request, not_found
from kubectl_ipvs.sandbox.nodes.processes import Process
from kubectl_ipvs.sandbox.wire.exchange import Reply, Request, Response, Upgrade
from kubectl_ipvs.sandbox.wire.frames import Channel
from kubectl_ipvs.sandbox.world import World

MOST_PORTS = 65535


class Forward(NamedTuple):
    """One port-forward: from which pod, to which ports, and how it is served."""

    process: Process | None
    uid: str
    ports: tuple[int, ...]
    release: Release
    delay: float  # seconds


def port_forward_reply(world: World, request: Request, namespace: str, name: str) -> Reply:
    """Answer a port-forward request; raise what refuses it."""
    entry = world.store.get(PODS, namespace, name)
    if entry is None:
        raise not_found(PODS, name)
    expect_websocket(request, "port-forward")
    if "nodeName" not in entry.obj["spec"]:
        raise bad_request(f"pod {name} does not have a host assigned")
    host = world.hosts[entry.obj["spec"]["nodeName"]]
    ports = _ports(request)
    protocol = common_protocol(request, [V4])
    if not protocol:
        return Response(403)  # no subprotocol in common
    if not host.reachable:
        raise StatusError(500, "", f"error dialing backend: {no_route(host)}")
    process = world.kubelets.process(entry.obj["metadata"]["uid"])
    delay = world.options.exec_latency + float(host.faults.get("slow", 0))
    release = world.kubelets.release(process) if process else world.options.release
    forward = Forward(process, entry.obj["metadata"]["uid"], ports, release, delay)
    return Upgrade(protocol, Session(forward).serve)


def _ports(request: Request) -> tuple[int, ...]:
    words = [word for text in request.query.get("ports", ()) for word in text.split(",")]
    if not words:
        raise bad_request('query parameter "port" is required')
    for word in words:
        if not word.isdigit() or not 0 < int(word) <= MOST_PORTS:
            raise bad_request(f'invalid port "{word}"')
    return tuple(map(int, words))


class Session:
    """One port-forward under way; it ends with the first of its connections, as the kubelet's does."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self._connections = [h11.Connection(h11.SERVER) for _ in forward.ports]

    async def serve(self, channel: Channel) -> None:
        """Speak the protocol from the first frame to the last."""
        forward = self._forward
        with contextlib.suppress(ConnectionError):
            for number, port in enumerate(forward.ports):
                for each in (2 * number, 2 * number + 1):
                    await channel.send(bytes([each]) + port.to_bytes(2, "little"))
            if forward.delay:
                await asyncio.sleep(forward.delay)
            if forward.process and "hang" in forward.process.host.faults:
                while await channel.receive() is not None:
                    pass
                return
            refused = [port for port in forward.ports if port not in self._listening()]
            if refused:
                number = forward.ports.index(refused[0])
                await channel.send(bytes([2 * number + 1]) + self._refusal(refused[0]).encode())
                return
            await self._converse(channel)

    def _listening(self) -> dict[int, str]:
        return listening(self._forward.process) if self._forward.process else {}

    def _refusal(self, port: int) -> str:
        why = f"dial tcp4 127.0.0.1:{port}: connect: connection refused"
        return (
            f"error forwarding port {port} to pod {self._forward.uid}, uid : failed to execute portforward in network "
            f'namespace "host": failed to connect to localhost:{port} inside namespace "", IPv4: {why} '
            f"IPv6 dial tcp6 [::1]:{port}: connect: connection refused "
        )

    async def _converse(self, channel: Channel) -> None:
        """Hand what comes to the server of its port, and its answers back, until one of them ends."""
        while (message := await channel.receive()) is not None:
            number, odd = divmod(message[0], 2) if message else (0, 1)
            if odd or number >= len(self._connections):
                continue
            answers, ended = self._take(number, message[1:])
            if answers:
                await channel.send(bytes([2 * number]) + answers)
            if ended:
                return

    def _take(self, number: int, data: bytes) -> tuple[bytes, bool]:
        """Return what a port's server answers to these bytes, and whether it closes the connection after that."""
        connection, out, path, process = self._connections[number], b"", "", self._forward.process
        server = self._listening().get(self._forward.ports[number])
        if server is None or process is None:  # kube-proxy has ended meanwhile
            return b"", True
        try:
            connection.receive_data(data)
            while (event := connection.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
                if isinstance(event, h11.Request):
                    path = event.target.decode().partition("?")[0]
                elif isinstance(event, h11.EndOfMessage):
                    out += _sent(connection, answer(process, server, path, self._forward.release))
                    if connection.our_state is h11.MUST_CLOSE:
                        return out, True
                    connection.start_next_cycle()
        except h11.RemoteProtocolError:
            return out + b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request", True
        return out, False


def _sent(connection: h11.Connection, reply: Answer) -> bytes:
    headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(reply.body)))]
    parts = [
        h11.Response(status_code=reply.status, headers=headers),
        h11.Data(data=reply.body),
        h11.EndOfMessage(),
    ]
    return b"".join(connection.send(part) or b"" for part in parts)
