"""YAML as kube-proxy's own reader has it: nodes with marks into the text, and the plain value of a node.

Promises what kube-proxy makes of each scalar (`y` is true, `1e3` a number, `1:30` and a date are text), of keys that a
merge brings in, and of tags: an unknown one says nothing. Runs no code for any tag: there are no constructors. Seen on
kube-proxy itself (tests/real/judge.py): its reader is sigs.k8s.io/yaml, which goes by way of JSON.
"""

import base64
import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import ScalarEvent

STRING_TAG = "tag:yaml.org,2002:str"
NULL_TAG = "tag:yaml.org,2002:null"
MERGE_TAG = "tag:yaml.org,2002:merge"
INTEGER_TAG = "tag:yaml.org,2002:int"
FLOAT_TAG = "tag:yaml.org,2002:float"
BOOLEAN_TAG = "tag:yaml.org,2002:bool"
BINARY_TAG = "tag:yaml.org,2002:binary"
TIMESTAMP_TAG = "tag:yaml.org,2002:timestamp"

_TRUE = frozenset(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"])
_FALSE = frozenset(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"])
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_ENDLESS = frozenset(f"{sign}.{word}" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF")) | {
    ".nan",
    ".NaN",
    ".NAN",
}
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt ])")
_LEADING = frozenset("+-.0123456789")
_INT64, _UINT64 = -(2**63), 2**64
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Loader(yaml.SafeLoader):
    """PyYAML's pure reader: its marks are exact, those of libyaml are off by one after a byte order mark."""

    anywhere = False  # tabs may stand where a line begins

    def scan_to_next_token(self) -> None:
        """Skip tabs too, but for those where a line or an entry begins."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key or self._may_skip()):
            self.forward()
            super().scan_to_next_token()

    def _may_skip(self) -> bool:
        """Tell whether tabs may be skipped here: in JSON, and before a comment behind a blank."""
        ahead = 0
        while self.peek(ahead) in "\t ":
            ahead += 1
        return self.anywhere or (self.column > 0 and self.peek(ahead) == "#")

    def scan_plain_spaces(self, indent: int, start_mark: yaml.Mark) -> list[str]:
        """Take tabs inside a text for the blanks that they are."""
        ahead = 0
        while self.peek(ahead) in "\t ":
            ahead += 1
        blanks = str(self.prefix(ahead))
        if "\t" not in blanks:
            return list(super().scan_plain_spaces(indent, start_mark) or [])
        self.forward(ahead)
        return list(super().scan_plain_spaces(indent, start_mark) or [blanks])

    def process_directives(self) -> object:
        """Refuse YAML 1.2."""
        found = super().process_directives()  # type: ignore[no-untyped-call]
        if self.yaml_version not in (None, (1, 1)):
            raise yaml.YAMLError("it is not YAML 1.1")
        return found

    def compose_scalar_node(self, anchor: dict[Any, yaml.Node]) -> yaml.ScalarNode:
        """Take a lone `!` for a text."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, ScalarEvent) and event.tag == "!":
            event.implicit = (False, True)
        return super().compose_scalar_node(anchor)

    def resolve(self, kind: type[yaml.Node], value: str, implicit: object) -> str:
        """Return the tag of a node that has none."""
        if kind is yaml.ScalarNode:
            return plain_tag(value) if isinstance(implicit, tuple) and implicit[0] else STRING_TAG
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]


def documents(text: str, *, json: bool = False) -> Iterator[yaml.Node]:
    """Yield the root of each document, as far as they can be read; `json` has its tabs anywhere.

    Raises what PyYAML does.
    """
    loader = _Loader(text)
    loader.anywhere = json
    while (node := loader.get_node() if loader.check_node() else None) is not None:
        yield node


def plain_tag(text: str) -> str:
    """Return the tag of a scalar without quotes."""
    if text in _NULL:
        return NULL_TAG
    if text in _TRUE or text in _FALSE:
        return BOOLEAN_TAG
    if text == "<<":
        return MERGE_TAG
    if text in _ENDLESS:
        return FLOAT_TAG
    number = _number(text) if text[0] in _LEADING else None
    return STRING_TAG if number is None else FLOAT_TAG if isinstance(number, float) else INTEGER_TAG


