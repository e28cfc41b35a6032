"""How a pod, or a pod template, runs kube-proxy, read as Kubernetes reads it.

Promises one rule for which container is kube-proxy, its command line with `$(VAR)` put in and shell scripts taken
apart, and where its configuration comes from. A pod that is not shaped as the API documents it gives less, never an
exception. Ephemeral and init containers are never kube-proxy.
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from kubectl_ipvs.proxy.config.command_line import command_line, segments
from kubectl_ipvs.proxy.config.location import Mounted, config_maps, config_path, inside, mounted, objects, source_of
from kubectl_ipvs.proxy.config.location import volume as volume_of
from kubectl_ipvs.proxy.environment import expand, variables

Json = Mapping[str, Any]
Kind = Literal["config-map", "flags", "host-file", "rendered", "unknown"]

NAME = "kube-proxy"
_BUNDLE = "hyperkube"
_ARCHITECTURES = ("", "-amd64", "-arm", "-arm64", "-ppc64le", "-riscv64", "-s390x")
_IMAGES = frozenset(f"{name}{architecture}" for name in (NAME, _BUNDLE) for architecture in _ARCHITECTURES)
_CERTIFICATES = (".crt", ".pem")


class Reference(NamedTuple):
    """Where a kube-proxy's configuration comes from.

    `path` is the value of --config, "" for flags. `name` and `key` are the ConfigMap's; for a host file `name` is its
    path on the node. `candidates` are the (name, key or "") of ConfigMaps that the pod mounts, the likeliest first,
    where the file itself is in none.
    """

    kind: Kind
    path: str = ""
    name: str = ""
    key: str = ""
    candidates: tuple[tuple[str, str], ...] = ()


class Process(NamedTuple):
    """kube-proxy in a pod: its container and image, its command line (its name first), its configuration."""

    container: str
    image: str
    arguments: tuple[str, ...]
    reference: Reference


def process(pod_spec: Json) -> Process | None:
    """Return how a pod runs kube-proxy; None where no container of it can be told to."""
    found = proxy_container(pod_spec)
    if found is None:
        return None
    line = _line(found) or tuple(_argv(found))
    return Process(_text(found.get("name")), _text(found.get("image")), line, _reference(pod_spec, found, line))


def recognize(pod_spec: Json) -> "tuple[str, Process] | None":
    """Return the name of kube-proxy's container, and how it is run: what a reader of pods keeps of a spec."""
    found = process(pod_spec)
    return None if found is None else (found.container, found)


def proxy_container(pod_spec: Json) -> Json | None:
    """Return the container that is kube-proxy: by its command, else its name, its image, else the only one."""
    containers = objects(pod_spec.get("containers"))
    rules = (
        lambda entry: bool(_line(entry)),
        lambda entry: entry.get("name") == NAME,
        lambda entry: NAME in _text(entry.get("name")),
        _has_image,
    )
    for rule in rules:
        for entry in containers:
            if rule(entry):
                return entry
    return containers[0] if len(containers) == 1 else None


def runs_kube_proxy(pod_spec: Json) -> bool:
    """Tell whether a pod is sure to run kube-proxy, for a search among all DaemonSets of a namespace.

    By its command alone; where that is the image's own (no command), by the container's or the image's name.
    """
    return any(_line(entry) or _is_by_image(entry) for entry in objects(pod_spec.get("containers")))


def _is_by_image(container: Json) -> bool:
    argv = _argv(container)
    if container.get("command") or any(not word.startswith("-") for word in argv):
        return False
    return container.get("name") == NAME or _has_image(container)


def _has_image(container: Json) -> bool:
    return posixpath.basename(_text(container.get("image"))).partition("@")[0].partition(":")[0] in _IMAGES


def _line(container: Json) -> tuple[str, ...]:
    """Return kube-proxy's own command line, () where the container's words do not name it."""
    argv = _argv(container)
    if not any(NAME in word or _BUNDLE in word for word in argv):  # most containers of a cluster: no need to look
        return _bundled(container, argv)
    known = variables(container)
    return command_line([expand(word, known) for word in argv], known) or _bundled(container, argv)


