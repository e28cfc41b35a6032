"""What can be wrong with the whole cluster: somebody who puts configurations back, a webhook that changes writes."""

import re
from collections.abc import Iterable
from typing import Any

from kubectl_ipvs.sandbox.apiserver.managers import claimed
from kubectl_ipvs.sandbox.apiserver.resources import CONFIGMAPS, Resource
from kubectl_ipvs.sandbox.apiserver.store import Event, Store, copied
from kubectl_ipvs.sandbox.faults import Faults
from kubectl_ipvs.sandbox.nodes.hosts import Timers
from kubectl_ipvs.sandbox.nodes.startup import KIND

Obj = dict[str, Any]
REVERTER = "argocd-controller"
_SCHEDULER = re.compile(r"^([ \t]*scheduler:)[ \t]*\S*[ \t]*$", re.MULTILINE)


class Troubles:
    """The cluster's own faults, and their work."""

    def __init__(self, store: Store, timers: Timers) -> None:
        self._store = store
        self._timers = timers
        self.faults: Faults = {}
        self._wanted: dict[tuple[str, str], Obj] = {}  # ConfigMap -> the data that somebody else wants it to have
        store.admit = self._admit
        store.listen(CONFIGMAPS, self._written)

    def begin(self, faults: Faults) -> None:
        """Break these things from now on."""
        self.faults |= faults
        if "revert" in faults:
            self._wanted = {each.key: each.obj.get("data") or {} for each in self._store.entries(CONFIGMAPS)}

    def end(self, kinds: Iterable[str] | None) -> None:
        """Mend these things, or all."""
        for kind in tuple(self.faults) if kinds is None else kinds:
            self.faults.pop(kind, None)

    def _admit(self, resource: Resource, obj: Obj) -> Obj:
        """Return what the webhook makes of an object that is to be stored."""
        if "webhook" not in self.faults or resource is not CONFIGMAPS or not obj.get("data"):
            return obj
        data = {key: _SCHEDULER.sub(r"\1 rr", text) if KIND in text else text for key, text in obj["data"].items()}
        return {**obj, "data": data}

    def _written(self, event: Event) -> None:
        if "revert" not in self.faults or event.type != "MODIFIED":
            return
        key = event.entry.key
        if key in self._wanted and event.entry.obj.get("data") != self._wanted[key]:
            self._timers.later(float(self.faults["revert"]), lambda: self._put_back(key))

    def _put_back(self, key: tuple[str, str]) -> None:
        entry = self._store.get(CONFIGMAPS, *key)
        if "revert" not in self.faults or entry is None or entry.obj.get("data") == self._wanted[key]:
            return
        after = copied(entry.obj) | {"data": self._wanted[key]}
        self._store.put(CONFIGMAPS, claimed(entry.obj, after, CONFIGMAPS.api_version, REVERTER))
