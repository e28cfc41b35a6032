"""No call waits for ever, and none is repeated without a pause, whatever the server does."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import ConfigMap, Pod, config_map, pod
from kubectl_ipvs.cluster.wire.exec import run
from kubectl_ipvs.cluster.wire.rest import Rest
from kubectl_ipvs.cluster.wire.retry import is_transient, retrying
from kubectl_ipvs.errors import ApiError, ChangedMeanwhile, ConnectionFailed, ExecFailed, IpvsError
from kubectl_ipvs.sandbox.wire.exchange import Drop, Reply, Request, Response, Stream
from tests.unit.wire_server import answering, serving

TARGET = pod({"metadata": {"namespace": "n", "name": "p", "uid": "u"}, "spec": {"containers": [{"name": "c"}]}})
MAP = config_map(
    {
        "metadata": {"namespace": "n", "name": "m", "resourceVersion": "1", "annotations": {"x": "y"}},
        "data": {"k": "old"},
    }
)


@contextmanager
def silence() -> Iterator[str]:
    """Serve as a load balancer without backends: every connection is accepted, none is answered; give its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                kept.append(listener.accept()[0])

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in kept:
            connection.close()


CALLS: dict[str, Callable[[Cluster], object]] = {
    "write": lambda cluster: cluster.swap(MAP, "k", "new"),
    "delete": lambda cluster: cluster.delete_pod(TARGET),
    "list": lambda cluster: cluster.nodes(),
    "lease": lambda cluster: cluster.leases.create("n", "l", "me", "now", 15),
    "lease, read": lambda cluster: cluster.leases.read("n", "l"),
    "log": lambda cluster: cluster.pod_log(TARGET, 10),
}


@pytest.mark.parametrize(
    "call", [call if call == "write" else pytest.param(call, marks=pytest.mark.whole) for call in CALLS]
)
def test_server_that_never_answers(call: str) -> None:
    """Tried again for 2 seconds, a call ends in a few, whichever it is; and so it does within a time of its own."""
    with silence() as url:
        cluster = Cluster(Connection(url))
        began = time.monotonic()
        with pytest.raises(ConnectionFailed, match="did not answer in time"):
            retrying(lambda: CALLS[call](cluster), 2)
        with cluster.within(1), pytest.raises(ConnectionFailed, match="did not answer in time"):
            CALLS[call](cluster)
        assert time.monotonic() - began < 6


def test_server_that_never_ends_its_answer() -> None:
    """An answer that trickles in for ever is not waited for longer than the caller has time."""

    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 70000
            await asyncio.sleep(0.05)

    async def handle(_: Request) -> Reply:
        return Stream(200, chunks())

    with serving(handle, tls=False) as server:
        cluster = Cluster(Connection(f"http://127.0.0.1:{server.port}"))
        began = time.monotonic()
        with cluster.within(1.2), pytest.raises(ConnectionFailed, match="did not answer in time"):
            cluster.nodes()
        assert time.monotonic() - began < 4


def test_writes_end_without_a_request_timeout() -> None:
    """Where nobody names a time, a write has 30 seconds and a list 60; what --request-timeout names comes first."""
    usual, asked = (Rest(Connection("http://x", request_timeout=limit)).transport for limit in (None, 7.0))

    found = [transport.timeout(method, None).read_timeout for transport in (usual, asked) for method in ("GET", "PUT")]

    assert found == [60, 30, 7, 7]


def status(code: int, **headers: str) -> Response:
    """Give a refusal."""
    body = {"kind": "Status", "reason": "Busy", "message": "later", "code": code}
    return Response(code, json.dumps(body).encode(), tuple(headers.items()))


