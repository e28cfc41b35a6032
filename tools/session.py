"""The terminal session of README and `make demo`: real commands against a fresh sandbox, through kubectl."""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kubectl_ipvs.sandbox import Sandbox

BIN = Path(sys.executable).parent  # the virtual environment's: kubectl-ipvs, and kubectl where it is installed
COMMANDS = (
    "kubectl ipvs get",
    "kubectl ipvs set --scheduler lc --yes",
    "kubectl ipvs status",
    "kubectl ipvs services --sort-by skew",
    "kubectl ipvs verify",
)


def play(*, show: bool, commands: Sequence[str] = COMMANDS) -> str:
    """Run the session, or other commands; return what a terminal would hold, or show it (and return nothing)."""
    told: list[str] = []
    with Sandbox(nodes=3) as box, tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        kubeconfig.write_text(box.kubeconfig())
        for command in commands:
            told.append(f"$ {command}\n")
            if show:
                sys.stdout.write(f"\n\x1b[1m$ {command}\x1b[0m\n" if sys.stdout.isatty() else f"\n$ {command}\n")
                sys.stdout.flush()
            told.append(_run(command, kubeconfig, show=show))
    return "".join(told)


def _run(command: str, kubeconfig: Path, *, show: bool) -> str:
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    words = shlex.split(command)
    if not (BIN / "kubectl").exists():  # no kubectl for this machine: the plugin alone does the same
        words = ["kubectl-ipvs", *words[2:]]
    captured = None if show else subprocess.PIPE
    merged = None if show else subprocess.STDOUT
    ended = subprocess.run(words, env=environment, stdout=captured, stderr=merged, text=True, check=False)
    if ended.returncode != 0:
        raise SystemExit(f"{command} ended with {ended.returncode}\n{ended.stdout or ''}")
    return ended.stdout or ""
