"""One node's table of 10,000 services x 10 endpoints, in both formats, parsed and summed as it arrives. No server.

Bars: <= 0.25 s; memory beyond the text <= 3 x the text. Each format is measured in a process of its own.
"""

import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator

from measure import environment
from places import Place
from report import Bar, Report, script, table

from kubectl_ipvs.ipvs.summary import Summarizer

CHUNK = 32 * 1024  # as kubelets send it
SERVICES, ENDPOINTS = 10_000, 10
HEAD = b"IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
FORMATS = {"ipvsadm": "ipvsadm -Ln", "proc": "/proc/net/ip_vs"}


def ipvsadm() -> Iterator[bytes]:
    """Yield the table as ipvsadm prints it."""
    yield HEAD + b"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
    for number in range(SERVICES):
        high, low = divmod(number, 256)
        yield b"TCP  10.96.%d.%d:80 rr\n" % (high, low)
        for pod in range(ENDPOINTS):
            address = b"10.%d.%d.%d:8080" % (pod, high, low)
            yield b"  -> %-28s Masq    1      %-10d %-10d\n" % (address, pod, number % 50)


def proc() -> Iterator[bytes]:
    """Yield the table as the kernel prints it."""
    yield HEAD + b"  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
    for number in range(SERVICES):
        high, low = divmod(number, 256)
        yield b"TCP  0A60%02X%02X:0050 rr  \n" % (high, low)
        for pod in range(ENDPOINTS):
            yield b"  -> 0A%02X%02X%02X:1F90      Masq    1      %-10d %-10d\n" % (pod, high, low, pod, number % 50)


def measured(form: str) -> list[float]:
    """Sum a table; return its size in MB, the seconds of each of 7 runs (but the first), the MB beyond the text."""
    data = b"".join(ipvsadm() if form == "ipvsadm" else proc())
    taken = []
    for _ in range(7):
        began = time.perf_counter()
        _sum(data)
        taken.append(time.perf_counter() - began)
    tracemalloc.start()
    _sum(data)
    beyond = tracemalloc.get_traced_memory()[1]
    return [len(data) / 1e6, beyond / 1e6, *taken[1:]]


def _sum(data: bytes) -> None:
    summing = Summarizer()
    for at in range(0, len(data), CHUNK):
        summing.feed(data[at : at + CHUNK])
    found = summing.finish()
    counts = (found.schedulers, found.own_real_servers, found.empty, found.foreign, found.unparsed_lines)
    assert counts == ({"rr": SERVICES}, SERVICES * ENDPOINTS, 0, 0, 0), counts


def main(_: Place) -> Report:
    """Measure."""
    rows, bars = [], []
    for form, name in FORMATS.items():
        words = [sys.executable, __file__, "--measure", form]
        done = subprocess.run(words, env=environment(), stdout=subprocess.PIPE, check=True)
        size, beyond, *taken = json.loads(done.stdout)
        seconds, spread = statistics.median(taken), f"{min(taken):.3f}-{max(taken):.3f}"
        rate, more = f"{size / seconds:.0f}", f"{beyond:.2f}"
        rows.append((name, f"{size:.1f}", str(len(taken)), f"{seconds:.3f}", spread, rate, more))
        bars += [
            Bar(f"`{name}`, 10,000 services x 10 endpoints", seconds, 0.25, "s"),
            Bar(f"`{name}`, memory against the text", (size + beyond) / size, 3, "x"),
        ]
    head = ("format", "text MB", "runs", "seconds", "spread", "MB a second", "MB beyond the text")
    return Report("one node, 10,000 services x 10 endpoints", [table(head, rows)], bars)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measured(sys.argv[2])))
    else:
        script(main)
