"""GET through a port-forward: what answers is heard, what does not is said why, over the one dialer."""

from collections.abc import Iterator

import pytest

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.wire.port_forward import MOST, get
from kubectl_ipvs.cluster.wire.rest import Rest
from kubectl_ipvs.errors import ExecFailed
from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Reply, Request
from tests.cluster import proxies
from tests.harness import QUICK, frames_of

PORT = b"\x09\x28"  # 10249, low byte first


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """Give one API server for all tests of this file."""
    with Sandbox(nodes=1, version="v1.36.3", **QUICK) as running:
        yield running


def asked(box: Sandbox, port: int, path: str, *, timeout: float = 5, proxy_url: str | None = None) -> tuple[int, bytes]:
    """GET from the one kube-proxy pod."""
    cluster = Cluster(Connection(box.url, ca=box.ca.encode(), token=box.token, proxy_url=proxy_url))
    (pod,), _ = cluster.pods("kube-system", "k8s-app=kube-proxy")
    (answer,) = cluster.http_get(pod, port, (path,), timeout=timeout)
    return answer


@pytest.mark.parametrize(
    ("port", "path", "status", "beginning"),
    [
        (10249, "/proxyMode", 200, b"ipvs"),
        (10249, "/configz", 200, b'{"kubeproxy.config.k8s.io": '),
        (10249, "/metrics", 200, b"# HELP kubeproxy_sync_proxy_rules_duration_seconds "),
        (10256, "/healthz", 200, b'{"lastUpdated":'),
        (10249, "/nowhere", 404, b"404 page not found"),
    ],
)
def test_get(port: int, path: str, status: int, beginning: bytes, box: Sandbox) -> None:
    """Any path of any port on which kube-proxy listens, whatever the answer's status."""
    code, body = asked(box, port, path)
    assert (code, body[: len(beginning)]) == (status, beginning)


def streams(box: Sandbox) -> int:
    """Count the port-forwards so far."""
    return sum(seen.path.endswith("/portforward") for seen in box.requests)


def test_several_paths_over_one_connection(box: Sandbox) -> None:
    """Each path has its answer, in the order in which they were asked for, by one port-forward."""
    cluster = Cluster(Connection(box.url, ca=box.ca.encode(), token=box.token))
    (pod,), _ = cluster.pods("kube-system", "k8s-app=kube-proxy")
    before = streams(box)

    mode, nothing, health = cluster.http_get(pod, 10249, ("/proxyMode", "/nowhere", "/healthz"), timeout=5)

    assert (mode, nothing.status, health) == ((200, b"ipvs"), 404, (200, b"ok"))
    assert streams(box) == before + 1


@pytest.mark.parametrize("header", [b"Connection: close\r\n", b""], ids=["announced", "without a word"])
def test_a_server_that_closes_after_each_answer(header: bytes, box: Sandbox) -> None:
    """The next path has a connection of its own; none is asked for again that was answered."""
    closing = OK + header + b"Content-Length: 2\r\n\r\n"
    bodies = iter((b"aa", b"bb"))

    def hook(request: Request) -> Reply | None:
        return frames_of([b"\x00" + PORT + closing + next(bodies)]) if request.path.endswith("/portforward") else None

    rest = Rest(Connection(box.url, ca=box.ca.encode(), token=box.token))
    box.hook = hook
    try:
        answers = get(rest, "kube-system", "any", 10249, ("/a", "/b"), timeout=5)
    finally:
        box.hook = None
    assert (answers, next(bodies, None)) == ([(200, b"aa"), (200, b"bb")], None)


def test_nobody_listens(box: Sandbox) -> None:
    """The kubelet's error is told from an answer."""
    with pytest.raises(ExecFailed, match=r"^nothing listens on port 9 of the pod's loopback address$") as raised:
        asked(box, 9, "/")
    assert raised.value.kind == "unreachable"


