"""The YAML or JSON in a ConfigMap's value: kube-proxy's document, and where in the text its parts stand.

Promises plain values and nodes with character offsets, or one error that names line and column. Only
PyYAML's pure SafeLoader is used: no tag runs code, and its marks are exact (those of the C loader are off
by one after a byte order mark). Never writes.
"""

from functools import lru_cache
from typing import NamedTuple

import yaml
from yaml.reader import ReaderError

from kubectl_ipvs.errors import ConfigurationInvalid
from kubectl_ipvs.proxy.config.fields import quoted

KIND = "KubeProxyConfiguration"
STRING_TAG = "tag:yaml.org,2002:str"
NULL_TAG = "tag:yaml.org,2002:null"
MERGE_TAG = "tag:yaml.org,2002:merge"
VALUE_TAG = "tag:yaml.org,2002:value"
INTEGER_TAG = "tag:yaml.org,2002:int"

LONGEST = 1 << 20  # characters; a ConfigMap of more than 1 MiB does not exist
MOST_NODES = 100_000  # after expanding aliases: ten lines of them can stand for billions

LONGEST_INTEGER = 100  # characters; Python refuses to print integers of some thousand digits

# What PyYAML raises for malformed values besides its own errors: ValueError (timestamp 2001-99-99),
# OverflowError ("\UFFFFFFFF"), IndexError (!!int ""), KeyError (!!bool x), AttributeError (!!timestamp x).
_STUMBLES = (yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError)
_INVALID = "the configuration is not valid YAML"


class Document(NamedTuple):
    """One document: its root node with marks into the text, and its value as plain objects.

    `others` counts the further documents in the same text, `earlier` those of them that stand before this one.
    """

    node: yaml.MappingNode
    value: dict[object, object]
    others: int
    earlier: int = 0


@lru_cache(maxsize=8)  # one change reads the old and the new text several times, 10 ms each
def configuration_document(text: str) -> Document:
    """Return the first document of kind KubeProxyConfiguration; the same object for the same text: only read it.

    Raises ConfigurationInvalid if there is none, and for anything in the text that is not harmless YAML.
    """
    loaded = _loaded(text)
    for earlier, (node, value) in enumerate(loaded):
        if isinstance(node, yaml.MappingNode) and isinstance(value, dict) and value.get("kind") == KIND:
            return Document(node, value, len(loaded) - 1, earlier)
    filled = [(node, value) for node, value in loaded if value is not None]
    if not filled:
        raise ConfigurationInvalid("the configuration is empty")
    node, value = filled[0]
    if not isinstance(value, dict):
        raise ConfigurationInvalid(f"the configuration is not a mapping ({position(node.start_mark)})")
    kind = shown(value.get("kind"))
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


def duplicates(mapping: yaml.MappingNode) -> tuple[yaml.ScalarNode, ...]:
    """Return the keys of a mapping that were there before; readers of YAML silently take the last one."""
    seen: set[tuple[str, str]] = set()
    again = []
    for key, _ in mapping.value:
        if isinstance(key, yaml.ScalarNode):
            if (key.tag, key.value) in seen:
                again.append(key)
            seen.add((key.tag, key.value))
    return tuple(again)


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


def _loaded(text: str) -> list[tuple[yaml.Node, object]]:
    if len(text) > LONGEST:
        raise ConfigurationInvalid(f"the configuration is too long: {len(text)} characters of at most {LONGEST}")
    try:
        return _nodes_and_values(text)
    except ReaderError as error:
        raise ConfigurationInvalid(f"{_INVALID}: {_unreadable(text, error.position)}") from None
    except RecursionError:
        raise ConfigurationInvalid(f"{_INVALID}: it is nested too deeply") from None
    except _STUMBLES as error:
        raise ConfigurationInvalid(f"{_INVALID}: {_problem(error)}") from None


def _nodes_and_values(text: str) -> list[tuple[yaml.Node, object]]:
    nodes = tuple(yaml.compose_all(text, Loader=yaml.SafeLoader))
    rewritten = False
    for node in nodes:
        tags: set[str] = set()
        if _size(node, {}, tags) > MOST_NODES:
            raise yaml.YAMLError("it is too large, or its aliases stand for themselves")
        rewritten = rewritten or not tags.isdisjoint({MERGE_TAG, VALUE_TAG})
    if rewritten:  # by the constructor: the values are made of nodes of their own
        return list(zip(nodes, yaml.safe_load_all(text), strict=True))
    return [(node, yaml.SafeLoader("").construct_document(node)) for node in nodes]


def _size(node: yaml.Node, sizes: dict[int, int], tags: set[str]) -> int:
    """Count the nodes of a tree, those below an alias each time that it is used; gather their tags."""
    if node.tag == INTEGER_TAG and len(node.value) > LONGEST_INTEGER:
        raise yaml.YAMLError(f"a number is too long ({position(node.start_mark)})")
    if id(node) not in sizes:
        sizes[id(node)] = MOST_NODES + 1  # met again while it is being counted: it contains itself
        tags.add(node.tag)
        sizes[id(node)] = 1 + sum(_size(child, sizes, tags) for child in children(node))
    return sizes[id(node)]


def _problem(error: Exception) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return str(error)
    return f"{error.problem} ({position(error.problem_mark)})"


def _unreadable(text: str, index: int) -> str:
    lines = (text[:index] + "x").splitlines()
    return f"control character U+{ord(text[index]):04X} (line {len(lines)}, column {len(lines[-1])})"
