"""What was given to a real kernel, and what its listings therefore say: the meaning of recorded/real-*.txt.

tests/real/record.py gives these words to ipvsadm on a node of the project's own cluster, and writes down what the
kernel and ipvsadm print then; test_ipvs_recorded_real.py compares what is read from those texts with the values here.
"""

from dataclasses import dataclass, field

from kubectl_ipvs.ipvs.table import RealServer, VirtualServer


@dataclass(frozen=True)
class Given:
    """One virtual server: ipvsadm's words for it, the value, and words and value of each of its real servers.

    A real server without words is not ipvsadm's to give: `beyond` is what is done instead, a verb of
    tests/real/beyond_ipvsadm.py. `proc`: the value where /proc/net/ip_vs says less, by itself, than ipvsadm does.
    """

    words: str
    server: VirtualServer
    real_servers: tuple[tuple[str, RealServer], ...] = ()
    proc: dict[str, object] = field(default_factory=dict)
    beyond: str = ""

    @property
    def commands(self) -> list[str]:
        """Ipvsadm's arguments, one command an entry."""
        where = " ".join(self.words.split()[: 3 if self.words.endswith(" -6") or " -6 " in self.words else 2])
        return [f"-A {self.words}", *(f"-a {where} {words}" for words, _ in self.real_servers if words)]

    @property
    def in_ipvsadm(self) -> VirtualServer:
        """The value that `ipvsadm -Ln` tells."""
        return self.server._replace(real_servers=tuple(real for _, real in self.real_servers))

    @property
    def in_proc(self) -> VirtualServer:
        """The value that /proc/net/ip_vs tells: no scheduler flags, no engine, no timeout in seconds."""
        less: dict[str, object] = {"flags": (), "persistence_engine": "", "timeout": None}
        return self.in_ipvsadm._replace(**{**less, **self.proc})  # type: ignore[arg-type] # fields of several types


def server(named: str, scheduler: str, **fields: object) -> VirtualServer:
    """Spell a virtual server shortly: `TCP 192.0.2.1:80`, its scheduler, and what differs from the plain case."""
    protocol, address = named.split()
    plain: dict[str, object] = {
        "ipv6": address.startswith("["), "flags": (), "persistent": "timeout" in fields, "timeout": None,
        "netmask": "", "persistence_engine": "", "one_packet": False, "real_servers": (),
    }  # fmt: skip
    return VirtualServer(protocol, address, scheduler=scheduler, **{**plain, **fields})  # type: ignore[arg-type]


def real(words: str, forwarding: str, address: str = "", weight: int = 1) -> tuple[str, RealServer]:
    """Spell a real server shortly: ipvsadm's words, whose second one is its address, and what is listed."""
    return words, RealServer(address or words.split()[1], forwarding, weight, 0, 0)


