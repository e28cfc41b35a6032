"""How long `kubectl-ipvs --help` and `get` take, beside `kubectl get cm kube-proxy -o yaml` against the same server.

Runs in turn (ours, theirs ...), after a warm-up, and prints median, spread and ratio of wall and CPU time.
Bars: --help <= 120 ms wall; get <= 5 x kubectl.
"""

import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
ROUNDS = 15
SERVER = """
import sys, time
from pathlib import Path
from kubectl_ipvs.sandbox import Sandbox
with Sandbox(nodes=3) as box:
    Path(sys.argv[1]).write_text(box.kubeconfig())
    print("ready", flush=True)
    sys.stdin.read()
"""


def once(words: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a command; return wall and CPU milliseconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, cpu * 1000


def measure(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]
) -> dict[str, list[tuple[float, float]]]:
    """Run all commands in turn, ROUNDS times after two rounds of warm-up."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for turn in range(ROUNDS + 2):
        for name, words in commands.items():
            figures = once(words, environment)
            if turn >= 2:  # noqa: PLR2004 - warm-up
                taken[name].append(figures)
    return taken


def main() -> None:
    """Start a sandbox in a process of its own, measure, print."""
    kubectl = shutil.which("kubectl", path=f"{BIN}{os.pathsep}{os.environ['PATH']}") or "kubectl"
    ours = str(BIN / "kubectl-ipvs")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        environment["KUBECONFIG"] = str(kubeconfig)
        serve = [sys.executable, "-c", SERVER, str(kubeconfig)]
        with subprocess.Popen(serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as server:
            assert server.stdout is not None
            server.stdout.readline()
            taken = measure(
                {
                    "kubectl-ipvs --help": [ours, "--help"],
                    "kubectl-ipvs version --client": [ours, "version", "--client"],
                    "kubectl-ipvs get": [ours, "get"],
                    "kubectl get cm kube-proxy -o yaml": [
                        kubectl,
                        "get",
                        "cm",
                        "-n",
                        "kube-system",
                        "kube-proxy",
                        "-oyaml",
                    ],
                },
                environment,
            )
            server.communicate()
    show(taken)


def show(taken: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Print the table; the last command is what the others are compared with."""
    medians = {name: [statistics.median(column) for column in zip(*runs, strict=True)] for name, runs in taken.items()}
    base = medians[list(medians)[-1]]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {ROUNDS} rounds, milliseconds")
    print(f"{'':36}{'wall':>8}{'spread':>16}{'ratio':>8}{'cpu':>8}{'ratio':>8}")
    for name, (wall, cpu) in medians.items():
        walls = sorted(figures[0] for figures in taken[name])
        spread = f"{walls[0]:.0f}-{walls[-1]:.0f}"
        print(f"{name:36}{wall:8.0f}{spread:>16}{wall / base[0]:8.2f}{cpu:8.0f}{cpu / base[1]:8.2f}")


if __name__ == "__main__":
    main()
