"""What holds for any bytes and for any table."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.summary import Row, Summarizer, Summary, reclassify, summarize
from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer
from tests.unit.ipvs_render import render_ipvsadm, render_proc
from tests.unit.ipvs_sums import row, summary_of

LINES = st.sampled_from(
    [
        b"IP Virtual Server version 1.2.1 (size=4096)",
        b"Prot LocalAddress:Port Scheduler Flags",
        b"  -> RemoteAddress:Port Forward Weight ActiveConn InActConn",
        b"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn",
        b"TCP  10.96.0.1:443 rr (flag-1,,) ops persistent 1 mask 255.255.255.255 pe x ops",
        b"TCP  0A600001:01BB lc  persistent 1 FFFFFFFF",
        b"UDP  [2001:db8::1]:53 mh",
        b"UDP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0035 none persistent 1 80000000",
        b"TCP  198.51.100.0:20000 sh",
        b"FWM  -5 wlc",
        b"FWM  9999999999 IPv6 wlc",
        b"FWM  DEADBEEF wlc",
        b"  -> 10.0.0.1:80 Masq 1 2 3",
        b"\t->\t[::1]:80\tTunnel\t-9999999999\t9999999999\t0 \r",
        b"  -> 10.0.0.1:80 Masq 1 2 12345678901",
        b"TCP  10.96.0.1:443 toolongforascheduler",
        b"TCP  10.96.0.1:443",
        b"",
        b"\r",
        b"\x0c",
        b"\xff\xfe",
    ]
)
WORDS = st.sampled_from(
    b"TCP FWM -> 10.0.0.1:80 C0A80001:0050 [::1] rr Masq 1 -1 ops persistent IPv6 ( ? \t \r \xa0".split(b" ")
)
LISTINGS = st.one_of(
    st.binary(max_size=200),
    st.lists(LINES, max_size=12).map(b"\n".join),
    st.lists(st.one_of(LINES, st.lists(WORDS, max_size=8).map(b" ".join)), max_size=8).map(b"\n".join),
)

ADDRESSES4 = st.tuples(st.ip_addresses(v=4), st.integers(0, 65535)).map(lambda pair: f"{pair[0]}:{pair[1]}")
ADDRESSES6 = st.tuples(
    st.one_of(
        st.ip_addresses(v=6, network="2000::/3").map(str),
        st.ip_addresses(v=4).map(lambda mapped: f"::ffff:{mapped}"),
        st.sampled_from(["::", "::1", "fd00:10:96::a", "1:0:2::3", "fd12:3456:789a:bcde:f123:4567:89ab:cdef"]),
    ),
    st.integers(0, 65535),
).map(lambda pair: f"[{pair[0]}]:{pair[1]}")
NUMBERS = st.integers(0, 2**31 - 1)
SCHEDULERS = st.sampled_from(["rr", "lc", "mh", "none", "my_own-2"])
CUTS = st.lists(st.integers(0, 1000), max_size=6)
PROBE = "198.51.100.0:20000"


def real_servers(addresses: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[RealServer, ...]]:
    """Give up to three real servers."""
    methods = st.sampled_from([*["Masq"] * 7, "Local", "Tunnel", "Route"])
    row = st.builds(RealServer, addresses, methods, st.integers(-(2**31), 2**31 - 1), NUMBERS, NUMBERS)
    return st.lists(row, max_size=3).map(tuple)


@st.composite
def virtual_servers(draw: st.DrawFn, *, proc: bool) -> VirtualServer:
    """Give any virtual server that the format can express."""
    ipv6 = draw(st.booleans())
    protocol = draw(st.sampled_from([*["TCP", "UDP", "SCTP"] * 3, "FWM"]))
    rows = draw(real_servers(ADDRESSES6 if ipv6 else ADDRESSES4))
    marks = st.one_of(st.integers(0, 2**32 - 1), st.just(12345678)).map(str)
    persistent = draw(st.booleans())
    masks = ["", "64", "1"] if ipv6 else ["", "255.255.255.0", "128.0.0.0"]
    flags: st.SearchStrategy[tuple[str, ...]] = st.sampled_from([(), ("mh-port",), ("flag-1", "flag-2")])
    mark = protocol == "FWM"
    if proc and mark:
        ipv6 = ipv6 and bool(rows)  # /proc tells the family of a mark by its rows
        masks = masks if rows else ["", "255.255.255.0"]
    return VirtualServer(
        protocol=protocol,
        address=draw(marks if mark else (ADDRESSES6 if ipv6 else ADDRESSES4).filter(PROBE.__ne__)),
        ipv6=ipv6,
        scheduler=draw(SCHEDULERS),
        flags=() if proc else draw(flags),
        persistent=persistent,
        timeout=draw(st.none() | NUMBERS) if persistent and not proc else None,
        netmask=draw(st.sampled_from(masks)) if persistent else "",
        persistence_engine=draw(st.sampled_from(["", "sip"])) if persistent and not proc else "",
        one_packet=draw(st.booleans()) and not (proc and ipv6 and not mark),
        real_servers=rows,
    )


def tables(*, proc: bool, most: int = 4) -> st.SearchStrategy[Table]:
    """Give any table that the format can express."""
    return st.lists(virtual_servers(proc=proc), max_size=most).map(lambda servers: Table(tuple(servers), ()))


def in_pieces(listing: bytes, cuts: list[int], exclude: Sequence[str] = ()) -> Summary:
    """Sum a listing that is cut where `cuts` say, in thousandths of its length."""
    summarizer = Summarizer(exclude)
    for start, end in pairwise([0, *sorted(cut * len(listing) // 1000 for cut in cuts), len(listing)]):
        summarizer.feed(listing[start:end])
    return summarizer.finish()


@given(listing=LISTINGS, cuts=CUTS)
def test_any_bytes_in_any_pieces(listing: bytes, cuts: list[int]) -> None:
    """Nothing raises, and pieces, whole and rows all give the same sums."""
    expected = summary_of(parse(listing))
    assert (in_pieces(listing, cuts), summarize(listing)) == (expected, expected)


@given(data=st.data(), proc=st.booleans(), cuts=CUTS)
def test_the_sums_are_those_of_the_table(data: st.DataObject, cuts: list[int], *, proc: bool) -> None:
    """Whose each row is and which are empty is the same in both formats and wherever a piece or a block ends."""
    table = data.draw(tables(proc=proc, most=12))
    names = [row(server) for server in table.virtual_servers]
    exclude = data.draw(st.lists(st.sampled_from(["10.96.0.0/16", "::/0", "128.0.0.0/1", "0.0.0.0/0"]), max_size=2))
    services = data.draw(st.frozensets(st.sampled_from(names))) if names else frozenset[Row]()
    listing = (render_proc if proc else render_ipvsadm)(table).encode()

    expected = summary_of(table, exclude)
    assert (in_pieces(listing, cuts, exclude), summarize(listing, exclude)) == (expected, expected)
    assert reclassify(expected, services.__contains__) == summary_of(table, exclude, services.__contains__)


@given(table=tables(proc=False))
def test_what_ipvsadm_prints_is_read_back(table: Table) -> None:
    """Rendering and parsing give the same table."""
    assert parse(render_ipvsadm(table).encode()) == table


@given(table=tables(proc=True))
def test_what_proc_prints_is_read_back(table: Table) -> None:
    """Rendering and parsing give the same table, as far as /proc has words for it."""
    assert parse(render_proc(table).encode()) == table


@given(table=tables(proc=True))
def test_both_formats_mean_the_same(table: Table) -> None:
    """A table that /proc can express reads the same from ipvsadm."""
    assert parse(render_ipvsadm(table).encode()) == parse(render_proc(table).encode())
