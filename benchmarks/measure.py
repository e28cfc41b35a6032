"""What a command costs: wall and CPU time, memory, requests. Commands are run in turn, after a warm-up, in one run.

A busy machine is then busy for all of them. Memory is the highest resident size of the process, in MB (10^6 bytes).
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
OURS = str(BIN / "kubectl-ipvs")
KUBECTL = shutil.which("kubectl", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}") or "kubectl"
KILOBYTE = 1 if sys.platform == "darwin" else 1024  # bytes in a unit of ru_maxrss
LONGEST = 900.0  # seconds a command may take
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "0"))  # instead of each row's own number of runs


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of a command: wall and CPU seconds, peak memory in MB, what it wrote to stdout."""

    wall: float
    cpu: float
    peak: float
    out: str


@dataclass(frozen=True, slots=True)
class Server:
    """A cluster to measure against; `counters` has requests, throttled, most_open and most_down since its start."""

    kubeconfig: str
    counters: Callable[[], Mapping[str, int]]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command that is to use it."""
        return {**environment(), "KUBECONFIG": self.kubeconfig, "NO_COLOR": "1"}

    def run(self, words: Sequence[str], codes: Collection[int] = (0,)) -> Cost:
        """Run a command to its end; SystemExit where its exit code is none of `codes`."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.perf_counter()
            child = subprocess.Popen(words, env=self.environment, stdout=out, stderr=err)
            killer = threading.Timer(LONGEST, child.kill)
            killer.start()
            _, status, used = os.wait4(child.pid, 0)
            wall = time.perf_counter() - began
            killer.cancel()
            child.returncode = os.waitstatus_to_exitcode(status)
            texts = [_text(file) for file in (out, err)]
        if child.returncode not in codes:
            raise SystemExit(f"{' '.join(words)} ended with {child.returncode}:\n{texts[1][-2000:]}")
        return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * KILOBYTE / 1e6, texts[0])

    def requests(self, work: Callable[[], object]) -> int:
        """Count the requests that come in while `work` is done."""
        before = self.counters()["requests"]
        work()
        return self.counters()["requests"] - before


def _text(file: "tempfile._TemporaryFileWrapper[bytes]") -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def environment() -> dict[str, str]:
    """Return the environment of what is started: compiled modules are kept, as users have them."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def rounds(usual: int) -> int:
    """Return how often to run, where `usual` is a row's own number."""
    return ROUNDS or usual


def in_turn(target: Server, commands: Mapping[str, Sequence[str]], times: int, warm: int = 1) -> dict[str, list[Cost]]:
    """Run every command `times` times, one after the other, after `warm` rounds that do not count."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(warm + times):
        for name, words in commands.items():
            cost = target.run(words)
            if turn >= warm:
                found[name].append(cost)
    return found


def wall(costs: Sequence[Cost]) -> float:
    """Return the median of the wall times."""
    return statistics.median(cost.wall for cost in costs)


def cpu(costs: Sequence[Cost]) -> float:
    """Return the median of the CPU times."""
    return statistics.median(cost.cpu for cost in costs)


def peak(costs: Sequence[Cost]) -> float:
    """Return the highest memory."""
    return max(cost.peak for cost in costs)


def all_in_sync(cost: Cost, nodes: int) -> bool:
    """Tell whether `status` has printed a row for each node, each in sync."""
    rows = cost.out.splitlines()[1:]
    return len(rows) == nodes and all(row.endswith("in sync") for row in rows)


def yardstick() -> float:
    """CPU seconds of a plain loop of ten million rounds: machines differ, and one that is shared from hour to hour."""
    began, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number * number % 7
    assert total
    return time.process_time() - began
