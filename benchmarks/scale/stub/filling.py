"""Brings the API server's nodes and pods to what is asked for: what is missing is made, what is too much deleted."""

import asyncio
import time
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any

from api import DAEMON_SET, MERGE, NODES, OURS, PODS, STRATEGIC, Api
from fleet import Fleet
from objects import daemon_set_status, is_ready, node, node_name, pod, pod_status

Obj = dict[str, Any]
AT_ONCE = 64
BUSY = (429, 500, 504)  # a pod's random name is taken (500 ServerTimeout), or there is too much to do


async def fill(api: Api, fleet: Fleet) -> float:
    """Fill the API server; return the seconds it took."""
    began = time.monotonic()
    fleet.daemon_set = await api.get(DAEMON_SET)
    start = await fleet.scheduler(api) or "rr"
    fleet.schedulers = dict.fromkeys(fleet.numbers, start)
    nodes = {found["metadata"]["name"]: found for found in (await api.get(NODES))["items"]}
    pods, superfluous = _assigned((await api.get(f"{PODS}?{OURS}"))["items"], fleet)
    end = {"gracePeriodSeconds": 0}
    await _together(
        *(api.call("DELETE", f"{PODS}/{name}", end) for name in superfluous),
        *(api.call("DELETE", f"{NODES}/{name}") for name in nodes.keys() - fleet.names.keys()),
    )
    await _together(*(_settle(api, fleet, number, nodes, pods) for number in fleet.numbers))
    await report(api, fleet)
    return time.monotonic() - began


async def create(api: Api, fleet: Fleet, number: int) -> str:
    """Create a node's pod; return its name."""
    while True:
        status, made = await api.call("POST", PODS, pod(fleet.daemon_set, node_name(number)), fine=(409, *BUSY))
        if status < HTTPStatus.BAD_REQUEST:
            name: str = made["metadata"]["name"]
            fleet.pods[name] = (made["metadata"]["uid"], number)
            return name


async def tell(api: Api, fleet: Fleet, name: str, *, ready: bool) -> None:
    """Report a pod's status as its kubelet would."""
    status = pod_status(fleet.daemon_set, fleet.pods[name][1], ready=ready)
    await api.call("PATCH", f"{PODS}/{name}/status", {"status": status}, kind=STRATEGIC)


async def report(api: Api, fleet: Fleet) -> None:
    """Report the DaemonSet's status as its controller would."""
    generation = (await api.get(DAEMON_SET))["metadata"]["generation"]
    status = daemon_set_status(fleet.options.nodes, len(fleet.pods), len(fleet.ready), generation)
    await api.call("PATCH", f"{DAEMON_SET}/status", {"status": status}, kind=MERGE)


def _assigned(found: list[Obj], fleet: Fleet) -> tuple[dict[int, Obj], list[str]]:
    """Return the pods to keep by node, and the names of those that are too many."""
    kept: dict[int, Obj] = {}
    superfluous: list[str] = []
    for entry in found:
        number = fleet.names.get(entry["spec"].get("nodeName", ""), 0)
        if number and number not in kept and "deletionTimestamp" not in entry["metadata"]:
            kept[number] = entry
        else:
            superfluous.append(entry["metadata"]["name"])
    return kept, superfluous


async def _settle(api: Api, fleet: Fleet, number: int, nodes: dict[str, Obj], pods: dict[int, Obj]) -> None:
    await _settle_node(api, number, fleet.port(number), nodes.get(node_name(number)))
    there = pods.get(number)
    if there is None:
        name = await create(api, fleet, number)
    else:
        name = there["metadata"]["name"]
        fleet.pods[name] = (there["metadata"]["uid"], number)
    if there is None or not is_ready(there):
        await tell(api, fleet, name, ready=True)
    fleet.ready.add(name)


async def _settle_node(api: Api, number: int, port: int, there: Obj | None) -> None:
    if there is None:
        await api.call("POST", NODES, node(number, port))
        return
    endpoint = {"kubeletEndpoint": {"Port": port}}
    if there["status"]["daemonEndpoints"] != endpoint:
        patch = {"status": {"daemonEndpoints": endpoint}}
        await api.call("PATCH", f"{NODES}/{node_name(number)}/status", patch, kind=MERGE)


async def _together(*jobs: Awaitable[object]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def gated(job: Awaitable[object]) -> None:
        async with gate:
            await job

    await asyncio.gather(*map(gated, jobs))
