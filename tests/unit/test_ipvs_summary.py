"""Summarizer: what is counted, what is excluded, and what large or hostile input does."""

import pytest

from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.summary import Row, Summarizer, Summary, summarize
from kubectl_ipvs.ipvs.table import Table

TWO_FORMATS = b"""\
TCP  10.96.0.1:443 rr
  -> 10.0.0.1:6443 Masq 1 2 3
TCP  0A600002:01BB rr
TCP  [2001:db8::1]:80 lc
TCP  [2001:0db8:0000:0000:0000:0000:0001:0002]:0050 lc
TCP  node-1.example:80 wrr
FWM  1 wrr
UDP  172.16.0.1 sh
"""
NO_CIDRS = ("10.96.0.1", "10.96.0.0/255.255.0.0", "", "/", "x/8", "10.0.0.0/33", "10.0.0.0/²")


def counts(text: bytes, *exclude: str) -> tuple[dict[str, int], int]:
    """Give schedulers and foreign, after proving that a line-by-line reading counts the same."""
    summary = summarize(text, exclude)
    by_line = summarize(text + b"something else\n", exclude)
    assert (by_line.schedulers, by_line.foreign) == (summary.schedulers, summary.foreign)
    return dict(summary.schedulers), summary.foreign


@pytest.mark.parametrize(
    ("exclude", "schedulers", "foreign"),
    [
        ((), {"lc": 2, "rr": 2, "wrr": 1, "sh": 1}, 1),
        (("10.96.0.0/31",), {"lc": 2, "wrr": 1, "rr": 1, "sh": 1}, 2),
        (("10.96.0.77/16",), {"lc": 2, "wrr": 1, "sh": 1}, 3),
        (("2001:db8::/112", "10.96.0.2/32"), {"wrr": 1, "lc": 1, "rr": 1, "sh": 1}, 3),
        (("172.16.0.0/12",), {"lc": 2, "rr": 2, "wrr": 1}, 2),
        (("0.0.0.0/0", "::/0"), {"wrr": 1}, 6),
        (NO_CIDRS, {"lc": 2, "rr": 2, "wrr": 1, "sh": 1}, 1),
    ],
)
def test_exclude(exclude: tuple[str, ...], schedulers: dict[str, int], foreign: int) -> None:
    """Addresses of both formats are found; names never are; what is no CIDR is ignored; the mark is foreign anyway."""
    assert counts(TWO_FORMATS, *exclude) == (schedulers, foreign)


def test_the_most_used_scheduler_comes_first() -> None:
    """Then by name, so that the order does not depend on the table's."""
    text = b"TCP 10.0.0.1:1 wrr\nTCP 10.0.0.1:2 sh\nTCP 10.0.0.1:3 sh\nTCP 10.0.0.1:4 dh\n"
    assert list(summarize(text).schedulers) == ["sh", "dh", "wrr"]


def test_the_first_twenty_unparsed_lines_are_kept() -> None:
    """All are counted; bytes that are no UTF-8 are replaced, nothing is escaped."""
    text = b"\xff\x1b[2J\r\n" + b"".join(b"line %d\n" % number for number in range(30))
    summary = summarize(text)
    kept = ("\ufffd\x1b[2J", *(f"line {number}" for number in range(19)))
    assert (summary.unparsed, summary.unparsed_lines) == (kept, 31)


def test_finish_without_anything() -> None:
    """No input is an empty table, and finishing twice adds nothing."""
    summarizer = Summarizer()
    nothing = Summary({}, 0, 0, 0, 0, (), 0, 0)
    assert [summarizer.finish(), summarizer.finish()] == [nothing, nothing]


def test_blocks_add_up() -> None:
    """A listing of many blocks, with a spoiled line, a probe and a broken service in three of them."""
    service = b"TCP  10.96.0.1:443 rr\n" + b"  -> 10.0.0.1:6443 Masq 1 2 3\n" * 10
    probe = b"TCP  198.51.100.0:20000 lc\n  -> 10.0.0.1:6443 Masq 1 2 3\n"
    broken = b"TCP  10.96.0.1\n  -> 10.0.0.1:6443 Masq 1 2 3\n"
    text = (service * 2000).join((b"", b"spoiled\n", probe, broken, b""))
    row = Row("TCP", "10.96.0.1:443", "rr")
    assert summarize(text) == Summary(
        schedulers={"rr": 8000},
        virtual_servers=8000,
        real_servers=80000,
        active=160000,
        inactive=240000,
        unparsed=("spoiled", "TCP  10.96.0.1", "  -> 10.0.0.1:6443 Masq 1 2 3"),
        unparsed_lines=3,
        foreign=0,
        own_real_servers=80000,
        examples={"rr": (row,) * 5},
        example_sizes={"rr": (10,) * 5},
        probe=True,
    )


LONG = {
    "blanks": b" %s x",
    "a real server's address": b"-> %s",
    "before the arrow": b"%s-> 10.0.0.1:80 Masq 1 0 x",
    "blanks in a real server": b"-> 10.0.0.1:80%sMasq%s1%s0%sx",
    "blanks in a virtual server": b"TCP%s10.0.0.1:80%srr%sops%spersistent%s1%smask%s1%spe%sx%sops%sx",
    "digits": b"-> 10.0.0.1:80 Masq 1 0 %s",
    "flags": b"TCP 10.0.0.1:80 rr (%s",
    "a mark": b"FWM %s rr x",
    "a scheduler": b"TCP 10.0.0.1:80 %s",
}


@pytest.mark.parametrize("size", [1_000, 1_000_000, pytest.param(10_000_000, marks=pytest.mark.whole)])
@pytest.mark.parametrize("shape", LONG)
def test_a_line_of_any_length_is_read_in_linear_time(shape: str, size: int) -> None:
    """Ten megabytes in one line end within the test's time, whatever part of a row they imitate."""
    parts = LONG[shape].count(b"%s")
    filling = b" " if parts > 1 or shape in {"blanks", "before the arrow"} else b"1"
    filling = b"a" if shape == "a scheduler" else filling
    line = LONG[shape] % ((filling * (size // parts),) * parts)
    text = b"TCP 10.0.0.1:80 rr\n" + line + b"\nTCP 10.0.0.1:80 rr\n"
    assert (summarize(text).unparsed_lines, len(parse(text).unparsed)) == (1, 1)


def test_a_line_that_never_ends_costs_its_length_once() -> None:
    """Five megabytes in 50,000 pieces are joined once, not at every piece, and shown cut."""
    summarizer = Summarizer()
    for _ in range(50_000):
        summarizer.feed(b"x" * 100)
    summarizer.feed(b"\n")
    assert summarizer.finish().unparsed == ("x" * 1000,)


def test_the_table_of_nothing() -> None:
    """Blank input gives an empty table."""
    assert parse(b" \r\n\t\n") == Table((), ())