def test_no_such_pod(box: Sandbox) -> None:
    """A pod that is gone is said to be."""
    rest = Rest(Connection(box.url, ca=box.ca.encode(), token=box.token))
    with pytest.raises(ExecFailed) as raised:
        get(rest, "kube-system", "nobody", 10249, ("/",), timeout=5)
    assert raised.value.kind == "gone"


def test_silence_ends_in_time(box: Sandbox) -> None:
    """One deadline for all of it."""
    box.fault("node1", "hang")
    try:
        with pytest.raises(ExecFailed, match=r"no answer within 0\.3s") as raised:
            asked(box, 10249, "/proxyMode", timeout=0.3)
    finally:
        box.heal("node1", "hang")
    assert raised.value.kind == "timeout"


def test_through_proxies(box: Sandbox) -> None:
    """The way is that of every other request: CONNECT, SOCKS5, with the password that the proxy asks for."""
    for serve, scheme in (
        (proxies.http("user", "canary"), "http"),
        (proxies.socks5({"127.0.0.1": "127.0.0.1"}, "user", "canary"), "socks5"),
    ):
        with proxies.running(serve) as proxy:
            url = f"{scheme}://user:canary@127.0.0.1:{proxy.port}"
            assert asked(box, 10249, "/proxyMode", proxy_url=url) == (200, b"ipvs")
        assert len(proxy.asked) == 2, "one connection for REST, one for the port-forward"


def test_no_right() -> None:
    """A right that is missing is named in the server's words."""
    with Sandbox(nodes=1, **QUICK) as other:
        for verb in ("create", "get"):
            other.deny(verb, "pods", subresource="portforward")
        with pytest.raises(ExecFailed, match="pods/portforward") as raised:
            asked(other, 10249, "/proxyMode")
    assert raised.value.kind == "forbidden"


OK = b"HTTP/1.1 200 OK\r\n"
SENT: dict[str, tuple[list[bytes], object]] = {
    "in pieces, the port's number too": (
        [
            b"\x00\x09",
            b"\x01\x09",
            b"\x00\x28" + OK[:9],
            b"\x01\x28",
            b"\x00" + OK[9:],
            b"\x00Content-Length: 2\r\n\r\nh",
            b"\x00i",
        ],
        (200, b"hi"),
    ),
    "to the end of the connection": ([b"\x00" + PORT + OK + b"\r\n", b"\x00all of it"], (200, b"all of it")),
    "in chunks": ([b"\x00" + PORT + OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"], (200, b"hi")),
    "after a 100": (
        [b"\x00" + PORT + b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n"],
        (200, b""),
    ),
    "empty frames, other channels": ([b"", b"\x07odd", b"\x00" + PORT + OK + b"Content-Length: 0\r\n\r\n"], (200, b"")),
    "nothing": ([b"\x00" + PORT, b"\x01" + PORT], "does not speak HTTP|gave no answer"),
    "no HTTP": ([b"\x00" + PORT + b"SSH-2.0-x\r\n\r\n"], "what answers on port 10249 does not speak HTTP"),
    "half": ([b"\x00" + PORT + OK + b"Content-Length: 9\r\n\r\nhalf"], "does not speak HTTP|gave no answer"),
    "an error": ([b"\x00" + PORT, b"\x01" + PORT + b"something odd\x1b[2J"], "^something odd"),
    "too much": ([b"\x00" + PORT + OK + b"\r\n", *[b"\x00" + b"x" * (MOST // 2)] * 12], "is too long"),
}


@pytest.mark.parametrize("name", SENT)
def test_what_the_other_end_sends(name: str, box: Sandbox) -> None:
    """An answer is put together whatever pieces it comes in; anything else is said, and never waited for."""
    frames, expected = SENT[name]

    def hook(request: Request) -> Reply | None:
        if not request.path.endswith("/portforward"):
            return None
        return frames_of(frames)

    box.hook = hook
    try:
        if isinstance(expected, str):
            with pytest.raises(ExecFailed, match=expected):
                asked(box, 10249, "/")
        else:
            assert asked(box, 10249, "/") == expected
    finally:
        box.hook = None
