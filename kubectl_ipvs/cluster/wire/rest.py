"""HTTPS to one API server: JSON in, JSON out, our own errors, never an exception of urllib3.

A request is sent again only where the server asked for it (429 or 503 with Retry-After), as client-go does. Every
other failure is the caller's to judge (see `retry`): a write that got no answer may have happened.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.objects import items, mapping
from kubectl_ipvs.cluster.wire import limit
from kubectl_ipvs.cluster.wire.log import WireLog
from kubectl_ipvs.cluster.wire.retry import pauses
from kubectl_ipvs.cluster.wire.transport import LARGEST, Transport
from kubectl_ipvs.errors import ApiError, ConnectionFailed, IpvsError

Json = Mapping[str, Any]
RETRIES = 10  # as many as client-go sends again on Retry-After
Item = TypeVar("Item")
ASKED_TO_WAIT = frozenset({429, 503})
UNAUTHORIZED, EXPIRED = 401, 410
AT_ONCE = 1.0  # seconds; a watch that ends before them without an event is none, as for client-go
MOST_TEXT = 64 * 1024 * 1024  # bytes that are read of a text of which the end alone is kept
QUIET = WireLog()
PAGE = 500  # objects in one page of a list, as kubectl asks for

JSON_PATCH = "application/json-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"


class Rest:
    """One API server, for any number of threads."""

    def __init__(
        self,
        connection: Connection,
        *,
        connections: int = 32,
        renew: Callable[[], Connection] | None = None,
        log: WireLog = QUIET,
    ) -> None:
        self._renew, self._renewing = renew, threading.Lock()
        self._connections, self._log = connections, log
        self.transport = Transport(connection, connections, log)

    @property
    def connection(self) -> Connection:
        """The server, and who we are there now."""
        return self.transport.connection

    def renewed(self, refused: Connection) -> bool:
        """Get credentials anew after a 401 (a plugin's token lives minutes); False where there are no other ones."""
        with self._renewing:
            if self.connection is not refused:
                return True  # another thread was quicker
            try:
                fresh = self._renew() if self._renew is not None else refused
            except IpvsError:
                return False
            if fresh == refused:
                return False
            self.transport = Transport(fresh, self._connections, self._log)
            return True

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """GET one object or list."""
        return self._call("GET", path, query)

    def collect(
        self, path: str, read: Callable[[Json], Item], query: Mapping[str, str] | None = None
    ) -> tuple[list[Item], str]:
        """GET a list page by page, each item through `read` at once (5,000 pods are 33 MB); return its version too."""
        asked = {"limit": str(PAGE), **(query or {})}
        try:
            return self._pages(path, read, asked)
        except ApiError as error:
            if error.status != EXPIRED:
                raise
        del asked["limit"]  # the pages took longer than the server remembers: all at once, as kubectl does
        return self._pages(path, read, asked)

    def _pages(self, path: str, read: Callable[[Json], Item], query: Mapping[str, str]) -> tuple[list[Item], str]:
        found: list[Item] = []
        asked = dict(query)
        while True:
            page = self._call("GET", path, asked)
            found.extend(read(item) for item in items(page.get("items")))
            meta = mapping(page.get("metadata"))
            if not meta.get("continue"):
                return found, str(meta.get("resourceVersion") or "")
            asked["continue"] = str(meta["continue"])

    def post(self, path: str, body: Json) -> Json:
        """POST an object."""
        return self._call("POST", path, None, body=body, content="application/json")

    def put(self, path: str, body: Json) -> Json:
        """PUT an object in the place of the one that it names the resourceVersion of."""
        return self._call("PUT", path, None, body=body, content="application/json")

    def patch(self, path: str, body: object, content: str, query: Mapping[str, str] | None = None) -> Json:
        """PATCH an object; `content` is the kind of patch."""
        return self._call("PATCH", path, query, body=body, content=content)

    def delete(self, path: str, body: Json, query: Mapping[str, str] | None = None) -> Json:
        """DELETE an object; `body` holds DeleteOptions."""
        return self._call("DELETE", path, query, body=body, content="application/json")

    def tail(self, path: str, query: Mapping[str, str], most: int) -> bytes:
        """GET a text and return the last `most` bytes of it."""
        transport = self.transport
        response, exchange = transport.open("GET", path, query, accept="*/*")
        if response.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise transport.refusal(response.status, transport.body(response, exchange), response.headers)
        end, size = b"", 0
        try:
            for piece in transport.pieces(response, exchange):
                end, size = (end + piece)[-most:], size + len(piece)
                if size > MOST_TEXT:
                    break
        finally:
            response.close()
        exchange.answered(response.status, response.headers, end)
        return end

    def watch(self, path: str, query: Mapping[str, str], *, seconds: int) -> Iterator[Json]:
        """Yield the events of a watch until the server ends it; it is asked to after `seconds`.

        Raises ConnectionFailed for a watch that ends at once and brought nothing: opened again without a pause, it
        would be asked for as fast as it is answered.
        """
        asked = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds), **query}
        transport = self.transport
        began, brought = time.monotonic(), False
        response, exchange = transport.open("GET", path, asked, read_timeout=seconds + 15)
        try:
            if response.status != 200:  # noqa: PLR2004 - HTTP's own number
                raise transport.refusal(response.status, transport.body(response, exchange), response.headers)
            exchange.answered(response.status, response.headers)
            for line in _lines(transport.pieces(response, exchange)):
                exchange.body("Watch Event", line)
                event = _decode(line, "application/json")
                brought = brought or event.get("type") != "BOOKMARK"
                yield event
        finally:
            response.close()
        if not brought and time.monotonic() - began < min(AT_ONCE, seconds):
            raise ConnectionFailed("the watch ended at once")

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        *,
        body: object = None,
        content: str | None = None,
    ) -> Json:
        text = "" if body is None else json.dumps(body)
        waits = pauses(limit.deadline() or float("inf"))
        for attempt in range(RETRIES + 1):
            transport = self.transport
            response, exchange = transport.open(method, path, query, text, content)
            data = transport.body(response, exchange)
            if response.status < 300:  # noqa: PLR2004 - HTTP's own number
                return _decode(data, response.headers.get("content-type", ""))
            error = transport.refusal(response.status, data, response.headers)
            if error.status == UNAUTHORIZED and not attempt and self.renewed(transport.connection):
                continue
            wait = waits.after(error) if attempt < RETRIES and asks_to_wait(error) else None
            if wait is None:
                raise error
            time.sleep(wait)
        raise AssertionError


def asks_to_wait(error: ApiError) -> bool:
    """Tell whether the server has not done what it was asked, and said when to ask again."""
    return error.status in ASKED_TO_WAIT and error.retry_after > 0


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines of a stream that are not blank, in linear time; ConnectionFailed for one without an end."""
    begun: list[bytes] = []
    size = 0
    for piece in pieces:
        first, *rest = piece.split(b"\n")
        begun.append(first)
        size += len(first)
        if size > LARGEST:
            raise ConnectionFailed(f"an event of the watch has more than {LARGEST >> 20} MiB")
        for line in rest:
            whole = b"".join(begun)
            begun, size = [line], len(line)
            if whole.strip():
                yield whole


def _decode(data: bytes, content_type: str) -> Json:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        kind = content_type.split(";", maxsplit=1)[0] or "no content type"
        raise ConnectionFailed(
            f"the server's answer is not JSON ({kind})",
            hint="is this the API server's address, or a proxy's login page?",
        ) from error
    if not isinstance(value, dict):
        raise ConnectionFailed("the server's answer is not a Kubernetes object")
    return value
