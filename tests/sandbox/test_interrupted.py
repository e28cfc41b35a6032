"""Ctrl-C, SIGTERM and SIGKILL at any moment: what was begun is finished or said, and the run can be continued."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Drop, Request
from tests.harness import Ipvs, MakeSandbox, Run

PROGRAM = Path(sys.executable).with_name("kubectl-ipvs")
SET = ("set", "--scheduler", "lc", "--settle", "0s", "--yes")
FAST: dict[str, Any] = {"terminate": 0.02, "start": 0.02, "sync": 0.0}
SHARES = 4  # of the requests of a rollout, for tests that run side by side
GO_ON = ["continue:  kubectl ipvs set --scheduler lc", "roll back: kubectl ipvs undo"]


@contextmanager
def started(box: Sandbox, folder: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """Start the installed plugin against a sandbox of this process."""
    path = folder / "kubeconfig-of-a-process"
    path.write_text(box.kubeconfig())
    pipe = subprocess.PIPE
    environment = {**os.environ, "KUBECONFIG": str(path)}
    process = subprocess.Popen([PROGRAM, *words], env=environment, stdout=pipe, stderr=pipe, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: "subprocess.Popen[str]") -> Run:
    """Wait for the end of a process."""
    out, err = process.communicate(timeout=20)
    return Run(process.returncode, out, err)


def at(box: Sandbox, method: str, number: int, act: Callable[[], object]) -> threading.Event:
    """Do something at the nth request of a method, before it is answered; the event is set then."""
    done = threading.Event()

    def hook(request: Request) -> None:
        count = sum(seen.method == method for seen in box.requests)
        if request.method == method and count == number:
            box.hook = None
            act()
            done.set()

    box.hook = hook
    return done


def interrupt(process: "subprocess.Popen[str]") -> None:
    """Press Ctrl-C, and let it arrive."""
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_once(number: signal.Signals, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """The node in progress is finished, no other starts, and every node's state is said; then the command goes on."""
    box = sandbox(**{**FAST, "start": 0.2})
    with started(box, tmp_path, *SET) as process:
        at(box, "DELETE", 1, lambda: process.send_signal(number))
        run = ended(process)

    assert (run.code, run.out.splitlines()[-3:], box.schedulers()) == (
        130,
        ["node/node1 not restarted", "node/node2 restarted", "node/node3 not restarted"],
        {"node1": "rr", "node2": "lc", "node3": "rr"},
    )
    assert run.err.splitlines()[-4:] == [
        "3 nodes: 1 restarted, 2 not restarted",
        "interrupted after 1 of 3 nodes",
        *GO_ON,
    ]

    again = ipvs(box, *SET)

    assert (again.code, again.out, box.schedulers()) == (
        0,
        "node/node1 restarted\nnode/node3 restarted\n",
        {"node1": "lc", "node2": "lc", "node3": "lc"},
    )
    assert box.restarts == {"node1": 1, "node2": 1, "node3": 1}


