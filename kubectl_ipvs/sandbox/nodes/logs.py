"""The log of a kube-proxy pod: a few of the lines a real one writes, for the mode it ended up in."""

import asyncio
import time
from collections.abc import AsyncIterator

from kubectl_ipvs.sandbox.apiserver.reads import is_set, query
from kubectl_ipvs.sandbox.apiserver.resources import PODS
from kubectl_ipvs.sandbox.nodes.pod_status import bad_request, internal, not_found
from kubectl_ipvs.sandbox.nodes.processes import Process
from kubectl_ipvs.sandbox.wire.exchange import TEXT, Request, Response, Stream
from kubectl_ipvs.sandbox.world import World


def log_reply(world: World, request: Request, namespace: str, name: str) -> Response | Stream:
    """Answer a request for a pod's log; `tailLines` and `follow` (which never brings more) are honoured."""
    entry = world.store.get(PODS, namespace, name)
    if entry is None:
        raise not_found(PODS, name)
    process = world.kubelets.process(entry.obj["metadata"]["uid"])
    container = query(request, "container") or (process.main if process else "kube-proxy")
    if process is None or (not process.log and not process.container.running):
        raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: ContainerCreating')
    log = _log(process, container, name, previous=is_set(request, "previous"))
    if not process.host.reachable:
        address = f"{process.host.address}:10250"
        url = f"https://{address}/containerLogs/{namespace}/{name}/{container}"
        raise internal(f'Get "{url}": dial tcp {address}: no route to host')
    prefix = time.strftime("%m%d %H:%M:%S.000000       1", time.gmtime())
    lines = [f"{line[0]}{prefix} server.go:{500 + number}] {line[2:]}\n" for number, line in enumerate(log)]
    tail = query(request, "tailLines")
    text = "".join(lines[-int(tail) :] if tail.isdigit() and int(tail) else lines).encode()
    if not is_set(request, "follow"):
        return Response(200, text, TEXT)
    return Stream(200, _follow(text), TEXT)


def _log(process: Process, container: str, pod: str, *, previous: bool) -> list[str]:
    """Return the lines of a container's last start, or those of the start before it."""
    if container != process.main:
        return []
    ended = bool(process.container.last)
    if previous and not ended:
        raise bad_request(f'previous terminated container "{container}" in pod "{pod}" not found')
    # While it waits for its next start, the start that has ended is both the last one and the previous one.
    return process.previous if previous and process.container.running else process.log


async def _follow(text: bytes) -> AsyncIterator[bytes]:
    yield text
    await asyncio.Event().wait()
