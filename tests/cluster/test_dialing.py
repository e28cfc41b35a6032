"""One dialer for REST and exec: whatever lies between us and the API server, both get through, or both say why."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.wire.exec import run
from kubectl_ipvs.cluster.wire.log import WireLog
from kubectl_ipvs.cluster.wire.rest import Rest
from kubectl_ipvs.errors import ConnectionFailed, ExecFailed, IpvsError
from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.certificates.pki import Authority, server_context
from tests.cluster import proxies
from tests.harness import QUICK

PASSWORD = "canary-p@ss/5f2c"  # noqa: S105 - what is searched for
QUOTED = "canary-p%40ss%2F5f2c"
USER = "us er"
CAT = ("cat", "/proc/net/ip_vs")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """Give one API server for all tests of this file: they only look."""
    with Sandbox(nodes=1, **QUICK) as running:
        yield running


def connection(box: Sandbox, proxy_url: str | None, *, host: str = "127.0.0.1", ca: str = "") -> Connection:
    """Give the connection to a sandbox by this name."""
    return Connection(
        box.url.replace("127.0.0.1", host), ca=(box.ca + ca).encode(), token=box.token, proxy_url=proxy_url
    )


def looked(connection: Connection, log: WireLog | None = None) -> tuple[str, bytes]:
    """Ask by REST and by exec."""
    cluster = Cluster(connection, log=log or WireLog())
    version = cluster.version()
    (pod,), _ = cluster.pods("kube-system", "k8s-app=kube-proxy")
    told: list[bytes] = []
    assert cluster.run(pod, CAT, timeout=5, sink=told.append).code == 0
    return version, b"".join(told)


def refused(connection: Connection) -> list[str]:
    """Ask by REST and by exec, and give what each says of its failure."""
    rest = Rest(connection)
    with pytest.raises(ConnectionFailed) as by_rest:
        rest.get("/version")
    with pytest.raises(ExecFailed) as by_exec:
        run(rest, "kube-system", "p", "c", CAT, timeout=5, sink=lambda _: None)
    assert by_exec.value.kind == "unreachable"
    return [str(by_rest.value), str(by_exec.value)]


@contextmanager
def tls_proxy(serve: proxies.Serve) -> Iterator[tuple[proxies.Proxy, str]]:
    """Run a proxy behind TLS; give it and the authority that vouches for it."""
    authority = Authority.create("of the proxy")
    with proxies.running(serve, server_context(authority.issue("proxy", dns=["localhost"]), None)) as proxy:
        yield proxy, authority.certificate


def test_through_an_http_proxy(box: Sandbox) -> None:
    """REST and exec go through CONNECT, with the user that the proxy asks for, whatever pieces its answer is in."""
    with proxies.running(proxies.http(USER, PASSWORD)) as proxy:
        version, table = looked(connection(box, f"http://us%20er:{QUOTED}@127.0.0.1:{proxy.port}"))

    assert (version[:2], b"rr" in table) == ("v1", True)
    assert set(proxy.asked) == {f"CONNECT {box.url.removeprefix('https://')} HTTP/1.1"}
    assert len(proxy.asked) == 2, "one connection for REST, one for exec"


def test_through_an_https_proxy(box: Sandbox) -> None:
    """The proxy is spoken to in TLS first, by REST and by exec: no CONNECT and no password goes out in clear."""
    with tls_proxy(proxies.http(USER, PASSWORD)) as (proxy, ca):
        _, table = looked(connection(box, f"https://us%20er:{QUOTED}@localhost:{proxy.port}", ca=ca))

    assert b"rr" in table
    assert [first[:2] for first in proxy.first] == [b"\x16\x03"] * 2, "TLS handshakes"
    assert len(proxy.asked) == 2


def test_https_proxy_that_is_not_trusted(box: Sandbox) -> None:
    """It is told nothing, and the error names it, not the API server's certificate."""
    with tls_proxy(proxies.http(USER, PASSWORD)) as (proxy, _):
        said = refused(connection(box, f"https://us%20er:{QUOTED}@localhost:{proxy.port}"))

    where = box.url.removeprefix("https://")
    expected = f"cannot connect to {where} through the proxy localhost:{proxy.port}: "
    assert [words.startswith(expected) and "certificate" in words for words in said] == [True, True], said
    assert proxy.asked == []


@pytest.mark.parametrize(("user", "password"), [("", ""), ("user", "canary-pass")])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_through_a_socks_proxy(scheme: str, user: str, password: str, box: Sandbox) -> None:
    """The proxy resolves the server's name, for REST and exec, with a password and without."""
    login = f"{user}:{password}@" if user else ""
    with proxies.running(proxies.socks5({"api.made-up.invalid": "127.0.0.1"}, user, password)) as proxy:
        url = f"{scheme}://{login}127.0.0.1:{proxy.port}"
        made = connection(box, url, host="api.made-up.invalid")._replace(tls_server_name="kubernetes")
        _, table = looked(made)

    assert b"rr" in table
    assert proxy.asked == [f"api.made-up.invalid:{box.url.rpartition(':')[2]}"] * 2


def hangs_up(client: socket.socket, _: proxies.Proxy) -> None:
    """Hear what is asked and say nothing."""
    client.recv(4096)


