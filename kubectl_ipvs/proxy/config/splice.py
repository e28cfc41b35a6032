"""The one change of text that gives a field its value: cut here, put this in.

Promises the smallest change that keeps quotes, style, indentation and line endings as they are around it;
refuses what would lose a comment or needs more than one cut. Whether the result is right is for `proof.py`
to say.
"""

import re
from typing import NamedTuple

import yaml

from kubectl_ipvs.proxy.config.document import member as member_of
from kubectl_ipvs.proxy.config.field_position import Pair, Place, is_written_here, refused
from kubectl_ipvs.proxy.config.fields import Value
from kubectl_ipvs.proxy.config.literal import literal

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what ends a line in YAML 1.1
_BLANKS = " \n\r\x85\u2028\u2029"
_DASH = re.compile(r"\s*-\s*")
_COLON = re.compile(r"(\s*:)\s*")
_INDENT = "  "


class Splice(NamedTuple):
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str

    def apply(self, text: str) -> str:
        """Return the changed text."""
        return text[: self.start] + self.text + text[self.end :]


def plan(place: Place, value: Value) -> Splice:
    """Return the change that sets the field to the value. Raises EditRefused where there is no safe one."""
    if place.field is not None:
        return _replace(place, place.field, value)
    member = _member(place, place.name, literal(value, '"' if place.json else None))
    if place.ipvs is None:
        return _insert_section(place, member)
    section = place.ipvs.value
    if not isinstance(section, yaml.MappingNode):
        return _make_section(place, place.ipvs, member)
    if section.flow_style:
        return _insert_in_braces(place.text, section, member)
    return _insert_line(place.text, place.ipvs.key, section.start_mark.column, member)


def _member(place: Place, key: str, text: str) -> str:
    return f'"{key}": {text}' if place.json else f"{key}: {text}"


def _replace(place: Place, field: Pair, value: Value) -> Splice:
    node = field.value
    if isinstance(node, yaml.SequenceNode) and isinstance(value, tuple):
        return _replace_list(place, field.key, node, value)
    if not isinstance(node, yaml.ScalarNode):
        kind = "list" if isinstance(node, yaml.SequenceNode) else "mapping"
        raise refused(place.name, f"its value is a {kind}", node.start_mark)
    if not _is_one_line(node):
        raise refused(place.name, "its value goes over several lines", node.start_mark)
    start, end = node.start_mark.index, node.end_mark.index
    if start == end:
        return _fill(place, node, literal(value, None))
    return Splice(start, end, literal(value, '"' if place.json else node.style))


def _fill(place: Place, node: yaml.Node, text: str) -> Splice:
    """Put a value where there is none: right behind the colon, before any comment."""
    start = node.start_mark.index
    if not place.text[:start].endswith(":"):
        raise refused(place.name, "its key has no colon", node.start_mark)
    return Splice(start, start, f" {text}")


def _insert_section(place: Place, member: str) -> Splice:
    """Make the section in a document that has none; in a block document below the line of `kind`."""
    if place.root.flow_style:
        return _insert_in_braces(place.text, place.root, _member(place, "ipvs", "{" + member + "}"))
    kind = member_of(place.root, "kind")
    if kind is None:
        raise refused(place.name, "the key kind is not plain text")
    indent = place.root.start_mark.column
    opened = _insert_line(place.text, kind[0], indent, "ipvs:")
    line = _line(place.text, opened.start, indent + len(_INDENT), member)
    return Splice(opened.start, opened.end, opened.text + line)


def _make_section(place: Place, ipvs: Pair, member: str) -> Splice:
    """Fill a section that is null: a line of its own below `ipvs:`, braces where there is no line for it."""
    node = ipvs.value
    if node.start_mark.index != node.end_mark.index:
        return Splice(node.start_mark.index, node.end_mark.index, "{" + member + "}")
    if place.root.flow_style:
        return _fill(place, node, "{" + member + "}")
    return _insert_line(place.text, ipvs.key, place.root.start_mark.column + len(_INDENT), member)


def _insert_in_braces(text: str, mapping: yaml.MappingNode, member: str) -> Splice:
    """Put a member in first place, spaced as the first member was."""
    start = mapping.start_mark.index + 1
    if not mapping.value:
        return Splice(start, start, member)
    blank = text[start : mapping.end_mark.index]
    blank = blank[: len(blank) - len(blank.lstrip(_BLANKS))]
    space = blank if _BREAK.search(blank) else " "
    return Splice(start + len(blank), start + len(blank), f"{member},{space}")


def _insert_line(text: str, key: yaml.Node, column: int, member: str) -> Splice:
    """Put a line below the line of a key: the end mark of a mapping is behind the next comments."""
    found = _BREAK.search(text, key.end_mark.index)
    start = found.start() if found else len(text)
    return Splice(start, start, _line(text, start, column, member))


def _line(text: str, index: int, column: int, member: str) -> str:
    return f"{_line_break(text, index)}{' ' * column}{member}"


def _line_break(text: str, index: int) -> str:
    """Return the line ending in use at an offset: the next one, on the last line the one before."""
    found = _BREAK.search(text, index) or _BREAK.search(text)
    return found[0] if found else "\n"


def _replace_list(place: Place, key: yaml.Node, node: yaml.SequenceNode, value: tuple[str, ...]) -> Splice:
    start, end = node.start_mark.index, node.end_mark.index
    if node.flow_style:
        if "#" in place.text[start:end]:
            raise refused(place.name, "a comment stands in its list", node.start_mark)
        return Splice(start, end, literal(value, None))
    end = _end_of_items(place, node)
    if value:
        quote = node.value[0].style
        line_break = _line_break(place.text, start) + " " * node.start_mark.column
        return Splice(start, end, line_break.join(f"- {literal(item, quote)}" for item in value))
    colon = _COLON.fullmatch(place.text, key.end_mark.index, start)
    if colon is None:
        raise refused(place.name, "a comment stands before its list", node.start_mark)
    return Splice(colon.end(1), end, " []")


def _end_of_items(place: Place, node: yaml.SequenceNode) -> int:
    """Return the end of the last item of a block list: its own end mark is behind the next comments."""
    end = node.start_mark.index
    for item in node.value:
        if not isinstance(item, yaml.ScalarNode) or not is_written_here(place.text, item, end):
            raise refused(place.name, "its list has an item that is not plain text", item.start_mark)
        if not _is_one_line(item):
            raise refused(place.name, "its list has an item over several lines", item.start_mark)
        if not _DASH.fullmatch(place.text, end, item.start_mark.index):
            raise refused(place.name, "a comment stands in its list", node.start_mark)
        end = item.end_mark.index
    rest = _BREAK.split(place.text[end:], maxsplit=1)[0]
    if rest.strip():
        raise refused(place.name, "a comment stands in its list", node.start_mark)
    return end


def _is_one_line(node: yaml.ScalarNode) -> bool:
    return node.style not in {"|", ">"} and node.start_mark.line == node.end_mark.line
