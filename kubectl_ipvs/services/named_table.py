"""One node's table with names beside the addresses, in ipvsadm's order, narrowed to what was asked for. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from kubectl_ipvs.ipvs.listing import MASQ, Head, Listing
from kubectl_ipvs.ipvs.order import Place, address_place, place_of
from kubectl_ipvs.ipvs.table import RealServer, VirtualServer
from kubectl_ipvs.services.names import Names, Owner, with_port

TICKS: Final = (100, 250, 300, 1000)  # jiffies a second that Linux can be built with (HZ)


_ADDRESS: Final = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<four>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")
_SIX: Final = 6
_MOST: Final = 1 << 16  # layouts that are remembered
_LAST_PORT: Final = 65535


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A virtual server with its real servers in ipvsadm's order and their names: what nodes have in common.

    `owners`: the Service ports that it may be of (one, none, or several that contest it). `pods`: namespace and name
    for each of `addresses`, None where it is not known. `order`: where each of these stands in the listing.
    """

    head: Head
    owners: tuple[Owner, ...]
    place: Place
    addresses: tuple[str, ...]
    pods: tuple[tuple[str, str] | None, ...]
    order: tuple[int, ...]


class NamedServer(NamedTuple):
    """A virtual server of one node: its layout and the node's own numbers, in the same order.

    `seconds`: of its persistence, None where it has none or nobody can say.
    """

    layout: Layout
    forwarding: Sequence[str]
    weights: Sequence[int]
    active: Sequence[int]
    inactive: Sequence[int]
    seconds: int | None

    @property
    def server(self) -> VirtualServer:
        """The virtual server, without its real servers."""
        return self.layout.head.server

    @property
    def owners(self) -> tuple[Owner, ...]:
        """The Service ports that it may be of."""
        return self.layout.owners

    @property
    def pods(self) -> Sequence[tuple[str, str] | None]:
        """The Pod of each real server."""
        return self.layout.pods

    @property
    def real_servers(self) -> list[RealServer]:
        """Its real servers."""
        columns = self.layout.addresses, self.forwarding, self.weights, self.active, self.inactive
        return list(map(RealServer, *columns))


class Narrow(NamedTuple):
    """What is asked for: the rows of one Service, those at one address (`port` None: any), or both; nothing: all."""

    service: tuple[str, str] | None = None
    host: str = ""
    port: int | None = None

    def wants(self, layout: Layout) -> bool:
        """Tell whether a virtual server is asked for: it is, too, where one of its real servers has the address."""
        owners = ((each.namespace, each.service) for each in layout.owners)
        return self.concerns(owners, (layout.head.server.address, *layout.addresses))

    def concerns(self, services: Iterable[tuple[str, str]], addresses: Iterable[str]) -> bool:
        """Tell whether what is about these Services, and at these addresses with their ports, is asked for."""
        if self.service is not None and self.service not in services:
            return False
        return not self.host or any(map(self._is, addresses))

    def _is(self, address: str) -> bool:
        host, _, port = address.rpartition(":")
        return host.strip("[]") == self.host and (self.port is None or port == str(self.port))


EVERYTHING: Final = Narrow()


def read_address(text: str) -> tuple[str, int | None] | None:
    """Read `IP`, `IP:PORT` or `[IPv6]:PORT`: host as a table has it, and port (None without); None: it is neither."""
    match = _ADDRESS.fullmatch(text)
    host, digits = (match["six"] or match["four"], match["port"]) if match else (text, None)
    port = int(digits) if digits else None
    try:
        ip = ip_address(host)
    except ValueError:
        return None
    if (match is not None and (ip.version == _SIX) != bool(match["six"])) or (port or 0) > _LAST_PORT:
        return None
    return with_port(str(ip), 0).rpartition(":")[0].strip("[]"), port


class Naming:
    """Names tables, narrowed to what was asked for; what nodes have in common is looked up once."""

    def __init__(self, names: Names, narrow: Narrow = EVERYTHING) -> None:
        self._names, self._narrow = names, narrow
        self._layouts: dict[tuple[Head, tuple[str, ...], tuple[str, ...]], Layout] = {}

    def named(self, rows: Listing, exclude: Sequence[str] = ()) -> list[NamedServer]:
        """Name a table's rows; `exclude` is the node's excludeCIDRs."""
        excluded, found, ticks = tuple(exclude), [], set()
        for head, start, end in rows.spans():
            layout = self._layout(head, tuple(rows.addresses[start:end]), excluded)
            if head.jiffies is not None:
                ticks.add(_ticks(head.jiffies, layout.owners, self._names))
            if self._narrow is EVERYTHING or self._narrow.wants(layout):
                found.append((layout, start, end))
        found.sort(key=lambda each: each[0].place)
        known = ticks - {0}
        second = known.pop() if len(known) == 1 else 0
        return [_numbers(layout, rows, start, end, second) for layout, start, end in found]

    def _layout(self, head: Head, addresses: tuple[str, ...], excluded: tuple[str, ...]) -> Layout:
        key = head, addresses, excluded
        found = self._layouts.get(key)
        if found is None:
            if len(self._layouts) >= _MOST:
                self._layouts.clear()
            found = self._layouts[key] = self._made(*key)
        return found

    def _made(self, head: Head, addresses: tuple[str, ...], excluded: tuple[str, ...]) -> Layout:
        server = head.server
        owners = self._names.of(server.protocol, server.address, excluded)
        places = [address_place(address) for address in addresses]
        order = tuple(sorted(range(len(addresses)), key=places.__getitem__))
        ordered = tuple(addresses[place] for place in order)
        known = (self._names.endpoint(owners, server.protocol, address) for address in ordered)
        return Layout(
            head, owners, place_of(server), ordered, tuple(each.pod if each else None for each in known), order
        )


def _numbers(layout: Layout, rows: Listing, start: int, end: int, ticks: int) -> NamedServer:
    """Take a node's own numbers; `ticks`: jiffies a second, 0 where that is not known."""
    head = layout.head
    methods = [rows.forwarding.get(place, MASQ) for place in range(start, end)] if rows.forwarding else ()
    columns: list[Sequence[Any]] = [methods or (MASQ,) * (end - start), rows.weights[start:end], rows.active[start:end],
                                    rows.inactive[start:end]]  # fmt: skip
    if layout.order != _straight(end - start):
        columns = [[column[place] for place in layout.order] for column in columns]
    seconds = head.jiffies // ticks if head.jiffies is not None and ticks else head.server.timeout
    forwarding, weights, active, inactive = columns
    return NamedServer(layout, forwarding, weights, active, inactive, seconds)


@lru_cache(maxsize=1024)
def _straight(size: int) -> tuple[int, ...]:
    return tuple(range(size))


def _ticks(jiffies: int, owners: Sequence[Owner], names: Names) -> int:
    """Return how many jiffies a second has in this kernel, 0 where a virtual server does not say it.

    /proc counts jiffies and does not say how long one is; the persistence of a Service whose affinity is known does.
    """
    affinity = names.owners[owners[0]].affinity if len(owners) == 1 else None
    ticks, rest = divmod(jiffies, affinity) if affinity else (0, 0)
    return ticks if ticks in TICKS and not rest else 0
