"""The difference between two texts of a configuration: a unified diff for people, the one changed span for a record.

Promises headers that say which is now and which is wanted, three lines of context, the usual note where a
last line has no newline, and carriage returns (as ^M) only on lines where nothing else changed. Never
escapes other characters: that is for the output.
"""

import difflib
from collections.abc import Iterator
from typing import NamedTuple

_NO_NEWLINE = "\n\\ No newline at end of file"
_HEADER_LINES = 2


def difference(old: str, new: str, name: str) -> str:
    """Return the unified diff that leads from `old` to `new`, "" for equal texts."""
    lines = list(difflib.unified_diff(_lines(old), _lines(new), f"{name} (now)", f"{name} (wanted)", n=3, lineterm=""))
    header, body = lines[:_HEADER_LINES], lines[_HEADER_LINES:]
    return "".join(f"{line}\n" for line in (*header, *_readable(body)))


class Span(NamedTuple):
    """The one place where two texts differ: at `at`, `removed` became `inserted`."""

    at: int
    removed: str
    inserted: str


def changed_span(old: str, new: str) -> Span:
    """Return what is between the common beginning and the common end of two texts."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return Span(start, old[start : len(old) - end], new[start : len(new) - end])


def _common(one: str, other: str) -> int:
    """Return the length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))


def _lines(text: str) -> list[str]:
    """Split at newlines only; a last line without one carries its note, so that the two differ."""
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, last + _NO_NEWLINE] if last else lines


def _readable(body: list[str]) -> Iterator[str]:
    removed = {line[1:] for line in body if line.startswith("-")}
    added = {line[1:] for line in body if line.startswith("+")}
    endings = {_plain(line) for line in removed - added} & {_plain(line) for line in added - removed}
    for line in body:
        shows_ending = line[0] in "-+" and _plain(line[1:]) in endings
        yield line.replace("\r", "^M") if shows_ending else _plain(line)


def _plain(line: str) -> str:
    text, note, _ = line.partition(_NO_NEWLINE)
    return text.removesuffix("\r") + note
