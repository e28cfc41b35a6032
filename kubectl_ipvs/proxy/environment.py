"""`$(VAR)` in a container's command, put in by the rules of Kubernetes.

Rules: k8s.io/kubernetes third_party/forked/golang/expansion and kubelet's makeEnvironmentVariables. `$$` is a dollar
sign, what is not defined stays as it is written, and nothing that was put in is expanded again.
"""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def variables(container: Json) -> dict[str, str | None]:
    """Return a container's environment, in order; None is defined (a field, a Secret), but not known here."""
    found: dict[str, str | None] = {}
    entries = container.get("env")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            continue
        value = entry.get("value")
        if isinstance(value, str) and value:
            found[entry["name"]] = expand(value, found)
        else:  # valueFrom counts where value is empty, as kubelet has it
            found[entry["name"]] = None if entry.get("valueFrom") or value not in (None, "") else ""
    return found


def expand(text: str, known: Mapping[str, str | None]) -> str:
    """Return the text with each `$(NAME)` of a known variable replaced."""
    if "$" not in text:
        return text
    parts: list[str] = []
    start = 0
    while (cursor := text.find("$", start)) >= 0 and cursor + 1 < len(text):
        parts.append(text[start:cursor])
        read, start = _reference(text, cursor, known)
        parts.append(read)
    return "".join(parts) + text[start:]


def _reference(text: str, dollar: int, known: Mapping[str, str | None]) -> tuple[str, int]:
    """Read what stands at a dollar sign; return what takes its place, and where to go on."""
    sign = text[dollar + 1]
    if sign == "$":
        return "$", dollar + 2
    closing = text.find(")", dollar + 2) if sign == "(" else -1
    if closing < 0:
        return text[dollar : dollar + 2], dollar + 2
    value = known.get(text[dollar + 2 : closing])
    return text[dollar : closing + 1] if value is None else value, closing + 1
