"""Label and field selectors, as list and watch take them. Pure; a selector that makes no sense is a 400."""

import re
from collections.abc import Callable
from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import Resource
from kubectl_ipvs.sandbox.nodes.pod_status import bad_request

Obj = dict[str, Any]
Matches = Callable[[Obj], bool]

_SET = re.compile(r"^(?P<key>[^\s!=,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)$")
_EQUAL = re.compile(r"^(?P<key>[^\s!=,()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s!=,()]*)$")
_EXISTS = re.compile(r"^(?P<not>!?)\s*(?P<key>[^\s!=,()]+)$")
_PARTS = re.compile(r",(?![^()]*\))")  # commas outside brackets

_FIELDS: dict[str, tuple[str, ...]] = {
    "pods": ("spec.nodeName", "spec.restartPolicy", "spec.hostNetwork", "status.phase", "status.podIP"),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
    "services": ("spec.clusterIP", "spec.type"),
    "events": (
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.uid",
        "reason",
        "type",
    ),
}


def labels(text: str) -> Matches:
    """Match an object's labels: `a=b,c!=d,e in (f,g),h notin (i),j,!k`."""
    tests = [_label(part.strip()) for part in _PARTS.split(text) if part.strip()]
    return lambda obj: all(test(obj["metadata"].get("labels") or {}) for test in tests)


def _label(part: str) -> Matches:
    if match := _SET.match(part):
        key, wanted = match["key"], {value.strip() for value in match["values"].split(",")}
        inside = match["op"] == "in"
        return lambda have: (key in have and have[key] in wanted) if inside else have.get(key) not in wanted
    if match := _EQUAL.match(part):
        key, value = match["key"], match["value"]
        equal = match["op"] != "!="
        return lambda have: (key in have and have[key] == value) if equal else have.get(key) != value
    if match := _EXISTS.match(part):
        key, there = match["key"], not match["not"]
        return lambda have: (key in have) is there
    raise bad_request(f"unable to parse requirement: found '{part}', expected: a label selector")


def fields(text: str, resource: Resource) -> Matches:
    """Match an object's fields: `metadata.name=x,spec.nodeName!=y`; only the fields a real server indexes."""
    known = ("metadata.name", "metadata.namespace", *_FIELDS.get(resource.plural, ()))
    tests = []
    for part in filter(None, text.split(",")):
        match = _EQUAL.match(part.strip())
        if not match:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        if match["key"] not in known:
            raise bad_request(f"field label not supported: {match['key']}")
        tests.append((match["key"].split("."), match["op"] != "!=", match["value"]))
    return lambda obj: all((_field(obj, path) == value) is equal for path, equal, value in tests)


def _field(obj: Obj, path: list[str]) -> str:
    value: object = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
