"""What is tried again, and for how long: an API server or a lease that is not well (B5, B6, B9, B12, B15, B17)."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Hang, Reply, Request, Response
from tests.faults.wire import is_delete, is_exec, is_watch, refusal
from tests.harness import BRISK, Ipvs, MakeSandbox, writes
from tests.review.given import ended, press_ctrl_c, restarted, started, until

LATE_401 = refusal(401, "Unauthorized", "late")._replace(delay=3.0)
LEASE = {"name": "kubectl-ipvs", "namespace": "kube-system"}


def test_a_date_to_come_back_at(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B6: Retry-After as a date is waited for: the node is neither failed nor asked for at once."""
    box = sandbox(nodes=2)
    times: list[float] = []

    def hook(request: Request) -> Response | None:
        if not is_delete(request) or "/leases" in request.path:
            return None
        times.append(time.monotonic())
        when = formatdate(time.time() + 2, usegmt=True)
        return refusal(429, "TooManyRequests", "later", ("retry-after", when)) if len(times) == 1 else None

    box.hook = hook
    run = ipvs(box, "restart", "--settle", "0.2s", "--timeout", "10s")

    assert (run.code, set(restarted(box).values())) == (0, {1}), run.err
    assert times[1] - times[0] > 0.9


def test_watches_that_end_at_once(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B12: a server or proxy that ends each watch at once is asked again after pauses, not as fast as it answers."""
    box = sandbox(nodes=1, start=1.5)
    box.hook = lambda request: Response(200, b"") if is_watch(request) else None
    began = time.monotonic()

    run = ipvs(box, "restart", "--settle", "0.2s", "--timeout", "20s")

    asked = sum("watch" in seen.query for seen in box.requests)
    assert run.code == 0, run.err
    assert asked >= 3
    assert asked <= 6 + 5 * (time.monotonic() - began)


@pytest.mark.parametrize(
    "event",
    [
        b'{"type":"ERROR","object":{"kind":"Status","code":"soon"}}\n',
        b'{"type":"ERROR","object":[]}\n',
        b'{"type":7,"object":null}\n',
        b'{"type":"MODIFIED","object":{"metadata":3}}\n',
        b"[]\n",
    ],
)
def test_events_that_make_no_sense(event: bytes, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B15: an odd event of a watch is no traceback and no failed node: a list is asked for instead."""
    box = sandbox(nodes=1)
    box.hook = lambda request: Response(200, event) if is_watch(request) else None

    run = ipvs(box, "restart", "--settle", "0.2s", "--timeout", "10s")

    assert (run.code, "Traceback" in run.err, restarted(box)) == (0, False, {"node1": 1}), run.err


@pytest.mark.parametrize("verb", ["create", "get"])
def test_a_lease_that_nobody_answers_for(verb: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B9: asking for the lease has an end, too; nothing is written."""
    box = sandbox(nodes=1)
    box.swallow(verb, "leases")
    began = time.monotonic()

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0.2s", "--timeout", "2s", "--request-timeout", "2s")

    assert (run.code, time.monotonic() - began < 20) == (1, True), run.err
    assert [entry for entry in writes(box) if "configmaps" in entry] == []


def test_a_rollback_that_nobody_answers(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B9: the rollback's write has an end as well, and what is left is said."""
    box = sandbox(nodes=1, faults={"node1": "stale"})
    box.on_write(lambda _: box.swallow("patch", "configmaps"))
    began = time.monotonic()

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0.2s", "--timeout", "2s")

    assert (run.code, time.monotonic() - began < 25) == (1, True), run.err
    assert "rolling it back failed" in run.err


def test_ctrl_c_in_the_write_is_answered(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """B9: the first Ctrl-C while the write is under way says what it does, at once."""
    box = sandbox(nodes=1)
    box.swallow("patch", "configmaps")

    with started(box, tmp_path, "set", "--scheduler", "lc", "-y", "--timeout", "4s") as process:
        until(lambda: any(seen.method == "PATCH" for seen in box.requests))
        time.sleep(0.2)
        press_ctrl_c(process)
        run = ended(process)

    assert ("interrupted" in run.err, run.code != 0, restarted(box)) == (True, True, {})


def _held(box: Sandbox, holder: str) -> None:
    """Let somebody who is alive hold the lease, and renew it whenever it is looked at."""
    spec: dict[str, Any] = {
        "holderIdentity": holder,
        "leaseDurationSeconds": 15,
        "renewTime": "2026-01-02T03:04:05.000000Z",
    }
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": dict(LEASE), "spec": spec}
    _create(box, lease)
    count = [0]

    def hook(request: Request) -> None:
        if request.path.endswith("/leases/kubectl-ipvs") and request.method == "GET":
            count[0] += 1
            now = f"2026-01-02T03:04:{count[0] % 60:02}.000000Z"
            box.edit("Lease", "kube-system", "kubectl-ipvs", lambda obj: obj["spec"].update(renewTime=now))

    box.hook = hook


def _create(box: Sandbox, lease: dict[str, Any]) -> None:
    kubectl = str(Path(sys.executable).with_name("kubectl"))
    folder = Path(os.environ["HOME"])
    path = folder / "kubeconfig-of-the-holder"
    path.write_text(box.kubeconfig())
    subprocess.run(
        [kubectl, "--kubeconfig", str(path), "create", "-f", "-"], input=json.dumps(lease), text=True, check=True,
        capture_output=True,
    )  # fmt: skip


@pytest.mark.parametrize("where", ["", "/0123456789abcdef.4026531836-deadbeef"], ids=["an older release", "elsewhere"])
def test_a_live_holder_of_the_same_name(where: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B5: a holder on a host of this name whose PID is not here (a container, a clone) is judged by its renewals."""
    box = sandbox(nodes=1)
    _held(box, f"root@{socket.gethostname()}/4190000{where}")

    run = ipvs(box, "set", "--scheduler", "lc", *BRISK)

    assert (run.code, restarted(box)) == (4, {}), run.err
    assert [entry for entry in writes(box) if "configmaps" in entry] == []


def _renewal(act: Callable[[], object]) -> Callable[[Request], None]:
    def hook(request: Request) -> None:
        if "/leases/" in request.path and request.method in {"PUT", "PATCH"}:
            act()

    return hook


def test_a_lost_lease_is_no_ctrl_c(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B17: whose lease is taken over stops with exit 4 (somebody else), and says so."""
    box = sandbox(nodes=4, start=3.0)

    def taken() -> None:
        box.hook = None
        box.edit("Lease", "kube-system", "kubectl-ipvs", lambda obj: obj["spec"].update(holderIdentity="other@there/1"))

    box.hook = _renewal(taken)
    run = ipvs(box, "restart", "--settle", "0.2s", "--timeout", "20s")

    assert (run.code, "lease" in run.err, 0 < len(restarted(box)) < 4) == (4, True, True), run.err


def test_ctrl_c_after_a_lost_lease_is_the_first(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """B17: the user's first Ctrl-C after that abandons no node: those in progress are finished."""
    box = sandbox(nodes=4, start=3.0)
    lost = [False]

    def taken() -> None:
        box.hook = None
        lost[0] = True
        box.edit("Lease", "kube-system", "kubectl-ipvs", lambda obj: obj["spec"].update(holderIdentity="other@there/1"))

    box.hook = _renewal(taken)
    with started(box, tmp_path, "restart", "-y", "--settle", "0.2s", "--timeout", "20s") as process:
        until(lambda: lost[0], 25)
        time.sleep(0.3)
        press_ctrl_c(process)
        run = ended(process)

    assert ("abandoned" in run.out + run.err, run.code in {4, 130}) == (False, True), run.err


@pytest.mark.timeout(90)
def test_a_lease_that_cannot_be_renewed(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """By reading: renewals that are refused for longer than a lease lasts are no longer ignored."""
    box = sandbox(nodes=8, start=3.0)
    box.api_fault("update", "leases", 500, times=-1)

    run = ipvs(box, "restart", "--settle", "0.2s", "--timeout", "20s")

    assert (run.code, "cannot be renewed" in run.err, len(restarted(box)) < 8) == (4, True, True), run.err


def test_a_renewed_token_gives_no_new_time(
    sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By reading: after a late 401 the second try of an exec has what is left of --exec-timeout, no more."""
    box = sandbox(nodes=1)
    config = yaml.safe_load(box.kubeconfig())
    token = tmp_path / "token"
    config["users"][0]["user"] = {"tokenFile": str(token)}
    token.write_text(box.token)
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(path))
    box.grant("viewer", "admin")
    other = yaml.safe_load(box.kubeconfig("viewer"))["users"][0]["user"]["token"]
    asked: list[float] = []

    def hook(request: Request) -> Reply | None:
        if not is_exec(request):
            return None
        asked.append(time.monotonic())
        token.write_text(other)
        return LATE_401 if len(asked) == 1 else Hang(30)

    box.hook = hook
    run = ipvs(None, "--exec-timeout", "4s", "status")

    assert (run.code, len(asked) >= 2, time.monotonic() - asked[0] < 6) == (3, True, True), run.out


def test_no_right_to_the_lease_is_said_before(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """By reading: preflight asks for leases, and says that another change would not be noticed."""
    box = sandbox(nodes=1)
    box.deny("create", "leases")

    run = ipvs(box, "set", "--scheduler", "lc", "--dry-run=client")

    assert (run.code, "leases" in run.err, "another change" in run.err) == (0, True, True), run.err
