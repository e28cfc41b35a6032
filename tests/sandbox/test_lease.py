"""Two users at once: the Lease `kubectl-ipvs` is held during a change, so that two rollouts never interleave."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Hang, Reply, Request, Response
from tests.faults.wire import first, unanswered
from tests.harness import BRISK, Ipvs, MakeSandbox, writes

PROGRAM = str(Path(sys.executable).with_name("kubectl-ipvs"))
KUBECTL = str(Path(sys.executable).with_name("kubectl"))
SET = ("set", "--scheduler", "lc", *BRISK)
CHANGES = [SET, (*SET, "--no-restart"), ("restart", *BRISK), ("undo", *BRISK)]
FREE = {"node1": "lc", "node2": "lc", "node3": "lc"}
DEAD = 4_190_000  # above the largest PID that Linux gives by default on a small machine, and never used by a test


def own_place() -> str:
    """Name this boot and PID namespace as a holder does."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip().replace("-", "")
    return f"{boot[:16]}.{Path('/proc/self/ns/pid').stat().st_ino}"


HERE = own_place()
OURS = f"root@{socket.gethostname()}/{DEAD}/{HERE}-0123abcd"


def kubeconfig(box: Sandbox, folder: Path) -> dict[str, str]:
    """Give the environment of a program that is to use this sandbox."""
    path = folder / "kubeconfig-of-programs"
    path.write_text(box.kubeconfig())
    return {**os.environ, "KUBECONFIG": str(path)}


def hold(box: Sandbox, folder: Path, holder: str, seconds: int = 1) -> None:
    """Take the lease as somebody else would."""
    spec = {
        "holderIdentity": holder,
        "acquireTime": "2026-01-02T03:04:05.000000Z",
        "renewTime": "2026-01-02T03:04:06.000000Z",
        "leaseDurationSeconds": seconds,
    }
    meta = {"name": "kubectl-ipvs", "namespace": "kube-system"}
    lease = json.dumps({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec})
    words = [KUBECTL, "create", "-f", "-"]
    subprocess.run(words, input=lease, text=True, env=kubeconfig(box, folder), check=True, capture_output=True)
    box.requests.clear()


def renew(box: Sandbox) -> None:
    """Renew somebody else's lease, as one who is alive does."""

    def change(lease: Any) -> None:  # noqa: ANN401 - an object of the API
        lease["spec"]["renewTime"] = "2026-01-02T03:04:11.000000Z"

    box.edit("Lease", "kube-system", "kubectl-ipvs", change)


def at_second_look(box: Sandbox, act: Callable[[], None]) -> None:
    """Do something when the lease is looked at for the second time, before that is answered."""

    def hook(request: Request) -> None:
        if "/leases" in request.path and seen_of_lease(box).count("GET") == 2:
            box.hook = None
            act()

    box.hook = hook


def seen_of_lease(box: Sandbox) -> list[str]:
    """Methods of the requests about leases."""
    return [seen.method for seen in box.requests if "/leases" in seen.path]


