"""port-forward in the sandbox, as the kubernetes package opens it: what a kube-proxy serves over HTTP."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import websocket
from kubernetes import client as kubernetes_client
from kubernetes.stream import portforward

from kubectl_ipvs.sandbox import Sandbox

V4 = "v4.channel.k8s.io"
QUICK: dict[str, Any] = {"nodes": 1, "services": 0, "terminate": 0.02, "start": 0.02, "sync": 0.02}


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """Return a sandbox of one node."""
    with Sandbox(**QUICK) as sandbox:
        yield sandbox


def pod_of(box: Sandbox) -> dict[str, Any]:
    """Return the first pod's metadata."""
    found: dict[str, Any] = box.objects("Pod")[0]["metadata"]
    return found


def get(box: Sandbox, path: str, port: int = 10249) -> tuple[int, str]:
    """Return status and body of a path."""
    text, headers = b"", "Host: localhost\r\nConnection: close\r\n\r\n"
    with connected(box, f"ports={port}") as connection:
        connection.send_binary(b"\x00" + f"GET {path} HTTP/1.1\r\n{headers}".encode())
        begun = [connection.recv(), connection.recv()]
        while (message := connection.recv_data())[0] != websocket.ABNF.OPCODE_CLOSE:
            assert (message[1][0], len(begun)) == (0, 2), message
            text += message[1][1:]
    head, _, body = text.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


@contextmanager
def connected(
    box: Sandbox, query: str = "ports=10249", protocols: tuple[str, ...] = (V4,)
) -> Iterator[websocket.WebSocket]:
    """Open a port-forward by hand."""
    pod = pod_of(box)
    path = f"/api/v1/namespaces/{pod['namespace']}/pods/{pod['name']}/portforward?{query}"
    connection = websocket.create_connection(
        f"wss{box.url.removeprefix('https')}{path}",
        timeout=5,
        sslopt={"context": ssl.create_default_context(cadata=box.ca)},
        subprotocols=list(protocols),
        header=[f"Authorization: Bearer {box.token}"],
    )
    try:
        yield connection
    finally:
        if connection.sock is not None:
            connection.sock.close()


def test_as_the_kubernetes_package_opens_it(box: Sandbox) -> None:
    """Mode, health, and what is not there, on one connection that is kept alive."""
    configuration = kubernetes_client.Configuration(host=box.url, api_key={"authorization": f"Bearer {box.token}"})
    configuration.verify_ssl = False
    found, pod = [], pod_of(box)
    with kubernetes_client.ApiClient(configuration) as api:
        opened = kubernetes_client.CoreV1Api(api).connect_get_namespaced_pod_portforward
        forward = portforward(opened, pod["name"], pod["namespace"], ports="10249")
        connection = http.client.HTTPConnection("127.0.0.1", 10249)
        connection.sock = forward.socket(10249)
        for path in ("/proxyMode", "/healthz", "/nothing", "/proxyMode?x=1"):
            connection.request("GET", path)
            answer = connection.getresponse()
            found.append((answer.status, answer.read().decode()))
        connection.close()
        while forward.connected:
            time.sleep(0.01)

    assert found == [(200, "ipvs"), (200, "ok"), (404, "404 page not found\n"), (200, "ipvs")]


@pytest.mark.parametrize(
    ("version", "mode", "scheduler"),
    [
        ("v1.20.2", ("Mode",), ("IPVS", "Scheduler")),
        ("v1.35.4", ("Mode",), ("IPVS", "Scheduler")),
        ("v1.36.3", ("mode",), ("ipvs", "scheduler")),
        ("v1.37.2", ("mode",), ("ipvs", "scheduler")),
    ],
)
def test_configz_by_version(version: str, mode: tuple[str, ...], scheduler: tuple[str, ...]) -> None:
    """Up to 1.35 Go's names, from 1.36 the file's; both what the process runs with, not what is written since."""
    with Sandbox(version=version, scheduler="wrr", **QUICK) as box:
        box.set_config(box.config.replace("wrr", "sed"))
        shown = json.loads(get(box, "/configz")[1])

    (kind, document), *more = shown.items()
    found = []
    for path in (mode, scheduler):
        value: Any = document
        for name in path:
            value = value[name]
        found.append(value)
    assert (kind, more, found) == ("kubeproxy.config.k8s.io", [], ["ipvs", "wrr"])
    assert document.get("apiVersion", "kubeproxy.config.k8s.io/v1alpha1") == "kubeproxy.config.k8s.io/v1alpha1"


def test_mode_in_effect() -> None:
    """A kube-proxy that fell back says so, though it was told ipvs."""
    with Sandbox(version="v1.20.2", scheduler="lc", modules=["rr", "wrr", "sh"], **QUICK) as box:
        mode, configured = get(box, "/proxyMode"), get(box, "/configz")

    assert (mode[1], json.loads(configured[1])["kubeproxy.config.k8s.io"]["Mode"]) == ("iptables", "ipvs")


def value_of(text: str, name: str) -> float:
    """Return the smallest value of a metric, over its labels; 0 where there is none."""
    lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return min(float(line.rpartition(" ")[2]) for line in lines) if lines else 0


