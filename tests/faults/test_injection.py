"""What is typed, and what a cluster calls its things, is a value: never YAML, never a path, never a command."""

import socket

import pytest
import yaml

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.wire.exec import run
from kubectl_ipvs.cluster.wire.rest import Rest
from kubectl_ipvs.errors import ExecFailed
from tests.faults.cell import FAST
from tests.faults.test_handshake import speaking
from tests.harness import Ipvs, MakeSandbox, writes

VALUES = (
    'lc"\nmode: iptables\nx: "',
    "lc\n  strictARP: true",
    "lc # a comment",
    "{a: b}",
    "*alias",
    "&anchor lc",
    "!!python/name:os.system",
    "|-\n  lc",
    "lc'\"",
    "$(touch x)",
    "`touch x`; touch x",
    "lc\x00",
)
FIELDS = ("--scheduler", "--tcp-timeout", "--exclude-cidrs")


@pytest.mark.parametrize("flag", FIELDS)
def test_values_are_values(flag: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A typed value is refused, or stands in its own field as text; nothing else of the configuration differs."""
    box = sandbox(**FAST)
    for value in VALUES:
        before, written = yaml.safe_load(box.config), len(writes(box))

        done = ipvs(box, "set", flag, value, "--force", "--no-restart")

        after = yaml.safe_load(box.config)
        changed = {name: found for name, found in after["ipvs"].items() if found != before["ipvs"][name]}
        assert ("Traceback" in done.err, {**after, "ipvs": None}) == (False, {**before, "ipvs": None}), value
        assert changed in ({}, {"scheduler": value}), value
        assert bool(changed) == (len(writes(box)) > written) == (done.code == 0), value


@pytest.mark.parametrize("flag", ["-n", "--configmap", "--daemonset"])
def test_names_stay_in_their_place(flag: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A typed name leads to no other path than its own."""
    box = sandbox(**FAST)

    for name in ("..", "../../api/v1/secrets", "a/b", "a%2fb", "a?watch=1#", "a&b"):
        assert ipvs(box, "set", "--scheduler", "lc", flag, name).code in {1, 2}, name

    assert writes(box) == []
    assert [seen.path for seen in box.requests if ".." in seen.path or "secrets" in seen.path] == []
    assert [seen.query for seen in box.requests if "watch" in seen.query] == []


def test_a_pod_with_the_name_of_a_path() -> None:
    """An API server that lies about a pod's name does not lead exec to another place."""
    seen: list[bytes] = []

    def listen(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 404 Not Found\r\n\r\n")

    with speaking(listen, seen.append) as url, pytest.raises(ExecFailed):
        run(Rest(Connection(url)), "n/../m", "../../nodes/x?y", "c", ["x"], timeout=5, sink=lambda _: None)

    path = seen[0].split(b" ")[1].partition(b"?")[0]
    assert path == b"/api/v1/namespaces/n%2F..%2Fm/pods/..%2F..%2Fnodes%2Fx%3Fy/exec"
