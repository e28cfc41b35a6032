#!/usr/bin/env python3
"""Records what a real kernel and a real ipvsadm print of everything that they can be given.

`make record` writes tests/unit/recorded/real-*.txt anew; tests/unit/recorded_real.py says what they mean. The table is
made by hand in a network namespace of its own on node1 of the project's cluster: IPVS keeps one table for each.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.clusters import Machines  # noqa: E402 - found by the line above

RECORDED = ROOT / "tests/unit/recorded"
INSIDE = "ip netns exec record"
WHAT = {
    "ipvsadm": "ipvsadm -Ln",
    "stats": "ipvsadm -Ln --stats",
    "rate": "ipvsadm -Ln --rate",
    "proc": "cat /proc/net/ip_vs",
}
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh")
FLAGS = {"sh": "sh-fallback,sh-port", "mh": "mh-fallback,mh-port", "rr": "flag-1,flag-2,flag-3"}
SETUP = (
    "modprobe -a ip_vs_pe_sip sctp",
    "ip netns del record 2>/dev/null; ip netns add record",
    f"{INSIDE} ip link set lo up",
    f"{INSIDE} ip addr add 198.51.100.9/32 dev lo",
)


def commands() -> Iterator[str]:
    """Yield ipvsadm's arguments: each scheduler, its flags, each protocol, persistence, each forwarding method."""
    for number, name in enumerate(SCHEDULERS, 1):
        yield f"-A -t 192.0.2.{number}:80 -s {name}"
    for number, (name, flags) in enumerate(FLAGS.items(), 101):
        yield f"-A -t 192.0.2.{number}:443 -s {name} -b {flags}"
    yield from _protocols()
    yield from _persistence()
    yield from _real_servers()


def _protocols() -> Iterator[str]:
    yield "-A -u 192.0.2.120:53 -s rr"
    yield "-A -u 192.0.2.121:53 -s rr -o"
    yield "-A --sctp-service 192.0.2.122:36412 -s wlc"
    yield "-A -t [2001:db8::1]:80 -s rr"
    yield "-A -u [2001:db8::2]:5060 -s rr -o"
    yield "-A --sctp-service [2001:db8::3]:36412 -s sh -b sh-port"
    yield "-A -f 7 -s rr"
    yield "-A -f 4294967295 -s wrr"
    yield "-A -f 8 -6 -s rr"


def _persistence() -> Iterator[str]:
    yield "-A -t 192.0.2.130:80 -s rr -p 10800"
    yield "-A -t 192.0.2.131:80 -s rr -p 360 -M 255.255.255.0"
    yield "-A -t 192.0.2.132:0 -s rr -p 60"
    yield "-A -u 192.0.2.133:5060 -s rr -o -p 360 --pe sip"
    yield "-A -t [2001:db8::4]:80 -s mh -b mh-port -p 300 -M 64"
    yield "-A -f 9 -s wlc -p 3600"


def _real_servers() -> Iterator[str]:
    yield "-a -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 1"
    yield "-a -t 192.0.2.1:80 -r 198.51.100.2:80 -g -w 0"
    yield "-a -t 192.0.2.1:80 -r 198.51.100.3:80 -i -w 65535"
    yield "-a -t 192.0.2.1:80 -r 198.51.100.9:80 -g"
    yield "-a -t 192.0.2.1:80 -r 198.51.100.9:8080 -m"
    yield "-a -t 192.0.2.2:80 -r 198.51.100.4:80 -i --tun-type gue --tun-port 6080"
    yield "-a -t 192.0.2.2:80 -r 198.51.100.5:80 -i --tun-type gre"
    yield "-a -t 192.0.2.2:80 -r [2001:db8::14]:80 -i"
    yield "-a -t [2001:db8::1]:80 -r [2001:db8::11]:8080 -m"
    yield "-a -t [2001:db8::1]:80 -r [2001:db8:1234:5678:9abc:def0:1234:5678]:65535 -m -w 100"
    yield "-a -u 192.0.2.120:53 -r 198.51.100.6:53 -m"
    yield "-a --sctp-service 192.0.2.122:36412 -r 198.51.100.7:36412 -m"
    yield "-a -f 7 -r 198.51.100.8:0 -g"
    yield "-a -f 8 -6 -r [2001:db8::18]:0 -g"


def main() -> None:
    """Make the table, refusing to go on where the kernel takes less than it did; write the four texts."""
    machines = Machines(ROOT / "tests/real/cluster/cluster")
    for command in SETUP:
        machines.sh("node1", command)
    for words in commands():
        machines.sh("node1", f"{INSIDE} ipvsadm {words}")
    for name, command in WHAT.items():
        (RECORDED / f"real-{name}.txt").write_text(machines.sh("node1", f"{INSIDE} {command}"))
    machines.sh("node1", "ip netns del record")


if __name__ == "__main__":
    main()
