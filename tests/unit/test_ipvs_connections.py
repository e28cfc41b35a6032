"""/proc/net/ip_vs_conn is read line by line, of both families; what is no line of it is counted, never guessed at."""

from kubectl_ipvs.ipvs.connections import Connections, Entries, Pair
from tests.fuzz.targets import CORPUS

LINE = b"TCP 0AF40909 9C41 0A60000A 0035 0AF40002 0035 ESTABLISHED     %d\n"


def read(data: bytes) -> Connections:
    """Read a whole file."""
    found = Connections()
    found.feed(data)
    found.finish()
    return found


def test_both_families() -> None:
    """Protocol, virtual server and real server of each, with how many there are; a mark's addresses say nothing."""
    found = read((CORPUS / "connections/both-families").read_bytes())

    assert found.pairs == {
        Pair("TCP", "10.96.0.10:53", "10.244.0.2:53"): Entries(1, 890),
        Pair("UDP", "10.96.0.10:53", "10.244.0.250:53"): Entries(1, 290),
        Pair("TCP", "[fd00:10:96::1313]:8080", "[fd00:10:244::b]:8080"): Entries(1, 890),
        Pair("UDP", "10.96.0.10:5060", "10.244.0.2:5060"): Entries(1, 290),
    }
    assert (found.total, found.unparsed) == (5, 0)


def test_equal_ones_are_counted() -> None:
    """Of many between the same two the longest counts."""
    (entries,) = read(LINE % 5 + LINE % 900 + LINE % 17).pairs.values()

    assert entries == Entries(3, 900)


def test_what_is_no_line() -> None:
    """A line that was cut, one that is too long, garbage: each is counted as not understood."""
    assert read((CORPUS / "connections/cut-in-transit").read_bytes()).unparsed == 1
    assert read(b"x" * 10_000 + b"\n" + LINE % 5).unparsed == 1
    assert read(b"").total == 0
