"""Tables that look like kubectl's."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.output.columns import table
from kubectl_ipvs.output.printable import cell

HEADERS = ("node", "state")
CELLS = st.text(st.characters(codec="latin-1"), max_size=12) | st.sampled_from(
    ["", " ", "1.10", "-", "1e5", "True", "\n", "a\r\nb", "\x01", "\x1b[1m", "x" * 500]
)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "NODE   STATE\n"),
        ([["node1", "in sync"]], "NODE    STATE\nnode1   in sync\n"),
        ([["n", ""]], "NODE   STATE\nn      <none>\n"),
        ([[" ", "x "]], "NODE     STATE\n<none>   x\n"),
        ([["1.10", "1_000"], ["1e5", "True"]], "NODE   STATE\n1.10   1_000\n1e5    True\n"),
        ([["a\nb", "\x1b[31mred"]], "NODE   STATE\na\\nb   \\x1b[31mred\n"),
        ([["n"]], "NODE   STATE\nn\n"),
    ],
)
def test_table(rows: Sequence[Sequence[str]], expected: str) -> None:
    """Left-aligned, three blanks between, no blanks at the end; text stays as it is written."""
    assert table(HEADERS, rows) == expected


@pytest.mark.parametrize(("rows", "expected"), [([], ""), ([["a", "b"], ["ab", ""]], "a    b\nab   <none>\n")])
def test_without_headers(rows: Sequence[Sequence[str]], expected: str) -> None:
    """Rows alone; nothing at all for none."""
    assert table(HEADERS, rows, no_headers=True) == expected


@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5))
def test_columns_align(rows: list[list[str]]) -> None:
    """Whatever stands in a cell: one line a row, each column at the place of its header."""
    headers = ["A", "B", "C"]
    whole = [headers, *([cell(entry).strip() or "<none>" for entry in row] for row in rows)]
    widths = [max(len(row[column]) for row in whole) for column in range(3)]
    lines = ["   ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in whole]
    assert table(headers, rows).split("\n") == [*lines, ""]
