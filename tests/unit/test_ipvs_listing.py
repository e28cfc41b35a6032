"""A whole table in little memory says what parse() says, however the text is cut; and the order that ipvsadm has."""

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.ipvs.listing import Listing
from kubectl_ipvs.ipvs.order import ordered
from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.summary import Summarizer, Summary, summarize
from kubectl_ipvs.ipvs.table import RealServer, VirtualServer
from tests.unit.ipvs_render import render_ipvsadm, render_proc
from tests.unit.test_ipvs_properties import CUTS, LISTINGS, tables

RECORDED = Path(__file__).parent / "recorded"


def listed(data: bytes, cuts: list[int]) -> tuple[list[VirtualServer], Summary]:
    """List a text that is cut where `cuts` say, in thousandths of its length; and its sums."""
    rows = Listing()
    summarizer = Summarizer(rows=rows)
    for start, end in pairwise([0, *sorted(cut * len(data) // 1000 for cut in cuts), len(data)]):
        summarizer.feed(data[start:end])
    summary = summarizer.finish()
    return list(rows.virtual_servers()), summary


@given(data=LISTINGS, cuts=CUTS)
def test_any_bytes_in_any_pieces(data: bytes, cuts: list[int]) -> None:
    """Rows are those of parse(), and the sums stay what they are without rows."""
    assert listed(data, cuts) == (list(parse(data).virtual_servers), summarize(data))


@given(data=st.data(), proc=st.booleans(), cuts=CUTS)
def test_any_table(data: st.DataObject, cuts: list[int], *, proc: bool) -> None:
    """Any table in either format is listed row by row."""
    text = (render_proc if proc else render_ipvsadm)(data.draw(tables(proc=proc))).encode()

    assert listed(text, cuts)[0] == list(parse(text).virtual_servers)


def test_rows_of_a_mark_that_come_with_the_next_block() -> None:
    """The first real server of a mark says the family, in whichever piece of the text it comes."""
    head = b"FWM  00000007 rr \n"
    rows = b"  -> [2001:0db8:0000:0000:0000:0000:0000:0001]:0050      Masq    1      2          3\n"

    for data in (head + rows, head + rows * 3 + b"TCP  0A600001:01BB rr  \n"):
        whole, _ = listed(data, [])
        pieces, _ = listed(data, [len(head) * 1000 // len(data) + 1])
        assert whole == pieces == list(parse(data).virtual_servers)
        assert whole[0].ipv6


def test_jiffies_are_kept() -> None:
    """What /proc has of persistence is there beside the server, which does not know the seconds."""
    rows = Listing()
    summarizer = Summarizer(rows=rows)
    summarizer.feed(b"TCP  0A600001:01BB rr  persistent 2700000 FFFFFFFF\nTCP  0A600002:01BB rr  \n")
    summarizer.finish()

    assert [(head.jiffies, head.server.persistent, head.server.timeout) for head in rows.heads] == [
        (2700000, True, None),
        (None, False, None),
    ]


def test_order_is_that_of_ipvsadm() -> None:
    """What ipvsadm printed of a real kernel is in order, and /proc's rows are put into the very same one."""
    tool, proc = (parse((RECORDED / f"real-{name}.txt").read_bytes()).virtual_servers for name in ("ipvsadm", "proc"))

    assert ordered(tool) == list(tool)
    assert [(row.protocol, row.address) for row in ordered(proc)] == [(row.protocol, row.address) for row in tool]
    assert [row.real_servers for row in ordered(proc)] == [row.real_servers for row in tool]


def test_order_of_what_has_no_address() -> None:
    """A host name is no reason to fail: it comes last."""
    hosts = ("b.example:http", "10.0.0.9:80", "a.example:http", "[::1]:80")
    real = tuple(RealServer(host, "Masq", 1, 0, 0) for host in hosts)
    server = VirtualServer("TCP", "host:80", False, "rr", (), False, None, "", "", False, real)  # noqa: FBT003

    assert [row.address for row in ordered([server])[0].real_servers] == [hosts[1], hosts[3], hosts[2], hosts[0]]
