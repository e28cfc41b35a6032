r"""Text from a pod or from the API, made safe for a terminal.

Everything that could move the cursor, change a title, colour a line, start a hyperlink or turn the reading direction
is shown as an escape (`\x1b`), in tables and messages, on a terminal and in a pipe alike: a pipe may end in one.
"""

import re

# C0 and C1 controls, DEL, soft hyphen, zero width and bidirectional marks, line separators, byte order mark, tags,
# and lone surrogates, which no encoding can write.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]",
)
_UNSAFE_IN_TEXT = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))
LONGEST_CELL = 200


def printable(text: str) -> str:
    """Return one line's text, safe; line breaks are escaped too."""
    return _UNSAFE.sub(_escape, text)


def printable_lines(text: str) -> str:
    """Return a text of several lines, safe; line feeds stay, a carriage return before one is shown."""
    return _UNSAFE_IN_TEXT.sub(_escape, text)


def cell(text: str) -> str:
    """Return a table's cell: one safe line of bounded length."""
    safe = printable(text)
    return safe if len(safe) <= LONGEST_CELL else safe[: LONGEST_CELL - 3] + "..."


def _escape(match: "re.Match[str]") -> str:
    return match[0].encode("unicode_escape").decode()
