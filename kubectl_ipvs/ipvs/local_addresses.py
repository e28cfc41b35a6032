"""A node's own addresses from /proc/net/fib_trie (IPv4) and /proc/net/if_inet6 (IPv6); any bytes are accepted.

Formats: fib_trie_seq_show in the kernel's net/ipv4/fib_trie.c; if6_seq_show in net/ipv6/addrconf.c. fib_trie has no
names of interfaces: an address on kube-ipvs0 looks like every other one.
"""

import re
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final, NamedTuple

from kubectl_ipvs.ipvs.address import ip_of, plain

KUBE_IPVS0: Final = "kube-ipvs0"  # the interface on which kube-proxy binds every address that it serves

_LEAF = re.compile(rb"[ \t]*\|--[ \t]+([0-9]{1,3}(?:\.[0-9]{1,3}){3})[ \t\r]*")
_LOCAL = re.compile(rb"[ \t]*/32[ \t]+host[ \t]+LOCAL\b.*", re.DOTALL)
_INET6 = re.compile(rb"([0-9a-f]{32})(?:[ \t]+[0-9a-f]{2,8}){4}[ \t]+(\S{1,15})[ \t\r]*")


class LocalAddress(NamedTuple):
    """One address of a node, as values have it without a port: `10.0.0.1`, `[fd00::1]`.

    `interface`: its name, "" where it is not known.
    """

    address: str
    interface: str = ""


def parse_fib_trie(data: bytes) -> tuple[LocalAddress, ...]:
    """Return the local IPv4 addresses in their order, each once; those of every routing table, 127.0.0.1 included.

    Every node has one at least: none means that this was no such file.
    """
    found: dict[LocalAddress, None] = {}
    leaf: bytes | None = None
    for line in data.split(b"\n"):
        if b"|--" in line:
            match = _LEAF.fullmatch(line)
            leaf = match[1] if match is not None else leaf
        elif leaf is not None and b"LOCAL" in line and _LOCAL.fullmatch(line):
            address = _address(leaf)
            if address is not None:
                found[address] = None
    return tuple(found)


@lru_cache(maxsize=1 << 16)  # every node of a cluster has the Services' addresses
def _address(leaf: bytes) -> LocalAddress | None:
    return LocalAddress(leaf.decode()) if ip_of(leaf) is not None else None


def parse_if_inet6(data: bytes) -> tuple[LocalAddress, ...]:
    """Return the IPv6 addresses in their order; none is what a node without IPv6 has."""
    matches = (_INET6.fullmatch(line) for line in data.split(b"\n"))
    return tuple(
        LocalAddress(plain(IPv6Address(bytes.fromhex(match[1].decode()))), match[2].decode(errors="replace"))
        for match in matches
        if match is not None
    )
