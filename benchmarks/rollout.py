"""How long `kubectl-ipvs set --scheduler lc` takes on 1,000 simulated nodes whose pods are back in 1 s.

The sandbox runs in a process of its own. Prints wall seconds, CPU seconds and peak memory of the plugin, requests for
each node, and the most nodes that were down together. Bars: <= 60 s wall, <= 250 MB, <= 12 requests a node, <= 10 %
down. Ends with 1 where a bar is missed. Another number of nodes may be given as an argument.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("kubectl-ipvs")
SECONDS, MEGABYTES, REQUESTS, DOWN = 60.0, 250.0, 12.0, 0.1
SERVER = """
import json, sys
from collections import Counter
from pathlib import Path
from kubectl_ipvs.sandbox import Sandbox
with Sandbox(nodes=int(sys.argv[2]), terminate=0.5, start=0.5, sync=0.1) as box:
    Path(sys.argv[1]).write_text(box.kubeconfig())
    print("ready", flush=True)
    sys.stdin.read()
    kinds = Counter(seen.method + " " + seen.path.rsplit("/", 1)[-1].split("-")[0] for seen in box.requests)
    schedulers = Counter(box.schedulers().values())
    print(json.dumps([len(box.requests), box.most_down, schedulers, kinds]), flush=True)
"""


def run(folder: Path, nodes: int) -> tuple[float, float, float, int, list[object]]:
    """Run it once; return wall seconds, CPU seconds, peak MB, the exit code, and what the sandbox saw."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", SERVER, str(folder / "kubeconfig"), str(nodes)]
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdin is not None and server.stdout is not None  # noqa: PT018 - pipes, as asked for
        server.stdout.readline()
        environment = {**os.environ, "KUBECONFIG": str(folder / "kubeconfig")}
        with (folder / "output").open("w") as output:
            began = time.perf_counter()
            plugin = subprocess.Popen(
                [PROGRAM, "set", "--scheduler", "lc"], env=environment, stdout=output, stderr=subprocess.STDOUT
            )
            _, status, used = os.wait4(plugin.pid, 0)
            wall = time.perf_counter() - began
        plugin.returncode = os.waitstatus_to_exitcode(status)
        server.stdin.close()
        seen = json.loads(server.stdout.readline())
    unit = 1e6 if platform.system() == "Darwin" else 1e3  # bytes there, kilobytes on Linux
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / unit, plugin.returncode, seen


def main() -> int:
    """Measure, print, and weigh."""
    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu, memory, code, (requests, down, schedulers, kinds) = run(Path(folder), nodes)
    print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {nodes} nodes")
    print(f"exit code    {code}, schedulers {schedulers}")
    print(f"wall         {wall:8.1f} s   (bar {SECONDS:g})")
    print(f"CPU          {cpu:8.1f} s   ({1000 * cpu / nodes:.1f} ms a node)")
    print(f"peak memory  {memory:8.1f} MB  (bar {MEGABYTES:g})")
    print(f"requests     {int(str(requests)) / nodes:8.2f} a node (bar {REQUESTS:g}): {kinds}")
    print(f"most down    {down!s:>8} nodes (bar {max(1, int(nodes * DOWN))})")
    held = code == 0 and schedulers == {"lc": nodes}
    few = int(str(requests)) <= REQUESTS * nodes and int(str(down)) <= max(1, int(nodes * DOWN))
    return 0 if held and few and wall <= SECONDS and memory <= MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
