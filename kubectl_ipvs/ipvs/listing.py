"""A whole table in little memory: what nodes have in common is one value for all, counts are numbers in arrays.

The nodes of a cluster list the same Services: a virtual server's line is read once, whichever node it is of, and an
address becomes one text for all. A real server costs 32 bytes: many nodes' tables can be held while they arrive.
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from kubectl_ipvs.ipvs.address import canonical
from kubectl_ipvs.ipvs.grammar import VIRTUAL_SERVER
from kubectl_ipvs.ipvs.parse import virtual_server
from kubectl_ipvs.ipvs.table import RealServer, VirtualServer

MASQ: Final = "Masq"
_MOST: Final = 1 << 17  # addresses that are remembered

Words: TypeAlias = tuple[bytes, ...]  # of a real server's line: address, weight, active, inactive


class Head(NamedTuple):
    """A virtual server without its real servers; `jiffies`: its persistence as /proc has it, None elsewhere."""

    server: VirtualServer
    jiffies: int | None = None


class Listing:
    """One node's virtual servers in their order.

    `heads`, each with as many real servers as stand in `sizes`; those follow each other in `addresses`, `weights`,
    `active` and `inactive`. `forwarding`: by position, where it is not Masq.
    """

    def __init__(self) -> None:
        self.heads: list[Head] = []
        self.sizes: list[int] = []
        self.addresses: list[str] = []
        self.weights, self.active, self.inactive = array("q"), array("q"), array("q")
        self.forwarding: dict[int, str] = {}
        self._mark = (
            b""  # the line of the last head, where that is a mark of /proc: its first real server tells its family
        )

    def spans(self) -> Iterator[tuple[Head, int, int]]:
        """Yield each virtual server with the positions of its real servers: from, and up to but without."""
        ends = list(accumulate(self.sizes))
        return zip(self.heads, [0, *ends], ends, strict=False)

    def real_servers(self, start: int, end: int) -> list[RealServer]:
        """Return the real servers at these positions."""
        methods = (
            [self.forwarding.get(place, MASQ) for place in range(start, end)]
            if self.forwarding
            else [MASQ] * (end - start)
        )
        columns = (self.addresses[start:end], methods, self.weights[start:end], self.active[start:end],
                   self.inactive[start:end])  # fmt: skip
        return list(map(RealServer, *columns))

    def virtual_servers(self) -> Iterator[VirtualServer]:
        """Yield every virtual server with its real servers, as parse() gives them."""
        for head, start, end in self.spans():
            yield head.server._replace(real_servers=tuple(self.real_servers(start, end)))

    def add_block(
        self, text: bytes, servers: Sequence[re.Match[bytes]], sizes: Sequence[int], rows: Sequence[Words],
        formats: Sequence[bool],
    ) -> None:  # fmt: skip
        """Take a block of rows that are all kube-proxy's; `sizes[0]` are of the virtual server before it.

        `formats`: `hexadecimal` (see line_reader) before the block, and at each of its virtual servers.
        """
        self._grow(sizes[0])
        for server, size, hexadecimal in zip(servers, sizes[1:], formats[1:], strict=True):
            self.heads.append(_head(text[server.start() + 1 : server.end()], hexadecimal=hexadecimal))
            self.sizes.append(size)
        before = len(self.addresses)
        if len(set(formats)) == 1:
            self.addresses += map(_ADDRESSES[formats[0]].__getitem__, map(itemgetter(0), rows))
        else:
            known = (_ADDRESSES[form] for form, size in zip(formats, sizes, strict=True) for _ in range(size))
            self.addresses += [of[row[0]] for of, row in zip(known, rows, strict=True)]
        if sizes[0]:
            self._tell_family(len(self.heads) - len(servers) - 1, before)
        self._mark = b"" if rows or servers else self._mark
        for column, place in ((self.weights, 1), (self.active, 2), (self.inactive, 3)):
            column.extend(map(int, map(itemgetter(place), rows)))

    def add_virtual_server(self, match: re.Match[bytes], *, hexadecimal: bool) -> None:
        """Begin a virtual server by the match of its line."""
        self.heads.append(_head(match[0], hexadecimal=hexadecimal))
        self.sizes.append(0)
        self._mark = match[0] if hexadecimal and match["mark"] is not None else b""

    def add_real_server(self, match: re.Match[bytes], *, hexadecimal: bool) -> None:
        """Add one to the last virtual server by the match of its line."""
        address, forwarding, weight, active, inactive = match.groups()
        if forwarding != b"Masq":
            self.forwarding[len(self.addresses)] = forwarding.decode()
        self.addresses.append(_ADDRESSES[hexadecimal][address])
        self.weights.append(int(weight))
        self.active.append(int(active))
        self.inactive.append(int(inactive))
        self._tell_family(-1, -1)
        self._mark = b""
        self._grow(1)

    def _tell_family(self, head: int, first: int) -> None:
        """Let the first real server of a mark of /proc say of which family that is."""
        if self._mark and self.addresses[first].startswith("["):
            self.heads[head] = _head(self._mark, hexadecimal=True, six=True)

    def _grow(self, count: int) -> None:
        if count:
            self.sizes[-1] += count


class _Addresses(dict[bytes, str]):
    """Addresses as the values have them, by how one format prints them; forgotten when they are too many."""

    def __init__(self, *, hexadecimal: bool) -> None:
        super().__init__()
        self._hexadecimal = hexadecimal

    def __missing__(self, raw: bytes) -> str:
        if len(self) >= _MOST:
            self.clear()
        return self.setdefault(raw, canonical(raw, hexadecimal=self._hexadecimal))


_ADDRESSES: Final = (_Addresses(hexadecimal=False), _Addresses(hexadecimal=True))
_SIX: Final = [RealServer("[::]:0", MASQ, 0, 0, 0)]


@lru_cache(maxsize=1 << 16)
def _head(line: bytes, *, hexadecimal: bool, six: bool = False) -> Head:
    """Read a virtual server's line; `six`: of a mark of /proc, its first real server has an IPv6 address."""
    match = VIRTUAL_SERVER.fullmatch(line)
    assert match is not None  # noqa: S101 - tells mypy: who calls has matched this very line
    read = virtual_server(match, _SIX if six else [], hexadecimal=hexadecimal)
    jiffies = int(match["timeout"]) if match["hexmask"] is not None else None
    return Head(read._replace(real_servers=()), jiffies)
