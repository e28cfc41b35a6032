"""exec in the sandbox over a real WebSocket: the protocol of both versions, and every fault a node may have."""

import json
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest
import websocket

from kubectl_ipvs.sandbox import Sandbox

V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
TABLE = "IP Virtual Server version 1.2.1 (size=4096)\n"
QUICK: dict[str, Any] = {"image": "ipvsadm", "nodes": 1, "services": 0, "terminate": 0.02, "start": 0.02, "sync": 0.02}


def connect(box: Sandbox, *words: str, protocols: tuple[str, ...] = (V5, V4)) -> websocket.WebSocket:
    """Open an exec of a command in the first kube-proxy pod."""
    pod = box.objects("Pod")[0]["metadata"]
    query = "&".join(["stdout=1&stderr=1&container=kube-proxy", *(f"command={word}" for word in words)])
    url = f"wss{box.url.removeprefix('https')}/api/v1/namespaces/{pod['namespace']}/pods/{pod['name']}/exec?{query}"
    return websocket.create_connection(
        url,
        timeout=5,
        sslopt={"context": ssl.create_default_context(cadata=box.ca)},
        subprotocols=list(protocols),
        header=[f"Authorization: Bearer {box.token}"],
    )


def leave(connection: websocket.WebSocket) -> None:
    """Close the TCP connection, whatever state the WebSocket is in."""
    if connection.sock is not None:
        connection.sock.close()


def run(box: Sandbox, *words: str, protocols: tuple[str, ...] = (V5, V4)) -> dict[int, bytes]:
    """Return what came on each channel until the server closed."""
    connection = connect(box, *words, protocols=protocols)
    channels: dict[int, bytes] = {}
    try:
        while True:
            code, frame = connection.recv_data()
            if code == websocket.ABNF.OPCODE_CLOSE:
                return channels
            channels[frame[0]] = channels.get(frame[0], b"") + frame[1:]
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        return {**channels, -1: b"cut"}
    finally:
        leave(connection)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """Return a sandbox of one node."""
    with Sandbox(**QUICK) as sandbox:
        yield sandbox


def status_of(channels: dict[int, bytes]) -> tuple[str, str, list[Any]]:
    """Return status, reason and causes of the error channel."""
    status = json.loads(channels[3])
    return status["status"], status.get("reason", ""), status.get("details", {}).get("causes", [])


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (("ipvsadm", "-ln"), TABLE),
        (("ipvsadm", "-L", "-n"), TABLE),
        (("cat", "/proc/net/ip_vs"), TABLE),
        (("cat", "/proc/sys/kernel/osrelease"), "6.1.0-18-amd64\n"),
        (("cat", "/proc/sys/net/ipv4/conf/all/arp_ignore"), "0\n"),
        (("cat", "/lib/modules/6.1.0-18-amd64/modules.builtin"), "kernel/fs/ext4/ext4.ko\n"),
        (("sh", "-c", "cat%20/proc/modules"), "ip_vs_rr 16384 1"),
        (("hostname",), "node1\n"),
        (("echo", "a", "b"), "a b\n"),
    ],
)
def test_commands(box: Sandbox, words: tuple[str, ...], out: str) -> None:
    """The programs a kube-proxy pod has, and the files that matter."""
    channels = run(box, *words)

    assert channels[1].decode()[: len(out)] == out
    assert status_of(channels) == ("Success", "", [])


def test_both_texts_of_a_table_agree(box: Sandbox) -> None:
    """The texts of ipvsadm and /proc/net/ip_vs show the same number of virtual and real servers."""
    tool, proc = run(box, "ipvsadm", "-Ln")[1].splitlines(), run(box, "cat", "/proc/net/ip_vs")[1].splitlines()

    assert len(tool) == len(proc)
    assert sorted(line.split()[0] for line in tool) == sorted(line.split()[0] for line in proc)


@pytest.mark.parametrize("protocol", [V4, V5])
def test_exit_code(box: Sandbox, protocol: str) -> None:
    """The exit code comes as a cause, in both versions of the protocol."""
    channels = run(box, "sh", "-c", "exit%207", protocols=(protocol,))

    assert status_of(channels) == ("Failure", "NonZeroExitCode", [{"reason": "ExitCode", "message": "7"}])


def test_sh_names_what_is_missing(box: Sandbox) -> None:
    """Through a shell a missing program is exit code 127."""
    channels = run(box, "sh", "-c", "nothing")

    assert (channels[2], status_of(channels)[2][0]["message"]) == (b"sh: 1: nothing: not found\n", "127")


