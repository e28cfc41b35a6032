"""What the benchmarks share: a server to measure against, a command's cost, and a table of medians and ratios.

The server is a sandbox in a process of its own, or, with BENCH_KUBECONFIG, a cluster that is there already (the scale
mode of tests/real/cluster: a real kube-apiserver with stub kubelets). Commands are run in turn in one run, after a
warm-up, so that a busy machine is busy for all of them.
"""

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
OURS = str(BIN / "kubectl-ipvs")
KUBECTL = shutil.which("kubectl", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}") or "kubectl"
SERVER = """
import json, sys
from pathlib import Path
from kubectl_ipvs.sandbox import Sandbox
with Sandbox(**json.loads(sys.argv[2])) as box:
    Path(sys.argv[1]).write_text(box.kubeconfig())
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps({"requests": len(box.requests), "most_open": box.most_connections}), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of a command: wall and CPU seconds, peak memory in MiB, what it wrote to stdout."""

    wall: float
    cpu: float
    peak: float
    out: str


class Server:
    """A cluster to measure against."""

    def __init__(self, kubeconfig: str, process: "subprocess.Popen[str] | None" = None) -> None:
        self.environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        self.environment["KUBECONFIG"] = kubeconfig
        self.environment["NO_COLOR"] = "1"
        self._process = process

    def counters(self) -> Mapping[str, int]:
        """Return how many requests a sandbox has had and how many connections were open at most."""
        if self._process is None:
            return {}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        import json

        found: Mapping[str, int] = json.loads(self._process.stdout.readline())
        return found

    def run(self, words: Sequence[str]) -> Cost:
        """Run a command to its end; it must succeed."""
        began = time.perf_counter()
        with subprocess.Popen(
            words, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            out = child.stdout.read()
            err = child.stderr.read()
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        if child.returncode != 0:
            raise SystemExit(f"{' '.join(words)} ended with {child.returncode}:\n{err[-2000:]}")
        return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out)


@contextmanager
def server(**options: object) -> Iterator[Server]:
    """Start a sandbox in a process of its own, or take the cluster that BENCH_KUBECONFIG names."""
    named = os.environ.get("BENCH_KUBECONFIG")
    if named:
        yield Server(named)
        return
    import json

    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kubeconfig"
        words = [sys.executable, "-c", SERVER, str(path), json.dumps(options)]
        with subprocess.Popen(
            words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                yield Server(str(path), process)
            finally:
                assert process.stdin is not None
                process.stdin.close()


def in_turn(target: Server, commands: Mapping[str, Sequence[str]], rounds: int, warm: int = 1) -> dict[str, list[Cost]]:
    """Run every command `rounds` times, one after the other, after `warm` rounds that do not count."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(warm + rounds):
        for name, words in commands.items():
            cost = target.run(words)
            if turn >= warm:
                found[name].append(cost)
    return found


def table(title: str, found: Mapping[str, Sequence[Cost]], nodes: int = 0) -> str:
    """Write medians with their spread; ratios are against the last command."""
    base = statistics.median(cost.wall for cost in found[list(found)[-1]])
    lines = [f"### {title}", "", "| command | wall s | spread | x | cpu s | cpu ms a node | peak MiB |"]
    lines.append("|---|---|---|---|---|---|---|")
    for name, costs in found.items():
        walls = sorted(cost.wall for cost in costs)
        wall, cpu = statistics.median(walls), statistics.median(cost.cpu for cost in costs)
        node = f"{cpu / nodes * 1000:.2f}" if nodes else "-"
        spread, peak = f"{walls[0]:.3f}-{walls[-1]:.3f}", max(cost.peak for cost in costs)
        lines.append(f"| {name} | {wall:.3f} | {spread} | {wall / base:.2f} | {cpu:.3f} | {node} | {peak:.0f} |")
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Name what it was measured on."""
    where = "a cluster with a real kube-apiserver" if os.environ.get("BENCH_KUBECONFIG") else "the sandbox"
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, {where}"
    )
