"""get, list and watch: selectors, paging over a consistent snapshot, events from a resource version on."""

import asyncio
import base64
import binascii
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

from kubectl_ipvs.sandbox.apiserver.kubectl.printed_tables import Shape, shape_of
from kubectl_ipvs.sandbox.apiserver.resources import Resource
from kubectl_ipvs.sandbox.apiserver.selectors import Matches, fields, labels
from kubectl_ipvs.sandbox.apiserver.store import Entry, Event, Store, encode
from kubectl_ipvs.sandbox.nodes.pod_status import bad_request, expired, not_found
from kubectl_ipvs.sandbox.wire.exchange import JSON, Request, Response, Stream

Obj = dict[str, Any]
LONGEST_WATCH = 1800.0  # seconds
LONG = 128 * 1024  # bytes; shorter answers are not compressed
_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter."
)


def query(request: Request, name: str) -> str:
    """Return a query parameter, "" without it."""
    return next(iter(request.query.get(name, ())), "")


def is_set(request: Request, name: str) -> bool:
    """Return whether a query parameter is on."""
    return query(request, name) in ("1", "true", "True", "t", "T", "TRUE")


def get(store: Store, request: Request, resource: Resource, namespace: str, name: str) -> Response:
    """Answer with one object."""
    entry = store.get(resource, namespace, name)
    if entry is None:
        raise not_found(resource, name)
    shape = shape_of(request, resource)
    if shape is None:
        return _packed(request, entry.raw)
    return _packed(request, encode(shape.table([entry.obj], {"resourceVersion": str(store.version)})))


def _matcher(request: Request, resource: Resource, namespace: str) -> Matches:
    wanted_labels, wanted_fields = (
        labels(query(request, "labelSelector")),
        fields(query(request, "fieldSelector"), resource),
    )

    def matches(obj: Obj) -> bool:
        inside = not namespace or obj["metadata"].get("namespace") == namespace
        return inside and wanted_labels(obj) and wanted_fields(obj)

    return matches


def collection(store: Store, request: Request, resource: Resource, namespace: str) -> list[Obj]:
    """Objects a selector names, now."""
    matches = _matcher(request, resource, namespace)
    return [entry.obj for entry in store.entries(resource) if matches(entry.obj)]


def list_objects(store: Store, request: Request, resource: Resource, namespace: str) -> Response:
    """Answer with a list, or a page of one."""
    matches = _matcher(request, resource, namespace)
    limit = int(query(request, "limit") or 0)
    version, after = _continued(query(request, "continue"))
    if limit or version is not None:
        snapshot = store.snapshot(resource, version)
        if snapshot is None:
            raise expired(_TOO_OLD)
        version, entries = snapshot
    else:
        version, entries = store.version, store.entries(resource)
    chosen = [entry for entry in entries if (after is None or entry.key > after) and matches(entry.obj)]
    metadata: Obj = {"resourceVersion": str(version)}
    if limit and len(chosen) > limit:
        metadata["continue"] = _continue(version, chosen[limit - 1])
        if not query(request, "labelSelector") and not query(request, "fieldSelector"):
            metadata["remainingItemCount"] = len(chosen) - limit
        chosen = chosen[:limit]
    return _packed(request, _list_body(request, resource, metadata, chosen))


def _packed(request: Request, body: bytes) -> Response:
    """Compress as kube-apiserver does since 1.16: what is long, for who asks for gzip."""
    if len(body) <= LONG or "gzip" not in request.header("accept-encoding"):
        return Response(200, body)
    return Response(200, gzip.compress(body, 1), (*JSON, ("content-encoding", "gzip"), ("vary", "Accept-Encoding")))


def _list_body(request: Request, resource: Resource, metadata: Obj, chosen: list[Entry]) -> bytes:
    shape = shape_of(request, resource)
    if shape is not None:
        return encode(shape.table([entry.obj for entry in chosen], metadata))
    head = {"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": metadata}
    return encode(head)[:-1] + b',"items":[' + b",".join(entry.raw for entry in chosen) + b"]}"


def _continue(version: int, last: Entry) -> str:
    return base64.urlsafe_b64encode(encode({"v": version, "after": last.key})).decode()


