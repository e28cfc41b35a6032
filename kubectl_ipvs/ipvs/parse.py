"""Reads a listing of `ipvsadm -Ln` or /proc/net/ip_vs into a Table.

Each line tells its format by its shape; where it cannot, the header or the lines before decide. It never
raises: lines that fit nothing are handed back. kube-proxy's probe (198.51.100.0:20000) is left out.
"""

import re

from kubectl_ipvs.ipvs.address import canonical, canonical_mark
from kubectl_ipvs.ipvs.line_reader import Kind, Reader, text_of
from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer

_HOST_MASKS = frozenset({(False, "255.255.255.255"), (True, "128")})


def parse(data: bytes) -> Table:
    """Read any bytes; line ends may be LF or CRLF, and the last one may be missing."""
    reader = Reader()
    servers: list[tuple[re.Match[bytes], bool, list[RealServer]]] = []
    unparsed: list[str] = []
    for line in data.split(b"\n"):
        kind, match = reader.read(line)
        if kind is Kind.UNPARSED:
            unparsed.append(text_of(line))
        elif match is None or kind is Kind.SKIPPED:
            continue
        elif kind is Kind.REAL_SERVER:
            servers[-1][2].append(real_server(match, hexadecimal=reader.hexadecimal))
        else:
            servers.append((match, reader.hexadecimal, []))
    return Table(
        tuple(virtual_server(match, rows, hexadecimal=hexa) for match, hexa, rows in servers),
        tuple(unparsed),
        reader.probe,
    )


def real_server(match: re.Match[bytes], *, hexadecimal: bool) -> RealServer:
    """Read the row of a real server from its match."""
    address, forwarding, weight, active, inactive = match.groups()
    return RealServer(
        canonical(address, hexadecimal=hexadecimal),
        forwarding.decode(),
        int(weight),
        int(active),
        int(inactive),
    )


def virtual_server(match: re.Match[bytes], rows: list[RealServer], *, hexadecimal: bool) -> VirtualServer:
    """Read the row of a virtual server from its match, and give it its real servers."""
    if match["protocol"]:
        protocol, address = match["protocol"].decode(), canonical(match["address"], hexadecimal=hexadecimal)
        ipv6 = address.startswith("[")
    else:
        protocol, address = "FWM", canonical_mark(match["mark"], hexadecimal=hexadecimal)
        ipv6 = rows[0].address.startswith("[") if hexadecimal and rows else match["ipv6"] is not None
    timeout = match["timeout"]
    return VirtualServer(
        protocol=protocol,
        address=address,
        ipv6=ipv6,
        scheduler=match["scheduler"].decode(),
        flags=tuple(flag for flag in _text(match["flags"]).split(",") if flag),
        persistent=timeout is not None,
        # /proc prints jiffies, and always the mask in hex after them; what HZ is cannot be seen from here.
        timeout=int(timeout) if timeout not in {None, b"?"} and match["hexmask"] is None else None,
        netmask=_netmask(match, ipv6=ipv6),
        persistence_engine=_text(match["pe"]),
        one_packet=(match["ops_first"] or match["ops_last"]) is not None,
        real_servers=tuple(rows),
    )


def _text(group: bytes | None) -> str:
    return (group or b"").decode(errors="replace")


def _netmask(match: re.Match[bytes], *, ipv6: bool) -> str:
    """Give the netmask, empty for the default.

    For IPv6 the kernel keeps a prefix length in that field and /proc prints it through ntohl(): in the first
    byte on little-endian nodes, in the last on big-endian ones.
    """
    mask = _text(match["mask"])
    if match["hexmask"]:
        value = int(match["hexmask"], 16)
        mask = str(value >> 24 or value) if ipv6 else ".".join(map(str, value.to_bytes(4, "big")))
    return "" if (ipv6, mask) in _HOST_MASKS else mask