def _bundled(container: Json, argv: list[str]) -> tuple[str, ...]:
    """Return the line of an image whose entrypoint is hyperkube: its first argument is the program."""
    if container.get("command") or not argv or argv[0] not in {"proxy", NAME}:
        return ()
    is_bundle = posixpath.basename(_text(container.get("image"))).startswith(_BUNDLE)
    return tuple(expand(word, variables(container)) for word in argv) if is_bundle else ()


def _argv(container: Json) -> list[str]:
    parts = (container.get(part) for part in ("command", "args"))
    return [_text(word) for part in parts if isinstance(part, list) for word in part]


def _reference(pod_spec: Json, container: Json, line: tuple[str, ...]) -> Reference:
    path = config_path(line)
    if path is None:
        return Reference("flags")
    place = posixpath.join(_text(container.get("workingDir")) or "/", path)
    found = mounted(pod_spec, container, place)
    source = source_of(found) if found is not None else None
    if source is not None:
        return Reference("config-map", path, source.name, source.key)
    if found is not None and isinstance(found.volume.get("hostPath"), dict):
        return Reference("host-file", path, _on_host(found))
    written = "emptyDir" in found.volume if found is not None else _is_written(pod_spec, container, path)
    return Reference("rendered" if written else "unknown", path, candidates=_candidates(pod_spec, place))


def _on_host(found: Mounted) -> str:
    """Return the path on the node; a volume may be the file itself."""
    return posixpath.normpath(posixpath.join(_text(found.volume["hostPath"].get("path")), found.file))


def _is_written(pod_spec: Json, container: Json, path: str) -> bool:
    """Tell whether the container's own script makes the file: it names it, or reads a mounted ConfigMap."""
    scripts = [word for word in _scripts(container) if not word.startswith("--config=")]
    if scripts.count(path) > ("--config" in scripts):
        return True
    return any(_mentioned(pod_spec, container, word) for word in scripts)


def _mentioned(pod_spec: Json, container: Json, word: str) -> bool:
    found = mounted(pod_spec, container, word) if word.startswith("/") else None
    return found is not None and source_of(found) is not None


def _scripts(container: Json) -> list[str]:
    """Return the words of a container's scripts, in single commands."""
    return [
        word for arg in _argv(container) if len(arg.split(maxsplit=1)) > 1 for part in segments(arg) for word in part
    ]


def _candidates(pod_spec: Json, path: str) -> tuple[tuple[str, str], ...]:
    """Return the keys of mounted ConfigMaps that may be what the file was made of, the likeliest first.

    A key that has the file's name is likelier than one that a script names, and that than any other.
    """
    wanted = posixpath.basename(path)
    scores: dict[tuple[str, str], int] = {}
    for container in (*objects(pod_spec.get("containers")), *objects(pod_spec.get("initContainers"))):
        named = _named(pod_spec, container)
        for name, key in (*named, *_mounted_keys(pod_spec, container)):
            if key.endswith(_CERTIFICATES):
                continue
            score = 4 * (key == wanted) + 2 * ((name, key) in named) + ("config" in key) + (NAME in name)
            scores[name, key] = max(score, scores.get((name, key), 0))
    keyed = {name for name, key in scores if key}
    usable = [entry for entry in scores if entry[1] or entry[0] not in keyed]
    return tuple(sorted(usable, key=lambda entry: -scores[entry]))


def _named(pod_spec: Json, container: Json) -> set[tuple[str, str]]:
    """Return the keys that a container's scripts name by their path."""
    places = (mounted(pod_spec, container, word) for word in _scripts(container) if word.startswith("/"))
    sources = (source_of(place) for place in places if place is not None)
    return {(source.name, source.key) for source in sources if source is not None and _is_key(source.key)}


def _is_key(text: str) -> bool:
    return not set(text) & set("*?[]${}")


def _mounted_keys(pod_spec: Json, container: Json) -> Iterator[tuple[str, str]]:
    for mount in objects(container.get("volumeMounts")):
        part = posixpath.normpath(_text(mount.get("subPath")) or ".")
        for name, items in config_maps(volume_of(pod_spec, mount.get("name"))):
            if not items:
                yield name, "" if part == "." or "/" in part else part
            for item in items:
                if (_text(item.get("key")) and inside(part, _text(item.get("path"))) is not None) or part == ".":
                    yield name, _text(item.get("key"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
