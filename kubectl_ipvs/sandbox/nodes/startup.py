"""What a pod's spec leads kube-proxy to: its container, its command line, and where its configuration is. Pure.

A command line is read as the kubelet reads it (`$(VAR)`, `$$`), and a shell's script as far as one command goes.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

Obj = dict[str, Any]
ConfigMaps = Callable[[str], Obj | None]  # by name, in the pod's namespace
SHELLS = ("sh", "bash", "ash", "dash")
KIND = "KubeProxyConfiguration"
_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)")
_SHELL_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_END = {"&&", "||", ";", "|", "&", ">", ">>", "<", "(", ")", "2>&1"}


class Key(NamedTuple):
    """One key of a ConfigMap in the pod's namespace."""

    config_map: str
    key: str


class NodeFile(NamedTuple):
    """A file of the node."""

    path: str


Source = Key | NodeFile | tuple[str, ...]  # the last: kube-proxy's own flags


def container_of(spec: Obj) -> Obj | None:
    """Return the container that runs kube-proxy, None where none does."""
    ranked = [(_rank(each), each) for each in spec.get("containers") or ()]
    best = max(ranked, key=lambda pair: pair[0], default=(0, None))  # the first of the best
    return best[1] if best[0] else None


def _rank(container: Obj) -> int:
    """How sure it is that this container runs kube-proxy: 0 not at all."""
    words = _words(container)
    if words and _is_proxy(words):
        return 3
    if words and _after_program(words):
        return 2
    return int(_base(str(container.get("image", "")).partition("@")[0]).startswith("kube-proxy"))


def _words(container: Obj) -> list[str]:
    return [str(word) for word in (*(container.get("command") or ()), *(container.get("args") or ()))]


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def _is_proxy(words: list[str]) -> bool:
    program, rest = _base(words[0]), words[1:]
    return program == "kube-proxy" or (program == "hyperkube" and rest[:1] in (["proxy"], ["kube-proxy"]))


def _after_program(words: list[str]) -> list[str] | None:
    """Return the words from kube-proxy on: of the command itself, of a shell's script, or behind a wrapper."""
    script = _script(words)
    if script is not None:
        return next((part for part in _commands(script) if _is_proxy(part)), None)
    starts = (number for number in range(len(words)) if _is_proxy(words[number:]))
    return next((words[start:] for start in starts), None)


def _script(words: list[str]) -> str | None:
    if _base(words[0]) not in SHELLS:
        return None
    for number, word in enumerate(words[1:-1], 1):
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            return words[number + 1]
    return None


def _commands(script: str) -> Iterator[list[str]]:
    """Yield the commands of a script as words, without `exec` and assignments before them."""
    text = script.replace("\\\n", " ").replace("\n", " ; ")
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        for word in lexer:
            if word in _END or set(word) <= set(";&|()<>"):
                yield from [words] if words else []
                words = []
            elif words or not (word in ("exec", "then", "do", "nohup") or re.fullmatch(r"\w+=.*", word)):
                words.append(word)
    except ValueError:  # a quote that is not closed
        return
    if words:
        yield words


def environment(pod: Obj, container: Obj, address: str, config_maps: ConfigMaps) -> dict[str, str]:
    """Return the container's environment, as far as it is in the pod's spec and in ConfigMaps."""
    values: dict[str, str] = {}
    for each in container.get("envFrom") or ():
        data = ((config_maps((each.get("configMapRef") or {}).get("name", "")) or {}).get("data")) or {}
        values |= {f"{each.get('prefix') or ''}{key}": str(value) for key, value in data.items()}
    for each in container.get("env") or ():
        value = _value(each, pod, address, config_maps)
        if value is not None:
            values[each["name"]] = expanded(value, values)
    return values


def _value(entry: Obj, pod: Obj, address: str, config_maps: ConfigMaps) -> str | None:
    source = entry.get("valueFrom") or {}
    if "fieldRef" in source:
        fields = {"spec.nodeName": pod["spec"].get("nodeName", ""), "status.hostIP": address, "status.podIP": address}
        fields |= {f"metadata.{name}": pod["metadata"].get(name, "") for name in ("name", "namespace", "uid")}
        return str(fields.get(source["fieldRef"].get("fieldPath", ""), ""))
    if "configMapKeyRef" in source:
        found = config_maps(source["configMapKeyRef"].get("name", "")) or {}
        value = (found.get("data") or {}).get(source["configMapKeyRef"].get("key", ""))
        return None if value is None else str(value)
    return None if source else str(entry.get("value") or "")


