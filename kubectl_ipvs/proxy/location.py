"""Where kube-proxy's configuration lives: found by following its pod template, with no table of distributions.

args -> `--config=PATH` -> the volume mount that holds PATH -> the volume's ConfigMap and key. kubeadm, EKS, k0s,
Kubermatic, OpenShift and newer Talos are all found like that (facts: sources of those projects' manifests).
"""

import posixpath
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
PROGRAMS = ("kube-proxy", "kube-router")


@dataclass(frozen=True, slots=True)
class Source:
    """A key of a ConfigMap."""

    name: str
    key: str


def proxy_container(pod_spec: Json) -> Json | None:
    """Return the container that runs kube-proxy: by its command, else by its name, else the only one."""
    containers = [entry for entry in pod_spec.get("containers") or () if isinstance(entry, dict)]
    for entry in containers:
        if any(posixpath.basename(word) == "kube-proxy" for word in words(entry)):
            return entry
    named = [entry for entry in containers if "kube-proxy" in str(entry.get("name"))]
    return next(iter(named or (containers if len(containers) == 1 else [])), None)


def words(container: Json) -> tuple[str, ...]:
    """Return command and arguments, word by word; a shell's script (`sh -c "..."`) is taken apart as well."""
    found: list[str] = []
    for part in ("command", "args"):
        for word in container.get(part) or ():
            found.extend(_split(str(word)) if " " in str(word) else [str(word)])
    return tuple(found)


def config_path(arguments: tuple[str, ...]) -> str | None:
    """Return the value of `--config`, None where kube-proxy is configured by flags."""
    for position, word in enumerate(arguments):
        if word.startswith("--config="):
            return word.removeprefix("--config=") or None
        if word == "--config" and position + 1 < len(arguments):
            return arguments[position + 1]
    return None


def config_source(pod_spec: Json, container: Json, path: str) -> Source | None:
    """Follow `path` through the container's mounts to the ConfigMap and key behind it; None where there is none."""
    mounts = [entry for entry in container.get("volumeMounts") or () if isinstance(entry, dict)]
    holding = [
        (mount, rest) for mount in mounts if (rest := _inside(str(mount.get("mountPath") or ""), path)) is not None
    ]
    if not holding:
        return None
    mount, rest = max(holding, key=lambda pair: len(str(pair[0].get("mountPath"))))
    inner = posixpath.join(str(mount.get("subPath") or ""), rest).rstrip("/")
    volumes = [entry for entry in pod_spec.get("volumes") or () if isinstance(entry, dict)]
    volume = next((entry for entry in volumes if entry.get("name") == mount.get("name")), {})
    return next((Source(name, key) for name, file, key in _config_files(volume, inner) if file == inner), None)


def _config_files(volume: Json, wanted: str) -> Iterator[tuple[str, str, str]]:
    """Yield (ConfigMap, file, key) of a volume; without `items` every key is a file of its own name."""
    projected = volume.get("projected")
    sources = projected.get("sources") or () if isinstance(projected, dict) else (volume,)
    for source in sources:
        held = source.get("configMap") if isinstance(source, dict) else None
        if not isinstance(held, dict) or not held.get("name"):
            continue
        chosen = held.get("items")
        if not chosen:
            yield str(held["name"]), wanted, wanted
        for entry in chosen or ():
            if isinstance(entry, dict):
                yield str(held["name"]), posixpath.normpath(str(entry.get("path"))), str(entry.get("key"))


def _inside(folder: str, path: str) -> str | None:
    folder, path = posixpath.normpath(folder or "."), posixpath.normpath(path)
    if path == folder:
        return ""
    prefix = folder.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def _split(script: str) -> list[str]:
    try:
        return shlex.split(script)
    except ValueError:
        return script.split()