def value(node: yaml.Node) -> object:
    """Return what a node is: dict (its keys are text), list, str, bool, int, float or None.

    Raises YAMLError for what kube-proxy's reader refuses: a tag that the text does not fit, a key that is null or no
    scalar, an endless number.
    """
    if isinstance(node, yaml.MappingNode):
        found: dict[str, object] = {}
        for key, below in node.value:
            if key.tag == MERGE_TAG:
                found.update(_merged(below))
            else:
                found[_key(key)] = value(below)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [value(below) for below in node.value]
    return _scalar(node)


def clashes(mapping: yaml.MappingNode) -> tuple[yaml.ScalarNode, ...]:
    """Return the keys that are there again, also by a merge; the reader takes the last one that is written."""
    seen: set[object] = set()
    again: list[yaml.ScalarNode] = []
    for key, below in mapping.value:
        names = list(_merged_keys(below)) if key.tag == MERGE_TAG else [key]
        for name in names:
            known = (name.tag, name.value)
            again += [name] if known in seen and isinstance(name, yaml.ScalarNode) else []
            seen.add(known)
    return tuple(again)


def _merged(node: yaml.Node) -> dict[str, object]:
    """Return what a merge brings in; of several mappings the first has the last word."""
    found: dict[str, object] = {}
    for part in reversed(_merged_maps(node)):
        inner = value(part)
        found.update(inner if isinstance(inner, dict) else {})
    return found


def _merged_maps(node: yaml.Node) -> list[yaml.MappingNode]:
    parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    maps = [part for part in parts if isinstance(part, yaml.MappingNode)]
    if len(maps) != len(parts):
        raise _refused("<< stands before something else than mappings", node)
    return maps


def _merged_keys(node: yaml.Node) -> Iterator[yaml.Node]:
    for part in _merged_maps(node):
        for key, below in part.value:
            yield from _merged_keys(below) if key.tag == MERGE_TAG else (key,)


def _key(node: yaml.Node) -> str:
    found = _scalar(node, key=True) if isinstance(node, yaml.ScalarNode) else None
    if found is None:
        raise _refused("a key is null" if isinstance(node, yaml.ScalarNode) else "a key is no text", node)
    return str(found).lower() if isinstance(found, bool) else str(found)


def _scalar(node: yaml.Node, *, key: bool = False) -> object:
    text = str(node.value)
    if _SURROGATE.search(text):
        raise _refused("an escape stands for no character", node)
    if node.tag == BINARY_TAG:
        return base64.b64decode(text, validate=False).decode(errors="replace")
    if node.tag not in (NULL_TAG, BOOLEAN_TAG, INTEGER_TAG, FLOAT_TAG, TIMESTAMP_TAG):
        return text
    meant = plain_tag(text) if node.tag != TIMESTAMP_TAG or not _DATE.match(text) else TIMESTAMP_TAG
    if meant != node.tag and (meant, node.tag) != (INTEGER_TAG, FLOAT_TAG):
        raise _refused(f"{node.tag.rpartition(':')[2]} is not what its text is", node)
    if node.tag == TIMESTAMP_TAG:
        return text
    if text in _ENDLESS and not key:
        raise _refused(f"{text} is no number in JSON", node)
    if meant == NULL_TAG:
        return None
    return text in _TRUE if meant == BOOLEAN_TAG else text if text in _ENDLESS else _number(text)


def _number(text: str) -> int | float | None:
    """Return the number that a text is; a float where it has a point or an exponent, or does not fit in 64 bits."""
    plain = text.replace("_", "")
    if _INTEGER.fullmatch(plain) and len(plain) < 100:  # noqa: PLR2004 - as many digits as 64 bits never have
        digits = plain.lstrip("+-")
        octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
        found = int(digits, 8 if octal else 0) * (-1 if plain.startswith("-") else 1)
        if _INT64 <= found < _UINT64:
            return found
    if not _FLOAT.fullmatch(plain):
        return None
    number = float(plain)
    return number if abs(number) != float("inf") else None


def _refused(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