def _continued(token: str) -> tuple[int | None, tuple[str, str] | None]:
    if not token:
        return None, None
    try:
        parts = json.loads(base64.urlsafe_b64decode(token))
        return int(parts["v"]), (str(parts["after"][0]), str(parts["after"][1]))
    except (binascii.Error, ValueError, KeyError, TypeError, IndexError) as error:
        raise bad_request(f"continue key is not valid: {error}") from error


class Watch:
    """One watch: what was before it starts, then every event until its time is up."""

    def __init__(self, store: Store, request: Request, resource: Resource, namespace: str, bookmark: float) -> None:
        self._store = store
        self._resource = resource
        self._matches = _matcher(request, resource, namespace)
        self._shape: Shape | None = shape_of(request, resource)
        self._bookmark = bookmark if is_set(request, "allowWatchBookmarks") else 0.0
        self._initial = is_set(request, "sendInitialEvents")
        self._timeout = float(query(request, "timeoutSeconds") or LONGEST_WATCH)
        self._start = query(request, "resourceVersion")
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._sent = 0
        if self._start and not self._start.isdigit():
            raise bad_request(f'Invalid value: "{self._start}": resourceVersion')

    def reply(self) -> Stream:
        """Return the stream; what happens from now on is in it."""
        self._store.listen(self._resource, self._events.put_nowait)
        first = self._first()
        return Stream(200, self._chunks(first))

    def _first(self) -> list[bytes]:
        self._sent = self._store.version
        if self._start in ("", "0") or self._initial:
            entries = [entry for entry in self._store.entries(self._resource) if self._matches(entry.obj)]
            lines = [self._line("ADDED", entry) for entry in entries]
            return [*lines, self._marker(initial=True)] if self._initial else lines
        events = self._store.since(self._resource, int(self._start))
        if events is None:
            refusal = expired(f"too old resource version: {self._start} ({self._store.version})")
            self._timeout = 0
            return [_event("ERROR", refusal.body())]
        return [line for event in events if (line := self._seen(event))]

    async def _chunks(self, first: list[bytes]) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timeout
        coming = loop.create_task(self._events.get())  # kept over a timeout, so that no event is lost
        try:
            if first:
                yield b"".join(first)
            while (left := end - loop.time()) > 0:
                await asyncio.wait({coming}, timeout=min(left, self._bookmark or left))
                if coming.done():
                    chunk = self._take(coming.result())
                    coming = loop.create_task(self._events.get())
                    if chunk:
                        yield chunk
                elif self._bookmark:
                    yield self._marker()
        finally:
            coming.cancel()
            self._store.unlisten(self._resource, self._events.put_nowait)

    def _take(self, event: Event) -> bytes:
        """Everything that waits, in one chunk."""
        lines = [self._seen(event)]
        while not self._events.empty():
            lines.append(self._seen(self._events.get_nowait()))
        return b"".join(lines)

    def _seen(self, event: Event) -> bytes:
        """One event as the selector has it: what comes into it is added, what goes out of it is deleted."""
        self._sent = event.version
        now = event.type != "DELETED" and self._matches(event.entry.obj)
        before = event.before is not None and self._matches(event.before.obj)
        if now:
            return self._line("MODIFIED" if before else "ADDED", event.entry)
        return self._line("DELETED", event.entry) if before else b""

    def _line(self, kind: str, entry: Entry) -> bytes:
        if self._shape is None:
            return _event(kind, entry.raw)
        version = {"resourceVersion": entry.obj["metadata"]["resourceVersion"]}
        return _event(kind, encode(self._shape.table([entry.obj], version)))

    def _marker(self, *, initial: bool = False) -> bytes:
        metadata: Obj = {"resourceVersion": str(max(self._sent, self._store.version)), "creationTimestamp": None}
        if initial:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        obj = {"kind": self._resource.kind, "apiVersion": self._resource.api_version, "metadata": metadata}
        return _event("BOOKMARK", encode(self._shape.table([obj], metadata) if self._shape else obj))


def _event(kind: str, raw: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (kind.encode(), raw)
