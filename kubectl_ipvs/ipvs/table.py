"""The IPVS table of one node as values.

Both formats (`ipvsadm -Ln` and /proc/net/ip_vs) give equal values for the same table, as far as the format
tells. The values check nothing and compute nothing.
"""

from typing import NamedTuple


class RealServer(NamedTuple):
    """One destination of a virtual server.

    `address` is `10.0.0.1:80` or `[2001:db8::1]:80` (IPv6 compressed, port decimal); a host name or a
    redacted address stays as it came. `forwarding` is Masq, Local, Tunnel or Route. `active` and `inactive`
    count connections of this node only; a weight of 0 means that kube-proxy drains the pod.
    """

    address: str
    forwarding: str
    weight: int
    active: int
    inactive: int


class VirtualServer(NamedTuple):
    """One service of the table and its destinations.

    `protocol`: TCP, UDP, SCTP, or FWM (firewall mark).
    `address`: as in RealServer; for FWM the mark in decimal, 0 to 2**32 - 1.
    `ipv6`: for FWM in /proc, which does not print the family, it is that of the first real server.
    `scheduler`: as printed; /proc prints `none` where there is none.
    `flags`: of the scheduler, for example `mh-port`; /proc does not print them.
    `timeout`: seconds of persistence; None where it is not persistent, and in /proc, which gives jiffies.
    `netmask`: `255.255.255.0`, or the prefix length for IPv6; empty for one client per entry, the default.
    `persistence_engine`: `sip` or empty; /proc does not print it.
    `one_packet`: `ops`; /proc does not print it for IPv6.
    """

    protocol: str
    address: str
    ipv6: bool
    scheduler: str
    flags: tuple[str, ...]
    persistent: bool
    timeout: int | None
    netmask: str
    persistence_engine: str
    one_packet: bool
    real_servers: tuple[RealServer, ...]


class Table(NamedTuple):
    """Everything a listing said, in its order.

    `unparsed` holds the lines that fit nothing, as they came, without the line end: decoded as UTF-8 with
    errors="replace" and not escaped, so escape them before they reach a terminal. `probe`: kube-proxy's was there.
    """

    virtual_servers: tuple[VirtualServer, ...]
    unparsed: tuple[str, ...]
    probe: bool = False
