"""What the tests of the review share: a process of its own, what its hints are, and clusters that were found in it."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import Run

PROGRAM = Path(sys.executable).with_name("kubectl-ipvs")
ROOT = Path(__file__).parents[2]
SOON = 15.0  # seconds that anything may take on a busy machine


def environment(box: Sandbox, folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a program that is to use this sandbox."""
    path = folder / "kubeconfig-of-programs"
    path.write_text(box.kubeconfig())
    return {**os.environ, "KUBECONFIG": str(path), "PYTHONPATH": str(ROOT), **more}


@contextmanager
def started(box: Sandbox, folder: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """Start the plugin as a program of its own; nobody can be asked there."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [PROGRAM, *words], env=environment(box, folder), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: "subprocess.Popen[str]", seconds: float = 2 * SOON) -> Run:
    """Wait for its end."""
    out, err = process.communicate(timeout=seconds)
    return Run(process.returncode, out, err)


def until(true: Callable[[], object], seconds: float = SOON) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def press_ctrl_c(process: "subprocess.Popen[str]") -> None:
    """Interrupt, as a terminal does."""
    process.send_signal(signal.SIGINT)


def commands(text: str) -> list[list[str]]:
    """Return the words of each `kubectl ipvs ...` that a text advises, in its order, without those two."""
    found = re.findall(r"kubectl ipvs ([^`\n;)]+)", text)
    return [shlex.split(words) for words in found]


def restarted(box: Sandbox) -> dict[str, int]:
    """Return how often each node was restarted, of those that were."""
    return {node: count for node, count in box.restarts.items() if count}


def edited(box: Sandbox, old: str, new: str) -> None:
    """Change kube-proxy's configuration as somebody with `kubectl edit` would."""
    assert old in box.config
    box.set_config(box.config.replace(old, new))


def states(run: Run) -> Mapping[str, str]:
    """Return the state of each node, of a `status -o json`."""
    return {row["node"]: row["state"] for row in run.json["nodes"]}
