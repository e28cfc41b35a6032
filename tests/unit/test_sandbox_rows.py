"""Rows of a table that were given as text: shown as given, and as the kernel's own file shows them."""

import pytest

from kubectl_ipvs.sandbox.nodes.defects import Virtual
from kubectl_ipvs.sandbox.nodes.kernel import Kernel
from kubectl_ipvs.sandbox.nodes.rows import rows_of

LINES = [
    "TCP  10.96.0.1:443 SCHED persistent 60",
    "  -> 192.0.2.11:6443             Local   1      12         0",
    "TCP  [fd00::1]:80 wrr",
    "FWM  80 wlc",
    "  -> 192.0.2.21:80               Route   2      3          9",
]


def kernel() -> Kernel:
    """Return a kernel whose table is just these rows."""
    made = Kernel("n1", "6.1.0", ("rr", "lc"), ("rr",))
    made.shared = (Virtual("TCP", "10.96.0.9", 80, ()),)
    made.whole = rows_of(LINES)
    return made


def test_both_texts() -> None:
    """The scheduler in force stands where SCHED did; marks, families and persistence are the kernel's in its file."""
    made = kernel()
    made.bind("lc")

    assert made.tool_text().splitlines()[3:] == [line.replace("SCHED", "lc") for line in LINES]
    assert made.proc_text().splitlines()[3:] == [
        "TCP  0A600001:01BB lc  persistent 15000 FFFFFFFF",
        "  -> C000020B:192B      Local   1      12         0         ",
        "TCP  [fd00:0000:0000:0000:0000:0000:0000:0001]:0050 wrr ",
        "FWM  00000050 wlc  ",
        "  -> C0000215:0050      Route   2      3          9         ",
    ]
    assert (made.counts(), made.shown) == ({"lc": 1, "wrr": 1, "wlc": 1}, "lc")


def test_an_empty_table_shows_no_scheduler() -> None:
    """A table without a row is three lines, whatever kube-proxy has put in force."""
    made = kernel()
    made.whole = ()
    made.bind("lc")

    assert (len(made.tool_text().splitlines()), made.counts(), made.shown) == (3, {}, None)


def test_rows_beside_kube_proxys() -> None:
    """They come after kube-proxy's own, and go with a flush as all do."""
    made = kernel()
    made.whole, made.beside = None, rows_of(LINES[3:])
    made.bind("lc")

    assert made.tool_text().splitlines()[3:] == ["TCP  10.96.0.9:80 lc", *LINES[3:]]
    made.flush()
    assert (made.counts(), made.shown) == ({}, None)


@pytest.mark.parametrize("line", ["", "TCP", "TCP here rr", "  -> 10.0.0.1:80", "FWM many rr"])
def test_what_is_no_row(line: str) -> None:
    """It is named."""
    with pytest.raises(ValueError, match="no row of an IPVS table"):
        rows_of([line])
