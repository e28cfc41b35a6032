"""Counts a listing without building its rows: schedulers, servers, connections.

Works on blocks of whole lines: two regular expressions find every row of a block, and when they account for
every line the sums are taken at once. Only a block with anything else in it is read line by line, by the same
Reader that parse() uses, so both always agree. Memory: one block of 256 KiB and its rows, and the line that
is not yet complete.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from kubectl_ipvs.ipvs.excluded import Excluded
from kubectl_ipvs.ipvs.grammar import PROBES, REAL_SERVERS_IN_BLOCK, VIRTUAL_SERVERS_IN_BLOCK
from kubectl_ipvs.ipvs.reader import Kind, Reader, text_of

_BLOCK: Final = 256 * 1024
_UNPARSED_SHOWN: Final = 20
_LONGEST_SHOWN: Final = 1000  # characters of such a line: a pod may send millions without a line feed


_FIRST, _SECOND = itemgetter(0), itemgetter(1)


class Summary(NamedTuple):
    """The sums of one node's table.

    `schedulers`: virtual servers per scheduler, most first, then by name; without the `foreign` ones, which
    are inside `exclude`. All the other numbers count every virtual server (so `virtual_servers` is the sum of
    `schedulers` plus `foreign`) and every real server whatever its weight. kube-proxy's probe is never
    counted. `unparsed`: the first 20 lines that fit nothing, as in Table but
    cut at 1,000 characters; `unparsed_lines`: their number.
    """

    schedulers: Mapping[str, int]
    virtual_servers: int
    real_servers: int
    active: int
    inactive: int
    unparsed: tuple[str, ...]
    unparsed_lines: int
    foreign: int


class Summarizer:
    """Sums a listing that arrives in pieces, cut anywhere. `exclude` is kube-proxy's excludeCIDRs."""

    def __init__(self, exclude: Sequence[str] = ()) -> None:
        self._excluded = Excluded(exclude)
        self._reader = Reader()
        self._incomplete: list[bytes] = []
        self._schedulers: Counter[bytes] = Counter()
        self._virtual_servers = self._real_servers = self._active = self._inactive = self._unparsed_lines = 0
        self._unparsed: list[str] = []

    def feed(self, data: bytes) -> None:
        """Take the next piece. Never raises, whatever the bytes are."""
        if b"\n" not in data:
            self._incomplete.append(data)  # joined only when the line ends: a long line costs its length once
            return
        if self._incomplete:
            data = b"".join((*self._incomplete, data))
        start, end = 0, data.rfind(b"\n") + 1
        while start < end:
            stop = data.rfind(b"\n", start, start + _BLOCK) + 1 or data.index(b"\n", start) + 1
            self._block(data[start:stop])
            start = stop
        self._incomplete = [data[end:]] if end < len(data) else []

    def finish(self) -> Summary:
        """Count the last line if its line end is missing, and give the sums."""
        self._line(b"".join(self._incomplete))
        self._incomplete = []
        most_first = sorted(self._schedulers.items(), key=lambda item: (-item[1], item[0]))
        return Summary(
            schedulers={name.decode(): count for name, count in most_first},
            virtual_servers=self._virtual_servers,
            real_servers=self._real_servers,
            active=self._active,
            inactive=self._inactive,
            unparsed=tuple(self._unparsed),
            unparsed_lines=self._unparsed_lines,
            foreign=self._virtual_servers - sum(self._schedulers.values()),
        )

    def _block(self, block: bytes) -> None:
        start = 0  # of the part below the first virtual server
        while start < len(block) and self._reader.rows is not Kind.REAL_SERVER:
            end = block.index(b"\n", start)
            self._line(block[start:end])
            start = end + 1
        block = block[start:]
        if block and not self._sum(block):
            for line in block[:-1].split(b"\n"):
                self._line(line)

    def _sum(self, block: bytes) -> bool:
        """Count a block in which every line is a row; counts nothing and gives False when one is not."""
        text = b"\n" + block
        rows: list[tuple[bytes, bytes]] = REAL_SERVERS_IN_BLOCK.findall(text)
        servers: list[tuple[bytes, bytes]] = VIRTUAL_SERVERS_IN_BLOCK.findall(text)
        if len(rows) + len(servers) != block.count(b"\n") or any(probe in block for probe in PROBES):
            return False
        self._virtual_servers += len(servers)
        own = [server for server in servers if not self._is_foreign(server[0])] if self._excluded else servers
        self._schedulers.update(map(_SECOND, own))
        self._real_servers += len(rows)
        self._active += sum(map(int, map(_FIRST, rows)))
        self._inactive += sum(map(int, map(_SECOND, rows)))
        return True

    def _line(self, line: bytes) -> None:
        kind, match = self._reader.read(line)
        if kind is Kind.UNPARSED:
            self._unparsed_lines += 1
            if len(self._unparsed) < _UNPARSED_SHOWN:
                self._unparsed.append(text_of(line)[:_LONGEST_SHOWN])
        elif match is None or kind is Kind.SKIPPED:
            return
        elif kind is Kind.REAL_SERVER:
            self._real_servers += 1
            self._active += int(match["active"])
            self._inactive += int(match["inactive"])
        else:
            self._virtual_servers += 1
            if not self._is_foreign(match["address"] or b""):
                self._schedulers[match["scheduler"]] += 1

    def _is_foreign(self, address: bytes) -> bool:
        """Tell whether it is inside `exclude`; a mark has no address (empty), so it never is."""
        return bool(self._excluded) and address in self._excluded


def summarize(data: bytes, exclude: Sequence[str] = ()) -> Summary:
    """Sum a whole listing."""
    summarizer = Summarizer(exclude)
    summarizer.feed(data)
    return summarizer.finish()
