"""What stands behind a path in a container: its mounts, the pod's volumes, a ConfigMap's key.

`--config=PATH` -> the volume mount that PATH is in -> the volume's ConfigMap and key. kubeadm, EKS, k0s, Kubermatic,
OpenShift and newer Talos all keep it like that (sources of those projects' manifests), so there is no table of
distributions. A template that is not shaped as the API documents it leads to None, never to an exception.
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Json = Mapping[str, Any]


class Source(NamedTuple):
    """A key of a ConfigMap."""

    name: str
    key: str


def config_path(arguments: tuple[str, ...]) -> str | None:
    """Return the value of the last `--config`, as kube-proxy takes it; None where flags configure it."""
    path = None
    for position, word in enumerate(arguments):
        if word == "--config":
            path = "".join(arguments[position + 1 : position + 2])
        elif word.startswith("--config="):
            path = word.removeprefix("--config=")
    return path or None


class Mounted(NamedTuple):
    """A path in a container: the volume that is mounted there, and the file's place in it ("." is the whole volume)."""

    volume: Json
    file: str


def mounted(pod_spec: Json, container: Json, path: str) -> Mounted | None:
    """Return what is mounted at `path`; an empty volume where the pod has none of that name, None without a mount."""
    found = _mount(container, path)
    if found is None:
        return None
    mount, file = found
    return Mounted(volume(pod_spec, mount.get("name")), file)


def source_of(found: Mounted) -> Source | None:
    """Return the ConfigMap and the key of a file in a volume; None where no ConfigMap has it."""
    if found.file == ".":  # a ConfigMap as a whole is a folder
        return None
    present = list(config_maps(found.volume))
    for name, chosen in present:
        for entry in chosen:
            if posixpath.normpath(_text(entry.get("path"))) == found.file and _text(entry.get("key")):
                return Source(name, entry["key"])
    # without `items` every key is a file of its own name; a key has no slash
    whole = [name for name, chosen in present if not chosen and "/" not in found.file]
    return Source(whole[0], found.file) if whole else None


def volume(pod_spec: Json, name: object) -> Json:
    """Return the pod's volume of that name, empty where there is none."""
    return next((entry for entry in objects(pod_spec.get("volumes")) if entry.get("name") == name), {})


def config_maps(found: Json) -> Iterator[tuple[str, list[Json]]]:
    """Yield (name, items) of the ConfigMaps in a volume, projected ones included."""
    projected = found.get("projected")
    for source in objects(projected.get("sources")) if isinstance(projected, dict) else [found]:
        entry = source.get("configMap")
        if isinstance(entry, dict) and _text(entry.get("name")):
            yield entry["name"], objects(entry.get("items"))


def _mount(container: Json, path: str) -> tuple[Json, str] | None:
    """Return the innermost mount that `path` is in, and the file's place in its volume."""
    mounts = objects(container.get("volumeMounts"))
    folders = [(posixpath.normpath(_text(mount.get("mountPath")) or "."), mount) for mount in mounts]
    around = [(folder, mount) for folder, mount in folders if inside(folder, path) is not None]
    if not around:
        return None
    folder, mount = max(around, key=lambda pair: len(pair[0]))
    file = posixpath.normpath(posixpath.join(_text(mount.get("subPath")), inside(folder, path) or ""))
    return mount, file


def inside(folder: str, path: str) -> str | None:
    """Return the part of `path` below `folder`, a clean one: "" for the folder itself, None outside."""
    path = posixpath.normpath(path)
    if path == folder:
        return ""
    prefix = folder.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def objects(value: object) -> list[Json]:
    """Return the objects of a list; nothing for anything else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
