"""What each line of a listing is, given the lines before it.

The one place that decides it: parse() and the slow half of Summarizer both ask here, so they cannot disagree.
Any bytes are accepted; it never raises and keeps no line.
"""

import re
from collections.abc import Sequence
from enum import Enum

from kubectl_ipvs.ipvs.address import is_hexadecimal, some_may_be_either
from kubectl_ipvs.ipvs.grammar import (
    BLANK,
    BROKEN_VIRTUAL_SERVER,
    HEADER,
    PROBES,
    REAL_SERVER,
    VIRTUAL_SERVER,
)


class Kind(Enum):
    """What a line is; SKIPPED is a header, a blank line, or a part of kube-proxy's probe."""

    VIRTUAL_SERVER = "virtual server"
    REAL_SERVER = "real server"
    SKIPPED = "skipped"
    UNPARSED = "unparsed"


class Reader:
    """Classifies lines in their order.

    `rows` is what a real-server line is at this point: REAL_SERVER below a virtual server, SKIPPED below the
    probe, UNPARSED where no virtual server stands above (start, header, broken virtual server).
    `hexadecimal` is the format as far as it is known: True for /proc. `probe`: kube-proxy's probe was there.
    """

    def __init__(self) -> None:
        self.rows = Kind.UNPARSED
        self.hexadecimal = False
        self.probe = False

    def read(self, line: bytes) -> tuple[Kind, re.Match[bytes] | None]:
        """Classify one line without its line feed; the match is that of the row, None for other lines."""
        row = REAL_SERVER.fullmatch(line)
        if row is not None:
            return self.rows, row
        server = VIRTUAL_SERVER.fullmatch(line)
        if server is not None:
            return self._virtual_server(server), server
        return self._other(line), None

    def _virtual_server(self, server: re.Match[bytes]) -> Kind:
        self.hexadecimal = is_hexadecimal(server["mark"] or server["address"], otherwise=self.hexadecimal)
        if server["protocol"] == b"TCP" and server["address"] in PROBES:
            self.rows = Kind.SKIPPED
            self.probe = True
            return Kind.SKIPPED
        self.rows = Kind.REAL_SERVER
        return Kind.VIRTUAL_SERVER

    def formats(self, addresses: Sequence[bytes]) -> Sequence[bool]:
        """Give `hexadecimal` as it is at each of these virtual servers, which come next and are no marks.

        It is right where it decides something; elsewhere the address itself tells.
        """
        if not some_may_be_either(addresses):
            self.hexadecimal = is_hexadecimal(addresses[-1], otherwise=self.hexadecimal)
            return [self.hexadecimal] * len(addresses)
        found = []
        for address in addresses:
            self.hexadecimal = is_hexadecimal(address, otherwise=self.hexadecimal)
            found.append(self.hexadecimal)
        return found

    def _other(self, line: bytes) -> Kind:
        if BLANK.fullmatch(line):
            return Kind.SKIPPED
        header = HEADER.match(line)
        if header is not None:
            self.rows = Kind.UNPARSED
            if header["gap"]:
                self.hexadecimal = header["gap"] == b" "
            return Kind.SKIPPED
        if BROKEN_VIRTUAL_SERVER.match(line):
            self.rows = Kind.UNPARSED
        return Kind.UNPARSED


def text_of(line: bytes) -> str:
    """Give an unparsed line as text, without the carriage return of CRLF."""
    return line.removesuffix(b"\r").decode(errors="replace")