def test_held_during_the_change_and_given_up_after_it(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The lease is created before the first write, names its holder, and is gone when the run ends."""
    box = sandbox()
    holders = []

    def look(request: Request) -> None:
        if request.method == "PATCH":
            holders.append(box.get("Lease", "kube-system", "kubectl-ipvs")["spec"]["holderIdentity"])

    box.hook = look
    run = ipvs(box, *SET)

    assert (run.code, box.schedulers(), box.objects("Lease")) == (0, FREE, [])
    assert (seen_of_lease(box), len(holders)) == (["GET", "POST", "DELETE"], 1)
    who, where = holders[0].rsplit("/", 1)
    assert who.endswith(f"@{socket.gethostname()}/{os.getpid()}")
    assert where.startswith(f"{HERE}-")


def test_no_two_processes_have_one_name(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """Every run names itself anew: a PID that is used again, or a cloned machine, is somebody else."""
    box, holders = sandbox(), []

    def look(request: Request) -> None:
        if request.method == "POST" and request.path.endswith("/leases"):
            holders.append(json.loads(request.body)["spec"]["holderIdentity"])

    box.hook = look
    for _ in range(2):
        words = [PROGRAM, *SET, "--no-restart", "--yes"]
        subprocess.run(words, env=kubeconfig(box, tmp_path), check=True, capture_output=True)
        box.set_config(box.config.replace('"lc"', '"rr"'))

    assert len(holders) == 2
    assert len({holder.rsplit("-", 1)[1] for holder in holders}) == 2


@pytest.mark.parametrize("words", CHANGES, ids=["set", "set --no-restart", "restart", "undo"])
def test_somebody_at_work(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """While another renews the lease the second ends with exit code 4, says who and since when, changes nothing."""
    box = sandbox()
    if words[0] == "undo":
        assert ipvs(box, "set", "--scheduler", "sh", *BRISK).code == 0
    hold(box, tmp_path, "anna@laptop/7", seconds=30)
    before = (box.config_map(), box.restarts, box.objects("Lease")[0]["spec"]["holderIdentity"])
    at_second_look(box, lambda: renew(box))

    run = ipvs(box, *words)

    who = "anna@laptop/7 since 2026-01-02T03:04:05.000000Z"
    assert (run.code, run.err.splitlines()[-2:]) == (
        4,
        [f"error: another change is under way, by {who}: nothing was changed", "hint: wait until it has ended"],
    )
    assert "warning: another change seems to be under way, by anna@laptop/7" in run.err
    assert writes(box) == []
    assert (box.config_map(), box.restarts, box.objects("Lease")[0]["spec"]["holderIdentity"]) == before


def test_holder_that_died_elsewhere(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """A lease that nobody renews for as long as it lasts is taken over; what its dates say does not matter."""
    box = sandbox()
    hold(box, tmp_path, "anna@laptop/7", seconds=1)

    run = ipvs(box, *SET)

    assert (run.code, box.schedulers(), box.objects("Lease")) == (0, FREE, [])
    assert seen_of_lease(box)[-2:] == ["PUT", "DELETE"]


@pytest.mark.parametrize("holder", [OURS, ""], ids=["dead process", "nobody"])
def test_holder_that_is_known_to_be_gone(holder: str, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """Nobody waits for a process of this boot and PID namespace that is gone, nor for nobody."""
    box = sandbox()
    hold(box, tmp_path, holder, seconds=60)

    run = ipvs(box, *SET)

    assert (run.code, box.schedulers(), box.objects("Lease")) == (0, FREE, [])
    assert (seen_of_lease(box), "another change" in run.err) == (["GET", "PUT", "DELETE"], False)


BOOT, NAMESPACE = HERE.split(".")
ELSEWHERE = {
    "an older version": f"root@{socket.gethostname()}/{DEAD}",
    "another PID namespace": f"root@{socket.gethostname()}/{DEAD}/{BOOT}.{int(NAMESPACE) + 1}-0123abcd",
    "another boot, or a cloned machine": f"root@{socket.gethostname()}/{DEAD}/{'0' * 16}.{NAMESPACE}-0123abcd",
    "a place that is not known": f"root@{socket.gethostname()}/{DEAD}/-0123abcd",
    "a live process of ours": f"root@{socket.gethostname()}/{os.getpid()}/{HERE}-0123abcd",
}


@pytest.mark.parametrize("holder", ELSEWHERE)
def test_holder_that_is_alive_is_never_robbed(holder: str, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """The same host name, and a PID that is none here, say nothing of a process elsewhere: its renewals alone do."""
    box = sandbox()
    hold(box, tmp_path, ELSEWHERE[holder], seconds=30)
    at_second_look(box, lambda: renew(box))

    run = ipvs(box, *SET)

    assert (run.code, writes(box)) == (4, [])
    assert box.get("Lease", "kube-system", "kubectl-ipvs")["spec"]["holderIdentity"] == ELSEWHERE[holder]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_answer_that_is_lost(method: str, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """A lease that became ours without an answer is ours: the change goes on, and gives it up."""
    box = sandbox()
    if method == "PUT":
        hold(box, tmp_path, OURS)

    first(lambda request: "/leases" in request.path and request.method == method, unanswered)(box)
    run = ipvs(box, *SET)

    assert (run.code, box.schedulers(), box.objects("Lease")) == (0, FREE, [])
    assert seen_of_lease(box) == ["GET", method, "GET", "DELETE"]


def test_change_that_ends_while_we_look(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """What was looked at before another change ended is out of date: nothing is written, exit code 4."""
    box = sandbox()
    hold(box, tmp_path, "anna@laptop/7", seconds=30)
    at_second_look(box, lambda: box.remove("Lease", "kube-system", "kubectl-ipvs"))

    run = ipvs(box, *SET)

    assert (run.code, writes(box)) == (4, [])
    assert "has just ended: nothing was changed" in run.err


@pytest.mark.parametrize("verb", ["get", "create", "update", "delete"])
def test_no_right_to_leases(verb: str, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """Without the right to leases the change goes on, with a warning where another change would not be noticed."""
    box = sandbox()
    if verb == "update":
        hold(box, tmp_path, OURS)
    box.deny(verb, "leases")

    run = ipvs(box, *SET)

    warned = f'cannot {verb} resource "leases"' in run.err and "would not be noticed" in run.err
    assert (run.code, box.schedulers(), warned) == (0, FREE, verb != "delete")


@pytest.mark.whole
def test_lease_that_is_taken_away(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Who loses the lease in mid-rollout finishes the nodes in progress, starts no other, and ends with exit code 4."""
    box = sandbox(nodes=3, start=0.2)

    def steal(request: Request) -> None:
        if request.method == "DELETE":
            box.hook = None
            box.remove("Lease", "kube-system", "kubectl-ipvs")

    box.hook = steal
    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "6s")

    assert (run.code, run.out.splitlines()[-3:]) == (
        4,
        ["node/node1 not restarted", "node/node2 restarted", "node/node3 not restarted"],
    )
    said = "warning: the lease is lost, it was taken over or deleted: no further node is started"
    assert (said in run.err, "interrupted" in run.err) == (True, False)


