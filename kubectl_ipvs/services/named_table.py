"""One node's table with names beside the addresses, in ipvsadm's order, narrowed to what was asked for. Pure."""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from operator import itemgetter
from typing import Final, NamedTuple

from kubectl_ipvs.ipvs.listing import Head, Listing
from kubectl_ipvs.ipvs.order import endpoint, place_of
from kubectl_ipvs.ipvs.table import RealServer, VirtualServer
from kubectl_ipvs.services.names import Names, Owner, with_port

TICKS: Final = (100, 250, 300, 1000)  # jiffies a second that Linux can be built with (HZ)


_ADDRESS: Final = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<four>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")
_SIX: Final = 6
_LAST_PORT: Final = 65535


class NamedServer(NamedTuple):
    """A virtual server, the Service ports that it may be of (one, none, or several that contest it), and its rows.

    `pods`: namespace and name for each of `real_servers`, None where it is not known. `seconds`: of its persistence,
    None where it has none or nobody can say; `jiffies`: as /proc has it.
    """

    server: VirtualServer
    owners: tuple[Owner, ...]
    real_servers: Sequence[RealServer]
    pods: Sequence[tuple[str, str] | None]
    seconds: int | None
    jiffies: int | None


class Narrow(NamedTuple):
    """What is asked for: the rows of one Service, those at one address (`port` None: any), or both; nothing: all."""

    service: tuple[str, str] | None = None
    host: str = ""
    port: int | None = None

    def wants(self, server: VirtualServer, owners: Sequence[Owner], real_servers: Sequence[RealServer]) -> bool:
        """Tell whether a virtual server is asked for: it is, too, where one of its real servers has the address."""
        if self.service is not None and self.service not in {(owner.namespace, owner.service) for owner in owners}:
            return False
        return not self.host or any(map(self._is, (server.address, *(each.address for each in real_servers))))

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


def named(rows: Listing, names: Names, exclude: Sequence[str] = (), narrow: Narrow = EVERYTHING) -> list[NamedServer]:
    """Name a table's rows; `exclude` is the node's excludeCIDRs."""
    excluded, found, ticks = tuple(exclude), [], set()
    for head, start, end in rows.spans():
        server = head.server
        owners = names.of(server.protocol, server.address, excluded)
        if head.jiffies is not None:
            ticks.add(_ticks(head.jiffies, owners, names))
        if narrow.service is not None and not owners:
            continue
        real_servers = rows.real_servers(start, end)
        if narrow is EVERYTHING or narrow.wants(server, owners, real_servers):
            real_servers.sort(key=endpoint)
            found.append((place_of(server), head, owners, real_servers))
    found.sort(key=itemgetter(0))
    known = ticks - {0}
    second = known.pop() if len(known) == 1 else 0
    return [_named(head, owners, real_servers, names, second) for _, head, owners, real_servers in found]


def _named(
    head: Head, owners: tuple[Owner, ...], real_servers: list[RealServer], names: Names, ticks: int
) -> NamedServer:
    protocol = head.server.protocol
    known = [names.endpoint(owners, protocol, each.address) for each in real_servers]
    seconds = head.jiffies // ticks if head.jiffies is not None and ticks else head.server.timeout
    return NamedServer(
        head.server, owners, real_servers, [each.pod if each else None for each in known], seconds, head.jiffies
    )


def _ticks(jiffies: int, owners: Sequence[Owner], names: Names) -> int:
    """Return how many jiffies a second has in this kernel, 0 where a virtual server does not say it.

    /proc counts jiffies and does not say how long one is; the persistence of a Service whose affinity is known does.
    """
    affinity = names.owners[owners[0]].affinity if len(owners) == 1 else None
    ticks, rest = divmod(jiffies, affinity) if affinity else (0, 0)
    return ticks if ticks in TICKS and not rest else 0
