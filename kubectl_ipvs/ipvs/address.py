"""Addresses as the two formats print them, and the one form that the values use.

ipvsadm prints inet_ntop() and a decimal port. /proc prints IPv4 as eight upper-case hex digits, IPv6 in full
in lower case, ports and marks in upper-case hex (ip_vs_info_seq_show, net/netfilter/ipvs/ip_vs_ctl.c). What
is no address (a host name, a redacted one, one without a port) passes through as it is; nothing here raises
on it.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

_FULL_IPV6 = rb"\[(?:[0-9a-f]{4}:){7}[0-9a-f]{4}\]"
_HEXADECIMAL = re.compile(rb"(?:[0-9A-F]{8}|" + _FULL_IPV6 + rb"):[0-9A-F]{4}|[0-9A-F]{8}")

# ipvsadm prints no leading zeros, so only these can come from either format: an IPv6 address whose eight
# groups all have four digits, with a port of four decimal digits; and a mark of eight decimal digits.
_EITHER = re.compile(rb"\[(?:[1-9a-f][0-9a-f]{3}:){7}[1-9a-f][0-9a-f]{3}\]:[1-9][0-9]{3}|[1-9][0-9]{7}")
_EITHER_LENGTH = len("[0000:0000:0000:0000:0000:0000:0000:0000]:0000")

# Already as inet_ntop() writes it, so most rows need no parsing: no group is zero or has leading zeros, and
# the one `::` stands for two zero groups or more (at most six others: six colons, and that of the port).
_GROUP = rb"[1-9a-f][0-9a-f]{0,3}"
_PLAIN_IPV6 = re.compile(rb"\[(?:@:)+:@(?::@)*\]:[0-9]+".replace(b"@", _GROUP))
_PLAIN_COLONS = 7

_IPV4_BYTES = 4
_MARKS = 1 << 32  # a mark is a __u32 (struct ip_vs_service_user, include/uapi/linux/ip_vs.h)


def is_hexadecimal(raw: bytes, *, otherwise: bool) -> bool:
    """Tell whether /proc printed this address or mark; `otherwise` decides where its shape does not tell."""
    return _HEXADECIMAL.fullmatch(raw) is not None and (otherwise or _EITHER.fullmatch(raw) is None)


def some_may_be_either(addresses: Iterable[bytes]) -> bool:
    """Tell quickly whether the shape of one of these addresses may not tell its format; False is certain."""
    return _EITHER_LENGTH in map(len, addresses)


def canonical(raw: bytes, *, hexadecimal: bool) -> str:
    """Give `10.0.0.1:80` or `[2001:db8::1]:80`; `hexadecimal` is the listing's format as far as known."""
    if is_hexadecimal(raw, otherwise=hexadecimal) and raw[-5:-4] == b":":
        return _from_proc(raw.decode())
    text = raw.decode(errors="replace")
    if raw[:1] != b"[" or (_PLAIN_IPV6.fullmatch(raw) and raw.count(b":") <= _PLAIN_COLONS):
        return text
    host, _, port = text[1:].partition("]")
    try:
        return f"[{_compressed(IPv6Address(host))}]{port}"
    except ValueError:
        return text


def _from_proc(text: str) -> str:
    port = int(text[-4:], 16)
    packed = bytes.fromhex(text[:-5].strip("[]").replace(":", ""))
    if len(packed) == _IPV4_BYTES:
        return f"{'.'.join(map(str, packed))}:{port}"
    return f"[{_compressed(IPv6Address(packed))}]:{port}"


def _compressed(address: IPv6Address) -> str:
    """Write an IPv4-mapped address as inet_ntop() does; str() does so only from Python 3.13 on."""
    mapped = address.ipv4_mapped
    return str(address) if mapped is None else f"::ffff:{mapped}"


def canonical_mark(raw: bytes, *, hexadecimal: bool) -> str:
    """Give a firewall mark in decimal; ipvsadm up to 1.31 prints those from 2**31 on as negative (%d)."""
    base = 16 if is_hexadecimal(raw, otherwise=hexadecimal) else 10
    return str(int(raw, base) % _MARKS)


def plain(ip: IPv4Address | IPv6Address) -> str:
    """Give an address as it stands before its port: `10.0.0.1`, `[2001:db8::1]`."""
    return str(ip) if isinstance(ip, IPv4Address) else f"[{_compressed(ip)}]"


def ip_of(raw: bytes) -> IPv4Address | IPv6Address | None:
    """Give the IP address of a virtual server in either format; None for a host name or nothing."""
    if raw[:1] == b"[":
        host = raw[1:].partition(b"]")[0].decode(errors="replace")
    else:
        host = canonical(raw, hexadecimal=False).partition(":")[0]
    try:
        return ip_address(host)
    except ValueError:
        return None
