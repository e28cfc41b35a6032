"""Tells kube-proxy's virtual servers from foreign ones, as they come, and counts both.

kube-proxy makes no firewall marks, forwards by Masq alone (toIPVSDestination in its ipvs_linux.go sets no
ConnectionFlags, and 0 is Masq) and leaves alone what is inside excludeCIDRs. A virtual server is judged when it
is complete, that is when the next one begins or the listing ends: any of its real servers may show that it is
foreign.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Final, TypeAlias

from kubectl_ipvs.ipvs.excluded import Excluded
from kubectl_ipvs.ipvs.rows import ForeignRow, Row, Why, row_of

MOST_NAMED: Final = 5
MOST_KEPT: Final = 200  # of one scheduler
FOREIGN_KEPT: Final = 20

_OWN_FORWARDING = b"Masq"
_SCHEDULER = itemgetter(2)

Words: TypeAlias = tuple[bytes, bytes, bytes]  # of a line: protocol, address (for FWM the mark), scheduler


class Tally:
    """`virtual_server` begins one, `real_servers` adds to it, `close` ends the last one."""

    def __init__(self, exclude: Sequence[str]) -> None:
        self.own_real_servers = self.empty = self.foreign = 0
        self.foreign_rows: list[ForeignRow] = []
        self._excluded = Excluded(exclude)
        self._counts: Counter[bytes] = Counter()
        self._kept: defaultdict[bytes, list[tuple[Row, int]]] = defaultdict(list)
        self._open: tuple[Words, bool] | None = None
        self._real_servers = 0
        self._forwarding = _OWN_FORWARDING

    def virtual_server(self, words: Words, *, hexadecimal: bool) -> None:
        """Begin the next virtual server; `hexadecimal` is the listing's format as far as known."""
        self.close()
        self._open = words, hexadecimal

    def real_servers(self, count: int, forwarding: bytes = _OWN_FORWARDING) -> None:
        """Add real servers to the virtual server that is open."""
        self._real_servers += count
        if self._forwarding == _OWN_FORWARDING:
            self._forwarding = forwarding

    def virtual_servers(self, found: Sequence[Words], sizes: Sequence[int], formats: Sequence[bool]) -> None:
        """Begin many, none of them a mark, with their numbers of real servers, all Masq; the last one stays open."""
        self.close()
        if self._excluded:
            for words, size, hexadecimal in zip(found[:-1], sizes, formats, strict=False):
                self.virtual_server(words, hexadecimal=hexadecimal)
                self.real_servers(size)
        else:
            self._own(found[:-1], sizes[:-1], formats)
        self.virtual_server(found[-1], hexadecimal=formats[-1])
        self.real_servers(sizes[-1])

    def close(self) -> None:
        """Judge and count the virtual server that is open, if there is one."""
        if self._open is None:
            return
        words, hexadecimal = self._open
        why = self._why_foreign(words)
        if why is None:
            self._own([words], [self._real_servers], [hexadecimal])
        else:
            self.foreign += 1
            if len(self.foreign_rows) < FOREIGN_KEPT:
                self.foreign_rows.append(ForeignRow(row_of(words, hexadecimal=hexadecimal), *why))
        self._open, self._real_servers, self._forwarding = None, 0, _OWN_FORWARDING

    def _own(self, found: Sequence[Words], sizes: Sequence[int], formats: Sequence[bool]) -> None:
        self._counts.update(map(_SCHEDULER, found))
        self.own_real_servers += sum(sizes)
        self.empty += sizes.count(0)
        if all(len(self._kept[name]) == MOST_KEPT for name in set(map(_SCHEDULER, found))):
            return
        for words, size, hexadecimal in zip(found, sizes, formats, strict=False):
            kept = self._kept[_SCHEDULER(words)]
            if len(kept) < MOST_KEPT:
                kept.append((row_of(words, hexadecimal=hexadecimal), size))

    def _why_foreign(self, words: Words) -> tuple[Why, str] | None:
        protocol, address, _ = words
        if protocol == b"FWM":
            return "firewall mark", ""
        cidr = self._excluded.range_of(address)
        if cidr:
            return "excluded", cidr
        return None if self._forwarding == _OWN_FORWARDING else ("forwarding", self._forwarding.decode())

    def schedulers(self) -> dict[str, int]:
        """Give the number of kube-proxy's virtual servers per scheduler, most first, then by name."""
        return most_first({name.decode(): count for name, count in self._counts.items()})

    def kept(self, scheduler: str) -> Sequence[tuple[Row, int]]:
        """Give rows in order, each with the number of its real servers.

        All rows of a scheduler that has at most 200; of another the first 5 among the first 200 of the listing.
        """
        rows = sorted(self._kept[scheduler.encode()])
        return rows if self._counts[scheduler.encode()] <= MOST_KEPT else rows[:MOST_NAMED]


def most_first(counts: Mapping[str, int]) -> dict[str, int]:
    """Put the schedulers that are there in order: most virtual servers first, then by name."""
    return dict(
        sorted(((name, count) for name, count in counts.items() if count), key=lambda item: (-item[1], item[0]))
    )