@pytest.mark.parametrize("server_clock", [timedelta(), timedelta(days=-400), timedelta(days=400)])
def test_retry_after_as_a_date(server_clock: timedelta) -> None:
    """It is read by the server's own clock, however far that is from ours."""
    now = datetime.now(timezone.utc) + server_clock
    dates = {
        "date": format_datetime(now, usegmt=True),
        "retry-after": format_datetime(now + timedelta(seconds=1), usegmt=True),
    }
    handle, asked = answering(status(429, **dates), Response(200, b'{"gitVersion": "v1"}'))
    with serving(handle, tls=False) as server:
        began = time.monotonic()
        version = Cluster(Connection(f"http://127.0.0.1:{server.port}")).version()

    assert (version, len(asked), 0.9 < time.monotonic() - began < 4) == ("v1", 2, True)


def test_429_without_a_time() -> None:
    """A DELETE that is put off so counts as transient, and is done when it is tried again."""
    handle, asked = answering(status(429), Response(200, b"{}"))
    with serving(handle, tls=False) as server:
        cluster = Cluster(Connection(f"http://127.0.0.1:{server.port}"))
        with pytest.raises(ApiError) as raised:
            cluster.delete_pod(TARGET)
        cluster.delete_pod(TARGET)

    assert (is_transient(raised.value), [request.method for request in asked]) == (True, ["DELETE"] * 2)


WATCHED = '{"type": "ADDED", "object": {"metadata": {"name": "p", "resourceVersion": "9"}}}\n'
BOOKMARK = '{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}}\n'


@pytest.mark.parametrize(("said", "kinds"), [("", []), (BOOKMARK, ["BOOKMARK"]), (WATCHED, ["ADDED"])])
def test_watch_that_ends_at_once(said: str, kinds: list[str]) -> None:
    """Having brought nothing it is an error, so that nobody opens it again as fast as it is answered."""
    handle, _ = answering(Response(200, said.encode()))
    seen: list[str] = []
    with serving(handle, tls=False) as server:
        cluster = Cluster(Connection(f"http://127.0.0.1:{server.port}"))
        try:
            seen.extend(event.kind for event in cluster.watch_pods("n", "a=b", "1"))
            failed = ""
        except ConnectionFailed as error:
            failed = str(error)

    assert (seen, failed) == (kinds, "" if said == WATCHED else "the watch ended at once")


GARBAGE = [
    b"{}", b'{"type": 5, "object": 5}', b'{"type": "ERROR", "object": []}', b'{"type": "ERROR"}', b"[]", b"x",
    b'{"type": "ERROR", "object": {"code": "many", "message": 5, "reason": {}}}',
    b'{"type": "ADDED", "object": {"metadata": "x", "spec": 7, "status": []}}',
]  # fmt: skip


@pytest.mark.parametrize("line", GARBAGE)
def test_watch_that_makes_no_sense(line: bytes) -> None:
    """Whatever comes, it is an event or one of our errors."""
    handle, _ = answering(Response(200, line + b"\n"))
    with serving(handle, tls=False) as server:
        cluster = Cluster(Connection(f"http://127.0.0.1:{server.port}"))
        with suppress(IpvsError):
            assert all(isinstance(event.pod, Pod) for event in cluster.watch_pods("n", "a=b", "1"))


@pytest.mark.parametrize(
    "page", [b'{"items": 5, "metadata": []}', b'{"items": [5, {}], "metadata": {"continue": null}}']
)
def test_list_that_makes_no_sense(page: bytes) -> None:
    """What is no object of a list is left out."""
    handle, _ = answering(Response(200, page))
    with serving(handle, tls=False) as server:
        nodes = Cluster(Connection(f"http://127.0.0.1:{server.port}")).nodes()

    assert {node.name for node in nodes} <= {""}


