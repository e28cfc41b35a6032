"""-o json and -o yaml: the documented, stable schema `kubectl-ipvs/v1`. The same facts as the tables, untouched.

Both write non-ASCII and control characters as escapes, so that they are safe on a terminal and lossless in a file.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from kubectl_ipvs.proxy.checks.findings import Finding

API_VERSION = "kubectl-ipvs/v1"


def document(kind: str, content: Mapping[str, Any], form: str) -> str:
    """Write a document of `kind` as `json` or `yaml`."""
    whole = {"apiVersion": API_VERSION, "kind": kind, **content}
    if form == "json":
        return _json(whole, 0) + "\n"
    return _yaml(whole)


class Stream:
    """A document that is written while its one long list still grows; the text is the same as `document` gives.

    `write` takes pieces of text; `items` is the list's name.
    """

    def __init__(self, kind: str, items: str, form: str, write: Callable[[str], object]) -> None:
        self._items, self._form, self._write = items, form, write
        self._empty = True
        head = document(kind, {}, form)
        self._write(head if form == "yaml" else head.removesuffix("\n}\n") + f",\n  {json.dumps(items)}: [")

    def add(self, item: Mapping[str, Any]) -> None:
        """Write the next item."""
        if self._form == "yaml":
            self._write(("" if not self._empty else f"{self._items}:\n") + _yaml([item]))
        else:
            self._write(("" if self._empty else ",") + "\n    " + _json(item, 4))
        self._empty = False

    def end(self, rest: Mapping[str, Any]) -> None:
        """End the list, and write what comes after it."""
        if self._form == "yaml":
            self._write((f"{self._items}: []\n" if self._empty else "") + (_yaml(rest) if rest else ""))
            return
        more = "".join(f",\n  {json.dumps(key)}: {_json(value, 2)}" for key, value in rest.items())
        self._write(("]" if self._empty else "\n  ]") + more + "\n}\n")


def _json(value: object, indent: int) -> str:
    """Write a value that stands so far to the right; no text in JSON has a line feed of its own."""
    # json leaves DEL as it is
    return json.dumps(value, indent=2).replace("\x7f", "\\u007f").replace("\n", "\n" + " " * indent)


def _yaml(value: object) -> str:
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, default_flow_style=False, allow_unicode=False)
    return text


def finding(entry: Finding) -> dict[str, Any]:
    """Return a finding as every document has it."""
    return {
        "code": entry.code,
        "severity": entry.severity,
        "reason": entry.reason,
        "hint": entry.hint,
        "forcible": entry.forcible,
        "nodes": list(entry.nodes),
    }
