"""Nobody listens any more: a reader that has gone, a full disk, a lost terminal. No change is left half made."""

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Request
from tests.harness import MakeSandbox, writes

PROGRAM = str(Path(sys.executable).with_name("kubectl-ipvs"))
SET = (PROGRAM, "set", "--scheduler", "lc", "--settle", "0s", "--yes")
LC = {"node1": "lc", "node2": "lc", "node3": "lc"}


@pytest.fixture
def box(sandbox: MakeSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Give a quick sandbox whose kubeconfig the environment names."""
    made = sandbox(terminate=0.02, start=0.02, sync=0.0)
    path = tmp_path / "kubeconfig"
    path.write_text(made.kubeconfig())
    monkeypatch.setenv("KUBECONFIG", str(path))
    return made


def at_the_first_delete(box: Sandbox, act: Callable[[], object]) -> threading.Event:
    """Do something when the first pod is deleted, before that is answered; the event is set then."""
    done = threading.Event()

    def hook(request: Request) -> None:
        if request.method == "DELETE" and "/pods/" in request.path:
            box.hook = None
            act()
            done.set()

    box.hook = hook
    return done


def test_the_reader_goes_in_the_middle(box: Sandbox) -> None:
    """`set ... 2>&1 | grep -m1`: the change goes on to the last node; the exit code is its own."""
    reader, writer = os.pipe()
    gone = at_the_first_delete(box, lambda: os.close(reader))
    with subprocess.Popen(SET, stdout=writer, stderr=writer) as process:
        os.close(writer)
        code = process.wait(20)

    assert (code, gone.is_set(), box.schedulers()) == (0, True, LC)


def test_the_reader_goes_and_the_change_fails(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """It is rolled back all the same, and the exit code says so."""
    box = sandbox(terminate=0.02, start=0.02, sync=0.0, faults={"node3": "stale"})
    before = box.config
    path = tmp_path / "kubeconfig"
    path.write_text(box.kubeconfig())
    reader, writer = os.pipe()
    gone = at_the_first_delete(box, lambda: os.close(reader))
    words = (*SET, "--timeout", "0.6s", "--kubeconfig", str(path))
    with subprocess.Popen(words, stdout=writer, stderr=writer) as process:
        os.close(writer)
        code = process.wait(20)

    assert (code, gone.is_set(), box.config, box.schedulers()["node1"]) == (1, True, before, "rr")


def test_no_room_for_what_is_said(box: Sandbox) -> None:
    """Progress into a full disk: stdout and the change are whole."""
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(SET, stdout=subprocess.PIPE, stderr=full, text=True, check=False, timeout=20)

    assert (run.returncode, box.schedulers()) == (0, LC)
    assert run.stdout.splitlines()[-4:] == ["configmap/kube-proxy patched", *(f"node/{name} restarted" for name in LC)]


@pytest.mark.parametrize("words", [SET[1:], ("get",), ("status",)], ids=lambda words: words[0])
def test_no_room_for_data(box: Sandbox, words: tuple[str, ...]) -> None:
    """Data that cannot be written are an error in one line, and where the diff is it, nothing was changed."""
    with Path("/dev/full").open("w") as full:
        run = subprocess.run((PROGRAM, *words), stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=20)

    assert (run.returncode, writes(box)) == (1, [])
    assert run.stderr.splitlines()[-1] == "error: cannot write the output: no space left on device"


def test_nobody_reads_the_diff(box: Sandbox) -> None:
    """A reader that is gone before anything was written: an error, not exit code 0, and nothing was changed."""
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(SET, stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=20)
    os.close(writer)

    assert (run.returncode, writes(box)) == (1, [])
    assert run.stderr == "error: nobody reads the output: nothing was changed\n"


@pytest.mark.parametrize("case", ["told", "told, but ignored", "not told"])
def test_the_terminal_is_lost(case: str, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that takes nothing any more, with SIGHUP or without (not in the foreground): it goes on to the end."""
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    ignoring = ("sh", "-c", 'trap "" HUP; exec "$0" "$@"') if case == "told, but ignored" else ()
    words = (*ignoring, *SET)
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)

        def hang_up() -> None:
            os.close(ours)
            if case != "not told":
                process.send_signal(signal.SIGHUP)

        gone = at_the_first_delete(box, hang_up)
        code = process.wait(20)

    assert (code, gone.is_set(), box.schedulers()) == (0, True, LC)


@pytest.mark.parametrize(("closed", "expected"), [("2>&-", "scheduler lc"), (">&-", ""), ("<&- >&- 2>&-", "")])
def test_started_without(sandbox: MakeSandbox, tmp_path: Path, closed: str, expected: str) -> None:
    """Without stdin, stdout or stderr it does its work; nothing of what it prints goes to the server."""
    path = tmp_path / "kubeconfig"
    path.write_text(sandbox(nodes=1, scheduler="lc", version="v1.34.2").kubeconfig())
    words = ("sh", "-c", f'"$0" get --kubeconfig "$1" {closed}', PROGRAM, str(path))
    run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)

    said = [" ".join(line.split()) for line in run.stdout.splitlines() if line.startswith("scheduler")]
    assert (run.returncode, said, run.stderr) == (0, [expected] if expected else [], "")
