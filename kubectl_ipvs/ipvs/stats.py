"""A kernel's counters over all its virtual servers: /proc/net/ip_vs_stats, and what two looks at it come to.

Source: ip_vs_stats_show in the kernel's net/netfilter/ipvs/ip_vs_ctl.c. Every number is hexadecimal. The first line of
numbers is what was counted since ip_vs was loaded; the second is what the kernel estimates of a second: it samples
every two seconds and smooths over some samples, and where net.ipv4.vs.run_estimation is 0 it is 0 always.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

_NUMBERS: Final = re.compile(rb"[ \t]*" + rb"[ \t]+".join([rb"([0-9A-Fa-f]{1,16})"] * 5) + rb"[ \t\r]*")
_TABLE: Final = b"IP Virtual Server version"  # how the table begins that is read by the same command
MOST: Final = 4096  # bytes that the counters may have; they have some 300


class Rates(NamedTuple):
    """Connections, packets and bytes of a second; in: from clients, out: to them."""

    connections: float
    packets_in: float
    packets_out: float
    bytes_in: float
    bytes_out: float


NOTHING: Final = Rates(0.0, 0.0, 0.0, 0.0, 0.0)


class Stats(NamedTuple):
    """What was counted so far, in the order of Rates' fields, and what the kernel estimates of a second."""

    totals: tuple[int, int, int, int, int]
    estimate: Rates


def parse_stats(text: bytes) -> Stats | None:
    """Read the file; None where it is something else, or was cut."""
    found = [match for match in map(_NUMBERS.fullmatch, text.split(b"\n")) if match]
    if len(found) != 2:  # noqa: PLR2004 - counted, and of a second
        return None
    first, second = ([int(number, 16) for number in match.groups()] for match in found)
    return Stats((first[0], first[1], first[2], first[3], first[4]), Rates(*map(float, second)))


def per_second(before: Stats, after: Stats, seconds: float) -> Rates | None:
    """Return what was counted between two looks, for each second of them.

    None where that cannot be told: a counter went back (the node was rebooted, ip_vs loaded anew, the counters zeroed,
    or 32 bits were full, which is all that old kernels count with), or no time went by.
    """
    counted = [new - old for new, old in zip(after.totals, before.totals, strict=True)]
    if seconds <= 0 or min(counted) < 0:
        return None
    return Rates(*(number / seconds for number in counted))


def summed(rates: Iterable[Rates]) -> Rates:
    """Sum rates up."""
    return Rates(*map(sum, zip(NOTHING, *rates, strict=True)))


class StatsFirst:
    """Parts what one command prints into the counters and the table after them, however the bytes are cut."""

    def __init__(self) -> None:
        self._held = b""
        self._over = False

    def feed(self, chunk: bytes) -> bytes:
        """Take in some bytes; return those that are the table's."""
        if self._over:
            return chunk
        whole = self._held + chunk
        at = whole.find(_TABLE)
        if at < 0 and len(whole) <= MOST:
            self._held = whole
            return b""
        self._over = True
        self._held, table = (whole[:at], whole[at:]) if at >= 0 else (b"", whole)
        return table

    def finish(self) -> tuple[Stats | None, bytes]:
        """End: the counters, and what was held back and is no part of them."""
        stats = parse_stats(self._held)
        return stats, b"" if self._over or stats else self._held
