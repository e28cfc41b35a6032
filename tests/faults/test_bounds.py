"""Whatever a cluster, a pod or a file sends, it ends: in time, in memory, and as text that is never run."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kubectl_ipvs.cluster.connection import Connection
from kubectl_ipvs.cluster.exec import run
from kubectl_ipvs.cluster.redaction import redacted
from kubectl_ipvs.cluster.rest import Rest
from kubectl_ipvs.cluster.wirelog import WireLog
from kubectl_ipvs.errors import ExecFailed, IpvsError
from kubectl_ipvs.output.printable import printable, printable_lines
from kubectl_ipvs.sandbox import Options
from kubectl_ipvs.sandbox.exchange import Raw, Request, Response
from kubectl_ipvs.sandbox.layouts import configuration
from tests.faults.wire import SUCCESS, endless, is_table, speaks
from tests.harness import Ipvs, MakeSandbox

TEN_MB = 10 * 1024 * 1024
KIND = "kind: KubeProxyConfiguration\n"
LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{at}: &a{at} [{','.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 10)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{at}: &a{at} {{<<: [{','.join([f'*a{at - 1}'] * 2)}]}}\n" for at in range(1, 24)
)
BOMBS = {
    "aliases": KIND + LAUGHS,
    "merge keys": KIND + MERGES,
    "itself": KIND + "a: &a [*a]\n",
    "deep lists": KIND + "a: " + "[" * 100_000,
    "deep mappings": KIND + "a: " + "{b: " * 50_000,
    "deep blocks": KIND + "- " * 100_000,
    "a long number": KIND + "a: " + "9" * 500_000,
    "a long key": KIND + "? " + "k" * 900_000,
    "quotes": KIND + "a: " + '"' * 400_001,
    "anchors": KIND + "".join(f"- &a{at} x\n" for at in range(40_000)),
}
TAGS = (
    "!!python/object/apply:os.system ['touch {}']",
    "!!python/object/new:subprocess.Popen [['touch', '{}']]",
    "!!python/name:os.system ''",
    "!!python/module:os ''",
    '!<tag:yaml.org,2002:python/object/apply:os.mkdir> ["{}"]',
)


@pytest.mark.parametrize("case", BOMBS)
def test_bombs_in_the_configuration(case: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A ConfigMap that would grow to billions of nodes, or nest without end, is an error in a few seconds."""
    box = sandbox(nodes=1, config=BOMBS[case])

    began = time.monotonic()
    runs = [ipvs(box, *words) for words in (("get",), ("set", "--scheduler", "lc"))]

    assert ([run.code for run in runs], time.monotonic() - began < 15) == ([1, 1], True)
    assert [run.err.startswith("error: configmap kube-system/kube-proxy, key config.conf: ") for run in runs] == [
        True
    ] * 2
    assert (box.config, box.restarts) == (BOMBS[case], {"node1": 0})