REFUSALS: dict[str, tuple[proxies.Serve, str, str]] = {
    "HTTP, no right": (proxies.http(refusal="403 Forbidden"), "http", "403 Forbidden"),
    "HTTP, another password": (proxies.http(USER, "other"), "http", "407 Proxy Authentication Required"),
    "HTTP that repeats it": (proxies.http(refusal=f"403 no {PASSWORD}"), "http", "403 no <masked>"),
    "HTTP that is none": (proxies.http(refusal="what"), "http", "what"),
    "SOCKS, no such host": (proxies.socks5({}), "socks5", "Host unreachable"),
    "SOCKS, another password": (
        proxies.socks5({}, USER, "other"),
        "socks5",
        "Username and password authentication failure",
    ),
    "no SOCKS": (hangs_up, "socks5", "Connection closed unexpectedly"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_proxy_that_refuses(case: str, box: Sandbox) -> None:
    """It is named with its own words, the same for REST and exec, and without its password."""
    serve, scheme, words = REFUSALS[case]
    with proxies.running(serve) as proxy:
        said = refused(connection(box, f"{scheme}://us%20er:{QUOTED}@127.0.0.1:{proxy.port}"))

    where = box.url.removeprefix("https://")
    assert said == [f"cannot connect to {where} through the proxy 127.0.0.1:{proxy.port}: {words}"] * 2


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
def test_proxy_that_is_down(scheme: str, box: Sandbox) -> None:
    """The proxy is named as what refused the connection, not the API server."""
    said = refused(connection(box, f"{scheme}://u:{QUOTED}@127.0.0.1:1"))

    where = box.url.removeprefix("https://")
    assert said == [f"cannot connect to {where} through the proxy 127.0.0.1:1: Connection refused"] * 2


def test_password_that_socks_cannot_carry(box: Sandbox) -> None:
    """It is one of our errors, and no part of the password is in it."""
    with proxies.running(proxies.socks5({}, "u", "x")) as proxy:
        said = refused(connection(box, f"socks5://u:p%C3%A4ss@127.0.0.1:{proxy.port}"))

    assert [words.endswith(": a name or a password cannot be sent as it is") for words in said] == [True, True]


def test_plain_http_is_forwarded_and_not_tunnelled() -> None:
    """A proxy is asked for the whole URL of a server without TLS, as by kubectl, and told who asks."""
    heard: list[bytes] = []

    def serve(client: socket.socket, _: proxies.Proxy) -> None:
        heard.append(client.recv(65536))
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with proxies.running(serve) as proxy:
        Rest(Connection("http://api.invalid:8080", proxy_url=f"http://u:p@127.0.0.1:{proxy.port}")).get("/version")

    (request,) = heard
    assert request.startswith(b"GET http://api.invalid:8080/version HTTP/1.1\r\nHost: api.invalid:8080\r\n")
    assert b"\r\nProxy-Authorization: Basic dTpw\r\n" in request


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_proxy_that_never_answers(scheme: str, box: Sandbox) -> None:
    """Each request ends in its time, REST as well as exec."""

    def serve(client: socket.socket, _: proxies.Proxy) -> None:
        client.recv(65536)
        time.sleep(3)

    with proxies.running(serve) as proxy:
        rest = Rest(connection(box, f"{scheme}://127.0.0.1:{proxy.port}")._replace(request_timeout=0.5))
        began = time.monotonic()
        with pytest.raises(ConnectionFailed, match="did not answer in time"):
            rest.get("/version")
        with pytest.raises(ExecFailed) as raised:
            run(rest, "n", "p", "c", CAT, timeout=0.5, sink=lambda _: None)

    assert (raised.value.kind, time.monotonic() - began < 2.5) == ("timeout", True)


def test_sessions_are_resumed(box: Sandbox) -> None:
    """The second connection to a server resumes the first one's TLS session, through a proxy too."""
    with proxies.running(proxies.http()) as proxy:
        transport = Rest(connection(box, f"http://127.0.0.1:{proxy.port}")).transport
        reused = []
        for _ in range(2):
            with transport.dialer.dial(5) as spoken:
                spoken.sendall(b"GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                while spoken.recv_into(bytearray(4096)):
                    pass
                reused.append(spoken.session_reused)  # type: ignore[attr-defined] # an SSLSocket

    assert reused == [False, True]


def test_no_secret_is_logged(box: Sandbox, tmp_path: Path) -> None:
    """At -v=9 each request is there, of REST and exec, and no password of a proxy."""
    log = tmp_path / "log"
    with log.open("a") as told, proxies.running(proxies.http(USER, PASSWORD)) as proxy:
        looked(connection(box, f"http://us%20er:{QUOTED}@127.0.0.1:{proxy.port}"), WireLog(9, told.write))

    text = log.read_text()
    assert ("GET wss:" in text, PASSWORD in text, QUOTED in text, box.token in text) == (True, False, False, False)


def test_connections_that_failed_are_closed(box: Sandbox, recwarn: pytest.WarningsRecorder) -> None:
    """No socket is left open, whatever step of connecting failed."""
    before = threading.active_count()
    for serve, scheme, _ in REFUSALS.values():
        with proxies.running(serve) as proxy, pytest.raises(IpvsError):
            Rest(connection(box, f"{scheme}://us%20er:{QUOTED}@127.0.0.1:{proxy.port}")).get("/version")

    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (len(recwarn), threading.active_count() <= before) == (0, True)