PLAIN = ("wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh")
SCHEDULERS = tuple(
    Given(f"-t 192.0.2.{number}:80 -s {name}", server(f"TCP 192.0.2.{number}:80", name))
    for number, name in enumerate(PLAIN, 11)
)
FLAGS = (
    Given(
        "-t 192.0.2.101:443 -s sh -b sh-fallback,sh-port",
        server("TCP 192.0.2.101:443", "sh", flags=("sh-fallback", "sh-port")),
    ),
    Given(
        "-t 192.0.2.102:443 -s mh -b mh-fallback,mh-port",
        server("TCP 192.0.2.102:443", "mh", flags=("mh-fallback", "mh-port")),
    ),
    Given(
        "-t 192.0.2.103:443 -s rr -b flag-1,flag-2,flag-3",
        server("TCP 192.0.2.103:443", "rr", flags=("flag-1", "flag-2", "flag-3")),
    ),
)
PROTOCOLS = (
    Given("-u 192.0.2.120:53 -s rr", server("UDP 192.0.2.120:53", "rr"), (real("-r 198.51.100.6:53 -m", "Masq"),)),
    Given("-u 192.0.2.121:53 -s rr -o", server("UDP 192.0.2.121:53", "rr", one_packet=True)),
    Given(
        "--sctp-service 192.0.2.122:36412 -s wlc",
        server("SCTP 192.0.2.122:36412", "wlc"),
        (real("-r 198.51.100.7:36412 -m", "Masq"),),
    ),
    Given(
        "-u [2001:db8::2]:5060 -s rr -o",
        server("UDP [2001:db8::2]:5060", "rr", one_packet=True),
        proc={"one_packet": False},
    ),
    Given(
        "--sctp-service [2001:db8::3]:36412 -s sh -b sh-port",
        server("SCTP [2001:db8::3]:36412", "sh", flags=("sh-port",)),
    ),
    Given("-f 7 -s rr", server("FWM 7", "rr"), (real("-r 198.51.100.8:0 -g", "Route"),)),
    Given("-f 4294967295 -s wrr", server("FWM 4294967295", "wrr")),
    Given("-f 8 -6 -s rr", server("FWM 8", "rr", ipv6=True), (real("-r [2001:db8::18]:0 -g", "Route"),)),
)
PERSISTENCE = (
    Given("-t 192.0.2.130:80 -s rr -p 10800", server("TCP 192.0.2.130:80", "rr", timeout=10800)),
    Given(
        "-t 192.0.2.131:80 -s rr -p 360 -M 255.255.255.0",
        server("TCP 192.0.2.131:80", "rr", timeout=360, netmask="255.255.255.0"),
    ),
    Given("-t 192.0.2.132:0 -s rr -p 60", server("TCP 192.0.2.132:0", "rr", timeout=60)),
    Given(
        "-u 192.0.2.133:5060 -s rr -o -p 360 --pe sip",
        server("UDP 192.0.2.133:5060", "rr", timeout=360, persistence_engine="sip", one_packet=True),
    ),
    Given(
        "-t [2001:db8::4]:80 -s mh -b mh-port -p 300 -M 64",
        server("TCP [2001:db8::4]:80", "mh", flags=("mh-port",), timeout=300, netmask="64"),
    ),
    Given("-f 9 -s wlc -p 3600", server("FWM 9", "wlc", timeout=3600)),
)
FORWARDING = (
    Given(
        "-t 192.0.2.1:80 -s rr",
        server("TCP 192.0.2.1:80", "rr"),
        (
            real("-r 198.51.100.1:8080 -m -w 1", "Masq"),
            real("-r 198.51.100.2:80 -g -w 0", "Route", weight=0),
            real("-r 198.51.100.3:80 -i -w 65535", "Tunnel", weight=65535),
            real("-r 198.51.100.9:80 -g", "Route"),
            real("-r 198.51.100.9:8080 -m", "Masq"),
        ),
    ),
    Given(
        "-t 192.0.2.2:80 -s wrr",
        server("TCP 192.0.2.2:80", "wrr"),
        (
            real("-r 198.51.100.4:80 -i --tun-type gue --tun-port 6080", "Tunnel"),
            real("-r 198.51.100.5:80 -i --tun-type gre", "Tunnel"),
            real("-r [2001:db8::14]:80 -i", "Tunnel"),
        ),
    ),
    Given(
        "-t [2001:db8::1]:80 -s rr",
        server("TCP [2001:db8::1]:80", "rr"),
        (
            real("-r [2001:db8::11]:8080 -m", "Masq"),
            real("-r [2001:db8:1234:5678:9abc:def0:1234:5678]:65535 -m -w 100", "Masq", weight=100),
        ),
    ),
)
BEYOND = (
    Given(
        "-t 192.0.2.3:80 -s rr",
        server("TCP 192.0.2.3:80", "rr"),
        (
            real("-r 198.51.100.4:80 -m", "Masq"),
            ("", RealServer("198.51.100.9:80", "Local", 1, 0, 0)),
        ),
        beyond="local 192.0.2.3:80 198.51.100.9:80",
    ),
    Given(
        "-t 192.0.2.150:80 -s rr",
        server("TCP 192.0.2.150:80", "rr"),
        (("-r 198.51.100.9:9001 -m", RealServer("198.51.100.9:9001", "Masq", 1, 3, 2)),),
        beyond="connections 192.0.2.150:80 3 2",
    ),
)
GIVEN = (*SCHEDULERS, *FLAGS, *PROTOCOLS, *PERSISTENCE, *FORWARDING, *BEYOND)
