"""The proof that an edit did what was asked and nothing else.

Promises that the new text reads as the old one except for the one field, that the field has the wanted
value of the wanted type, and that the texts differ in one short span. Never repairs: what is not proved is
refused.
"""

from typing import TypeAlias

import yaml

from kubectl_ipvs.errors import ConfigurationInvalid
from kubectl_ipvs.proxy.config.difference import changed_span
from kubectl_ipvs.proxy.config.document import Document, children, configuration_document
from kubectl_ipvs.proxy.config.field_position import is_json, refused
from kubectl_ipvs.proxy.config.fields import Value
from kubectl_ipvs.proxy.config.go_yaml import STRING_TAG

# Characters that one edit may remove or add: a list of CIDRs can be long, all else is a word.
_SPAN = {True: 1 << 16, False: 1 << 8}

Outline: TypeAlias = list[tuple[str, str | int]]


def prove(old: str, new: str, name: str, value: Value) -> None:
    """Return if `new` is `old` but for `ipvs.<name>`, which is `value`. Raises EditRefused if not."""
    before = configuration_document(old)
    try:
        after = configuration_document(new)
    except ConfigurationInvalid as error:
        raise refused(name, "the result would not be readable") from error
    if after.others or not has_value(after, name, value):
        raise refused(name, "the result would not have the new value")
    if _outline_without(before, name) != _outline_without(after, name):
        raise refused(name, "the result would change more than this field")
    if is_json(old) and not is_json(new):
        raise refused(name, "the result would not be JSON any more")
    span = changed_span(old, new)
    if max(len(span.removed), len(span.inserted)) > _SPAN[isinstance(value, tuple)]:
        raise refused(name, "the change would be too long")


def has_value(document: Document, name: str, value: Value) -> bool:
    """Say whether the field is there with this value, of this type: true is not "true"."""
    section = document.value.get("ipvs")
    if not isinstance(section, dict) or name not in section:
        return False
    found = section[name]
    if isinstance(value, tuple):
        return isinstance(found, list) and all(isinstance(item, str) for item in found) and tuple(found) == value
    return type(found) is type(value) and found == value


def _outline_without(document: Document, name: str) -> list[Outline]:
    """Return what a document says but for this field; a section absent, null or empty is the same."""
    members: list[Outline] = []
    section: list[Outline] = []
    for key, value in document.node.value:
        if _outline(key) != [(STRING_TAG, "ipvs")]:
            members.append(_outline(key) + _outline(value))
        elif isinstance(value, yaml.MappingNode):
            pairs = [(_outline(below), _outline(node)) for below, node in value.value]
            section += [key + value for key, value in pairs if key != [(STRING_TAG, name)]]
    return [*members, [], *section]


def _outline(node: yaml.Node) -> Outline:
    """Return what a node says, not how it is written: tags and texts from top to bottom.

    Flat, since Python compares nested values by recursion and a configuration may be nested deeply.
    """
    outline: Outline = []
    waiting = [node]
    while waiting:
        node = waiting.pop()
        below = children(node)
        outline.append((node.tag, node.value if isinstance(node, yaml.ScalarNode) else len(below)))
        waiting.extend(reversed(below))
    return outline