def expanded(text: str, values: Mapping[str, str]) -> str:
    """Expand `$(VAR)` and `$$` as the kubelet does; what is not known stays as it is."""
    return _REFERENCE.sub(lambda found: values.get(found[1], found[0]) if found[1] else "$", text)


def arguments(container: Obj, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return kube-proxy's own arguments, expanded."""
    words = [expanded(word, values) for word in _words(container)]
    if not words or words[0].startswith("-"):  # the image's own entry point is kube-proxy
        return tuple(words)
    found = _after_program(words) or []
    if _script(words) is not None:
        found = [_SHELL_VARIABLE.sub(lambda name: values.get(name[1] or name[2], ""), word) for word in found]
    return tuple(found[1:])


def flags(words: tuple[str, ...]) -> dict[str, str]:
    """Read `--name=value`, `--name value` and `-name`; a name that stands alone is true."""
    result: dict[str, str] = {}
    for number, word in enumerate(words):
        if not word.startswith("-"):
            continue
        name, equals, value = word.lstrip("-").partition("=")
        after = words[number + 1] if number + 1 < len(words) else "-"
        result[name] = value if equals else "true" if after.startswith("-") else after
    return result


def source_of(spec: Obj, container: Obj, words: tuple[str, ...], config_maps: ConfigMaps) -> Source:
    """Return where kube-proxy's configuration comes from: a ConfigMap's key, a file of the node, or its flags."""
    path = flags(words).get("config", "")
    if not path:
        return words
    return _mounted(spec, container, path, config_maps) or _rendered(spec, path, config_maps) or NodeFile(path)


def _mounted(spec: Obj, container: Obj, path: str, config_maps: ConfigMaps) -> Source | None:
    mounts = sorted(container.get("volumeMounts") or (), key=lambda each: -len(str(each["mountPath"])))
    for mount in mounts:
        where = str(PurePosixPath(mount["mountPath"]))
        if path == where or path.startswith(where.rstrip("/") + "/"):
            inside = str(PurePosixPath(mount.get("subPath") or "", path[len(where) :].lstrip("/")))
            volumes: dict[str, Obj] = {each["name"]: each for each in spec.get("volumes") or ()}
            return _in_volume(volumes.get(mount["name"], {}), inside, config_maps)
    return None


def _in_volume(volume: Obj, inside: str, config_maps: ConfigMaps) -> Source | None:
    if "hostPath" in volume:
        return NodeFile(str(PurePosixPath(volume["hostPath"]["path"], inside)))
    sources = [
        each["configMap"] for each in (volume.get("projected") or {}).get("sources") or () if "configMap" in each
    ]
    for each in [volume["configMap"]] if "configMap" in volume else sources:
        items = {item["path"]: item["key"] for item in each.get("items") or ()}
        key = items.get(inside) if items else inside
        found = config_maps(each.get("name", "")) or {}
        if key and (len(sources) < 2 or key in (found.get("data") or {})):  # noqa: PLR2004 -- one source is no choice
            return Key(each.get("name", ""), key)
    return None


def _rendered(spec: Obj, path: str, config_maps: ConfigMaps) -> Key | None:
    """Return the template a file was rendered from: the key of its name, or the only configuration there is."""
    keys = [
        Key(name, key)
        for name in dict.fromkeys(_mounted_names(spec))
        for key in ((config_maps(name) or {}).get("data") or {})
    ]
    named = [each for each in keys if each.key == _base(path)]
    texts = [each for each in keys if KIND in str(((config_maps(each.config_map) or {}).get("data") or {})[each.key])]
    for found in (named, texts):
        if len(found) == 1:
            return found[0]
    return None


def _mounted_names(spec: Obj) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        for each in (volume, *((volume.get("projected") or {}).get("sources") or ())):
            if "configMap" in each:
                yield str(each["configMap"].get("name", ""))
