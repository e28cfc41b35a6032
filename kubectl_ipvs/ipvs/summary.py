"""Counts a listing without building its table: schedulers, servers, connections, and the rows worth naming.

Works on blocks of whole lines: two regular expressions find every row of a block that kube-proxy may have made,
and when they account for every line the sums are taken at once. Only a block with anything else in it is read
line by line, by the same Reader that parse() uses, so both always agree. Memory: one block of 256 KiB and its
rows, the line that is not yet complete, and the rows that are kept.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Final, NamedTuple, cast

from kubectl_ipvs.ipvs.grammar import (
    PROBES,
    REAL_SERVERS_IN_BLOCK,
    VIRTUAL_SERVERS_IN_BLOCK,
    WHOLE_REAL_SERVERS_IN_BLOCK,
)
from kubectl_ipvs.ipvs.line_reader import Kind, Reader, text_of
from kubectl_ipvs.ipvs.listing import Listing
from kubectl_ipvs.ipvs.rows import NO_SCHEDULER, ForeignRow, Row
from kubectl_ipvs.ipvs.tally import FOREIGN_KEPT, MOST_KEPT, MOST_NAMED, Tally, Words, most_first

__all__ = [
    "MOST_KEPT",
    "MOST_NAMED",
    "ForeignRow",
    "Row",
    "Summarizer",
    "Summary",
    "differing",
    "reclassify",
    "summarize",
]

_BLOCK: Final = 256 * 1024
_UNPARSED_SHOWN: Final = 20
_LONGEST_SHOWN: Final = 1000  # characters of such a line: a pod may send millions without a line feed
_ACTIVE, _INACTIVE = itemgetter(-2), itemgetter(-1)


class Summary(NamedTuple):
    """The sums of one node's table.

    Of kube-proxy's virtual servers alone: `schedulers`, their number per scheduler, most first, then by name
    (`none` is a service in the middle of an edit); `own_real_servers`; `empty`, those with no real server.
    `examples`: rows of each scheduler by protocol and address: all of them where the scheduler has at most
    200 (MOST_KEPT), else 5 (MOST_NAMED). `example_sizes`: how many real servers each of those rows has.

    `foreign`: the number of virtual servers that kube-proxy did not make; `foreign_rows`: the first 20.

    Of all virtual servers, so the sum of `schedulers` plus `foreign`: `virtual_servers`, `real_servers`
    whatever their weight, and the connections `active` and `inactive`. kube-proxy's probe is never counted; `probe`
    says that it was there.

    `unparsed`: the first 20 lines that fit nothing, as in Table but cut at 1,000 characters;
    `unparsed_lines`: their number.
    """

    schedulers: Mapping[str, int]
    virtual_servers: int
    real_servers: int
    active: int
    inactive: int
    unparsed: tuple[str, ...]
    unparsed_lines: int
    foreign: int
    foreign_rows: tuple[ForeignRow, ...] = ()
    own_real_servers: int = 0
    empty: int = 0
    examples: Mapping[str, tuple[Row, ...]] = MappingProxyType({})
    example_sizes: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    probe: bool = False


def differing(summary: Summary, wanted: str) -> tuple[Row, ...]:
    """Give the rows known by name whose scheduler is not `wanted`, in order.

    They are all that differ where there are as many as `schedulers` counts: always, if each other scheduler has
    at most 200 rows.
    """
    return tuple(sorted(row for name, rows in summary.examples.items() if name != wanted for row in rows))


def reclassify(summary: Summary, is_service: Callable[[Row], bool]) -> Summary:
    """Take out what is of no Service: such rows of `examples` become foreign, and every sum of ours loses them.

    Only rows known by name can be asked about. Of a scheduler with more than 200 rows that is five, so its
    number may still have some of no Service in it. A row in the middle of an edit is nobody's yet: it stays.
    """
    kept: dict[str, list[tuple[Row, int]]] = {name: [] for name in summary.schedulers}
    gone: list[tuple[Row, int]] = []
    for name, rows in summary.examples.items():
        for row, size in zip(rows, summary.example_sizes[name], strict=True):
            (kept[name] if name == NO_SCHEDULER or is_service(row) else gone).append((row, size))
    gone.sort()
    counts = Counter(summary.schedulers)
    counts.subtract(row.scheduler for row, _ in gone)
    found = tuple(ForeignRow(row, "no service") for row, _ in gone)
    schedulers = most_first(counts)
    return summary._replace(
        schedulers=schedulers,
        foreign=summary.foreign + len(gone),
        foreign_rows=(*summary.foreign_rows, *found)[:FOREIGN_KEPT],
        own_real_servers=summary.own_real_servers - sum(size for _, size in gone),
        empty=summary.empty - sum(size == 0 for _, size in gone),
        examples={name: tuple(row for row, _ in kept[name]) for name in schedulers},
        example_sizes={name: tuple(size for _, size in kept[name]) for name in schedulers},
    )


class Summarizer:
    """Sums a listing that arrives in pieces, cut anywhere. `exclude` is kube-proxy's excludeCIDRs.

    `rows`: what takes every row as well, where they are wanted.
    """

    def __init__(self, exclude: Sequence[str] = (), rows: Listing | None = None) -> None:
        self._rows = rows
        self._tally = Tally(exclude)
        self._reader = Reader()
        self._incomplete: list[bytes] = []
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
        tally = self._tally
        tally.close()
        schedulers = tally.schedulers()
        kept = {name: tally.kept(name) for name in schedulers}
        return Summary(
            schedulers=schedulers,
            virtual_servers=self._virtual_servers,
            real_servers=self._real_servers,
            active=self._active,
            inactive=self._inactive,
            unparsed=tuple(self._unparsed),
            unparsed_lines=self._unparsed_lines,
            foreign=tally.foreign,
            foreign_rows=tuple(tally.foreign_rows),
            own_real_servers=tally.own_real_servers,
            empty=tally.empty,
            examples={name: tuple(row for row, _ in rows) for name, rows in kept.items()},
            example_sizes={name: tuple(size for _, size in rows) for name, rows in kept.items()},
            probe=self._reader.probe,
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
        """Count a block in which every line is a row as kube-proxy makes them; else count nothing and give False."""
        text = b"\n" + block
        whole = self._rows is not None
        rows: list[tuple[bytes, ...]] = (WHOLE_REAL_SERVERS_IN_BLOCK if whole else REAL_SERVERS_IN_BLOCK).findall(text)
        servers = list(VIRTUAL_SERVERS_IN_BLOCK.finditer(text))
        if len(rows) + len(servers) != block.count(b"\n") or any(probe in block for probe in PROBES):
            return False
        self._virtual_servers += len(servers)
        self._real_servers += len(rows)
        self._active += sum(map(int, map(_ACTIVE, rows)))
        self._inactive += sum(map(int, map(_INACTIVE, rows)))
        self._share(text, servers, rows)
        return True

    def _share(self, text: bytes, servers: Sequence[re.Match[bytes]], rows: Sequence[tuple[bytes, ...]]) -> None:
        """Give each virtual server its real servers: between two of them, every line feed begins one."""
        starts = [server.start() for server in servers] + [len(text) - 1]
        sizes = [text.count(b"\n", 0, starts[0])]  # of the one that the last block ended with
        sizes += [text.count(b"\n", server.end(), start) for server, start in zip(servers, starts[1:], strict=True)]
        formats = [self._reader.hexadecimal]
        self._tally.real_servers(sizes[0])
        if servers:
            words = cast("list[Words]", [server.groups() for server in servers])
            formats += self._reader.formats([address for _, address, _ in words])
            self._tally.virtual_servers(words, sizes[1:], formats[1:])
        if self._rows is not None:
            self._rows.add_block(text, servers, sizes, rows, formats)

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
            self._tally.real_servers(1, match["forwarding"])
            if self._rows is not None:
                self._rows.add_real_server(match, hexadecimal=self._reader.hexadecimal)
        else:
            self._virtual_servers += 1
            words = (match["protocol"] or b"FWM", match["address"] or match["mark"], match["scheduler"])
            self._tally.virtual_server(words, hexadecimal=self._reader.hexadecimal)
            if self._rows is not None:
                self._rows.add_virtual_server(match, hexadecimal=self._reader.hexadecimal)


def summarize(data: bytes, exclude: Sequence[str] = ()) -> Summary:
    """Sum a whole listing."""
    summarizer = Summarizer(exclude)
    summarizer.feed(data)
    return summarizer.finish()