@pytest.mark.parametrize(
    ("kind", "words", "message"),
    [
        ("no-ipvsadm", ("ipvsadm", "-Ln"), 'exec: "ipvsadm": executable file not found in $PATH: unknown'),
        ("no-tools", ("cat", "/proc/net/ip_vs"), 'exec: "cat": executable file not found in $PATH: unknown'),
        ("exec-refused", ("hostname",), "the kubelet refuses exec on purpose"),
        ("not-ready", ("hostname",), "dial tcp 172.18.0.2:10250: connect: no route to host"),
    ],
)
def test_faults_that_end_in_a_status(box: Sandbox, kind: str, words: tuple[str, ...], message: str) -> None:
    """What the kubelet refuses comes as a Status on the error channel of v5."""
    box.fault("node1", kind)

    status = json.loads(run(box, *words)[3])

    assert (status["code"], status["reason"], status["message"][-len(message) :]) == (500, "InternalError", message)


def test_unreachable_kubelet_in_v4(box: Sandbox) -> None:
    """In v4 it comes instead of the upgrade."""
    box.fault("node1", "not-ready")

    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        run(box, "hostname", protocols=(V4,))

    body = json.loads(refused.value.resp_body or b"")
    words = "error dialing backend: dial tcp 172.18.0.2:10250: connect: no route to host"
    assert (refused.value.status_code, body["message"]) == (500, words)


def test_no_ipvs(box: Sandbox) -> None:
    """Without IPVS there is no file, and ipvsadm ends with 255 and its own words."""
    box.fault("node1", "no-ipvs")

    tool, proc = run(box, "ipvsadm", "-Ln"), run(box, "cat", "/proc/net/ip_vs")

    assert (tool[2].splitlines()[0], status_of(tool)[2][0]["message"]) == (
        b"Can't initialize ipvs: Protocol not available",
        "255",
    )
    assert proc[2] == b"cat: /proc/net/ip_vs: No such file or directory\n"


def test_faults_of_the_output(box: Sandbox) -> None:
    """Half a table, no status, bytes one by one, control sequences, bytes that are no text."""
    whole = run(box, "ipvsadm", "-Ln")[1]

    found = {}
    for kind in ("half", "no-status", "one-byte", "control", "garbage"):
        box.fault("node1", kind)
        found[kind] = run(box, "ipvsadm", "-Ln")
        box.heal("node1", kind)

    assert found["half"] == {1: whole[: len(whole) // 2], -1: b"cut"}
    assert (found["no-status"], found["one-byte"][1]) == ({1: whole}, whole)
    assert found["control"][1].startswith(whole + b"\x1b[2J")
    assert found["garbage"][1][:256] == bytes(range(256))


def test_foreign(box: Sandbox) -> None:
    """Somebody else's virtual server has a scheduler of its own."""
    box.fault("node1", "foreign=wrr")

    assert b"TCP  192.168.50.10:6443 wrr\n" in run(box, "ipvsadm", "-Ln")[1]


def test_hang_and_slow(box: Sandbox) -> None:
    """A command that hangs says nothing; a slow one takes its time."""
    box.fault("node1", "slow=0.2")
    begin = time.monotonic()
    assert run(box, "hostname")[1] == b"node1\n"
    assert time.monotonic() - begin >= 0.2

    box.fault("node1", "hang")
    connection = connect(box, "hostname")
    connection.settimeout(0.4)
    assert connection.recv() == b"\x01"
    with pytest.raises(websocket.WebSocketTimeoutException):
        connection.recv()
    leave(connection)


@pytest.mark.parametrize(
    ("kind", "protocols", "status"),
    [("v4", (V5,), 403), ("forbidden-exec", (V5,), 403), ("gone", (V5,), 404)],
)
def test_refused_before_the_upgrade(box: Sandbox, kind: str, protocols: tuple[str, ...], status: int) -> None:
    """No common subprotocol, no permission, no pod."""
    box.fault("node1", kind)

    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        run(box, "hostname", protocols=protocols)

    assert refused.value.status_code == status


def test_v4_where_only_that_is_offered(box: Sandbox) -> None:
    """A client that takes both gets v4 from a server that has nothing newer."""
    box.fault("node1", "v4")

    connection = connect(box, "hostname")

    assert connection.getsubprotocol() == V4
    leave(connection)


def test_gone_once() -> None:
    """A pod that is gone was really deleted: the next list names its successor."""
    with Sandbox(faults={"node1": "gone=1"}, **QUICK) as box:
        with pytest.raises(websocket.WebSocketBadStatusException):
            run(box, "hostname")
        end = time.monotonic() + 5
        while time.monotonic() < end:
            pods = box.objects("Pod")
            if pods and any(
                each["type"] == "Ready" and each["status"] == "True" for each in pods[0]["status"].get("conditions", [])
            ):
                break
            time.sleep(0.01)

        assert (run(box, "hostname")[1], box.restarts) == (b"node1\n", {"node1": 1})
