"""What `ipvsadm -Ln --rate` says of each virtual server: the kernel's own estimates of a second.

Source: print_largenum and print_service_entry in ipvsadm.c 1.31: a number of nine digits or more is printed in
thousands (K), millions (M), thousands of millions (G) or more (T).
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from kubectl_ipvs.ipvs.address import canonical, canonical_mark
from kubectl_ipvs.ipvs.stats import Rates

_NUMBER = rb"[ \t]+([0-9]{1,20})([KMGT]?)"
_ROW: Final = re.compile(
    rb"(?:(?P<protocol>TCP|UDP|SCTP)[ \t]+(?P<address>\S+)|FWM[ \t]+(?P<mark>-?[0-9]{1,10})(?P<ipv6>[ \t]+IPv6)?)"
    + _NUMBER * 5
    + rb"[ \t\r]*"
)
_TIMES: Final = {b"": 1, b"K": 10**3, b"M": 10**6, b"G": 10**9, b"T": 10**12}
_BEFORE: Final = 4  # groups


class RowRates(NamedTuple):
    """A virtual server, named as a table's is, and its rates."""

    protocol: str
    address: str
    rates: Rates


def parse_rates(text: bytes) -> Iterator[RowRates]:
    """Yield the virtual servers; real servers and what is no row are left out."""
    for match in filter(None, map(_ROW.fullmatch, text.split(b"\n"))):
        numbers = match.groups()[_BEFORE:]
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        rates = Rates(*(float(int(number) * _TIMES[suffix]) for number, suffix in pairs))
        if match["mark"] is not None:
            yield RowRates("FWM", canonical_mark(match["mark"], hexadecimal=False), rates)
        else:
            yield RowRates(match["protocol"].decode(), canonical(match["address"], hexadecimal=False), rates)
