"""`kubectl ipvs sandbox`, started as a program: it serves until it is told to end, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import Ipvs

PROGRAM = str(Path(sys.executable).with_name("kubectl-ipvs"))


def ipvs_program(folder: Path, *words: str, timeout: float = 25) -> "subprocess.CompletedProcess[str]":
    """Run the plugin with a temporary folder of its own."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(
        [PROGRAM, *words], env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["Ctrl-C", "SIGTERM", "SIGHUP"])
def test_serves_until_it_is_told_to_end(number: signal.Signals, tmp_path: Path) -> None:
    """It says that nothing is real, prints the line to paste, serves, and takes its kubeconfig with it."""
    pipe, environment = subprocess.PIPE, {**os.environ, "TMPDIR": str(tmp_path)}
    words = [PROGRAM, "sandbox", "--nodes", "2"]
    with subprocess.Popen(words, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        path = line.removeprefix("export KUBECONFIG=")
        run = ipvs_program(tmp_path, "--kubeconfig", path, "status")
        process.send_signal(number)
        _, err = process.communicate(timeout=20)

    assert (process.returncode, run.returncode, len(run.stdout.splitlines())) == (0, 0, 4)
    assert run.stdout.splitlines()[-1] == "2 of 2 nodes in sync on rr"
    assert err.startswith("a simulated cluster of 2 nodes: nothing here is real")
    assert list(tmp_path.glob("kubectl-ipvs*")) == []


def test_on_a_terminal_it_says_what_to_do_with_the_line(tmp_path: Path) -> None:
    """On a terminal a line on stderr tells where to paste; when the terminal goes away nothing is left behind."""
    ours, theirs = os.openpty()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    words = [PROGRAM, "sandbox", "--nodes", "1"]
    with subprocess.Popen(
        words, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        text = ""
        while "paste that" not in text:
            text += os.read(ours, 4096).decode()
        os.close(ours)
        process.send_signal(signal.SIGHUP)  # what a session's leader gets when its terminal is lost
        process.wait(timeout=20)

    assert "export KUBECONFIG=" in text
    assert "(paste that into another terminal)" in text
    assert list(tmp_path.glob("kubectl-ipvs*")) == []


def test_a_lost_terminal_ends_a_command_too(tmp_path: Path) -> None:
    """With a command, too, its kubeconfig goes; where SIGHUP is ignored (nohup) the command runs to its end."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    pipe = subprocess.PIPE
    script = "trap '' HUP; echo up; sleep 1"
    with subprocess.Popen([PROGRAM, "sandbox", "--", "sh", "-c", script], env=environment, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.wait(timeout=20)
    assert list(tmp_path.glob("kubectl-ipvs*")) == []

    nohup = ["nohup", PROGRAM, "sandbox", "--", "sh", "-c", "echo up; sleep 0.5; exit 7"]
    with subprocess.Popen(nohup, env=environment, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=20) == 7


@pytest.mark.parametrize(
    ("words", "code", "out"),
    [
        (("kubectl-ipvs", "get", "-o", "name"), 0, "configmap/kube-proxy\n"),
        (("sh", "-c", "exit 7"), 7, ""),
    ],
    ids=["ours", "another"],
)
def test_one_command(words: tuple[str, ...], code: int, out: str, tmp_path: Path) -> None:
    """A command after `--` gets the kubeconfig, and its exit code is ours."""
    run = ipvs_program(tmp_path, "sandbox", "--", *words)

    assert (run.returncode, run.stdout, list(tmp_path.glob("kubectl-ipvs*"))) == (code, out, [])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--", "no-such-program"), 1, "error: no-such-program: command not found\n"),
        (("--fault", "node1"), 2, 'error: invalid --fault "node1": it takes NODE=KIND\n'),
        (("--fault", "node1=haunted"), 2, 'error: no fault is called "haunted"\n'),
        (("--fault", "node1=webhook"), 2, "--fault cluster=webhook"),
        (("--fault", "node1=slow=soon"), 2, "error: fault slow takes a number, not 'soon'\n"),
        (("--fault", "node9=slow"), 2, "error: faults: no such node: node9\n"),
        (("--mode", "magic"), 2, 'error: invalid --mode "magic": it takes ipvs, iptables, nftables\n'),
        (("--image", "alpine"), 2, 'error: invalid --image "alpine": it takes official, ipvsadm, eks, k0s\n'),
        (("--kubernetes-version", "new"), 2, "error: version: 'new' is none, as v1.37.2 is one\n"),
        (("--from", "/nowhere/x.yaml"), 2, "error: cannot read /nowhere/x.yaml: No such file or directory\n"),
        (("--nodes", "0"), 2, "error: nodes: 0 is not in 1..5000\n"),
    ],
    ids=[
        "unknown command",
        "no kind",
        "unknown kind",
        "a kind of the cluster",
        "no number",
        "unknown node",
        "unknown mode",
        "unknown image",
        "no version",
        "no file",
        "no nodes",
    ],
)
def test_what_it_cannot_do(words: tuple[str, ...], code: int, said: str, ipvs: Ipvs) -> None:
    """Each is one line, and starts nothing."""
    run = ipvs(None, "sandbox", *words)

    assert (run.code, said in run.err) == (code, True), run.err


def test_faults_are_listed(ipvs: Ipvs) -> None:
    """`--fault list` tells every kind with its meaning."""
    run = ipvs(None, "sandbox", "--fault", "list")

    kinds = [line.split()[0] for line in run.out.splitlines()]
    assert (run.code, {"hang", "no-pod", "crash-loop", "stale", "no-module"} - set(kinds)) == (0, set())
