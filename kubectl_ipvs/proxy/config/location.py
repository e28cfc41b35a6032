"""Where kube-proxy's configuration lives: found by following its pod template, with no table of distributions.

args -> `--config=PATH` -> the volume mount that holds PATH -> the volume's ConfigMap and key. kubeadm, EKS, k0s,
Kubermatic, OpenShift and newer Talos are all found like that (facts: sources of those projects' manifests). A template
that is not shaped as the API documents it leads to None, never to an exception.
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kubectl_ipvs.proxy.config import flags

Json = Mapping[str, Any]


class Source(NamedTuple):
    """A key of a ConfigMap."""

    name: str
    key: str


def proxy_container(pod_spec: Json) -> Json | None:
    """Return the container that runs kube-proxy: by its command, else by its name, else the only one."""
    containers = _objects(pod_spec.get("containers"))
    for entry in containers:
        if any(posixpath.basename(word) == "kube-proxy" for word in words(entry) if not word.startswith("-")):
            return entry
    named = [entry for entry in containers if "kube-proxy" in _text(entry.get("name"))]
    return next(iter(named or (containers if len(containers) == 1 else [])), None)


def words(container: Json) -> tuple[str, ...]:
    """Return command and arguments, word by word; a shell's script (`sh -c "..."`) is taken apart as well."""
    return tuple(flags.words([_text(word) for part in ("command", "args") for word in _list(container.get(part))]))


def config_path(arguments: tuple[str, ...]) -> str | None:
    """Return the value of the last `--config`, as kube-proxy takes it; None where flags configure it."""
    path = None
    for position, word in enumerate(arguments):
        if word == "--config":
            path = "".join(arguments[position + 1 : position + 2])
        elif word.startswith("--config="):
            path = word.removeprefix("--config=")
    return path or None


def config_source(pod_spec: Json, container: Json, path: str) -> Source | None:
    """Follow `path` through the container's mounts to the ConfigMap and key behind it; None where there is none."""
    found = _mount(container, path)
    if found is None:
        return None
    mount, file = found
    volumes = (entry for entry in _objects(pod_spec.get("volumes")) if entry.get("name") == mount.get("name"))
    held = list(_config_maps(next(volumes, {})))
    for name, chosen in held:
        for entry in chosen:
            if posixpath.normpath(_text(entry.get("path"))) == file and _text(entry.get("key")):
                return Source(name, entry["key"])
    # without `items` every key is a file of its own name; a key has no slash
    whole = [name for name, chosen in held if not chosen and "/" not in file]
    return Source(whole[0], file) if whole else None


def _mount(container: Json, path: str) -> tuple[Json, str] | None:
    """Return the innermost mount that holds `path`, and the file's place in its volume."""
    mounts = _objects(container.get("volumeMounts"))
    folders = [(posixpath.normpath(_text(mount.get("mountPath")) or "."), mount) for mount in mounts]
    holding = [(folder, mount) for folder, mount in folders if _inside(folder, path) is not None]
    if not holding:
        return None
    folder, mount = max(holding, key=lambda pair: len(pair[0]))
    file = posixpath.normpath(posixpath.join(_text(mount.get("subPath")), _inside(folder, path) or ""))
    return None if file == "." else (mount, file)  # a whole volume is no file


def _config_maps(volume: Json) -> Iterator[tuple[str, list[Json]]]:
    """Yield (name, items) of the ConfigMaps in a volume, projected ones included."""
    projected = volume.get("projected")
    for source in _objects(projected.get("sources")) if isinstance(projected, dict) else [volume]:
        held = source.get("configMap")
        if isinstance(held, dict) and _text(held.get("name")):
            yield held["name"], _objects(held.get("items"))


def _inside(folder: str, path: str) -> str | None:
    """Return the part of `path` below `folder`, a clean one: "" for the folder itself, None outside."""
    path = posixpath.normpath(path)
    if path == folder:
        return ""
    prefix = folder.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[Json]:
    return [entry for entry in _list(value) if isinstance(entry, dict)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
