"""Every object of the cluster, its resource versions and the history a watch starts from.

An object that was put is never changed again: a change puts a new one. So lists, snapshots and events share
objects without copies. All calls come from one thread.
"""

import json
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.apiserver.resources import Resource

Obj = dict[str, Any]
Key = tuple[str, str]  # namespace ("" where there is none) and name
FIRST_VERSION = 1000
SNAPSHOTS = 32


def encode(obj: object) -> bytes:
    """JSON as the API server sends it: no blanks, UTF-8."""
    return json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode()


def copied(obj: Obj) -> Obj:
    """Deep copy of a JSON object, to be changed and put."""
    result: Obj = json.loads(json.dumps(obj))
    return result


class Entry:
    """An object as it is stored, with its JSON once somebody wanted it."""

    __slots__ = ("_raw", "key", "obj")

    def __init__(self, obj: Obj) -> None:
        self.obj = obj
        self.key: Key = (obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        self._raw: bytes | None = None

    @property
    def raw(self) -> bytes:
        """The object's JSON."""
        if self._raw is None:
            self._raw = encode(self.obj)
        return self._raw


class Event(NamedTuple):
    """One change: type ADDED, MODIFIED or DELETED, the object after it and the one before."""

    version: int
    type: str
    entry: Entry
    before: Entry | None


Listener = Callable[[Event], None]


class Store:
    """Objects by resource, namespace and name."""

    def __init__(self, history: int = 4000) -> None:
        self.version = FIRST_VERSION
        self._history = history
        self._objects: dict[Resource, dict[Key, Entry]] = defaultdict(dict)
        self._events: dict[Resource, deque[Event]] = defaultdict(deque)
        self._forgotten: dict[Resource, int] = {}  # version of the newest event no longer kept
        self._listeners: dict[Resource, list[Listener]] = defaultdict(list)
        self.admit: Callable[[Resource, Obj], Obj] = lambda _, obj: obj  # what webhooks make of a write
        self._snapshots: dict[tuple[Resource, int], list[Entry]] = {}

    def get(self, resource: Resource, namespace: str, name: str) -> Entry | None:
        """Return the object, or None."""
        return self._objects[resource].get((namespace, name))

    def entries(self, resource: Resource) -> list[Entry]:
        """All objects of a resource, by namespace and name."""
        objects = self._objects[resource]
        return [objects[key] for key in sorted(objects)]

    def put(self, resource: Resource, obj: Obj) -> Obj:
        """Store an object under a new resource version, tell everyone, and return it as stored."""
        self.version += 1
        metadata = {**obj["metadata"], "resourceVersion": str(self.version)}
        entry = Entry({**obj, "metadata": metadata})
        before = self._objects[resource].get(entry.key)
        self._objects[resource][entry.key] = entry
        self._tell(resource, Event(self.version, "MODIFIED" if before else "ADDED", entry, before))
        return entry.obj

    def remove(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        """Take an object away; its last state carries the version of its end."""
        before = self._objects[resource].pop((namespace, name), None)
        if before is None:
            return None
        self.version += 1
        metadata = {**before.obj["metadata"], "resourceVersion": str(self.version)}
        entry = Entry({**before.obj, "metadata": metadata})
        self._tell(resource, Event(self.version, "DELETED", entry, before))
        return entry.obj

    def listen(self, resource: Resource, listener: Listener) -> None:
        """Call `listener` after each change of that resource."""
        self._listeners[resource].append(listener)

    def unlisten(self, resource: Resource, listener: Listener) -> None:
        """Undo `listen`."""
        self._listeners[resource].remove(listener)

    def since(self, resource: Resource, version: int) -> list[Event] | None:
        """Events after `version`, or None where they are no longer all known."""
        if version < self._forgotten.get(resource, 0):
            return None
        events = self._events[resource]
        first = bisect_right([event.version for event in events], version)
        return list(events)[first:]

    def compact(self) -> None:
        """Forget all history and all snapshots: every older watch and continue token is 410 from now on."""
        for resource, events in self._events.items():
            events.clear()
            self._forgotten[resource] = self.version
        self._snapshots.clear()

    def snapshot(self, resource: Resource, version: int | None = None) -> tuple[int, list[Entry]] | None:
        """All objects as they are now (and kept for paging), or as they were at `version`; None if too old."""
        if version is None:
            entries = self._snapshots.setdefault((resource, self.version), self.entries(resource))
            while len(self._snapshots) > SNAPSHOTS:
                del self._snapshots[next(iter(self._snapshots))]
            return self.version, entries
        kept = self._snapshots.get((resource, version))
        return None if kept is None else (version, kept)

    def _tell(self, resource: Resource, event: Event) -> None:
        events = self._events[resource]
        events.append(event)
        if len(events) > self._history:
            self._forgotten[resource] = events.popleft().version
        for listener in tuple(self._listeners[resource]):
            listener(event)
