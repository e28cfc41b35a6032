"""Virtual servers by name: those of kube-proxy, and those that somebody else made, with the reason."""

from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from kubectl_ipvs.ipvs.address import canonical, canonical_mark

Why: TypeAlias = Literal["excluded", "firewall mark", "forwarding", "no service"]


NO_SCHEDULER = "none"  # what a kernel shows for an instant while a virtual server gets another scheduler


class Row(NamedTuple):
    """One virtual server.

    `address` is as `ipvsadm -Ln` prints it: `10.0.0.1:80`, `[fd00::1]:80`; for FWM the mark in decimal.
    """

    protocol: str
    address: str
    scheduler: str


class ForeignRow(NamedTuple):
    """A virtual server that kube-proxy did not make, and how that is known.

    `detail`: the range of excludeCIDRs as configured (excluded), the first other method than Masq (forwarding).
    """

    row: Row
    why: Why
    detail: str = ""


# The nodes of a cluster list the same services: with one value for each, rows of many nodes cost little.
@lru_cache(maxsize=4096)
def row_of(words: tuple[bytes, bytes, bytes], *, hexadecimal: bool) -> Row:
    """Name a virtual server from the words of its line; `hexadecimal` is the listing's format as far as known."""
    protocol, address, scheduler = words
    written = canonical_mark if protocol == b"FWM" else canonical
    return Row(protocol.decode(), written(address, hexadecimal=hexadecimal), scheduler.decode())
