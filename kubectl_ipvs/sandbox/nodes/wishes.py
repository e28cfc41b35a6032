"""What a pod's kube-proxy is started with, from its spec and the objects it leads to. It reads the store, no more.

Two annotations of a DaemonSet say it instead: `field/config: NAME/KEY` and `field/scheduler: NAME`.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.apiserver.resources import CONFIGMAPS, DAEMONSETS
from kubectl_ipvs.sandbox.apiserver.store import Store
from kubectl_ipvs.sandbox.nodes.hosts import Host
from kubectl_ipvs.sandbox.nodes.startup import (
    ConfigMaps,
    Key,
    NodeFile,
    Source,
    arguments,
    container_of,
    environment,
    source_of,
)

Obj = dict[str, Any]
CONFIG, SCHEDULER = "field/config", "field/scheduler"
_TAG = re.compile(r":v?(\d+\.\d+(?:\.\d+)?)\b[^/]*$")


class Place(NamedTuple):
    """Where a configuration is: a key of a ConfigMap."""

    namespace: str
    config_map: str
    key: str


class Wishes:
    """Reads what kube-proxies are to run with."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def wish(self, pod: Obj, host: Host) -> str | list[str] | None:
        """Text of the configuration, or the flags; None while the ConfigMap or its key is not there."""
        source = self.source(pod, host.address)
        if isinstance(source, Key):
            return self.text(Place(pod["metadata"]["namespace"], *source))
        if isinstance(source, NodeFile):
            return host.files.get(source.path, ["--proxy-mode=ipvs", "--ipvs-scheduler=rr"])
        return list(source)

    def place(self, pod: Obj) -> Place | None:
        """Return the ConfigMap's key a pod's kube-proxy reads, None where it reads none."""
        source = self.source(pod, "")
        return Place(pod["metadata"]["namespace"], *source) if isinstance(source, Key) else None

    def text(self, place: Place) -> str | None:
        """Return the text that is there now."""
        data = ((self._config_maps(place.namespace)(place.config_map)) or {}).get("data") or {}
        text = data.get(place.key)
        return text if isinstance(text, str) else None

    def source(self, pod: Obj, address: str) -> Source:
        """Return where the configuration of a pod's kube-proxy comes from."""
        notes = self._notes(pod)
        if SCHEDULER in notes:
            return ("--proxy-mode=ipvs", f"--ipvs-scheduler={notes[SCHEDULER]}")
        if CONFIG in notes:
            return Key(*notes[CONFIG].partition("/")[::2])
        container = container_of(pod["spec"])
        if container is None:
            return ()
        find = self._config_maps(pod["metadata"]["namespace"])
        words = arguments(container, environment(pod, container, address, find))
        return source_of(pod["spec"], container, words, find)

    def _notes(self, pod: Obj) -> Mapping[str, str]:
        for owner in pod["metadata"].get("ownerReferences") or ():
            if owner.get("kind") == "DaemonSet":
                entry = self._store.get(DAEMONSETS, pod["metadata"]["namespace"], owner["name"])
                return (entry.obj["metadata"].get("annotations") or {}) if entry else {}
        return {}

    def _config_maps(self, namespace: str) -> ConfigMaps:
        def find(name: str) -> Obj | None:
            entry = self._store.get(CONFIGMAPS, namespace, name)
            return entry.obj if entry else None

        return find


def version_of(container: Obj) -> str:
    """Version of kube-proxy by its image's tag, as v1.34.2; "" where that tells none."""
    found = _TAG.search(str(container.get("image", "")).partition("@")[0])
    return f"v{found[1]}" if found else ""


def release_of(container: Obj) -> tuple[int, int] | None:
    """Release of kube-proxy by its image's tag, None where that tells none."""
    parts = version_of(container).lstrip("v").split(".")
    return (int(parts[0]), int(parts[1])) if len(parts) > 1 else None