def test_twice(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """The second stops at once, and says what is known of the node that was in progress."""
    box = sandbox(**FAST, nodes=2, faults={"node2": "slow-start=30"})

    with started(box, tmp_path, *SET) as process:
        deleted = at(box, "DELETE", 1, lambda: None)
        assert deleted.wait(10)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        alive = process.poll() is None
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        run = ended(process)

    assert (run.code, alive, time.monotonic() - began < 3) == (130, True, True)
    assert run.out.splitlines()[-2:] == [
        "node/node1 not restarted",
        "node/node2 abandoned: interrupted while starting",
    ]
    assert run.err.splitlines()[-2:] == GO_ON

    box.heal("node2")
    pod = next(pod for pod in box.objects("Pod") if pod["spec"].get("nodeName") == "node2")
    box.remove("Pod", "kube-system", pod["metadata"]["name"])
    again = ipvs(box, *SET)

    assert (again.code, box.schedulers()) == (0, {"node1": "lc", "node2": "lc"})


def test_before_anything_is_written(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """Ctrl-C while questions are asked ends it, and nothing was changed."""
    box = sandbox(**FAST, nodes=1)
    before = box.config

    with started(box, tmp_path, *SET) as process:
        at(box, "POST", 1, lambda: interrupt(process))
        run = ended(process)

    assert (run.code, run.err.splitlines()[-1], box.config, box.restarts) == (130, "interrupted", before, {"node1": 0})


def test_at_the_write(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """The write that is under way is finished and reported, and no node starts."""
    box = sandbox(**FAST, nodes=2)

    with started(box, tmp_path, *SET) as process:
        at(box, "PATCH", 1, lambda: interrupt(process))
        run = ended(process)

    assert (run.code, run.out.splitlines()[-3:], box.restarts) == (
        130,
        ["configmap/kube-proxy patched", "node/node1 not restarted", "node/node2 not restarted"],
        {"node1": 0, "node2": 0},
    )
    assert ipvs(box, *SET).code == 0
    assert box.schedulers() == {"node1": "lc", "node2": "lc"}


def test_during_the_rollback(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """The old value is written back, the node in progress is finished, and what is left is a command."""
    box = sandbox(**FAST, faults={"node3": "stale"})
    before = box.config

    with started(box, tmp_path, *SET, "--timeout", "0.6s") as process:
        at(box, "DELETE", 4, lambda: process.send_signal(signal.SIGINT))
        run = ended(process)

    assert (run.code, box.config, box.schedulers()["node1"]) == (1, before, "rr")
    last = run.err.splitlines()[-1]
    assert last.startswith("error: the change failed on node3 (not verified within 0.6s: the kernel has rr on ")
    assert last.endswith(
        "), and rolling it back failed: the old value is back in the configuration, but interrupted before it was "
        "verified on node2, node3; fix that, then run: kubectl ipvs restart node2 node3"
    )
    assert ipvs(box, "restart", "--stale", "--settle", "0s").code == 0
    assert box.schedulers() == {"node1": "rr", "node2": "rr", "node3": "rr"}


def test_rollout_by_the_daemon_set(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """Ctrl-C ends the watching: nodes that the DaemonSet has not come to are not waited for."""
    box = sandbox(**{**FAST, "start": 0.3}, nodes=6)

    with started(box, tmp_path, *SET, "--strategy=rollout") as process:
        deadline = time.monotonic() + 10
        while "node1" not in _begun(box) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        run = ended(process)

    lines = [line.split(" ", 1)[1] for line in run.out.splitlines()[-6:]]
    assert (run.code, run.err.splitlines()[-2:]) == (130, [f"{GO_ON[0]} --strategy=rollout", GO_ON[1]])
    assert (lines[0], lines[-1]) == ("restarted", "not restarted")


def _begun(box: Sandbox) -> set[str]:
    return {node for node, count in box.restarts.items() if count}


@pytest.mark.whole
@pytest.mark.timeout(120)
@pytest.mark.parametrize("first", [1, *(pytest.param(n, marks=pytest.mark.whole) for n in range(2, SHARES + 1))])
def test_killed_at_every_request(first: int, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """SIGKILL at any request of a rollout: the same command brings every node there, and no two were down together.

    Every fourth request here, every one in `make test-faults`.
    """
    left: dict[int, object] = {}
    number, killed = first, True
    while killed:
        box = sandbox(**FAST, nodes=2)
        killed = _killed_at(box, tmp_path, number)
        run = ipvs(box, *SET)
        state = (run.code, box.schedulers(), 'scheduler: "lc"' in box.config, box.most_down)
        if state != (0, {"node1": "lc", "node2": "lc"}, True, 1):
            left[number] = (state, run)
        box.stop()
        number += SHARES

    assert (left, number > 15) == ({}, True)


def _killed_at(box: Sandbox, folder: Path, number: int, words: tuple[str, ...] = SET) -> bool:
    """Run `set` and kill it at its nth request, which still happens; tell whether there was one."""
    with started(box, folder, *words) as process:
        box.hook = lambda _: process.kill() if len(box.requests) == number else None
        process.communicate(timeout=20)
        box.hook = None
    nodes = len(box.restarts)
    while len(box.objects("Pod")) < nodes:  # a node between two pods is left out by the next run, and said to be
        time.sleep(0.02)
    return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("number", [1, 2], ids=["at the canary", "at the last node"])
def test_killed_while_a_node_is_down(number: int, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """The next run waits for the node that the first one took down, before it takes another."""
    box = sandbox(nodes=2, terminate=0.02, start=0.9, sync=0.0)
    pods = {pod["metadata"]["name"] for pod in box.objects("Pod")}

    with started(box, tmp_path, *SET) as process:
        at(box, "DELETE", number, lambda: None)
        while len(pods & {pod["metadata"]["name"] for pod in box.objects("Pod")}) == 3 - number:
            time.sleep(0.02)
        process.kill()
        process.communicate()
    run = ipvs(box, *SET)

    assert (run.code, set(box.schedulers().values()), box.most_down) == (0, {"lc"}, 1)
    assert box.restarts == {"node1": 1, "node2": 1}


TWO = Path(__file__).parents[1] / "field" / "cases" / "02-master-worker" / "world.yaml"
BOTH = ("set", "--udp-timeout", "10s", "--settle", "0s", "--yes")
TWO_SHARES = 8  # a run over two ConfigMaps and four nodes makes many requests


def in_both(box: Sandbox, words: str) -> list[bool]:
    """Tell for each of the two texts whether these words are in it."""
    return [words in text for text in box.configurations.values()]


@pytest.mark.parametrize("late", [False, True], ids=["before the second write", "after it"])
def test_killed_between_two_writes(late: bool, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:  # noqa: FBT001
    """One ConfigMap of two is written: the same command does what is left, and one `undo` reverses both."""
    box = sandbox(**FAST, world=TWO)
    before = dict(box.configurations)
    with started(box, tmp_path, *BOTH) as process:

        def hook(request: Request) -> Drop | None:
            if request.method != "PATCH" or sum(seen.method == "PATCH" for seen in box.requests) < 2:
                return None
            process.kill()
            return None if late else Drop()

        box.hook = hook
        process.communicate(timeout=20)
        box.hook = None
    half = in_both(box, "10s")
    time.sleep(1.1)  # the record's time has seconds

    run = ipvs(box, *BOTH)
    done, restarted = in_both(box, "10s"), box.restarts
    undone = ipvs(box, "undo", "--settle", "0s")

    assert (sorted(half), run.code, done) == ([late, True], 0, [True, True]), run
    assert (set(restarted.values()), box.most_down) == ({1}, 1)
    assert (undone.code, dict(box.configurations)) == (0, before), undone


@pytest.mark.whole
def test_undo_killed_between_two_writes(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """One ConfigMap of two is undone: the next `undo` does the other one, and does not redo the first."""
    box = sandbox(**FAST, world=TWO)
    before = dict(box.configurations)
    assert ipvs(box, *BOTH).code == 0
    time.sleep(1.1)  # the record's time has seconds
    seen = len(box.requests)
    with started(box, tmp_path, "undo", "--settle", "0s", "--yes") as process:

        def hook(request: Request) -> Drop | None:
            if request.method != "PATCH" or sum(entry.method == "PATCH" for entry in box.requests[seen:]) < 2:
                return None
            process.kill()
            return Drop()

        box.hook = hook
        process.communicate(timeout=20)
        box.hook = None
    half = in_both(box, "10s")

    run = ipvs(box, "undo", "--settle", "0s")
    whole = dict(box.configurations)
    redone = ipvs(box, "undo", "--settle", "0s")

    assert (sorted(half), run.code, whole) == ([False, True], 0, before), run
    assert (redone.code, in_both(box, "10s")) == (0, [True, True]), redone


@pytest.mark.whole
@pytest.mark.timeout(180)
@pytest.mark.parametrize("first", [1, *(pytest.param(n, marks=pytest.mark.whole) for n in range(2, TWO_SHARES + 1))])
def test_killed_at_every_request_over_two_config_maps(
    first: int, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path
) -> None:
    """SIGKILL at any request: the same command brings every node of both ConfigMaps there; nothing is done twice."""
    left: dict[int, object] = {}
    number, killed = first, True
    while killed:
        box = sandbox(**FAST, world=TWO)
        killed = _killed_at(box, tmp_path, number, BOTH)
        run = ipvs(box, *BOTH)
        state = (run.code, in_both(box, "10s"), set(box.restarts.values()), box.most_down)
        if state != (0, [True, True], {1}, 1):
            left[number] = (state, run)
        box.stop()
        number += TWO_SHARES

    assert (left, number > 30) == ({}, True)
