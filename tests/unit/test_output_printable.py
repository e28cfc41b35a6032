"""Text from elsewhere, made safe for a terminal."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.output.printable import LONGEST_CELL, cell, printable, printable_lines

ASCII = "".join(map(chr, range(0x20, 0x7F)))
TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # bidirectional embeddings and isolates
MARKS = {"\u200e", "\u200f", "\u061c"}
TEXTS = st.text(
    st.characters(exclude_categories=[])
    | st.sampled_from("\x00\x1b\r\n\t\x7f\x85\x9b\u2028\u202e\u2066\ufeff\ud800\U000e0041\\")
)


def unsafe(text: str) -> set[str]:
    """Give the characters that do something to a terminal, by their Unicode properties."""
    return {
        char
        for char in text
        if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(char) in TURNS
        or char in MARKS
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (ASCII, ASCII),
        ("nöde-1 日本 \N{NO-BREAK SPACE}\N{COMBINING ACUTE ACCENT}\U0001f600", None),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\r\nb\tc\x0b\x0c\x00", r"a\r\nb\tc\x0b\x0c\x00"),
        ("\x7f\x80\x85\x9b31m", r"\x7f\x80\x85\x9b31m"),
        ("\xad\u061c\u200b\u200d\u200e\u2028\u2029", r"\xad\u061c\u200b\u200d\u200e\u2028\u2029"),
        ("user\u202egpj.exe\u2066\u2069", r"user\u202egpj.exe\u2066\u2069"),
        ("\ufeff\ufffa\ud800\udfff\U000e0041", r"\ufeff\ufffa\ud800\udfff\U000e0041"),
        (r"\x1b", r"\x1b"),
    ],
)
def test_printable(text: str, expected: str | None) -> None:
    """Whatever could move, colour, hide or turn is an escape; None: nothing of it does."""
    assert printable(text) == (text if expected is None else expected)


def test_lines_stay_lines() -> None:
    """A text of several lines keeps its line feeds and nothing else."""
    assert printable_lines("a\x1b\r\nb\n\u2028\tc\x85\n") == "a\\x1b\\r\nb\n\\u2028\\tc\\x85\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * LONGEST_CELL, "x" * LONGEST_CELL),
        ("x" * (LONGEST_CELL + 1), "x" * (LONGEST_CELL - 3) + "..."),
        ("\x1b" * LONGEST_CELL, ("\\x1b" * LONGEST_CELL)[: LONGEST_CELL - 3] + "..."),
        ("a\nb", "a\\nb"),
    ],
)
def test_cell(text: str, expected: str) -> None:
    """One line of bounded length, counted after escaping."""
    assert cell(text) == expected


def test_every_character() -> None:
    """Of all that Unicode has, none that is unsafe by its properties comes through; ASCII stays as it is."""
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert unsafe(printable(everything)) == set()
    assert unsafe(printable_lines(everything)) == {"\n"}
    assert printable(ASCII) == printable_lines(ASCII) == ASCII


@given(text=TEXTS)
def test_any_text(text: str) -> None:
    """The result is safe, can be encoded, and is its own result."""
    once, lines, cut = printable(text), printable_lines(text), cell(text)
    assert (unsafe(once), unsafe(lines) - {"\n"}, unsafe(cut)) == (set(), set(), set())
    assert (printable(once), printable_lines(lines), cell(cut)) == (once, lines, cut)
    assert lines.split("\n") == [printable(line) for line in text.split("\n")]
    assert once.encode().decode() == once
    assert len(cut) <= LONGEST_CELL


@given(text=st.text(ASCII))
def test_ascii_is_unchanged(text: str) -> None:
    """Backslashes too: an escape is never escaped again."""
    assert (printable(text), printable_lines(text)) == (text, text)
