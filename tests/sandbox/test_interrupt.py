"""Ctrl-C during a rollout, in a process of its own: the first finishes what is in progress, the second abandons it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import MakeSandbox, Run

SCRIPT = str(Path(sys.executable).with_name("kubectl-ipvs"))
Interrupted = Callable[[Sandbox, int, str], Run]


@pytest.fixture
def interrupted(tmp_path: Path) -> Interrupted:
    """Run the installed script on a sandbox, and send it SIGINT so many times, each after a line with `cue`."""

    def run(box: Sandbox, times: int, cue: str) -> Run:
        path = tmp_path / "kubeconfig"
        path.write_text(box.kubeconfig())
        words = [
            SCRIPT,
            "--kubeconfig",
            str(path),
            "restart",
            "--yes",
            "--canary",
            "node1",
            "--settle",
            "0.2s",
            "--timeout",
            "8s",
        ]
        seen = ""
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
        ) as process:
            assert process.stderr is not None
            while cue not in (line := process.stderr.readline()):
                seen += line
            process.send_signal(signal.SIGINT)
            if times > 1:
                time.sleep(0.3)  # two signals that come together are one
                process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
        return Run(process.returncode, out, (seen + line + err).replace(str(path), "KUBECONFIG"))

    return run


def test_ctrl_c_finishes_what_is_in_progress(sandbox: MakeSandbox, interrupted: Interrupted) -> None:
    """After the first Ctrl-C no new node starts, the one in progress is verified; 130, and a command for the rest."""
    box = sandbox(nodes=3, start=0.5)

    run = interrupted(box, 1, "node1: waiting for its new pod")

    assert (run.code, run.out) == (130, "node/node1 restarted\nnode/node2 not restarted\nnode/node3 not restarted\n")
    assert "3 nodes: 1 restarted, 2 not restarted" in run.err.splitlines()
    assert run.err.splitlines()[-2:] == [
        "interrupted after 1 of 3 nodes",
        "continue:  kubectl ipvs --kubeconfig KUBECONFIG restart node2 node3",
    ]
    assert (box.restarts, box.schedulers()["node1"]) == ({"node1": 1, "node2": 0, "node3": 0}, "rr")


def test_second_ctrl_c_abandons(sandbox: MakeSandbox, interrupted: Interrupted) -> None:
    """After the second Ctrl-C it ends at once, and says which node was abandoned."""
    box = sandbox(nodes=2, faults={"node1": "slow-start=30"})

    run = interrupted(box, 2, "node1: waiting for its new pod")

    assert (run.code, run.out.splitlines()[1]) == (130, "node/node2 not restarted")
    assert run.out.startswith("node/node1 abandoned: interrupted while ")
    assert "Traceback" not in run.err
    assert box.restarts == {"node1": 1, "node2": 0}
