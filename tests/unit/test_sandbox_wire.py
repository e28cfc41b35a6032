"""The sandbox's HTTPS server, through real sockets: http.client, and bytes by hand."""

import asyncio
import http.client
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox.wire.server import (
    Channel,
    Drop,
    Hang,
    Raw,
    Reply,
    Request,
    Response,
    Stream,
    Upgrade,
)
from tests.unit.wire_server import (
    AUTHORITY,
    answering,
    read_all,
    serving,
    trusting,
    until,
    vanish,
)


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_keep_alive_carries_several_requests(*, tls: bool) -> None:
    """Three requests over one connection are numbered, decoded and answered in order."""
    handler, asked = answering(Response(200, b"{}"), Response(201, b"new"), Response(404, b""))
    with serving(handler, tls=tls) as running, closing(running.http()) as client:
        answers = []
        for method, target, body in (
            ("GET", "/api/v1/a%20b?x=1&x=2&y=", None),
            ("POST", "/api", b"\x00" * 70000),
            ("GET", "/c", None),
        ):
            client.request(method, target, body=body, headers={"X-One": "1"})
            answer = client.getresponse()
            answers.append((answer.status, answer.read(), answer.getheader("content-type")))
        opened = running.server.most_connections
    kind = "application/json"
    assert answers == [(200, b"{}", kind), (201, b"new", kind), (404, b"", kind)]
    seen = [(one.number, one.method, one.path, one.query, len(one.body), one.header("X-ONE")) for one in asked]
    assert seen == [
        (1, "GET", "/api/v1/a b", {"x": ["1", "2"], "y": [""]}, 0, "1"),
        (2, "POST", "/api", {}, 70000, "1"),
        (3, "GET", "/c", {}, 0, "1"),
    ]
    assert opened == 1


def test_repeated_headers_are_kept() -> None:
    """A header that is sent twice has both values; one that is not sent has none."""
    handler, asked = answering(Response(200))
    with serving(handler, tls=False) as running, closing(running.socket()) as client:
        client.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nImpersonate-Group: a\r\nimpersonate-group: b\r\nConnection: close\r\n\r\n"
        )
        read_all(client)
    request = asked[0]
    assert request.header_all("Impersonate-Group") == ["a", "b"]
    assert (request.header("impersonate-group"), request.header("accept"), request.peer) == ("a", "", None)


def test_pipelined_requests_are_answered_in_order() -> None:
    """Two requests in one packet get two answers in their order."""
    handler, _ = answering(Response(200, b"one", delay=0.05), Response(200, b"two"))
    ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(handler, tls=False) as running, closing(running.socket()) as client:
        client.sendall(ask + ask.replace(b"Host", b"Connection: close\r\nHost"))
        received = read_all(client)
    assert [part[-3:] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"one", b"two"]


def test_head_and_no_content_have_no_body() -> None:
    """HEAD and 204 are answered without a body, and the connection goes on."""
    handler, _ = answering(Response(200, b"body"), Response(204), Response(200, b"next"))
    with serving(handler) as running, closing(running.http()) as client:
        answers = []
        for method in ("HEAD", "DELETE", "GET"):
            client.request(method, "/")
            answer = client.getresponse()
            answers.append((answer.status, answer.getheader("content-length"), answer.read()))
        opened = running.server.most_connections
    assert (answers, opened) == ([(200, "4", b""), (204, None, b""), (200, "4", b"next")], 1)


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_stream_sends_each_chunk_at_once(*, tls: bool) -> None:
    """The client has a chunk while the next one is not made yet, and the connection goes on afterwards."""
    more = threading.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"one\n"
        await asyncio.to_thread(more.wait, 10)
        yield b"two\n"

    handler, _ = answering(Stream(200, chunks()), Response(200, b"next"))
    with serving(handler, tls=tls) as running, closing(running.http()) as client:
        client.request("GET", "/")
        answer = client.getresponse()
        first = answer.readline()
        more.set()
        rest = answer.read()
        client.request("GET", "/")
        after = client.getresponse().read()
        opened = running.server.most_connections
    assert (first, rest, after, opened) == (b"one\n", b"two\n", b"next", 1)


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("busy", [True, False])
def test_client_that_leaves_a_stream_closes_it(*, tls: bool, busy: bool, capfd: pytest.CaptureFixture[str]) -> None:
    """A stream whose client goes away is closed, whether it waits or sends without end."""
    closed = threading.Event()

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 10000
                await asyncio.sleep(0 if busy else 60)
        finally:
            closed.set()

    handler, _ = answering(Stream(200, chunks()))
    with serving(handler, tls=tls) as running:
        with closing(running.socket()) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            client.recv(100)
        was_closed = closed.wait(5)
    assert (was_closed, capfd.readouterr().err) == (True, "")


