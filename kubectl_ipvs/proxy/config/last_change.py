"""The record of the last change, kept in an annotation of the ConfigMap, and how it is undone byte for byte.

It has the one span of the text that was changed, so that undo restores what was there (an absent key, a comment's
place, an empty quoted value) and not something that means the same. A hash tells whether the text is still ours.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from kubectl_ipvs.proxy.config.difference import changed_span

ANNOTATION = "kubectl-ipvs/last-change"
ROLLED_BACK = "kubectl-ipvs/taken-back"  # the name on the wire stays: records of older releases are read
MOST_SPANS = 8  # an annotation is not to grow for ever


class LastChange(NamedTuple):
    """When (one time for all ConfigMaps of a run); which fields from what to what (None: unset); and the span.

    At `at`, `removed` became `inserted`.
    """

    time: str
    fields: Mapping[str, Mapping[str, Any]]
    at: int
    removed: str
    inserted: str
    sha256: str  # of the whole text after the change
    before: float | None = None  # when the old text was written, by the API server's clock; None: not known
    undoes: str = ""  # the time of the change that this one reversed, "" where it reversed none

    def write(self) -> str:
        """Return the annotation's value."""
        return json.dumps(self._asdict(), sort_keys=True)

    def fits(self, text: str) -> bool:
        """Tell whether `text` is exactly what this change left."""
        return digest(text) == self.sha256 and text[self.at : self.at + len(self.inserted)] == self.inserted

    def reverse(self, text: str) -> str:
        """Return `text` as it was before the change; only for a text that `fits`."""
        return text[: self.at] + self.removed + text[self.at + len(self.inserted) :]


def record(
    old: str,
    new: str,
    fields: Mapping[str, Mapping[str, Any]],
    time: str,
    before: float | None = None,
    undoes: str = "",
) -> LastChange:
    """Describe the change from `old` to `new` by the one span in which they differ."""
    return LastChange(time, fields, *changed_span(old, new), digest(new), before, undoes)


def read(value: str) -> LastChange | None:
    """Read an annotation's value; None where it is not ours to understand."""
    try:
        parsed = json.loads(value)
        found = LastChange(**{key: entry for key, entry in parsed.items() if key in LastChange._fields})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    texts = (found.removed, found.inserted, found.sha256, found.time, found.undoes)
    found = found._replace(before=_moment(found.before))
    return found if _is_place(parsed["at"]) and _are_fields(parsed["fields"]) and _are_texts(texts) else None


def rolled_back(text: str, since: float, before: float | None, earlier: str = "") -> str:
    """Note that `text` was restored. Seconds since the epoch, by the API server's clock.

    `since`: from when on something else had stood there. `before`: when `text` itself was first written, None where
    nobody knows. Whoever started from `before` to `since` has read the very same text and needs no restart. `earlier`
    is the note that stood there: after two changes that failed, whoever read `text` before the first one has read it.
    """
    spans = in_force(earlier, text)[-MOST_SPANS:]
    note = {"sha256": digest(text), "since": since, "before": before}
    return json.dumps(note | ({"earlier": spans} if spans else {}), sort_keys=True)


def in_force(value: str, text: str) -> list[tuple[float, float]]:
    """Read that note: from when to when `text` had been there before.

    A pod has read the present text where it started at or after the first and before the second time of a pair. Where
    one of them is not known (no note, one about another text, one of an older release), nobody is excused.
    """
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return []
    if not isinstance(parsed, dict) or parsed.get("sha256") != digest(text):
        return []
    earlier = parsed.get("earlier", [])
    pairs = [entry for entry in earlier if isinstance(entry, list)] if isinstance(earlier, list) else []
    spans = []
    for pair in [*pairs, [parsed.get("before"), parsed.get("since")]]:
        times = [moment for moment in map(_moment, pair) if moment is not None]
        spans += [(times[0], times[1])] if len(times) == len(pair) == 2 else []  # noqa: PLR2004 - from and to
    return spans


def digest(text: str) -> str:
    """Return the hash by which a text is known again."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _moment(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_fields(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(entry, dict) for entry in value.values())


def _are_texts(values: tuple[object, ...]) -> bool:
    return all(isinstance(value, str) for value in values)