def test_exec_after_a_renewal_has_what_is_left_of_its_time() -> None:
    """New credentials are no new deadline."""

    async def handle(request: Request) -> Reply:
        if request.header("authorization") == "Bearer old":
            return Response(401, b"", (), delay=0.6)
        return Response(200, b"", (), delay=5)

    with serving(handle) as server:
        url = f"https://127.0.0.1:{server.port}"
        old, new = (Connection(url, insecure=True, token=token) for token in ("old", "new"))
        rest = Rest(old, renew=lambda: new)
        began = time.monotonic()
        with pytest.raises(ExecFailed) as raised:
            run(rest, "n", "p", "c", ["x"], timeout=1, sink=lambda _: None)

    assert (raised.value.kind, time.monotonic() - began < 1.5) == ("timeout", True)


def stored(text: str, version: str, **annotations: str) -> Response:
    """Give the ConfigMap as it is at the server."""
    meta = {"namespace": "n", "name": "m", "resourceVersion": version, "annotations": {"x": "y", **annotations}}
    return Response(200, json.dumps({"metadata": meta, "data": {"k": text}}).encode())


def swapped(*replies: Reply) -> tuple[ConfigMap | IpvsError, list[str], float]:
    """Swap `old` for `new`, with a note, against these answers; give what came of it, what was asked, and how long."""
    handle, asked = answering(*replies)
    with serving(handle, tls=False) as server:
        cluster = Cluster(Connection(f"http://127.0.0.1:{server.port}"))
        began = time.monotonic()
        try:
            with cluster.within(3):
                found: ConfigMap | IpvsError = cluster.swap(MAP, "k", "new", annotations={"note": "1"})
        except IpvsError as error:
            found = error
        return found, [request.method for request in asked], time.monotonic() - began


def test_swap_while_something_else_of_the_object_changes() -> None:
    """It is tried again, after a pause, and not for ever."""
    found, asked, took = swapped(status(409), stored("old", "2"), stored("new", "3", note="1"))
    assert (isinstance(found, ConfigMap), asked, took >= 0.2) == (True, ["PATCH", "GET", "PATCH"], True)

    restless = [reply for version in range(2, 40) for reply in (status(409), stored("old", str(version)))]
    found, asked, took = swapped(*restless)
    assert (isinstance(found, ApiError), len(asked) < 12, took < 6) == (True, True, True)


def test_swap_whose_answer_was_lost() -> None:
    """Text and note are there: it is done. The text alone is somebody else's write: our note is still to come."""
    done, asked, _ = swapped(status(422), stored("new", "2", note="1"))
    assert (isinstance(done, ConfigMap), asked) == (True, ["PATCH", "GET"])

    _, asked, _ = swapped(status(422), stored("new", "2"), stored("new", "3", note="1"))
    assert asked == ["PATCH", "GET", "PATCH"]


def test_swap_that_somebody_else_was_quicker_for() -> None:
    """Nothing is written where the key holds another text, or the object has gone, or nobody answers."""
    other, asked, _ = swapped(status(422), stored("other", "2"))
    assert (type(other), asked) == (ChangedMeanwhile, ["PATCH", "GET"])

    gone, _, _ = swapped(status(422), status(404))
    assert isinstance(gone, ApiError)
    assert gone.status == 422

    lost, _, _ = swapped(Drop())
    assert isinstance(lost, ConnectionFailed)


def test_log_is_the_end_of_it() -> None:
    """64 KiB at most are kept, the last ones; what is no UTF-8 is replaced; a refusal is one of our errors."""
    handle, asked = answering(Response(200, b"first\n" + b"x" * 70000 + b"\xff last\n", ()), status(400))
    with serving(handle, tls=False) as server:
        cluster = Cluster(Connection(f"http://127.0.0.1:{server.port}"))
        text = cluster.pod_log(TARGET, 5, previous=True)
        with pytest.raises(ApiError):
            cluster.pod_log(TARGET, 5)

    assert (len(text), text.endswith("x\ufffd last\n"), "first" in text) == (64 * 1024, True, False)
    assert asked[0].path == "/api/v1/namespaces/n/pods/p/log"
    assert asked[0].query == {"container": ["c"], "tailLines": ["5"], "previous": ["true"]}
