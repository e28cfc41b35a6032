"""`top`'s frames: how numbers are written, what gives way on a narrow screen, what is marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.ipvs.stats import NOTHING, Rates, Stats
from kubectl_ipvs.operations.node_tables import NodeRead
from kubectl_ipvs.operations.top import NO_COUNTERS, WENT_BACK, NodeLoad, NodeLook, node_loads
from kubectl_ipvs.output.top import SORTS, Frame, fitted, nodes_document, nodes_frame, plain


def look(name: str, at: float, totals: int | None, *, read: bool = True, estimate: Rates | None = NOTHING) -> NodeLook:
    """Return a look at a node all of whose counters stand at the same number."""
    about = NodeRead(name, "proc" if read else "", "in-sync" if read else "timeout", "" if read else "too late", read)
    stats = None if totals is None else Stats((totals,) * 5, NOTHING)
    return NodeLook(about, at, 3, 4, stats, estimate)


def load(before: NodeLook | None, now: NodeLook) -> NodeLoad:
    """Compare two looks at one node."""
    (found,) = node_loads({} if before is None else {before.about.node: before}, {now.about.node: now})
    return found


def test_two_looks() -> None:
    """Each case of what two looks come to: a difference, an estimate, or nothing with its reason."""
    first = look("n", 10, 100)

    assert load(first, look("n", 12, 104))[1:] == (Rates(2, 2, 2, 2, 2), 2, "")
    assert load(None, first)[1:] == (NOTHING, None, "")
    assert load(look("n", 10, None), first)[1:] == (NOTHING, None, "")
    assert load(first, look("n", 12, 99))[1:] == (None, 2, WENT_BACK)
    assert load(first, look("n", 12, None, estimate=None))[1:] == (None, None, NO_COUNTERS)
    assert load(first, look("n", 12, None, read=False, estimate=None))[1:] == (None, None, "")


@pytest.mark.parametrize(
    ("rates", "cells"),
    [
        (Rates(0, 0, 0, 0, 0), ["0", "0", "0"]),
        (Rates(0.25, 1, 1.5, 1000, 23), ["0.2", "2.5", "1023"]),
        (Rates(12.6, 9.96, 0, 1024, 512), ["13", "10.0", "1.5Ki"]),
        (Rates(1e6, 1e9, 0, 2.0**40, 2.0**40), ["1000000", "1000000000", "2Ti"]),
    ],
)
def test_numbers(rates: Rates, cells: list[str]) -> None:
    """Connections, packets and bytes, the latter two in both directions; bytes as kubectl writes them."""
    frame = nodes_frame([NodeLoad(look("n", 1, 1), rates, 2.0)], "name", wide=False)

    assert list(frame.rows[1][1:4]) == cells


def test_estimates_are_marked() -> None:
    """Every number that is the kernel's own estimate, and a sum that has one in it."""
    loads = [NodeLoad(look("a", 1, 1), Rates(1, 1, 1, 1, 1), None), NodeLoad(look("b", 1, 1), NOTHING, 2.0)]

    frame = nodes_frame(loads, "name", wide=True)

    assert [cell[0] for cell in frame.rows[1][1:6]] == ["~"] * 5
    assert "~" not in "".join(frame.rows[2])
    assert "~1 connections/s" in frame.summary
    assert len(frame.labels) == 1


@pytest.mark.parametrize("sort_by", SORTS["nodes"])
def test_who_did_not_answer_is_last(sort_by: str) -> None:
    """By whatever the rows are sorted; and in the document it has no numbers."""
    loads = [
        load(None, look("a", 1, None, read=False, estimate=None)),
        load(None, look("b", 1, 1)),
        load(None, look("c", 1, 1)),
    ]

    frame = nodes_frame(loads, sort_by, wide=False)

    assert [row[0] for row in frame.rows] == ["NODE", "b", "c", "a"]
    assert frame.rows[-1][1:] == ("-",) * 5
    assert '"activeConnections": null' in nodes_document(loads, sort_by, "json")


@given(
    st.lists(st.tuples(st.text(max_size=60), st.text("0123456789", max_size=20)), max_size=40),
    st.lists(st.text(max_size=100), max_size=9),
    st.tuples(st.integers(1, 120), st.integers(4, 50)),
)
def test_a_frame_fits(rows: list[tuple[str, str]], reasons: list[str], size: tuple[int, int]) -> None:
    """Any rows, any screen: no line wider, no frame longer, and the block for a pipe has every row."""
    safe = [(repr(name), number) for name, number in rows]
    frame = Frame("sum", ["label"], [("NODE", "N"), *safe], 0, reasons)

    lines = fitted(frame, size, "12:00:00").split("\n")[:-1]

    assert len(lines) < size[1]
    assert max(map(len, lines), default=0) <= size[0]
    assert plain(frame).count("\n") == len(rows) + 1 + 1 + len(reasons) + 1
