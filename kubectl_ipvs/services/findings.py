"""What a node's table differs in from the expected one, as values."""

from typing import Final, Literal, NamedTuple, TypeAlias

from kubectl_ipvs.services.port_rows import Origin

Kind: TypeAlias = Literal[
    "missing-virtual-server",
    "missing-real-server",
    "weight-zero",
    "draining",
    "stuck",
    "extra-real-server",
    "stale-virtual-server",
    "foreign",
    "wrong-scheduler",
    "wrong-persistence",
    "contested",
]

# Each kind once, with its meaning in a few words: the documentation is checked against this table.
KINDS: Final[dict[Kind, str]] = {
    "missing-virtual-server": "an address and port of a Service has no row",
    "missing-real-server": "an endpoint is not among a row's real servers",
    "weight-zero": "an endpoint has weight 0: it gets no new connections",
    "draining": "a real server that is no endpoint any more keeps its open connections",
    "stuck": "a real server that is no endpoint any more stays, without a connection",
    "extra-real-server": "a real server that is no endpoint gets connections",
    "stale-virtual-server": "a row as kube-proxy makes them is on no address and port of a Service",
    "foreign": "somebody else made a row or a real server",
    "wrong-scheduler": "a row has another scheduler than the configuration asks for",
    "wrong-persistence": "a row's persistence is not the Service's session affinity",
    "contested": "several Services have the same protocol, address and port",
}


class Finding(NamedTuple):
    """One finding about one node's table.

    `address`, `port`: the virtual server's, IPv6 without brackets; for a firewall mark the mark, and port 0.
    `service`: what the row is for, None where that is nobody's. `real_server`: `10.0.0.1:80` or `[fd00::1]:80`, ""
    where the row itself is meant; `pod`: namespace and name of its Pod, None where not known. `connections`: active
    and inactive ones of that real server. `issues`: known bugs that look like this. `help`: a command, "" where
    nothing is to be done. `is_difference`: False for what is as it should be, or is no fault of this node.
    """

    kind: Kind
    protocol: str
    address: str
    port: int
    service: Origin | None = None
    real_server: str = ""
    pod: tuple[str, str] | None = None
    detail: str = ""
    connections: int = 0
    issues: tuple[str, ...] = ()
    help: str = ""
    is_difference: bool = True

    @property
    def place(self) -> tuple[str, str, int, str]:
        """What it is about: protocol, address, port and real server."""
        return self.protocol, self.address, self.port, self.real_server