@pytest.mark.parametrize("case", BOMBS)
def test_bombs_in_the_kubeconfig(case: str, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a kubeconfig; libyaml would end the whole process for some of them."""
    path = tmp_path / "config"
    path.write_text(BOMBS[case].removeprefix(KIND))
    monkeypatch.setenv("KUBECONFIG", str(path))

    began = time.monotonic()
    run = ipvs(None, "get")

    assert (run.code, run.err.startswith("error: "), time.monotonic() - began < 5) == (1, True, True)


@pytest.mark.parametrize("tag", TAGS)
def test_tags_run_nothing(
    tag: str, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A YAML tag that asks for a Python object is an error, in a ConfigMap and in a kubeconfig; nothing is run."""
    touched = tmp_path / "touched"
    written = tag.replace("{}", str(touched))
    box = sandbox(nodes=1, config=f"{configuration(Options())}\nextra: {written}\n")
    path = tmp_path / "config"
    path.write_text(f"users: {written}\n")

    first = [ipvs(box, *words).code for words in (("get",), ("set", "--scheduler", "lc", "--force"))]
    monkeypatch.setenv("KUBECONFIG", str(path))
    code = ipvs(None, "get").code

    assert (first, code, touched.exists()) == ([1, 1], 1, False)


JSON_BOMBS = {
    "deep": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 300_000,
    "a long number": b'{"a": ' + b"9" * 1_000_000 + b"}",
    "a large exponent": b'{"metadata": {"generation": 1e999999999}}',
    "not closed": b'{"a": "' + b"x" * TEN_MB,
    "constants": b'{"metadata": {"generation": NaN}, "spec": Infinity}',
}


@pytest.mark.parametrize("case", JSON_BOMBS)
def test_bombs_in_an_answer(case: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """JSON that nests without end or holds a number of a million digits is one error line, soon."""
    box = sandbox(nodes=1)
    box.hook = lambda _: Response(200, JSON_BOMBS[case])

    began = time.monotonic()
    run = ipvs(box, "get")

    assert (run.code, run.err.startswith("error: "), time.monotonic() - began < 5) == (1, True, True)
    assert "Traceback" not in run.err


def test_endless_output(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """100 MB of one pod's table end at --max-output, 64 MiB by default, and the row says so; other nodes have theirs."""
    box = sandbox(nodes=2)
    first = next(pod["metadata"]["name"] for pod in box.objects("Pod") if pod["spec"].get("nodeName") == "node1")
    endless(b"garbage of a line\n" * 60_000, 100)(box)
    pour = box.hook
    assert pour is not None
    box.hook = lambda request: pour(request) if f"/{first}/" in request.path else None

    runs = [ipvs(box, "status", "--exec-timeout", "60s"), ipvs(box, "status", "--max-output", "1")]

    said = [run.err.splitlines()[0] for run in runs]
    cut = "node1: unreadable: cut after {} MiB of output: see --max-output"
    assert ([run.code for run in runs], said) == ([3, 3], [cut.format(64), cut.format(1)])
    assert [run.rows["node2"][-1] for run in runs] == ["in sync"] * 2


def test_output_on_another_channel(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Bytes that are no output (stderr, unknown channels, a message in pieces without an end) count, too."""
    box = sandbox(nodes=1)

    for head in (b"\x02", b"\x07", b""):

        async def serve(channel: object, head: bytes = head) -> None:
            while True:
                await channel.send(head + b"x" * 60_000)  # type: ignore[attr-defined] # the sandbox's channel

        speaks(serve)(box)
        run = ipvs(box, "status", "--max-output", "1", "--exec-timeout", "20s")
        assert (run.code, "cut after 1 MiB of output" in run.err) == (3, True), head


def test_long_lines_of_a_table(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A line of 10 MB in the middle of a table costs a second or two, and the rest of the table is read."""
    box = sandbox(nodes=1)
    table = box.table("node1").encode()

    async def serve(channel: object) -> None:
        await channel.send(b"\x01" + table)  # type: ignore[attr-defined] # the sandbox's channel
        for _ in range(20):
            await channel.send(b"\x01" + b"TCP 0A600001:0050 rr " * 25_000)  # type: ignore[attr-defined] # as above
        await channel.send(SUCCESS)  # type: ignore[attr-defined] # as above

    box.hook = None
    speaks(serve)(box)
    serve_proc = box.hook
    assert serve_proc is not None
    box.fault("node1", "no-ipvsadm")
    box.hook = lambda request: serve_proc(request) if is_table(request) and "cat" in request.query["command"] else None

    began = time.monotonic()
    run = ipvs(box, "status")

    assert (run.code, run.rows["node1"][1], time.monotonic() - began < 5) == (0, "9", True)
    assert max(map(len, run.err.splitlines())) < 1000


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


@pytest.mark.parametrize("case", TEXTS)
def test_text_is_made_safe_in_linear_time(case: str) -> None:
    """10 MB cost no more than some ten times what 1 MB costs: for the terminal, and for the log without secrets."""
    for work in (printable, printable_lines, lambda text: redacted(text, ("a-secret", "another"))):
        small, large = (took(work, TEXTS[case](size)) for size in (TEN_MB // 10, TEN_MB))
        assert large < 30 * small + 0.2, (small, large)


@contextmanager
def speaking(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection in plain TCP; give its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener.accept()[0] as client:
            client.settimeout(5)
            try:
                client.recv(65536)
                speak(client)
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()


def drip(data: bytes) -> Callable[[socket.socket], None]:
    """Send a byte each 50 ms, over and over, for 5 s."""

    def speak(client: socket.socket) -> None:
        for at in range(100):
            client.sendall(data[at % len(data) :][:1])
            time.sleep(0.05)

    return speak


HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nx: y\r\n"


@pytest.mark.parametrize("data", [HANDSHAKE, b"\r", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_handshake_that_trickles(data: bytes) -> None:
    """An exec whose handshake comes byte by byte ends at its deadline."""
    with speaking(drip(data)) as url:
        began = time.monotonic()
        with pytest.raises(ExecFailed) as raised:
            run(Rest(Connection(url)), "n", "p", "c", ["x"], timeout=0.4, sink=lambda _: None)
        assert (raised.value.kind, time.monotonic() - began < 2) == ("timeout", True)


HEADS = [
    b"Content-Length: 99999999999999999999999999\r\n\r\n",
    b"Content-Length: 99999999999999\r\n\r\n",
    b"Content-Length: -5\r\n\r\n",
    b"Content-Length: x\r\n\r\n",
    b"Sec-WebSocket-Accept: \xff\r\n\r\n",
    b": \r\n\r\n",
    b"no colon\r\n\r\n",
    b"\r\n",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("status", [b"101", b"400", b"302", b"999", b"-1", b"x", b""])
def test_handshake_that_makes_no_sense(status: bytes, head: bytes) -> None:
    """Any answer to an exec is an ExecFailed, never another exception."""
    with speaking(lambda client: client.sendall(b"HTTP/1.1 " + status + b" Odd\r\n" + head)) as url:
        with pytest.raises(ExecFailed) as raised:
            run(Rest(Connection(url)), "n", "p", "c", ["x"], timeout=1, sink=lambda _: None)
        assert raised.value.kind in {"unreadable", "unreachable", "timeout", "forbidden", "gone"}


@pytest.mark.parametrize("status", [b"200", b"500", b"302", b"100", b"999", b"-1", b"x", b""])
def test_answer_that_makes_no_sense(status: bytes) -> None:
    """So is any answer to a request: one of our errors."""
    for head in HEADS:
        with speaking(lambda client, head=head: client.sendall(b"HTTP/1.1 " + status + b" Odd\r\n" + head)) as url:  # type: ignore[misc] # mypy sees no default in a lambda
            with pytest.raises(IpvsError):
                Rest(Connection(url, request_timeout=1)).get("/x")


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


def test_log_of_a_large_answer(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-v=8 of a body of 10 MB shows 1024 characters of it."""
    box = sandbox(nodes=1)
    box.hook = lambda _: Response(500, json.dumps({"kind": "Status", "message": "m" * TEN_MB}).encode())

    run = ipvs(box, "get", "-v=8")

    assert (run.code, len(run.err) < 6000) == (1, True)
    assert WireLog().level == 0
