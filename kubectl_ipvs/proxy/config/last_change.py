"""The record of the last change, kept in an annotation of the ConfigMap, and how it is taken back byte for byte.

It holds the one span of the text that was changed, so that undo restores what was there (an absent key, a comment's
place, an empty quoted value) and not something that means the same. A hash tells whether the text is still ours.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

ANNOTATION = "kubectl-ipvs/last-change"
TAKEN_BACK = "kubectl-ipvs/taken-back"


class LastChange(NamedTuple):
    """When; which fields from what to what (None: unset); and the span: at `at`, `removed` became `inserted`."""

    time: str
    fields: Mapping[str, Mapping[str, Any]]
    at: int
    removed: str
    inserted: str
    sha256: str  # of the whole text after the change

    def write(self) -> str:
        """Return the annotation's value."""
        return json.dumps(self._asdict(), sort_keys=True)

    def fits(self, text: str) -> bool:
        """Tell whether `text` is exactly what this change left."""
        return digest(text) == self.sha256 and text[self.at : self.at + len(self.inserted)] == self.inserted

    def reverse(self, text: str) -> str:
        """Return `text` as it was before the change; only for a text that `fits`."""
        return text[: self.at] + self.removed + text[self.at + len(self.inserted) :]


def record(old: str, new: str, fields: Mapping[str, Mapping[str, Any]], time: str) -> LastChange:
    """Describe the change from `old` to `new` by the one span in which they differ."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return LastChange(time, fields, start, old[start : len(old) - end], new[start : len(new) - end], digest(new))


def read(value: str) -> LastChange | None:
    """Read an annotation's value; None where it is not ours to understand."""
    try:
        parsed = json.loads(value)
        found = LastChange(**parsed)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (found.removed, found.inserted, found.sha256, found.time)
    return found if _is_place(parsed["at"]) and _are_fields(parsed["fields"]) and _are_texts(texts) else None


def taken_back(text: str, since: float) -> str:
    """Note that `text` was restored, and since when (seconds since the epoch) something else had stood there.

    Whoever started before that has read the very same text: such a node needs no restart.
    """
    return json.dumps({"sha256": digest(text), "since": since}, sort_keys=True)


def differed_since(value: str, text: str) -> float | None:
    """Read that note; None where it is not about this text."""
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict) or parsed.get("sha256") != digest(text):
        return None
    since = parsed.get("since")
    return float(since) if isinstance(since, int | float) else None


def digest(text: str) -> str:
    """Return the hash by which a text is known again."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_fields(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(entry, dict) for entry in value.values())


def _are_texts(values: tuple[object, ...]) -> bool:
    return all(isinstance(value, str) for value in values)


def _common(one: str, other: str) -> int:
    """Return the length of the common beginning."""
    shorter = min(len(one), len(other))
    return next((index for index in range(shorter) if one[index] != other[index]), shorter)