def test_stream_that_fails_is_cut_and_seen(capfd: pytest.CaptureFixture[str]) -> None:
    """An iterator that raises ends the answer short, with a traceback on stderr."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        raise LookupError("no second chunk")

    handler, _ = answering(Stream(200, chunks()))
    with serving(handler) as running, closing(running.http()) as client:
        client.request("GET", "/")
        answer = client.getresponse()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
    assert "LookupError: no second chunk" in capfd.readouterr().err


def test_handler_that_fails_is_answered_and_seen(capfd: pytest.CaptureFixture[str]) -> None:
    """An exception of the handler is a 500 with its traceback, also on stderr; the connection goes on."""

    async def handle(request: Request) -> Reply:
        if request.number == 1:
            raise LookupError("no such kind")
        return Response(200, b"next")

    with serving(handle) as running, closing(running.http()) as client:
        client.request("GET", "/")
        answer = client.getresponse()
        seen = (answer.status, b"LookupError: no such kind" in answer.read())
        client.request("GET", "/")
        after = client.getresponse().read()
    assert (seen, after) == ((500, True), b"next")
    assert "LookupError: no such kind" in capfd.readouterr().err


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_drop_closes_without_an_answer(*, tls: bool) -> None:
    """`Drop` ends the connection with no byte sent."""
    handler, _ = answering(Drop())
    with serving(handler, tls=tls) as running, closing(running.socket()) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        received = read_all(client)
    assert received == b""


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_drop_can_reset(*, tls: bool) -> None:
    """`Drop(reset=True)` gives the client's socket ECONNRESET."""
    handler, _ = answering(Drop(reset=True))
    with serving(handler, tls=tls) as running, closing(running.socket()) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        beneath = socket.socket(fileno=os.dup(client.fileno()))  # some versions of ssl call a reset an EOF
        beneath.settimeout(10)
        with closing(beneath), pytest.raises(ConnectionResetError):
            read_all(beneath)  # in TLS a ticket for the next session comes first


def test_raw_is_sent_as_it_is() -> None:
    """`Raw` puts its bytes on the wire and closes; kept open, the next request is answered."""
    answer = b"HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok"
    handler, _ = answering(Raw(answer, then_drop=False), Raw(b"no HTTP at all"))
    with serving(handler) as running, closing(running.socket()) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        first = client.recv(1000)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        second = read_all(client)
    assert (first, second) == (answer, b"no HTTP at all")


def test_hang_answers_nothing_then_closes() -> None:
    """`Hang` keeps the connection silent for its time, then closes it."""
    handler, _ = answering(Hang(0.2))
    with serving(handler) as running, closing(running.socket()) as client:
        start = time.monotonic()
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        received = read_all(client)
        took = time.monotonic() - start
    assert (received, took >= 0.2) == (b"", True)


