"""The place of one ipvs field in the text of a configuration, where it may be edited.

Promises that the keys on the way to the field are there once, as themselves: no alias, anchor, tag, merge
key, duplicate or directive; everything else is refused with line and column. Never changes anything.
"""

import json
import re
from typing import NamedTuple

import yaml

from kubectl_ipvs.errors import EditRefused
from kubectl_ipvs.proxy.config.document import Document, member, position, shown
from kubectl_ipvs.proxy.config.go_yaml import MERGE_TAG, NULL_TAG, clashes

BY_HAND = "change it with `kubectl edit configmap`, then run `kubectl ipvs restart`"

_DIRECTIVE = re.compile("^\ufeff?%", re.MULTILINE)
_PROPERTIES = ("&", "!", "*")


class Pair(NamedTuple):
    """A key and its value, both written out where they stand."""

    key: yaml.Node
    value: yaml.Node


class Place(NamedTuple):
    """Where the field `name` stands in `text`; `ipvs` or `field` are None where there is no such key (yet).

    The value of `ipvs` is a mapping or null. `json`: the whole text is JSON, and has to stay JSON.
    """

    text: str
    name: str
    root: yaml.MappingNode
    ipvs: Pair | None
    field: Pair | None
    json: bool


def locate(text: str, document: Document, name: str) -> Place:
    """Return the place of `ipvs.<name>`. Raises EditRefused where an edit could mean more than it says."""
    root = document.node
    version = document.value.get("apiVersion")
    if version is not None and not str(version).endswith("/v1alpha1"):
        raise refused(name, f"apiVersion {shown(version)} may keep it elsewhere")
    if _DIRECTIVE.search(text, 0, root.start_mark.index):
        raise refused(name, "the text has a % directive")
    if not is_written_here(text, root, 0):
        raise refused(name, "the document has an anchor or a tag", root.start_mark)
    ipvs = _pair(text, root, "ipvs", name)
    field = None
    if ipvs is not None and isinstance(ipvs.value, yaml.MappingNode):
        field = _pair(text, ipvs.value, name, name)
    elif ipvs is not None and ipvs.value.tag != NULL_TAG:
        raise refused(name, "ipvs is not a mapping", ipvs.value.start_mark)
    return Place(text, name, root, ipvs, field, json=is_json(text))


def refused(name: str, reason: str, mark: yaml.Mark | None = None) -> EditRefused:
    """Return the error for a field that is not edited, with the reason and its place."""
    where = f" ({position(mark)})" if mark else ""
    return EditRefused(f"ipvs.{name} cannot be edited safely: {reason}{where}", hint=BY_HAND)


def is_json(text: str) -> bool:
    """Say whether a text is JSON, of which YAML is (nearly) a superset."""
    try:
        json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def is_written_here(text: str, node: yaml.Node, after: int) -> bool:
    """Say whether a node stands behind an offset, without anchor or tag; an alias stands elsewhere."""
    start = node.start_mark.index
    return bool(start >= after and (start == node.end_mark.index or text[start] not in _PROPERTIES))


def _pair(text: str, mapping: yaml.MappingNode, wanted: str, name: str) -> Pair | None:
    for key, _ in mapping.value:
        if key.tag == MERGE_TAG:
            raise refused(name, "a merge key (<<) stands beside it", key.start_mark)
    for key in clashes(mapping):
        raise refused(name, f"the key {key.value} is there twice", key.start_mark)
    found = member(mapping, wanted)
    if found is None:
        return None
    key, value = found
    if not is_written_here(text, key, mapping.start_mark.index):
        raise refused(name, f"the key {wanted} has an alias, an anchor or a tag", key.start_mark)
    if not is_written_here(text, value, key.end_mark.index):
        raise refused(name, f"{wanted} has an alias, an anchor or a tag", key.start_mark)
    return Pair(key, value)