def test_metrics_tell_of_the_first_sync() -> None:
    """No sync is no timestamp; after the first one the count is 1 and the time is now."""
    last, count = (
        f"kubeproxy_sync_proxy_rules_{name}" for name in ("last_timestamp_seconds", "duration_seconds_count")
    )
    with Sandbox(**{**QUICK, "sync": 0.5}) as box:
        began = time.time()
        old = pod_of(box)
        box.remove("Pod", old["namespace"], old["name"])
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not (
            box.objects("Pod") and box.objects("Pod")[0]["status"].get("containerStatuses", [{}])[0].get("ready")
        ):
            time.sleep(0.01)
        early = get(box, "/metrics")[1]
        text = early
        while time.monotonic() < deadline and not value_of(text, count):
            text = get(box, "/metrics")[1]

    assert (value_of(early, last), value_of(early, count), value_of(text, count)) == (0, 0, 1)
    assert began <= value_of(text, last) <= time.time()


def test_health_of_the_second_port() -> None:
    """Port 10256 says when the rules were synced and what time it is; a new one for each family of addresses."""
    with Sandbox(version="v1.37.2", **QUICK) as box:
        status, body = get(box, "/healthz", port=10256)

    shown = json.loads(body)
    assert (shown["healthy"], set(shown["status"])) == (True, {"IPv4", "IPv6"})
    assert (status, {"lastUpdated", "currentTime", "nodeEligible"} <= shown.keys()) == (200, True)


@pytest.mark.parametrize(
    ("address", "port"),
    [("0.0.0.0:10250", 10250), ("127.0.0.1:9", 9), ("'[::]:10300'", 10300), ("localhost:10249", 10249)],
)
def test_metrics_bind_address(address: str, port: int) -> None:
    """The port is that of the configuration, where the loopback address reaches it."""
    with Sandbox(**QUICK) as plain:
        text = plain.config.replace('metricsBindAddress: ""', f"metricsBindAddress: {address}")
    with Sandbox(config=text, **QUICK) as box:
        assert get(box, "/proxyMode", port=port) == (200, "ipvs")


@pytest.mark.parametrize(
    ("options", "port"),
    [({}, 80), ({"faults": {"node1": "crash-loop"}}, 10249), ({"mode": "wrong"}, 10249)],
    ids=["nothing listens there", "a crash loop", "refused its configuration"],
)
def test_connection_refused(options: dict[str, Any], port: int) -> None:
    """Where nothing listens the kubelet says so on the error channel, and ends."""
    with Sandbox(**QUICK, **options) as box:
        if "faults" in options:
            pod = pod_of(box)
            box.remove("Pod", pod["namespace"], pod["name"])
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and not any(
                each["status"].get("containerStatuses", [{}])[0].get("lastState") for each in box.objects("Pod")
            ):
                time.sleep(0.01)
        with connected(box, f"ports={port}") as connection:
            begun = [connection.recv(), connection.recv()]
            code, said = connection.recv_data()
            ended = connection.recv_data()[0]

    low_high = port.to_bytes(2, "little")
    assert begun == [b"\x00" + low_high, b"\x01" + low_high]
    assert (code, said[:1], f"127.0.0.1:{port}: connect: connection refused".encode() in said) == (2, b"\x01", True)
    assert ended == websocket.ABNF.OPCODE_CLOSE


@pytest.mark.parametrize(
    ("query", "protocols", "status"),
    [("", (V4,), 400), ("ports=x", (V4,), 400), ("ports=0", (V4,), 400), ("ports=10249", ("v5.channel.k8s.io",), 403)],
)
def test_refused_before_the_upgrade(box: Sandbox, query: str, protocols: tuple[str, ...], status: int) -> None:
    """No port, no port number, no subprotocol in common."""
    with pytest.raises(websocket.WebSocketBadStatusException) as refused, connected(box, query, protocols):
        pass

    assert refused.value.status_code == status


def test_unreachable_node_and_forbidden(box: Sandbox) -> None:
    """A kubelet that cannot be reached is a 500; without create on pods/portforward it is a 403 with the verb."""
    box.fault("node1", "not-ready")
    with pytest.raises(websocket.WebSocketBadStatusException) as lost, connected(box):
        pass
    box.heal("node1")
    box.deny("create", "pods", subresource="portforward")
    with pytest.raises(websocket.WebSocketBadStatusException) as forbidden, connected(box):
        pass

    assert (lost.value.status_code, forbidden.value.status_code) == (500, 403)
    assert 'cannot create resource "pods/portforward"' in json.loads(forbidden.value.resp_body or b"")["message"]


def test_two_ports_and_bytes_that_are_no_http(box: Sandbox) -> None:
    """Each port has its own channels; what is no HTTP gets a 400 and ends it."""
    with connected(box, "ports=10249,10256") as connection:
        begun = [connection.recv_data()[1] for _ in range(4)]
        connection.send_binary(b"\x02GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        first = connection.recv_data()[1]
        connection.send_binary(b"\x00\x16\x03\x01 no HTTP\r\n\r\n")
        second, end = connection.recv_data()[1], connection.recv_data()[0]

    assert [each[0] for each in begun] == [0, 1, 2, 3]
    assert first.startswith(b"\x02HTTP/1.1 200")
    assert (second.startswith(b"\x00HTTP/1.1 400 Bad Request"), end) == (True, websocket.ABNF.OPCODE_CLOSE)
