"""`top`: rates of two looks, what is a difference and what an estimate, and what can be wrong with a look."""

import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import Ipvs, MakeSandbox, Run

SCRIPT = str(Path(sys.executable).with_name("kubectl-ipvs"))
ONCE = ("--once", "--interval", "300ms")
HELPER = ("--helper-image", "registry.example/busybox:1.36")
LABEL = "rates: difference of two looks, "


def execs(box: Sandbox) -> list[list[str]]:
    """Give the commands that were run in pods."""
    return [seen.query["command"] for seen in box.requests if seen.path.endswith("/exec")]


def test_rates_are_what_was_counted(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The counters' difference, divided by the time between: near what the sandbox's kernel says of a second."""
    run = ipvs(sandbox(nodes=2, services=3), "top", "--once", "--interval", "1s", "-o", "json")

    assert (run.code, run.err, run.json["kind"]) == (0, "", "TopNodes")
    for node in run.json["nodes"]:
        assert node["rates"] == pytest.approx(node["kernelEstimate"], rel=0.1, abs=2)
        assert node["kernelEstimate"]["connections"] > 0
        assert 1 <= node["seconds"] < 20


def test_one_exec_brings_counters_and_table(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Each look costs one command a node."""
    box = sandbox(nodes=1)

    run = ipvs(box, "top", "nodes", "node1", *ONCE)

    assert run.code == 0
    assert execs(box) == [["cat", "/proc/net/ip_vs_stats", "/proc/net/ip_vs"]] * 2


def test_table(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The busiest first; below, what the rates are, and sums; a node that does not answer is a row of its own."""
    box = sandbox(nodes=4, services=3, faults={"node2": "no-status"})
    asked = ipvs(box, "status", "-o", "json").json["nodes"]
    active = {row["node"]: row["activeConnections"] for row in asked if row["state"] == "in-sync"}

    run = ipvs(box, "top", *ONCE, "--sort-by", "active")

    assert (run.code, run.err, run.rows["node2"]) == (3, "", ["-"] * 5)
    lines = run.out.splitlines()
    by_load = sorted(active, key=lambda node: -active[node])
    assert [line.split()[0] for line in lines[:5]] == ["NODE", *by_load, "node2"]
    assert {node: int(run.rows[node][3]) for node in active} == active
    assert lines[5].startswith(LABEL)
    assert lines[6].startswith("node2: unreadable: ")
    assert re.fullmatch(rf"3 of 4 nodes read, 1 unreadable, \d+ connections/s, {sum(active.values())} active", lines[7])


def looks(
    box: Sandbox, tmp_path: Path, words: list[str], between: Callable[[], None]
) -> tuple[list[str], list[str], int]:
    """Run `top` in a pipe; return its first block, a block after `between` was done, and its exit code at Ctrl-C."""
    path = tmp_path / "kubeconfig"
    path.write_text(box.kubeconfig())
    command = [SCRIPT, "--kubeconfig", str(path), "top", *words, "--interval", "200ms"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        blocks: list[list[str]] = []
        for _ in range(2):
            block: list[str] = []
            while not re.match(r"\d+ of \d+ nodes? read", line := process.stdout.readline()):
                block.append(line)
            blocks.append([*block, line])
            between()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    return blocks[0], blocks[1], process.returncode


def test_first_look_has_estimates(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """They are marked as the kernel's own; from the second look on there are differences; Ctrl-C is 130."""
    first, second, code = looks(sandbox(nodes=1), tmp_path, [], lambda: None)

    assert first[1].split()[1].startswith("~")
    assert first[2] == "~: the kernel's own estimate, smoothed over some seconds\n"
    assert re.fullmatch(r"[0-9.]+", second[1].split()[1])
    assert second[2].startswith(LABEL)
    assert (code, "\x1b" in "".join(first + second)) == (130, False)


def test_counters_that_went_back(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """No rate is made up of them; the connections are still there, and why is said."""
    box = sandbox(nodes=1)

    _, second, _ = looks(box, tmp_path, [], lambda: box.fault("node1", "zeroed"))

    assert second[1].split()[1:4] == ["-"] * 3
    assert second[1].split()[4].isdecimal()
    assert second[2] == "node1: its counters went back between the two looks: rebooted, ip_vs loaded anew, or zeroed\n"


def test_change_of_services(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """Active connections since the look before, summed over all nodes, with their sign."""
    box = sandbox(nodes=2, services=2)
    key = ("name", "port", "protocol")

    def active() -> dict[tuple[Any, ...], int]:
        listed = ipvs(box, "services", "-o", "json").json["services"]
        return {tuple(each[word] for word in key): each["activeConnections"] for each in listed}

    def changes(block: list[str]) -> dict[tuple[Any, ...], str]:
        words = [line.split() for line in block if re.search("/(TCP|UDP) ", line)]
        return {(name, int(port.partition("/")[0]), port[-3:]): change for _, name, port, _, change, *_ in words}

    before = active()
    first, second, code = looks(box, tmp_path, ["services"], lambda: box.fault("node2", "busy"))
    more = {name: count - before[name] for name, count in active().items()}

    assert set(changes(first).values()) == {"-"}
    assert changes(second) == {name: f"+{count}" if count else "0" for name, count in more.items()}
    assert max(more.values()) >= 200
    assert first[-2] == "CHANGE: known from the second look on\n"
    assert second[-2].startswith("CHANGE: of active connections, difference of two looks, ")
    assert code == 130


def test_a_node_that_comes_back_is_no_change(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """Where the two looks did not read the same nodes the change is not known."""
    box = sandbox(nodes=2, faults={"node2": "no-status"})

    _, second, _ = looks(box, tmp_path, ["services"], lambda: box.heal("node2"))

    assert {line.split()[4] for line in second[1:] if "TCP" in line} == {"-"}
    assert second[-2] == "CHANGE: not known, the two looks read different nodes\n"


def test_rates_of_services(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where the image has ipvsadm: the kernel's estimates, marked and labelled; busy rows are busy here too."""
    box = sandbox(nodes=2, services=2, image="ipvsadm")

    run = ipvs(box, "top", "services", *ONCE, "-o", "wide")
    data = ipvs(box, "top", "services", *ONCE, "-o", "json").json

    busy = max(data["services"], key=lambda each: each["activeConnections"])
    idle = min(data["services"], key=lambda each: each["activeConnections"])
    assert (run.code, run.err, data["summary"]["rated"]) == (0, "", 2)
    assert run.out.splitlines()[0].split()[-5:] == [
        "CONNS/S", "PACKETS-IN/S", "PACKETS-OUT/S", "BYTES-IN/S", "BYTES-OUT/S",
    ]  # fmt: skip
    assert run.out.splitlines()[-2] == "~: the kernel's own estimate (ipvsadm --rate), of 2 of 2 nodes"
    assert run.out.splitlines()[1].split()[6].startswith("~")
    assert busy["kernelEstimate"]["packetsIn"] > idle["kernelEstimate"]["packetsIn"]
    assert ["ipvsadm", "-Ln", "--rate"] in execs(box)


def test_services_of_a_namespace(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-n is the Services' namespace, -A all of them, a name one of them; one that is not there is an error."""
    box = sandbox(nodes=1)

    def named(*words: str) -> set[str]:
        run = ipvs(box, "top", "services", *ONCE, "-o", "json", *words)
        return {f"{each['namespace']}/{each['name']}" for each in run.json["services"]}

    assert named("-n", "kube-system") == {"kube-system/kube-dns"}
    assert named("-n", "kube-system", "-A") > {"kube-system/kube-dns", "default/kubernetes"}
    assert named("-n", "default", "kubernetes") == named("default/kubernetes") == {"default/kubernetes"}
    assert ipvs(box, "top", "services", "default/nothing", *ONCE) == Run(
        1, "", "error: service default/nothing not found\n"
    )


def test_by_helper(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Nodes that exec cannot read: one helper pod each for both looks, and none is left."""
    box = sandbox(nodes=2, image="eks")

    nodes = ipvs(box, "top", *ONCE, "-o", "json", *HELPER)
    services = ipvs(box, "top", "services", *ONCE, *HELPER)

    assert (nodes.code, services.code) == (0, 0)
    assert [(each["source"], each["rates"] is not None) for each in nodes.json["nodes"]] == [("helper", True)] * 2
    created = [seen for seen in box.requests if seen.method == "POST" and seen.path.endswith("/pods")]
    left = [pod for pod in box.objects("Pod") if "kubectl-ipvs/helper" in (pod["metadata"].get("labels") or {})]
    assert (len(created), [pod for pod in left if "deletionTimestamp" not in pod["metadata"]]) == (4, [])


@pytest.mark.parametrize(("image", "words"), [("official", ("--read=proxy",)), ("eks", ())])
def test_no_table(image: str, words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where nobody looks into the kernel there is no number, it is said, and the exit code is 3."""
    box = sandbox(nodes=1, image=image)

    run = ipvs(box, "top", *ONCE, *words)
    services = ipvs(box, "top", "services", *ONCE, *words)

    assert (run.code, run.rows["node1"]) == (3, ["-"] * 5)
    assert "the kernel was not seen" in run.out
    assert run.out.splitlines()[-1] == "0 of 1 node read, 1 kernel not seen"
    assert (services.code, services.out.splitlines()[-1]) == (3, "0 of 1 node read, 1 kernel not seen, 0 active")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ("pods",),
            'top shows nodes or services: there is no "pods"\nhint: top nodes NAME, or top services NAMESPACE/NAME',
        ),
        (("-o", "json"), "-o json goes with --once\nhint: without --once it never ends"),
        (("-A",), "--all-namespaces goes with `top services`"),
        (("--interval", "soon"), 'invalid --interval "soon": it takes a time with a unit, such as 10s or 2m'),
        (
            ("svc", "--sort-by", "bytes"),
            'invalid --sort-by value (bytes): must be "active", "change", "connections", "inactive", "name"',
        ),
        (("services", "web"), 'service "web": of which namespace?\nhint: -n NAMESPACE, or NAMESPACE/web'),
    ],
)
def test_usage(words: tuple[str, ...], problem: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A word that does not fit is exit 2, and no node is asked."""
    box = sandbox(nodes=1)

    assert ipvs(box, "top", *words) == Run(2, "", f"error: {problem}\n")
    assert not execs(box)


def test_unknown_node(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node that is not there is an error."""
    assert ipvs(sandbox(nodes=1), "top", "nodes", "node9", *ONCE).code == 1


def frames(box: Sandbox, tmp_path: Path, words: list[str], size: tuple[int, int], count: int) -> tuple[list[str], int]:
    """Run `top` on a terminal of this width and height; return its first frames as drawn, and the exit code."""
    path = tmp_path / "kubeconfig"
    path.write_text(box.kubeconfig())
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES"}}
    command = [SCRIPT, "--kubeconfig", str(path), "top", *words, "--interval", "300ms"]
    shown = b""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL,
                          env={**environment, "TERM": "xterm"}) as process:  # fmt: skip
        os.close(theirs)
        while shown.count(b"\x1b[J") < count and select.select([ours], [], [], 20)[0]:
            shown += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        while select.select([ours], [], [], 10)[0]:
            try:
                if not os.read(ours, 65536):
                    break
            except OSError:  # Linux: the other end is closed
                break
        process.wait(timeout=10)
    os.close(ours)
    return [text.partition("\x1b[J")[0] for text in shown.decode().split("\x1b[H")[1 : count + 1]], process.returncode


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
@pytest.mark.parametrize("words", [["nodes"], ["services"], ["nodes", "-o", "wide"]])
def test_fits_the_terminal(words: list[str], size: tuple[int, int], sandbox: MakeSandbox, tmp_path: Path) -> None:
    """200 nodes: no line is wider than the terminal, no frame longer; who is left out is counted; Ctrl-C is 130.

    A frame is written over the one before, line by line: the screen is never emptied, so nothing flickers.
    """
    box = sandbox(nodes=200, services=30, faults={"node7": "no-status"})

    drawn, code = frames(box, tmp_path, words, size, 2)

    assert (len(drawn), code) == (2, 130)
    for frame in drawn:
        lines = frame.replace("\r", "").splitlines()
        assert len(lines) < size[1]
        assert all(line.endswith("\x1b[K") for line in lines)
        texts = [line.removesuffix("\x1b[K") for line in lines]
        assert max(map(len, texts)) <= size[0]
        assert "\x1b" not in "".join(texts)
        assert "199 of 200 nodes read" in texts[0]
        assert any(re.match(r"\.\.\. and \d+ more", line) for line in texts)
        assert texts[-1].startswith("node7: unreadable: ")


def test_a_name_gives_way_before_a_number(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """On 80 columns a node's long name is shortened, and every column is there."""
    box = sandbox(nodes=1)
    name = "ip-10-0-12-34.eu-central-1.compute.internal"
    box.add_node(name)

    drawn, _ = frames(box, tmp_path, [], (80, 24), 3)

    header, *rows = [
        line for line in drawn[-1].replace("\x1b[K", "").splitlines() if not line.startswith(("~", "rates"))
    ][1:]
    assert header.split() == ["NODE", "CONNS/S", "PACKETS/S", "BYTES/S", "ACTIVE", "INACTIVE"]
    assert any(row.startswith("ip-10-0-12-34.eu-") and "..." in row and row.split()[-1].isdecimal() for row in rows)


def test_data_is_safe(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What a node writes into its table moves no cursor."""
    box = sandbox(nodes=1, faults={"node1": "control"})

    run = ipvs(box, "top", *ONCE)

    assert "\x1b" not in run.out
    assert json.loads(ipvs(box, "top", *ONCE, "-o", "json").out)["nodes"][0]["node"] == "node1"
