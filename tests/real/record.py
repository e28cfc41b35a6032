#!/usr/bin/env python3
"""Records what a real kernel and a real ipvsadm print of everything that they can be given.

`make record` writes tests/unit/recorded/real-*.txt anew; tests/unit/recorded_real.py says what is given and what it
means. The table is made in a network namespace of its own on node1 of the project's cluster: IPVS keeps one for each.
"""

import base64
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.clusters import Machines  # noqa: E402 - found by the line above
from tests.unit.recorded_real import GIVEN  # noqa: E402 - found by the line above

RECORDED = ROOT / "tests/unit/recorded"
INSIDE = "ip netns exec record"
WHAT = {
    "ipvsadm": "ipvsadm -Ln",
    "stats": "ipvsadm -Ln --stats",
    "rate": "ipvsadm -Ln --rate",
    "proc": "cat /proc/net/ip_vs",
}
BEYOND = Path(__file__).parent / "beyond_ipvsadm.py"
SETUP = (
    "modprobe -a ip_vs_pe_sip sctp",
    "ip netns del record 2>/dev/null; ip netns add record",
    f"{INSIDE} ip link set lo up",
    f"{INSIDE} ip addr add 198.51.100.9/32 dev lo",
    f"{INSIDE} ip addr add 192.0.2.150/32 dev lo",
    f"echo {base64.b64encode(BEYOND.read_bytes()).decode()} | base64 -d >/tmp/beyond.py",
)
LOG = "/tmp/beyond.log"  # noqa: S108 - a node of its own


def in_background(command: str) -> str:
    """Let a command stay that says `open` first: with it stay the connections that the kernel is to count."""
    opened = f"until grep -q open {LOG} || ! kill -0 $!; do sleep 0.2; done"
    return f"{command} >{LOG} 2>&1 & {opened}; grep -q open {LOG} || {{ cat {LOG}; false; }}"


def main() -> None:
    """Make the table, refusing to go on where the kernel takes less than it did; write the four texts."""
    machines = Machines(ROOT / "tests/real/cluster/cluster")
    for command in SETUP:
        machines.sh("node1", command)
    for words in (words for given in GIVEN for words in given.commands):
        machines.sh("node1", f"{INSIDE} ipvsadm {words}")
    for words in (given.beyond for given in GIVEN if given.beyond):
        command = f"{INSIDE} python3 /tmp/beyond.py {words}"
        machines.sh("node1", in_background(command) if words.startswith("connections") else command)
    for name, command in WHAT.items():
        (RECORDED / f"real-{name}.txt").write_text(machines.sh("node1", f"{INSIDE} {command}"))
    machines.sh("node1", "kill $(ip netns pids record); ip netns del record")


if __name__ == "__main__":
    main()
