"""The YAML or JSON in a ConfigMap's value: kube-proxy's document, and where in the text its parts stand.

Promises plain values, as kube-proxy's own reader has them (`go_yaml.py`), and nodes with character offsets, or one
error that names line and column. A text that begins with a brace is JSON for kube-proxy, and nothing else. Never
writes.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import yaml
from yaml.reader import ReaderError

from kubectl_ipvs.errors import ConfigurationInvalid
from kubectl_ipvs.proxy.config import go_yaml
from kubectl_ipvs.proxy.config.fields import quoted
from kubectl_ipvs.proxy.config.go_yaml import STRING_TAG

KIND = "KubeProxyConfiguration"

LONGEST = 1 << 20  # characters; a ConfigMap of more than 1 MiB does not exist
MOST_NODES = 100_000  # after expanding aliases: ten lines of them can stand for billions
LONGEST_INTEGER = 100  # characters; Python refuses to read integers of some thousand digits

# What PyYAML raises for malformed values besides its own errors: ValueError, OverflowError ("\\UFFFFFFFF"), IndexError.
_STUMBLES = (yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError)
_INVALID = "the configuration is not valid YAML"


class Document(NamedTuple):
    """One document: its root node with marks into the text, and its value as plain objects.

    A number that JSON writes with a point or an exponent is a Decimal. `others` counts the further documents in the
    same text that are not empty, `earlier` all those before this one. `api_version` is what stands there for it.
    """

    node: yaml.MappingNode
    value: dict[str, object]
    others: int
    earlier: int = 0
    api_version: object = None


@lru_cache(maxsize=8)  # one change reads the old and the new text several times, 10 ms each
def configuration_document(text: str) -> Document:
    """Return the first document of kind KubeProxyConfiguration; the same object for the same text: only read it.

    Raises ConfigurationInvalid if there is none, and for anything in the text that kube-proxy cannot read. What
    follows the document may be anything: kube-proxy does not look at it.
    """
    loaded = _loaded(text)
    for earlier, (node, value) in enumerate(loaded):
        if isinstance(node, yaml.MappingNode) and isinstance(value, dict) and _said(text, value, "kind") == KIND:
            later = sum(below is not None for _, below in loaded[earlier + 1 :])
            return Document(node, value, earlier + later, earlier, _said(text, value, "apiVersion"))
    filled = [(node, value) for node, value in loaded if value is not None]
    if not filled:
        raise ConfigurationInvalid("the configuration is empty")
    node, value = filled[0]
    if not isinstance(value, dict):
        raise ConfigurationInvalid(f"the configuration is not a mapping ({position(node.start_mark)})")
    kind = shown(_said(text, value, "kind"))
    raise ConfigurationInvalid(f"the configuration is not of kind {KIND}: its kind is {kind}")


def position(mark: yaml.Mark) -> str:
    """Return `line 3, column 5`, both counted from 1 as editors do."""
    return f"line {mark.line + 1}, column {mark.column + 1}"


def shown(value: object) -> str:
    """Return a value for a message: as JSON would write it, and not more of it than fits in a line."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)[:60]


def member(mapping: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the last key with this name and its value, None if the mapping has no such key."""
    found = None
    for key, value in mapping.value:
        if (key.tag, key.value) == (STRING_TAG, name):
            found = (key, value)
    return found


def children(node: yaml.Node) -> tuple[yaml.Node, ...]:
    """Return the nodes right below a node: keys and values in turn, or items."""
    if isinstance(node, yaml.MappingNode):
        return tuple(part for pair in node.value for part in pair)
    return tuple(node.value) if isinstance(node, yaml.SequenceNode) else ()


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def _said(text: str, value: Mapping[str, object], name: str) -> object:
    """Return kind or apiVersion: their case is of no account, the last one counts that is not null.

    The keys of YAML are sorted on the way: kube-proxy makes JSON of it first.
    """
    keys = value if _is_json(text) else sorted(value)
    found = [key for key in keys if key.lower() == name.lower() and value[key] is not None]
    return value[found[-1]] if found else None


def _loaded(text: str) -> list[tuple[yaml.Node, object]]:
    if len(text) > LONGEST:
        raise ConfigurationInvalid(f"the configuration is too long: {len(text)} characters of at most {LONGEST}")
    try:
        return _read(text)
    except ReaderError as error:
        raise ConfigurationInvalid(f"{_INVALID}: {_unreadable(text, error.position)}") from None
    except RecursionError:
        raise ConfigurationInvalid(f"{_INVALID}: it is nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        problem = f"{error.msg[:1].lower()}{error.msg[1:]} ({where})"
        raise ConfigurationInvalid(f"the configuration begins with a brace and is not valid JSON: {problem}") from None
    except _STUMBLES as error:
        raise ConfigurationInvalid(f"{_INVALID}: {_problem(error)}") from None


def _read(text: str) -> list[tuple[yaml.Node, object]]:
    """Return node and value of each document; of one that cannot be read, behind another, a text stands for both."""
    documents = go_yaml.documents(text, json=_is_json(text))
    if _is_json(text):
        value = json.loads(text, parse_float=Decimal, parse_int=_integer, parse_constant=_no_constant)
        return [(_bounded(next(documents)), value)]
    found: list[tuple[yaml.Node, object]] = []
    try:
        found.extend((node, go_yaml.value(_bounded(node))) for node in documents)
    except _STUMBLES:
        if all(value is None for _, value in found):
            raise
        found.append((found[-1][0], ""))
    return found


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < LONGEST_INTEGER else Decimal(text)


def _no_constant(text: str) -> object:
    raise json.JSONDecodeError(f"{text} is no number", "", 0)


def _bounded(node: yaml.Node) -> yaml.Node:
    if _size(node, {}) > MOST_NODES:
        raise yaml.YAMLError("it is too large, or its aliases stand for themselves")
    return node


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Count the nodes of a tree, those below an alias each time that it is used."""
    if id(node) not in sizes:
        sizes[id(node)] = MOST_NODES + 1  # met again while it is being counted: it contains itself
        sizes[id(node)] = 1 + sum(_size(child, sizes) for child in children(node))
    return sizes[id(node)]


def _problem(error: Exception) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return str(error)
    return f"{error.problem} ({position(error.problem_mark)})"


def _unreadable(text: str, index: int) -> str:
    lines = (text[:index] + "x").splitlines()
    return f"control character U+{ord(text[index]):04X} (line {len(lines)}, column {len(lines[-1])})"
