"""Whose each virtual server is, and which rows are known by name."""

import pytest

from kubectl_ipvs.ipvs.summary import (
    ForeignRow,
    Row,
    Summarizer,
    Summary,
    differing,
    reclassify,
    summarize,
)

HEAD = b"""\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
"""
LISTING = (
    HEAD
    + b"""\
TCP  10.96.0.1:443 rr
  -> 10.0.0.1:6443                Masq    1      1          10
TCP  192.0.2.1:80 wlc
  -> 10.0.0.2:80                  Masq    1      2          20
  -> 10.0.0.3:80                  Route   1      3          30
  -> 10.0.0.4:80                  Local   1      4          40
FWM  -1 IPv6 sh
  -> [fd00::1]:0                  Masq    1      5          50
TCP  203.0.113.7:6443 wrr
  -> 10.0.0.5:6443                Masq    1      6          60
UDP  [fd00::a]:53 lc
  -> [fd00::2]:53                 Masq    1      7          70
  -> [fd00::3]:53                 Masq    0      8          80
TCP  10.96.0.9:80 rr
"""
)
KUBERNETES, DNS, IDLE = (
    Row("TCP", "10.96.0.1:443", "rr"),
    Row("UDP", "[fd00::a]:53", "lc"),
    Row("TCP", "10.96.0.9:80", "rr"),
)
EXCLUDE = ("203.0.113.0/24",)
SUMS = Summary(
    schedulers={"rr": 2, "lc": 1},
    virtual_servers=6,
    real_servers=8,
    active=36,
    inactive=360,
    unparsed=(),
    unparsed_lines=0,
    foreign=3,
    foreign_rows=(
        ForeignRow(Row("TCP", "192.0.2.1:80", "wlc"), "forwarding", "Route"),
        ForeignRow(Row("FWM", "4294967295", "sh"), "firewall mark"),
        ForeignRow(Row("TCP", "203.0.113.7:6443", "wrr"), "excluded", "203.0.113.0/24"),
    ),
    own_real_servers=3,
    empty=1,
    examples={"rr": (KUBERNETES, IDLE), "lc": (DNS,)},
    example_sizes={"rr": (1, 0), "lc": (2,)},
)


def many(**counts: int) -> bytes:
    """Give a listing of so many virtual servers per scheduler, one real server each, the last address first."""
    rows = [
        b"TCP  10.%d.0.%d:80 %s\n  -> 10.0.0.1:80 Masq 1 0 0\n" % (which, number, name.encode())
        for which, (name, count) in enumerate(counts.items())
        for number in range(count, 0, -1)
    ]
    return HEAD + b"".join(rows)


def test_foreign_rows_are_named_and_none_of_ours() -> None:
    """A mark, another method on any real server, an excluded address: counted in the table, not in our sums."""
    assert summarize(LISTING, EXCLUDE) == SUMS


def test_a_piece_may_end_anywhere() -> None:
    """A real server belongs to the virtual server above it, though a block ended between them."""
    found = []
    for cut in range(len(LISTING)):
        summarizer = Summarizer(EXCLUDE)
        summarizer.feed(LISTING[:cut])
        summarizer.feed(LISTING[cut:])
        found.append(summarizer.finish())
    assert found == [SUMS] * len(LISTING)


def test_a_later_block_shows_that_the_last_virtual_server_is_foreign() -> None:
    """Real servers that were counted before the one that shows it are none of ours either."""
    summarizer = Summarizer()
    summarizer.feed(b"TCP 192.0.2.1:80 rr\n" + b" -> 10.0.0.1:80 Masq 1 0 0\n" * 3)
    summarizer.feed(b" -> 10.0.0.1:80 Masq 1 0 0\n" * 3)
    summarizer.feed(b" -> 10.0.0.1:80 Tunnel 1 0 0\nTCP 192.0.2.2:80 rr\n")
    found = summarizer.finish()
    assert (found.real_servers, found.own_real_servers, found.empty) == (7, 0, 1)
    assert found.foreign_rows == (ForeignRow(Row("TCP", "192.0.2.1:80", "rr"), "forwarding", "Tunnel"),)


def test_the_probe_ends_the_virtual_server_above_it() -> None:
    """What stands below kube-proxy's probe makes nobody foreign and fills nobody."""
    listing = b"TCP 10.96.0.1:443 rr\nTCP 198.51.100.0:20000 mh\n -> 10.0.0.1:80 Route 1 0 0\n"
    found = summarize(listing)
    assert (found.schedulers, found.empty, found.foreign, found.real_servers) == ({"rr": 1}, 1, 0, 0)
    assert (found.probe, summarize(b"TCP 10.96.0.1:443 rr\n").probe) == (True, False)


def test_the_first_twenty_foreign_rows_are_named() -> None:
    """All are counted."""
    found = summarize(b"".join(b"FWM %d rr\n" % mark for mark in range(30)))
    assert (found.foreign, [named.row.address for named in found.foreign_rows]) == (30, [str(n) for n in range(20)])