def test_stop_cuts_every_kind_of_connection() -> None:
    """`stop` returns at once while clients idle, hang, stream, speak WebSocket or never shake hands."""

    async def forever(_: Channel) -> None:
        await asyncio.sleep(60)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(60)

    kinds: dict[str, Reply] = {
        "/hang": Hang(60),
        "/stream": Stream(200, chunks()),
        "/exec": Upgrade("", forever),
    }

    async def handle(request: Request) -> Reply:
        return kinds[request.path]

    with ExitStack() as clients:
        with serving(handle) as running:
            clients.enter_context(closing(running.socket()))
            clients.enter_context(socket.create_connection(("127.0.0.1", running.port)))
            for path in ("/hang", "/stream"):
                client = clients.enter_context(closing(running.socket()))
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            clients.callback(vanish, running.websocket())
            together = until(lambda: running.server.open_connections == 4)
            start = time.monotonic()
        took = time.monotonic() - start
    assert (together, took < 2) == (True, True)


def test_peer_certificate_is_seen(tmp_path: Path) -> None:
    """The handler sees the subject of the client's certificate."""
    handler, asked = answering(Response(200))
    identity = AUTHORITY.issue("jane", organizations=["ops"], server=False)
    with serving(handler) as running, closing(running.http(trusting(identity, tmp_path))) as client:
        client.request("GET", "/")
        client.getresponse().read()
    peer = asked[0].peer
    assert peer is not None
    assert peer["subject"] == ((("organizationName", "ops"),), (("commonName", "jane"),))


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00 hello\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"x" * 70000],
)
def test_garbage_is_answered_with_400(garbage: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """What is no HTTP/1.1 request gets a 400 and is closed; the handler never sees it."""
    handler, asked = answering(Response(200))
    with serving(handler) as running, closing(running.socket()) as client:
        client.sendall(garbage)
        received = read_all(client)
    assert (received[:13], asked, capfd.readouterr().err) == (b"HTTP/1.1 400 ", [], "")


def test_no_tls_is_no_noise(capfd: pytest.CaptureFixture[str]) -> None:
    """Plain HTTP at the TLS port, and a client that does not trust the server, leave no trace."""
    handler, asked = answering(Response(200))
    with serving(handler) as running:
        with socket.create_connection(("127.0.0.1", running.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            while client.recv(1000):
                pass
        with pytest.raises(ssl.SSLCertVerificationError):
            running.http(ssl.create_default_context()).connect()
    assert (asked, capfd.readouterr().err) == ([], "")


@pytest.mark.parametrize(("size", "status"), [(4 << 20, 200), ((4 << 20) + 1, 413)])
@pytest.mark.parametrize("expect", [{}, {"Expect": "100-continue"}])
def test_bodies_have_a_limit(size: int, status: int, expect: dict[str, str]) -> None:
    """A body of 4 MiB arrives whole; one byte more is a 413, and the connection goes on."""
    handler, asked = answering(Response(200))
    with serving(handler) as running, closing(running.http()) as client:
        client.request("PUT", "/", body=b"x" * size, headers=expect)
        answer = client.getresponse()
        answer.read()
        client.request("GET", "/")
        after = client.getresponse().status
        opened = running.server.most_connections
    assert (answer.status, after, len(asked[0].body), opened) == (
        status,
        200,
        size if status == 200 else 0,
        1,
    )


def test_most_connections_counts_those_open_together() -> None:
    """Connections are counted while they are open, and the most that were open together is kept."""
    handler, _ = answering(Response(200))
    with serving(handler) as running:
        with ExitStack() as clients:
            for _ in range(5):
                clients.enter_context(closing(running.socket()))
            together = until(lambda: running.server.open_connections == 5)
        gone = until(lambda: running.server.open_connections == 0)
        with closing(running.http()) as client:
            client.request("GET", "/")
            client.getresponse().read()
        most = running.server.most_connections
    assert (together, gone, most) == (True, True, 5)


def test_many_clients_at_once() -> None:
    """Each of 200 connections from 20 threads gets its own answer."""

    async def handle(request: Request) -> Reply:
        return Response(200, json.dumps(request.path).encode())

    with serving(handle) as running:
        context = trusting()

        def ask(number: int) -> str:
            with closing(running.http(context)) as client:
                client.request("GET", f"/{number}")
                return str(json.loads(client.getresponse().read()))

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(ask, range(200)))
    assert answers == [f"/{number}" for number in range(200)]
