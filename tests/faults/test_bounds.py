"""Whatever a cluster or a pod sends, it ends: in time and in memory, with what was read until then."""

import json
import time
from collections.abc import Callable

import pytest

from kubectl_ipvs.cluster.wire.log import WireLog
from kubectl_ipvs.cluster.wire.redaction import redacted
from kubectl_ipvs.output.printable import printable, printable_lines
from kubectl_ipvs.sandbox.wire.exchange import Raw, Reply, Request, Response, Upgrade
from kubectl_ipvs.sandbox.wire.frames import Channel
from tests.faults.wire import SUCCESS, V5, endless, is_table, speaks
from tests.harness import Ipvs, MakeSandbox

TEN_MB = 10 * 1024 * 1024


LIMITS = {"1": ("--max-output", "1"), "64": ()}


@pytest.mark.parametrize("limit", ["1", pytest.param("64", marks=pytest.mark.whole)])
@pytest.mark.timeout(120)
def test_endless_output(limit: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """100 MB of one pod's table end at --max-output, 64 MiB by default; the row says so; other nodes have theirs."""
    box = sandbox(nodes=2)
    first = next(pod["metadata"]["name"] for pod in box.objects("Pod") if pod["spec"].get("nodeName") == "node1")
    endless(b"garbage of a line\n" * 60_000, 100)(box)
    pour = box.hook
    assert pour is not None
    box.hook = lambda request: pour(request) if f"/{first}/" in request.path else None

    run = ipvs(box, "status", "--exec-timeout", "100s", *LIMITS[limit])

    cut = f"node1: unreadable: cut after {limit} MiB of output: see --max-output"
    assert (run.code, cut in run.out.splitlines(), run.rows["node2"][-1]) == (3, True, "in sync")


def test_output_on_another_channel(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Bytes that are no output (stderr, unknown channels, a message in pieces without an end) count, too."""
    box = sandbox(nodes=1)

    for head in (b"\x02", b"\x07", b""):

        async def serve(channel: Channel, head: bytes = head) -> None:
            while True:
                await channel.send(head + b"x" * 60_000)

        speaks(serve)(box)
        run = ipvs(box, "status", "--max-output", "1", "--exec-timeout", "20s")
        assert (run.code, "cut after 1 MiB of output" in run.out) == (3, True), head


@pytest.mark.parametrize("line", [b"x" * TEN_MB, b"x: y\r\n" * (TEN_MB // 6)], ids=["a line", "lines"])
def test_head_without_an_end(line: bytes, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The answer to an exec whose headers go on for 10 MB is none: a row that says so."""
    box = sandbox(nodes=1)
    box.hook = lambda request: Raw(b"HTTP/1.1 101 Switching Protocols\r\n" + line) if is_table(request) else None

    run = ipvs(box, "status")

    assert (run.code, run.rows["node1"][-1]) == (3, "unreadable")
    assert "node1: unreadable: not a WebSocket's answer: its head does not end" in run.out


def test_long_lines_of_a_table(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A line of 10 MB in the middle of a table costs a second or two, and the rest of the table is read."""
    box = sandbox(nodes=1)
    table = box.table("node1").encode()

    async def serve(channel: Channel) -> None:
        await channel.send(b"\x01" + table)
        for _ in range(20):
            await channel.send(b"\x01" + b"TCP 0A600001:0050 rr " * 25_000)
        await channel.send(SUCCESS)

    def hook(request: Request) -> Reply | None:
        return Upgrade(V5, serve) if is_table(request) and "cat" in request.query["command"] else None

    box.fault("node1", "no-ipvsadm")
    box.hook = hook

    began = time.monotonic()
    run = ipvs(box, "status")

    assert (run.code, run.rows["node1"][1], time.monotonic() - began < 5) == (0, "9", True)
    assert "of the table not understood, first: " in run.out
    assert max(map(len, run.out.splitlines())) < 1000


TEXTS: dict[str, Callable[[int], str]] = {
    "plain": lambda size: "x" * size,
    "controls": lambda size: "\x1b[" * (size // 2),
    "token fields": lambda size: "token: " * (size // 7),
    "half a token field": lambda size: "token" + " " * size,
    "backslashes": lambda size: "token" + "\\" * size,
    "private keys": lambda size: "-----BEGIN PRIVATE KEY-----" * (size // 27),
    "half a private key": lambda size: "-----BEGIN " + "A" * size,
    "quotes": lambda size: "'\"" * (size // 2),
}


def took(work: Callable[[str], object], text: str) -> float:
    """Measure the processor's time, the best of two."""
    best = float("inf")
    for _ in range(2):
        began = time.thread_time()
        work(text)
        best = min(best, time.thread_time() - began)
    return best


@pytest.mark.whole
@pytest.mark.parametrize("most", [TEN_MB // 20, pytest.param(TEN_MB, marks=[pytest.mark.whole])])
@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.timeout(120)
def test_text_is_made_safe_in_linear_time(case: str, most: int) -> None:
    """Ten times the text costs some ten times as much, up to 10 MB: for the terminal, and for the log."""
    for work in (printable, printable_lines, lambda text: redacted(text, ("a-secret", "another"))):
        small, large = (took(work, TEXTS[case](size)) for size in (most // 10, most))
        assert large < 30 * small + 0.2, (small, large)


def test_watch_line_without_an_end(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An event of 10 MB without a line feed is read in linear time, and is no event."""
    box = sandbox(nodes=1)
    body = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * TEN_MB + b"\n"

    def hook(request: Request) -> Raw | None:
        return Raw(body) if "watch" in request.query else None

    box.hook = hook
    began = time.monotonic()
    run = ipvs(box, "restart", "--settle", "0s", "--timeout", "8s")

    assert (run.code, box.restarts, time.monotonic() - began < 10) == (0, {"node1": 1}, True)


def test_watch_that_ends_at_once(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A server that ends each watch at once is asked again after a pause, and a longer one each time."""
    box = sandbox(nodes=1)
    box.hook = lambda request: Response(200, b"") if "watch" in request.query else None

    run = ipvs(box, "restart", "--settle", "2s", "--timeout", "8s")

    watches = sum("watch" in seen.query for seen in box.requests)
    assert (run.code, box.restarts, 1 < watches < 15) == (0, {"node1": 1}, True), watches


def test_log_of_a_large_answer(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-v=8 of a body of 10 MB shows 1024 characters of it, for each of the lists that are asked for at once."""
    box = sandbox(nodes=1)
    box.hook = lambda _: Response(500, json.dumps({"kind": "Status", "message": "m" * TEN_MB}).encode())

    run = ipvs(box, "get", "-v=8")

    assert (run.code, len(run.err) < 10_000) == (1, True)
    assert max(map(len, run.err.splitlines())) < 2100
    assert WireLog().level == 0
