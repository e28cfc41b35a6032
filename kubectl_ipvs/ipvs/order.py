"""The order in which ipvsadm prints a table: by mark, family, protocol, address and port; real servers by address.

Seen in a recording of ipvsadm 1.31 (tests/unit/recorded/real-ipvsadm.txt): marks from 2**31 on come first, since they
are compared as negative numbers, and the other marks behind everything that is none.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address

from kubectl_ipvs.ipvs.table import RealServer, VirtualServer

Place = tuple[int | bytes | str, ...]
_PROTOCOLS = {"TCP": 6, "UDP": 17, "SCTP": 132}  # their numbers (IANA)
_NEGATIVE = 1 << 31


def place_of(server: VirtualServer) -> Place:
    """Return where a virtual server stands, as a key to sort by."""
    return _place(server.protocol, server.address, server.ipv6)


def endpoint(server: RealServer) -> Place:
    """Return where a real server stands among those of its virtual server."""
    return address_place(server.address)


def ordered(servers: Sequence[VirtualServer]) -> list[VirtualServer]:
    """Put virtual servers, and the real servers of each, in ipvsadm's order."""
    return [
        server._replace(real_servers=tuple(sorted(server.real_servers, key=endpoint)))
        for server in sorted(servers, key=place_of)
    ]


@lru_cache(maxsize=1 << 16)
def _place(protocol: str, address: str, ipv6: bool) -> Place:  # noqa: FBT001 - part of a cache's key
    if protocol != "FWM":
        return (0, *address_place(address)[:1], _PROTOCOLS.get(protocol, 0), *address_place(address)[1:])
    mark = int(address)
    return (mark - 2 * _NEGATIVE if mark >= _NEGATIVE else mark or 1, 6 if ipv6 else 4)


@lru_cache(maxsize=1 << 16)
def address_place(address: str) -> Place:
    """Return where an address with its port stands; what is none (a host name) comes last, by its letters."""
    host, _, port = address.rpartition(":")
    try:
        ip = ip_address(host.strip("[]"))
        return (ip.version, ip.packed, int(port))
    except ValueError:
        return (9, address.encode(errors="replace"), 0)
