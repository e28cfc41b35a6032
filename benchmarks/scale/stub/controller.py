"""Plays DaemonSet controller and kubelets: a deleted pod goes, its successor gets Ready, the table follows."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any

import aiohttp
from api import OURS, PODS, Api
from filling import create, report, tell
from fleet import Fleet

Obj = dict[str, Any]
REPORT, AGAIN = 0.3, 0.5  # seconds between reports of the DaemonSet's status; until a lost watch is opened again
UNSTARTABLE = 5.0  # seconds between two starts on a configuration that kube-proxy cannot start on


class Controller:
    """Works while it is entered."""

    def __init__(self, api: Api, fleet: Fleet) -> None:
        self._api = api
        self._fleet = fleet
        self._dying: set[str] = set()  # UIDs
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Controller":  # noqa: PYI034 - Self came with Python 3.11
        self._spawn(self._follow())
        self._spawn(self._report())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _report(self) -> None:
        last = (0, 0)
        while True:
            await asyncio.sleep(REPORT)
            now = (len(self._fleet.pods), len(self._fleet.ready))
            if now != last:
                last = now
                await report(self._api, self._fleet)

    async def _follow(self) -> None:
        while True:
            with suppress(aiohttp.ClientError, OSError, RuntimeError, ValueError):
                await self._watch(await self._list())
            await asyncio.sleep(AGAIN)

    async def _list(self) -> str:
        """Take note of all pods as they are; return the list's version."""
        body = await self._api.get(f"{PODS}?{OURS}")
        for found in body["items"]:
            self._seen("MODIFIED", found["metadata"])
        for name in self._fleet.pods.keys() - {found["metadata"]["name"] for found in body["items"]}:
            self._seen("DELETED", {"name": name})
        version: str = body["metadata"]["resourceVersion"]
        return version

    async def _watch(self, version: str) -> None:
        async for event in self._api.watch(f"{PODS}?{OURS}", version):
            if event["type"] == "ERROR":
                return
            if event["type"] != "BOOKMARK":
                self._seen(event["type"], event["object"]["metadata"])

    def _seen(self, kind: str, metadata: Obj) -> None:
        name = metadata["name"]
        uid, number = self._fleet.pods.get(name, ("", 0))
        if not number:
            return
        if kind == "DELETED":
            del self._fleet.pods[name]
            self._fleet.lost(name)
            self._spawn(self._replace(number))
        elif "deletionTimestamp" in metadata and uid not in self._dying:
            self._dying.add(uid)
            self._spawn(self._end(name, uid))

    async def _end(self, name: str, uid: str) -> None:
        self._fleet.lost(name)
        await asyncio.sleep(self._fleet.options.terminate)
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        await self._api.call("DELETE", f"{PODS}/{name}", body)
        self._dying.discard(uid)

    async def _replace(self, number: int) -> None:
        fleet = self._fleet
        name = await create(self._api, fleet, number)
        await tell(self._api, fleet, name, ready=False)
        await asyncio.sleep(fleet.options.ready)
        scheduler = await fleet.scheduler(self._api)
        while name in fleet.pods and scheduler is None:
            await asyncio.sleep(UNSTARTABLE)
            scheduler = await fleet.scheduler(self._api)
        if name not in fleet.pods or scheduler is None:
            return
        await tell(self._api, fleet, name, ready=True)
        fleet.ready.add(name)
        await asyncio.sleep(fleet.options.sync)
        if name in fleet.pods:
            fleet.schedulers[number] = scheduler
