"""Large tables: one node of 10,000 services x 10 endpoints parsed and summed; 200 nodes of 5,000 services x 4.

Bars: one node in <= 0.25 s, memory <= 3 x the text; 200 nodes with a peak <= 200 MB: tables are summed as they arrive.
"""

import statistics
import time
import tracemalloc

from measure import OURS, Cost, machine, server

from kubectl_ipvs.ipvs.summary import Summarizer

CHUNK = 32 * 1024  # as kubelets send it


def one(proc: bool) -> bytes:  # noqa: FBT001 - a benchmark's own switch
    """Write the table of 10,000 services x 10 endpoints in one of the two formats."""
    rows = [b"IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"]
    rows.append(b"  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n" if proc else
                b"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n")  # fmt: skip
    for number in range(10_000):
        high, low = divmod(number, 256)
        rows.append(
            b"TCP  0A60%02X%02X:0050 rr  \n" % (high, low) if proc else b"TCP  10.96.%d.%d:80 rr\n" % (high, low)
        )
        for pod in range(10):
            if proc:
                rows.append(
                    b"  -> 0A%02X%02X%02X:1F90      Masq    1      %-10d %-10d\n" % (pod, high, low, pod, number % 50)
                )
            else:
                address = b"10.%d.%d.%d:8080" % (pod, high, low)
                rows.append(b"  -> %-28s Masq    1      %-10d %-10d\n" % (address, pod, number % 50))
    return b"".join(rows)


def summed(data: bytes) -> tuple[float, float]:
    """Sum a table that arrives in chunks; return seconds (median of 5) and MiB beyond the text."""
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        _sum(data)
        taken.append(time.perf_counter() - began)
    tracemalloc.start()
    _sum(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return statistics.median(taken), peak / 2**20


def _sum(data: bytes) -> None:
    summing = Summarizer()
    for at in range(0, len(data), CHUNK):
        summing.feed(data[at : at + CHUNK])
    found = summing.finish()
    assert (found.virtual_servers, found.real_servers, found.unparsed_lines) == (10_000, 100_000, 0)


def main() -> str:
    """Measure; return the tables."""
    lines = ["### one node, 10,000 services x 10 endpoints", "", "| format | text MB | seconds | MiB beyond the text |"]
    lines.append("|---|---|---|---|")
    for name, proc in (("ipvsadm -Ln", False), ("/proc/net/ip_vs", True)):
        data = one(proc)
        seconds, beyond = summed(data)
        lines.append(f"| {name} | {len(data) / 1e6:.1f} | {seconds:.3f} | {beyond:.1f} |")
    with server(nodes=200, services=5000, endpoints=4) as target:
        cost: Cost = target.run([OURS, "status", "--exec-timeout", "60s"])
    lines += ["", "### 200 nodes x 5,000 services x 4 endpoints", "", "| wall s | cpu s | peak MiB |", "|---|---|---|"]
    lines.append(f"| {cost.wall:.1f} | {cost.cpu:.1f} | {cost.peak:.0f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(machine())
    print(main())
