"""/proc/net/ip_vs_conn: the connections that a node's kernel keeps, read as they arrive; any bytes are accepted.

Format: ip_vs_conn_seq_show in the kernel's net/netfilter/ipvs/ip_vs_conn.c: IPv4 addresses and ports are hexadecimal,
IPv6 addresses are written out. There is a line for each connection, a million on a busy node: what is kept is a number
for each virtual server and real server.
"""

import re
from typing import Final, NamedTuple

from kubectl_ipvs.ipvs.address import canonical

_HOST: Final = rb"(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{4}(?::[0-9A-Fa-f]{4}){7})"
_PORT: Final = rb"[0-9A-Fa-f]{4}"
_LINE: Final = re.compile(
    rb"(?P<protocol>[A-Z_0-9]{2,8}) +@ +# +(?P<to>@) +(?P<port>#) +(?P<real>@) +(?P<real_port>#)"
    rb" +[A-Z0-9_]+ +(?P<expires>[0-9]{1,10})(?: .*)?".replace(b"@", _HOST).replace(b"#", _PORT)
)
_PROTOCOLS: Final = frozenset({"TCP", "UDP", "SCTP"})
_TITLE: Final = b"Pro FromIP"
_LONGEST: Final = 4096  # bytes of a line: a longer one is none
_MOST_KEPT: Final = 100_000  # pairs of virtual and real server


class Pair(NamedTuple):
    """A virtual server and a real server of it, both `ip:port`."""

    protocol: str
    virtual_server: str
    real_server: str


class Entries(NamedTuple):
    """How many connections there are, and in how many seconds the last of them ends if no packet comes any more."""

    number: int
    expires: int


class Connections:
    """Counts the connections of a file that arrives in pieces, cut anywhere.

    `pairs`: by virtual and real server. `total`: every line that was read; `unparsed`: lines that fit nothing.
    """

    def __init__(self) -> None:
        self.pairs: dict[Pair, Entries] = {}
        self.total = self.unparsed = 0
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take the next piece. Never raises, whatever the bytes are."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[: _LONGEST + 1]
        for line in lines:
            self._line(line)

    def finish(self) -> None:
        """Take the last line, if its line end is missing."""
        self._line(self._rest)
        self._rest = b""

    def _line(self, line: bytes) -> None:
        is_long = len(line) > _LONGEST
        if not is_long and (not line.strip() or line.startswith(_TITLE)):
            return
        match = None if is_long else _LINE.fullmatch(line.rstrip())
        if match is None:
            self.unparsed += 1
            return
        self.total += 1
        protocol = match["protocol"].decode()
        if protocol not in _PROTOCOLS:  # of a firewall mark: an address says nothing there
            return
        pair = Pair(protocol, _address(match["to"], match["port"]), _address(match["real"], match["real_port"]))
        known = self.pairs.get(pair)
        if known is None and len(self.pairs) >= _MOST_KEPT:
            return
        number, longest = known or (0, 0)
        self.pairs[pair] = Entries(number + 1, max(longest, int(match["expires"])))


def _address(host: bytes, port: bytes) -> str:
    text = b"[" + host + b"]:" + port if b":" in host else host + b":" + port
    return canonical(text, hexadecimal=True)
