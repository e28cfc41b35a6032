"""Reads values of the API's JSON: what is of another type than is documented becomes what means "not known".

An object that some webhook or old server made is never a crash. Times are seconds since the epoch (UTC).
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

Json = Mapping[str, Any]
NOTHING: Mapping[str, str] = MappingProxyType({})


def mapping(value: object) -> Mapping[str, Any]:
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list, else nothing."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return `value` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int:
    """Return `value` if it is a whole number, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def epoch(value: object) -> float | None:
    """Turn an RFC 3339 time into seconds; None where there is none (one without a zone is none)."""
    try:
        read = datetime.fromisoformat(text(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return None if read.tzinfo is None else read.timestamp()


def strings(value: object) -> dict[str, str]:
    """Keep the string values of an object (labels, annotations, data)."""
    return {key: entry for key, entry in mapping(value).items() if isinstance(entry, str)}


def condition(status: Json, kind: str) -> bool:
    """Tell whether a condition is True."""
    return any(entry.get("type") == kind and entry.get("status") == "True" for entry in items(status.get("conditions")))


def managers(meta: Json) -> tuple[str, ...]:
    """Return the names in managedFields, once each."""
    names = [text(entry.get("manager")) for entry in items(meta.get("managedFields"))]
    return tuple(dict.fromkeys(name for name in names if name))
