"""800 Services, as far as a node of one emulated CPU goes: the table is read whole, on every node.

kube-proxy 1.20 adds them within minutes and takes longer to remove them: they are left, and the cluster ends.
"""

import time
from collections.abc import Callable

from tests.clusters import Cluster, Machines

MANY = 800
SAME = 4  # looks, each some five seconds after the one before
SECONDS = 1500.0  # kube-proxy 1.20 takes its time to follow


def wait(what: str, done: Callable[[], bool]) -> None:
    """Wait for something that kube-proxy does."""
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline, f"{what}: not within {SECONDS} s"
        time.sleep(3)


def rows(machines: Machines, node: str) -> int:
    """Count a kernel's virtual servers, past Kubernetes."""
    return int(machines.sh(node, "grep -cE '^(TCP|UDP|SCTP)' /proc/net/ip_vs || true"))


def settled(machines: Machines, nodes: list[str]) -> dict[str, int]:
    """Return each kernel's number of virtual servers, once it has stayed the same for a while."""
    counted: list[dict[str, int]] = []

    def stays() -> bool:
        counted.append({node: rows(machines, node) for node in nodes})
        return len(counted) >= SAME and all(each == counted[-1] for each in counted[-SAME:])

    wait("tables that stay as they are", stays)
    return counted[-1]


def test_many_services(cluster: Cluster, machines: Machines, measured: list[str]) -> None:
    """`status` counts what each kernel has, and all of it has one scheduler."""
    nodes = sorted(cluster.pods)
    for node in nodes:
        machines.sh(node, "pkill -STOP kube-proxy")  # it takes them in one sync then, instead of each few in one
    machines.run("services", str(MANY), "1", seconds=900)
    for node in nodes:
        machines.sh(node, "pkill -CONT kube-proxy")
    wait("all virtual servers", lambda: all(rows(machines, node) > MANY for node in nodes))
    expected = settled(machines, nodes)

    began = time.monotonic()
    seen = cluster.ipvs("status", "--exec-timeout", "120s", "-o", "json")
    measured.append(f"`status` with {MANY} Services on each of {len(nodes)} nodes: {time.monotonic() - began:.1f} s")

    assert seen.code == 0, seen.err
    assert {row["node"]: row["virtualServers"] for row in seen.json["nodes"]} == expected
    assert len({tuple(row["schedulers"]) for row in seen.json["nodes"]}) == 1
    assert {row["state"] for row in seen.json["nodes"]} == {"in-sync"}
