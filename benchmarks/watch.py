"""`status --watch` over 500 nodes, 5 s interval: its share of one core, and its memory over the redraws.

Bars: <= 25 % of one core; memory steady: the second half of the redraws needs at most 10 % more than the first.
BENCH_REDRAWS sets how many are measured (8; 200 take 25 minutes), BENCH_NODES another number of nodes.
"""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from measure import OURS, Server
from places import Place, Shape
from report import Bar, Report, script, table

NODES = int(os.environ.get("BENCH_NODES", "500"))
INTERVAL, REDRAWS = 5.0, max(2, int(os.environ.get("BENCH_REDRAWS", "8")))


@dataclass(frozen=True, slots=True)
class Look:
    """The process at one redraw: seconds on the clock and of CPU, resident MB."""

    at: float
    cpu: float
    memory: float


def main(where: Place) -> Report:
    """Measure; start-up and the first look do not count."""
    with where.server(Shape(NODES, latency=0.05)) as target:
        looks = _watched(target)
    first, last = looks[0], looks[-1]
    share = (last.cpu - first.cpu) / (last.at - first.at)
    middle = len(looks) // 2
    early, late = (max(look.memory for look in half) for half in (looks[:middle], looks[middle:]))
    bars = [
        Bar("share of one core", share * 100, 25, "%"),
        Bar(f"memory of the second half of {REDRAWS} redraws against the first", late / early, 1.1, "x"),
    ]
    head = ("redraws", "seconds between", "share of one core", "MB at first", "MB at last", "most MB")
    pause = (last.at - first.at) / (len(looks) - 1)
    row = (str(REDRAWS), f"{pause:.1f}", f"{share:.0%}", f"{first.memory:.0f}", f"{last.memory:.0f}")
    return Report(f"status --watch, {NODES} nodes", [table(head, [(*row, f"{max(early, late):.0f}")])], bars)


def _watched(target: Server) -> list[Look]:
    words = [OURS, "status", "--watch", "--interval", f"{INTERVAL:g}s"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    looks: list[Look] = []
    with subprocess.Popen(words, env=target.environment, stdout=pipe, stderr=nothing, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if "NODE " in line:
                looks.append(Look(time.monotonic(), _cpu(child.pid), _resident(child.pid)))
            if len(looks) > REDRAWS:
                break
        child.send_signal(signal.SIGINT)
        child.stdout.close()
    assert len(looks) > REDRAWS, f"it ended after {len(looks)} redraws"
    return looks


def _resident(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    script(main)