@pytest.mark.whole
@pytest.mark.timeout(90)
@pytest.mark.parametrize("status", [403, 500])
def test_renewals_that_are_refused(status: int, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A lease that cannot be renewed for longer than it lasts is anybody's: no node is started after that, exit 4."""
    box = sandbox(nodes=3, start=0.2)
    body = json.dumps({"kind": "Status", "code": status, "message": "not now", "reason": "Forbidden"}).encode()
    box.hook = lambda request: (
        Response(status, body) if "/leases/" in request.path and request.method == "PUT" else None
    )

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "24s", "--timeout", "40s")

    assert run.code == 4, run.err
    assert "warning: the lease is lost, it cannot be renewed: " in run.err
    assert sorted(box.restarts.values()) == [0, 0, 1]


@pytest.mark.whole
@pytest.mark.timeout(90)
def test_a_renewal_that_is_never_answered(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A renewal is given up before the lease runs out, so that the next one can tell that somebody took it."""
    box = sandbox(nodes=2, start=0.2)

    def hang(request: Request) -> Reply | None:
        if "/leases/" not in request.path or request.method != "PUT":
            return None
        box.hook = None
        box.remove("Lease", "kube-system", "kubectl-ipvs")
        return Hang(60)

    box.hook = hang
    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "22s", "--timeout", "40s")

    assert run.code == 4, run.err
    assert "warning: the lease is lost, it was taken over or deleted" in run.err
    assert sorted(box.restarts.values()) == [0, 1]


@pytest.mark.whole
@pytest.mark.timeout(60)
def test_first_interrupt_after_a_lost_lease_abandons_no_node(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """A lost lease is no Ctrl-C: the user's first one after it still lets the node in progress be finished."""
    box = sandbox(nodes=2, start=0.2)
    pipe, environment = subprocess.PIPE, kubeconfig(box, tmp_path)

    def steal(request: Request) -> None:
        if request.method == "DELETE":
            box.hook = None
            box.remove("Lease", "kube-system", "kubectl-ipvs")

    box.hook = steal
    words = [PROGRAM, "set", "--yes", "--settle", "12s", "--timeout", "30s", "--scheduler", "lc"]
    with subprocess.Popen(words, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        next(line for line in lines if "the lease is lost" in line)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=40)

    assert sorted(box.restarts.values()) == [0, 1]
    done = [line for line in out.splitlines() if line.startswith("node/")]
    assert ["abandoned" in line for line in done] == [False, False], out
    assert (process.returncode, any(line.endswith(" restarted") for line in done)) == (4, True), err


@pytest.mark.whole
def test_two_at_once(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """Of two `set` at the same time one is verified on every node, and the other changes nothing and says so."""
    box = sandbox(nodes=3, start=0.5)
    pipe, environment = subprocess.PIPE, kubeconfig(box, tmp_path)
    words = [PROGRAM, "set", "--yes", "--settle", "3s", "--timeout", "20s", "--scheduler"]
    both = {
        name: subprocess.Popen([*words, name], env=environment, stdout=pipe, stderr=pipe, text=True)
        for name in ("lc", "sh")
    }

    said = {name: process.communicate(timeout=28) for name, process in both.items()}
    codes = {name: process.returncode for name, process in both.items()}

    assert sorted(codes.values()) == [0, 4], said
    winner = next(name for name, code in codes.items() if code == 0)
    assert (set(box.schedulers().values()), box.restarts, box.objects("Lease")) == (
        {winner},
        {"node1": 1, "node2": 1, "node3": 1},
        [],
    )
    assert box.most_down == 1


@pytest.mark.whole
def test_pods_replaced_before_the_write(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """Pods that somebody replaces after they were listed and before our write prove nothing: they are replaced too."""
    box = sandbox(nodes=2)
    hold(box, tmp_path, "anna@laptop/7", seconds=3)  # nobody renews it: three seconds between our list and our write
    names = {pod["metadata"]["name"] for pod in box.objects("Pod")}
    timers = [threading.Timer(0.5, box.remove, ["Pod", "kube-system", name]) for name in names]
    for timer in timers:
        timer.start()

    run = ipvs(box, *SET)

    assert (run.code, box.schedulers()) == (0, {"node1": "lc", "node2": "lc"})