@pytest.mark.parametrize(("rr", "named"), [(20, 20), (200, 200), (201, 5), (250, 5)])
def test_all_rows_of_a_scheduler_are_known_up_to_two_hundred(rr: int, named: int) -> None:
    """Of more, five are named; how many another scheduler has changes nothing."""
    found = summarize(many(rr=rr, lc=3, wrr=201))
    assert found.schedulers == {"rr": rr, "wrr": 201, "lc": 3}
    assert {name: len(rows) for name, rows in found.examples.items()} == {"rr": named, "wrr": 5, "lc": 3}
    assert {name: sum(sizes) for name, sizes in found.example_sizes.items()} == {"rr": named, "wrr": 5, "lc": 3}


def test_rows_that_differ_are_named_in_order() -> None:
    """By protocol and address; of more than 200 the first five of those that the listing has first."""
    found = summarize(many(rr=30, lc=2, wrr=1))
    assert [row.address for row in differing(found, "rr")] == ["10.1.0.1:80", "10.1.0.2:80", "10.2.0.1:80"]
    assert len(differing(found, "lc")) == 31
    first = [row.address for row in differing(summarize(many(rr=250)), "lc")]
    assert first == ["10.0.0.100:80", "10.0.0.101:80", "10.0.0.102:80", "10.0.0.103:80", "10.0.0.104:80"]


def test_rows_of_no_service_become_foreign() -> None:
    """They leave every sum of ours, the scheduler too when it was its last; the table stays what it is."""
    found = reclassify(SUMS, {KUBERNETES}.__contains__)
    assert found == SUMS._replace(
        schedulers={"rr": 1},
        foreign=5,
        foreign_rows=(*SUMS.foreign_rows, ForeignRow(IDLE, "no service"), ForeignRow(DNS, "no service")),
        own_real_servers=1,
        empty=0,
        examples={"rr": (KUBERNETES,)},
        example_sizes={"rr": (1,)},
    )


def test_reclassified_schedulers_are_in_order_again() -> None:
    """Most first, after rows are gone."""
    found = reclassify(summarize(many(rr=3, lc=2)), lambda row: row.address == "10.0.0.1:80" or row.scheduler == "lc")
    assert list(found.schedulers.items()) == [("lc", 2), ("rr", 1)]


def test_only_named_rows_can_be_reclassified() -> None:
    """Of a scheduler with more than 200 rows five are asked about, the others stay ours."""
    found = reclassify(summarize(many(rr=300, lc=2)), lambda _: False)
    assert (found.schedulers, found.foreign, found.own_real_servers) == ({"rr": 295}, 7, 295)


def test_nothing_changes_where_every_row_is_a_service() -> None:
    """The same sums come back."""
    assert reclassify(SUMS, lambda _: True) == SUMS


def test_a_service_in_the_middle_of_an_edit_is_ours() -> None:
    """Its scheduler is `none` for an instant: a key like any other."""
    assert summarize(b"TCP  0A600001:0050 none  \n").schedulers == {"none": 1}


IPV6 = b"TCP  [fd12:3456:789a:bcde:f123:4567:89ab:cdef]:1192 rr\n"


@pytest.mark.parametrize(
    ("before", "port"),
    [
        (b"  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n", 0x1192),
        (b"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n", 1192),
        (b"TCP  0A600001:0050 rr  \n", 0x1192),
        (b"TCP  0A600001:0050 rr  \n" * 9, 0x1192),
        (b"TCP  0A600001:0050 rr  \nTCP  10.96.0.1:80 rr\n", 1192),
        (b"TCP  10.96.0.1:80 rr\nTCP  0A600001:0050 rr  \n", 0x1192),
        (b"FWM  DEADBEEF rr  \n", 0x1192),
    ],
)
def test_a_row_that_either_format_could_print_is_named_in_the_format_of_the_listing(before: bytes, port: int) -> None:
    """The header or the rows before it tell: in one block, in a block for each line, and in lines."""
    listing = before + IPV6 * 2
    pieces = Summarizer()
    for line in listing.splitlines(keepends=True):
        pieces.feed(line)
    for found in (summarize(listing), pieces.finish(), summarize(listing + b"something else\n")):
        named = found.examples["rr"][-1]
        assert named.address == f"[fd12:3456:789a:bcde:f123:4567:89ab:cdef]:{port}"


def test_a_row_in_the_middle_of_an_edit_is_never_foreign() -> None:
    """A virtual server without a scheduler for an instant is kube-proxy's, whether a Service is known for it or not."""
    found = reclassify(summarize(b"TCP 10.96.0.1:443 rr\nTCP 10.96.0.9:443 none\n"), lambda _: False)
    assert (found.schedulers, found.foreign) == ({"none": 1}, 1)
