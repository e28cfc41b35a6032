"""The stub's own way to the API server: JSON over HTTPS as the administrator."""

import json
import ssl
from collections.abc import AsyncIterator, Collection
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

Obj = dict[str, Any]
PODS = "/api/v1/namespaces/kube-system/pods"
NODES = "/api/v1/nodes"
CONFIG = "/api/v1/namespaces/kube-system/configmaps/kube-proxy"
DAEMON_SET = "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy"
OURS = "labelSelector=k8s-app%3Dkube-proxy"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
GONE_IS_FINE = (404, 409)
LONGEST_EVENT = 2**24  # bytes


class Api:
    """One session with the API server on 127.0.0.1."""

    def __init__(self, session: aiohttp.ClientSession, port: int, pki: Path) -> None:
        self._session = session
        self._base = f"https://127.0.0.1:{port}"
        self._tls = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    async def call(
        self,
        method: str,
        path: str,
        body: Obj | None = None,
        *,
        kind: str = "application/json",
        fine: Collection[int] = GONE_IS_FINE,
    ) -> tuple[int, Obj]:
        """Make a request; return status and answer; RuntimeError for an error that is not `fine`."""
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": kind}
        async with self._session.request(
            method, self._base + path, ssl=self._tls, data=data, headers=headers
        ) as answer:
            found: Obj = await answer.json(content_type=None)
            if answer.status >= HTTPStatus.BAD_REQUEST and answer.status not in fine:
                raise RuntimeError(f"{method} {path}: {answer.status} {found}")
            return answer.status, found

    async def get(self, path: str) -> Obj:
        """Return an object or a list that has to be there."""
        return (await self.call("GET", path, fine=()))[1]

    async def watch(self, path: str, version: str) -> AsyncIterator[Obj]:
        """Yield events from a resourceVersion on, until the server ends it."""
        url = f"{self._base}{path}&watch=1&allowWatchBookmarks=1&resourceVersion={version}"
        forever = aiohttp.ClientTimeout(total=None)
        async with self._session.get(url, ssl=self._tls, timeout=forever, read_bufsize=LONGEST_EVENT) as answer:
            async for line in answer.content:
                yield json.loads(line)
