"""What flows through a node's virtual servers: the kernel's counters, and its estimates of a second. Values only.

Made up of the connections in the table, so that a busy row is busy in every text: an active connection carries packets,
and one in so many is a new one each second. Formats: ip_vs_stats_show in Linux, print_service_entry in ipvsadm 1.31.
"""

from collections.abc import Iterator

NEW = 16  # one connection in so many is new in a second
PACKETS_IN, PACKETS_OUT = 6, 5  # of an active connection, in a second
BYTES_IN, BYTES_OUT = 90, 700  # of a packet
DAY = 86_400.0  # seconds for which a node has counted when the sandbox starts
_RATE_TITLE = "  -> RemoteAddress:Port"
_TITLE = "   Total Incoming Outgoing         Incoming         Outgoing\n"
_COUNTED = "   Conns  Packets  Packets            Bytes            Bytes\n"
_OF_A_SECOND = " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n"

Numbers = tuple[int, ...]  # connections, packets in and out, bytes in and out
NONE: Numbers = (0, 0, 0, 0, 0)


class Counters:
    """What one kernel has counted. Times are seconds of a clock that only goes on."""

    def __init__(self) -> None:
        self._totals = [0.0] * 5
        self._counted: float | None = None
        self._started = DAY

    def zero(self) -> None:
        """Begin at 0 again."""
        self._totals, self._counted, self._started = [0.0] * 5, None, 0.0

    def text(self, table: str, now: float) -> str:
        """Return what /proc/net/ip_vs_stats holds; `table` is what `ipvsadm -Ln` prints."""
        rates = _sum([rates for word, _, rates in _rows(table) if word != "->"])
        passed = self._started if self._counted is None else now - self._counted
        self._totals = [total + rate * passed for total, rate in zip(self._totals, rates, strict=True)]
        self._counted = now
        return f"{_TITLE}{_COUNTED}{_hexadecimal(map(int, self._totals))}\n{_OF_A_SECOND}{_hexadecimal(rates)}"


def rate_text(table: str) -> str:
    """Return what `ipvsadm -Ln --rate` prints, by what `ipvsadm -Ln` does."""
    head, _, rest = table.partition("\n")
    columns = "".join(f"{name:>9}" for name in ("CPS", "InPPS", "OutPPS", "InBPS", "OutBPS"))
    title = f"{head}\n{'Prot LocalAddress:Port':<33}{columns}\n{_RATE_TITLE}\n"
    lines = []
    for word, address, rates in _rows(rest):
        name = f"  -> {address:<28}" if word == "->" else f"{word:<4} {address:<28}"
        lines.append(name + "".join(f"{number:>9}" for number in rates) + "\n")
    return title + "".join(lines)


def _rows(table: str) -> Iterator[tuple[str, str, Numbers]]:
    """Yield each row's first word, its address and rates; a virtual server's are those of its real servers."""
    above: list[tuple[str, str, Numbers]] = []
    for line in table.splitlines():
        words = line.split()
        if words[:1] == ["->"] and len(words) >= 6 and words[4].isdigit():  # noqa: PLR2004 -- a real server's row
            above.append(("->", words[1], _rates(int(words[4]), int(words[5]))))
        elif words[:1] and words[0] in ("TCP", "UDP", "SCTP", "FWM"):
            yield from _summed(above)
            six = " IPv6" if words[0] == "FWM" and words[2:3] == ["IPv6"] else ""
            above = [(words[0], words[1] + six, NONE)]
    yield from _summed(above)


def _summed(rows: list[tuple[str, str, Numbers]]) -> Iterator[tuple[str, str, Numbers]]:
    if rows and rows[0][0] != "->":
        yield (*rows[0][:2], _sum([rates for _, _, rates in rows]))
        yield from rows[1:]


def _rates(active: int, inactive: int) -> Numbers:
    packets_in, packets_out = active * PACKETS_IN, active * PACKETS_OUT
    return (active + inactive) // NEW, packets_in, packets_out, packets_in * BYTES_IN, packets_out * BYTES_OUT


def _sum(rates: list[Numbers]) -> Numbers:
    return tuple(map(sum, zip(NONE, *rates, strict=True)))


def _hexadecimal(numbers: "map[int] | Numbers") -> str:
    connections, packets_in, packets_out, bytes_in, bytes_out = numbers
    return f"{connections:8X} {packets_in:8X} {packets_out:8X} {bytes_in:16X} {bytes_out:16X}\n"
