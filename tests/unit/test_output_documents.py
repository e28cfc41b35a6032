"""-o json and -o yaml."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.output.documents import Stream, document

TEXTS = st.text(max_size=12) | st.just("a lone \ud800 surrogate")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)

JSON = r"""{
  "apiVersion": "kubectl-ipvs/v1",
  "kind": "Thing",
  "b": [
    1,
    null
  ],
  "a": "\u00e9\u001b[2J\u007f\u009b\ud800"
}
"""
YAML = r"""apiVersion: kubectl-ipvs/v1
kind: Thing
b:
- 1
- null
a: "\xE9\e[2J\x7F\x9B\uD800"
"""


@pytest.mark.parametrize(("form", "expected"), [("json", JSON), ("yaml", YAML)])
def test_document(form: str, expected: str) -> None:
    """Version and kind first, the rest in its own order; nothing that a terminal would obey."""
    assert document("Thing", {"b": [1, None], "a": "\u00e9\x1b[2J\x7f\x9b\ud800"}, form) == expected


def read(text: str, form: str) -> Any:  # noqa: ANN401 - any document
    """Read a document as a program would."""
    return json.loads(text) if form == "json" else yaml.safe_load(text)


@pytest.mark.parametrize("form", ["json", "yaml"])
@given(value=VALUES)
def test_safe_and_lossless(form: str, value: object) -> None:
    """Any value is printable ASCII and line feeds, and is read back as it was."""
    text = document("Thing", {"value": value}, form)
    assert {char for char in text if not (" " <= char <= "~" or char == "\n")} == set()
    assert read(text, form) == {"apiVersion": "kubectl-ipvs/v1", "kind": "Thing", "value": value}


@pytest.mark.parametrize("form", ["json", "yaml"])
@given(items=st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), max_size=3), rest=st.dictionaries(TEXTS, VALUES))
def test_stream_is_the_whole_document(form: str, items: list[dict[str, Any]], rest: dict[str, Any]) -> None:
    """A document that is written item by item is, letter by letter, the one that is written at once."""
    rest = {key: value for key, value in rest.items() if key not in {"apiVersion", "kind", "items"}}
    pieces: list[str] = []

    stream = Stream("Thing", "items", form, pieces.append)
    for item in items:
        stream.add(item)
    stream.end(rest)

    assert "".join(pieces) == document("Thing", {"items": items, **rest}, form)
