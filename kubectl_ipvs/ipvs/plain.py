"""The rows of a listing without their counters: what can be compared between nodes.

The nodes of a cluster list the same lines. So each line that kube-proxy may have made is read once and remembered
without its counters; a listing with any other line is read by parse(). Both ways give the same rows.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias

from kubectl_ipvs.ipvs.grammar import REAL_SERVER
from kubectl_ipvs.ipvs.line_reader import Kind, Reader
from kubectl_ipvs.ipvs.parse import parse, real_server, virtual_server
from kubectl_ipvs.ipvs.table import Table, VirtualServer

Key: TypeAlias = tuple[str, str]  # protocol and address:port, for FWM the mark
RealShape: TypeAlias = tuple[str, str, int]  # address, forwarding and weight of a real server
Shape: TypeAlias = frozenset[RealShape]

# Below the title every line as kube-proxy makes them, a real server's without its counters: it begins with a blank.
_FIRST = re.compile(rb"\n(?=(?:TCP|UDP|SCTP) )")
_LINES = re.compile(rb"\n((?:TCP|UDP|SCTP) [^\n]*|  -> \S+ +[A-Z][a-z]+ +[0-9]+(?= +[0-9]{1,10} +[0-9]{1,10} *\n))")
_BLANK: Final = b" "[0]
_MOST_REMEMBERED: Final = 200_000  # lines of each format; then all are forgotten


class PlainRow(NamedTuple):
    """One virtual server without counters: what `VirtualServer` has, its real servers as a set."""

    key: Key
    scheduler: str
    persistent: bool
    timeout: int | None
    netmask: str
    real_servers: Shape


class Rows(Protocol):
    """The rows of one listing."""

    @property
    def plain(self) -> Sequence[PlainRow]:
        """Every virtual server, in order."""

    @property
    def unparsed(self) -> Sequence[str]:
        """The lines that fit nothing, as `Table` has them."""

    @property
    def probe(self) -> bool:
        """Whether kube-proxy's probe was there."""

    def full(self, index: int) -> VirtualServer:
        """Return the virtual server of `plain[index]` with its counters."""


class TableRows:
    """The rows of a table that is parsed."""

    def __init__(self, table: Table) -> None:
        self._servers = table.virtual_servers
        self.unparsed: Sequence[str] = table.unparsed
        self.probe = table.probe
        self.plain: Sequence[PlainRow] = [
            plain_row(server, frozenset([real[:3] for real in server.real_servers])) for server in self._servers
        ]

    def full(self, index: int) -> VirtualServer:
        """Return the virtual server of `plain[index]`."""
        return self._servers[index]


def plain_row(server: VirtualServer, real_servers: Shape) -> PlainRow:
    """Leave out what one node's counters and flags are."""
    key = server.protocol, server.address
    return PlainRow(key, server.scheduler, server.persistent, server.timeout, server.netmask, real_servers)


Head: TypeAlias = tuple[Key, str, bool, "int | None", str]  # a PlainRow without its real servers


class _Lines:
    """What the lines of one format mean; for any number of threads."""

    def __init__(self, *, hexadecimal: bool) -> None:
        self._hexadecimal = hexadecimal
        self._heads: dict[bytes, Head] = {}
        self._real_servers: dict[bytes, RealShape] = {}

    def rows(self, lines: Sequence[bytes]) -> tuple[list[PlainRow], list[int]] | None:
        """Return the rows of a listing and where each begins; None where a line needs those around it to be read."""
        starts = [index for index, line in enumerate(lines) if line[0] != _BLANK]
        heads = [self._heads.get(lines[index]) or self._head(lines[index]) for index in starts]
        known = self._real_servers
        found: list[PlainRow] = []
        for head, start, end in zip(heads, starts, [*starts[1:], len(lines)], strict=True):
            if head is None:
                return None
            below = lines[start + 1 : end]
            try:
                reals = frozenset([known[line] for line in below])
            except KeyError:
                read = [known.get(line) or self._real_server(line) for line in below]
                reals = frozenset(each for each in read if each is not None)
                if None in read:
                    return None
            found.append(PlainRow(*head, reals))
        return found, starts

    def _head(self, line: bytes) -> Head | None:
        reader = Reader()
        reader.hexadecimal = self._hexadecimal
        kind, match = reader.read(line)
        if kind is not Kind.VIRTUAL_SERVER or match is None or reader.hexadecimal != self._hexadecimal:
            return None
        server = virtual_server(match, [], hexadecimal=self._hexadecimal)
        found = plain_row(server, frozenset())[:5]
        if len(self._heads) >= _MOST_REMEMBERED:
            self._heads.clear()
        self._heads[line] = found
        return found

    def _real_server(self, line: bytes) -> RealShape | None:
        match = REAL_SERVER.fullmatch(line + b" 0 0")
        if match is None:
            return None
        found = real_server(match, hexadecimal=self._hexadecimal)[:3]
        if len(self._real_servers) >= _MOST_REMEMBERED:
            self._real_servers.clear()
        self._real_servers[line] = found
        return found


class _TextRows:
    """The rows of a listing whose lines are all as kube-proxy makes them."""

    unparsed: Sequence[str] = ()
    probe = False

    def __init__(self, plain: Sequence[PlainRow], title: bytes, body: bytes, starts: Sequence[int]) -> None:
        self.plain = plain
        self._title, self._body, self._starts = title, body, (*starts, -1)
        self._lines: list[bytes] = []

    def full(self, index: int) -> VirtualServer:
        """Read the virtual server of `plain[index]` from its lines."""
        self._lines = self._lines or self._body.split(b"\n")
        lines = self._lines[self._starts[index] : self._starts[index + 1]]
        return parse(b"\n".join((self._title, *lines))).virtual_servers[0]


_MEMORY: Final = {hexadecimal: _Lines(hexadecimal=hexadecimal) for hexadecimal in (False, True)}


def read_rows(data: bytes) -> Rows:
    """Read a listing of either format, any bytes."""
    first = _FIRST.search(data)
    if first is not None and data.endswith(b"\n"):
        title, body = data[: first.start()], data[first.end() :]
        lines = _LINES.findall(data, first.start())
        reader = Reader()
        kinds = {reader.read(line)[0] for line in title.split(b"\n")}
        if kinds == {Kind.SKIPPED} and len(lines) == body.count(b"\n"):
            found = _MEMORY[reader.hexadecimal].rows(lines)
            if found is not None:
                return _TextRows(found[0], title, body, found[1])
    return TableRows(parse(data))
