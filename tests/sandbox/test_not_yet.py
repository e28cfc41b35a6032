"""A table that kube-proxy is in the middle of writing is looked at again: it is no difference, and verifies nothing."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Reply, Request, Upgrade
from kubectl_ipvs.sandbox.wire.frames import Channel
from tests.harness import Ipvs, MakeSandbox

FAST: dict[str, Any] = {"nodes": 1, "terminate": 0.02, "start": 0.02, "sync": 0.0, "image": "official"}
PACE = ("--settle", "0s", "--timeout", "20s")
PROBE = "TCP  C6336400:4E20 lc\n"
Spoil = Callable[[str], str]


def changing(text: str) -> str:
    """Let one virtual server be in the middle of an edit."""
    return text.replace(" rr ", " none ", 1).replace(" lc ", " none ", 1)


def trying(text: str) -> str:
    """Let kube-proxy's probe be there."""
    return text + PROBE


class Moment:
    """Spoils the next tables that are read, `times` of them (below 0: all)."""

    def __init__(self, box: Sandbox, spoil: Spoil, times: int) -> None:
        self._spoil, self.left, self._lock = spoil, times, threading.Lock()
        self._kernel = box._world.hosts["node1"].kernel  # noqa: SLF001 - what its cat would print, asked in its own thread
        box.hook = self

    def __call__(self, request: Request) -> Reply | None:
        """Answer a read of the table."""
        if request.query.get("command", [""])[-1] != "/proc/net/ip_vs":
            return None
        with self._lock:
            if not self.left:
                return None
            self.left -= 1
        text = self._spoil(self._kernel.proc_text())

        async def serve(channel: Channel) -> None:
            await channel.send(b"\x01" + text.encode())
            await channel.send(b'\x03{"status":"Success"}')

        return Upgrade("v4.channel.k8s.io", serve)


@pytest.mark.parametrize("spoil", [changing, trying])
def test_a_moment_is_waited_for(spoil: Spoil, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What lasts for milliseconds is not shown: the node is looked at again at once."""
    box = sandbox(**FAST)
    moment = Moment(box, spoil, 2)

    run = ipvs(box, "status", "--check")

    assert (run.code, run.rows["node1"][-1], moment.left) == (0, "in sync", 0)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (changing, "kube-proxy is writing the table: the kernel is changing the scheduler of 1 virtual server"),
        (trying, "kube-proxy is starting: it tries the scheduler out"),
    ],
)
def test_what_stays_is_not_known(spoil: Spoil, why: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """One that goes on is not ready: neither in sync nor out of step, and nothing of it is foreign."""
    box = sandbox(**FAST)
    Moment(box, spoil, -1)

    run, found = ipvs(box, "status", "--check"), ipvs(box, "status", "-o", "json")

    assert (run.code, run.rows["node1"][-1], f"node1: not ready: {why}" in run.out) == (3, "not ready", True)
    assert [found.json["nodes"][0][key] for key in ("state", "foreignVirtualServers", "differing")] == [
        "not-ready",
        0,
        [],
    ]


@pytest.mark.parametrize("spoil", [changing, trying])
def test_a_restart_waits_for_the_end(spoil: Spoil, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node is verified by a table that is written to the end, however often it is looked at before."""
    box = sandbox(**FAST)
    moment: list[Moment] = []
    box.on_write(lambda _: moment.append(Moment(box, spoil, 6)))

    run = ipvs(box, "set", "--scheduler", "lc", *PACE)

    assert (run.code, moment[0].left, box.schedulers()) == (0, 0, {"node1": "lc"}), run.err


@pytest.mark.parametrize("spoil", [changing, trying])
def test_a_restart_that_never_ends(spoil: Spoil, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A table that is never finished verifies nothing: it is rolled back, and the reason is named."""
    box = sandbox(**FAST)
    moments: list[Moment] = []

    def spoiled(_: object) -> None:
        if not moments:
            moments.append(Moment(box, spoil, -1))
        else:
            moments[0].left = 0  # the old text is back

    box.on_write(spoiled)

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0s", "--timeout", "2s")

    assert (run.code, box.schedulers()) == (1, {"node1": "rr"})
    assert "node/node1 rolled back (had failed: not verified within 2s: kube-proxy is " in run.out


def test_a_node_that_is_being_written_is_not_left_out(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A change that comes while kube-proxy writes goes on: the node is not ill."""
    box = sandbox(**FAST)
    Moment(box, changing, 6)

    run = ipvs(box, "set", "--scheduler", "lc", *PACE)

    assert (run.code, box.schedulers()) == (0, {"node1": "lc"}), run.err
