"""`status --watch` over 500 nodes, 5 s interval: its share of one core, and its memory over the redraws.

Bars: <= 25 % of one core; steady memory over 200 redraws. BENCH_REDRAWS sets how many are made (20; 200 takes 20 min).
"""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from measure import OURS, machine, server

INTERVAL, REDRAWS = 5.0, int(os.environ.get("BENCH_REDRAWS", "20"))


def main() -> str:
    """Measure; return the table."""
    with server(nodes=500, services=100, endpoints=4, exec_latency=0.05) as target:
        words = [OURS, "status", "--watch", "--interval", f"{INTERVAL:g}s"]
        pause = subprocess.DEVNULL
        with subprocess.Popen(words, env=target.environment, stdout=subprocess.PIPE, stderr=pause, text=True) as child:
            assert child.stdout is not None
            seen, memory, began = 0, [], time.monotonic()
            for line in child.stdout:
                if line.startswith("NODE "):
                    seen += 1
                    memory.append(resident(child.pid))
                if seen > REDRAWS:
                    break
            spent, wall = cpu(child.pid), time.monotonic() - began
            child.send_signal(signal.SIGINT)
            child.stdout.close()
            child.wait()
    lines = ["### status --watch, 500 nodes", "", "| redraws | share of one core | MiB at 2nd | MiB at last |"]
    lines += ["|---|---|---|---|", f"| {REDRAWS} | {spent / wall:.0%} | {memory[1]:.0f} | {memory[-1]:.0f} |"]
    return "\n".join(lines) + "\n"


def resident(pid: int) -> float:
    """Return a process's resident memory in MiB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def cpu(pid: int) -> float:
    """Return the CPU seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(machine())
    print(main())
