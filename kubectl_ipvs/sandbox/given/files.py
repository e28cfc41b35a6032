"""Reading a cluster from files: YAML or JSON, one document or several, Lists, `-` for stdin."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from kubectl_ipvs.sandbox.given.shapes import SHAPES, WORLD, WrongShapeError, check, check_object
from kubectl_ipvs.sandbox.nodes.rows import rows_of
from kubectl_ipvs.sandbox.options import World

Obj = dict[str, Any]
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]  # libyaml's, where it is
    """A loader that leaves times as the texts they are in JSON."""

    yaml_implicit_resolvers = {  # noqa: RUF012 -- PyYAML's own way
        first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
        for first, pairs in _BASE.yaml_implicit_resolvers.items()
    }


class Read:
    """What was read: objects, and the documents of a world.yaml beside them."""

    def __init__(self) -> None:
        self.objects: list[Obj] = []
        self.worlds: list[Obj] = []


def read(sources: World | Sequence[World]) -> Read:
    """Read files, documents or both; ValueError `cannot read FILE: why` for what makes no sense."""
    found = Read()
    several = [sources] if isinstance(sources, str | Path | Mapping) else sources
    for source in several:
        name = "the world" if isinstance(source, Mapping) else str(source)
        try:
            documents = [dict(source)] if isinstance(source, Mapping) else list(_documents(str(source)))
            for document in documents:
                _sort(_as_json(document), found)
        except OSError as error:
            raise ValueError(f"cannot read {name}: {error.strerror or error}") from None
        except RecursionError:
            raise ValueError(f"cannot read {name}: it is nested too deeply") from None
        except (ValueError, TypeError, yaml.YAMLError) as error:
            raise ValueError(f"cannot read {name}: {' '.join(str(error).split())}") from None
    return found


def _documents(path: str) -> Iterator[object]:
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    text = data.decode("utf-8-sig")
    if text.lstrip().startswith("{"):  # kubectl's JSON: read it as such, ten times as fast
        yield json.loads(text)
        return
    yield from yaml.load_all(text, Loader=_Loader)


def _as_json(document: object) -> object:
    """Return a copy that is nothing but JSON: no shared parts, no keys but texts, and no key whose value is null."""
    return json.loads(json.dumps(document), object_pairs_hook=_there)


def _there(pairs: list[tuple[str, object]]) -> Obj:
    return {key: value for key, value in pairs if value is not None}


def _sort(document: object, found: Read) -> None:
    if document is None:
        return
    if not isinstance(document, dict):
        raise WrongShapeError("a document is no object")
    if "kind" not in document and ("objects" in document or "nodes" in document):
        _sort_world(document, found)
        return
    kind = document.get("kind")
    if not isinstance(kind, str) or not kind:
        raise WrongShapeError("an object has no kind")
    if kind.endswith("List"):
        _sort_list(document, kind, found)
        return
    if kind in SHAPES:
        check_object(document, kind)
    found.objects.append(document)


def _sort_world(document: Obj, found: Read) -> None:
    """Take a world.yaml: its objects, and all it says beside them."""
    unknown = sorted(set(document) - set(WORLD))
    if unknown:
        raise WrongShapeError(f"unknown key: {unknown[0]}")
    check(document, WORLD, "world")
    for name in ("only", "extra"):
        for lines in (document.get(name) or {}).values():
            rows_of(lines or [])
    found.worlds.append(document)
    for each in document.get("objects") or ():
        _sort(each, found)


def _sort_list(document: Obj, kind: str, found: Read) -> None:
    """Take a list's items; those of a `PodList` may lack their kind."""
    items = document.get("items")
    if items is not None and not isinstance(items, list):
        raise WrongShapeError(f"{kind}.items is no list")
    for each in items or ():
        if isinstance(each, dict) and "kind" not in each and kind != "List":
            _sort({**each, "kind": kind.removesuffix("List")}, found)
        else:
            _sort(each, found)
