"""How a restarted node is judged: by its kernel's table, read as every command reads it, or by its pod alone."""

import time
from pathlib import Path
from typing import Any

import pytest

from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.operations.discovery import find
from kubectl_ipvs.operations.rollout.node import Target
from kubectl_ipvs.operations.rollout.proof import Finding, Kind, StaysUp, TableInSync
from kubectl_ipvs.sandbox import Sandbox
from tests.harness import MakeSandbox

FAST: dict[str, Any] = {"nodes": 1, "terminate": 0.02, "start": 0.02, "sync": 0.0}


def judged(box: Sandbox, folder: Path, **target: Any) -> Finding:  # noqa: ANN401 - a target's own fields
    """Judge the one node of a sandbox, as the target that it was before; `target` says what is not as now."""
    path = folder / "kubeconfig"
    path.write_text(box.kubeconfig())
    session = Session(ConnectionOptions(kubeconfig=str(path)), exec_timeout="300ms")
    cluster = session.cluster()
    node = find(cluster, session.where).nodes[0]
    assert node.pod is not None
    return TableInSync(session.looker(cluster)).look(Target(node, None, **target), node.pod)


JUDGED: dict[str, tuple[Kind, str]] = {
    "": ("verified", "all 9 virtual servers on rr"),
    "no-ipvsadm": ("verified", "all 9 virtual servers on rr"),
    "no-tools": ("unseen", "the kernel was not seen: the image has neither ipvsadm nor cat"),
    "forbidden-exec": ("failed", "forbidden"),
    "hang": ("not-yet", "no answer within 0.3s"),
    "no-ipvs": ("not-yet", "is not ready: CrashLoopBackOff"),
    "garbage": ("not-yet", "no line of the answer is an IPVS table's"),
    "half": ("not-yet", ""),
    "foreign=wrr": ("verified", "all 9 virtual servers on rr"),
}


@pytest.mark.parametrize("fault", JUDGED)
def test_what_a_look_comes_to(fault: str, sandbox: MakeSandbox, tmp_path: Path) -> None:
    """Only a table that was read and does what is configured verifies; else the node is looked at again, or fails."""
    found = judged(sandbox(**FAST, faults={"node1": fault} if fault else {}), tmp_path)

    kind, words = JUDGED[fault]
    assert (found.kind, words in found.words) == (kind, True), found


def test_no_ipvs_and_a_kube_proxy_that_falls_back(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """Up to 1.25 kube-proxy takes iptables mode where the kernel has no IPVS, and its pod is Ready."""
    found = judged(sandbox(**FAST, faults={"node1": "no-ipvs"}, version="v1.25.16"), tmp_path)

    assert (found.kind, found.words) == ("not-yet", "the kernel has no IPVS table (ip_vs is not loaded)"), found


def test_another_scheduler(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """A table that is not there yet is looked at again, and what differs is named."""
    box = sandbox(**FAST)
    box.set_scheduler("node1", "wrr")

    found = judged(box, tmp_path)

    assert (found.kind, found.words.startswith("the kernel has wrr on TCP ")) == ("not-yet", True)


def is_ready(pods: list[Any], *, unlike: str) -> bool:
    """Tell whether the one pod is another one by now, and ready."""
    conditions = [entry for pod in pods if pod["metadata"]["uid"] != unlike for entry in pod["status"]["conditions"]]
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


@pytest.mark.parametrize(("before", "expected"), [(25, "not-yet"), (0, "verified")])
def test_real_servers_that_are_gone(before: int, expected: str, sandbox: MakeSandbox, tmp_path: Path) -> None:
    """Virtual servers with nothing behind them verify nothing where there were real servers before the restart."""
    box = sandbox(**FAST, faults={"node1": "no-real-servers"})
    pod = box.objects("Pod")[0]["metadata"]
    box.remove("Pod", "kube-system", pod["name"])
    while not (box.kernel("node1")["schedulers"] and is_ready(box.objects("Pod"), unlike=pod["uid"])):
        time.sleep(0.02)

    found = judged(box, tmp_path, real_servers=before)

    assert found.kind == expected, found
    assert ("its real servers are gone" if before else "no real server: no Service works there") in found.words


@pytest.mark.parametrize("fault", ["forbidden-exec", "hang"])
def test_force_goes_on_where_nobody_could_look_before(fault: str, sandbox: MakeSandbox, tmp_path: Path) -> None:
    """A node that could not be read before either is judged by its pod, and it is said that the kernel was not seen."""
    found = judged(sandbox(**FAST, faults={"node1": fault}), tmp_path, blind=True)

    assert (found.kind, found.words.startswith("the kernel was not seen: ")) == ("unseen", True)


def test_a_blind_node_that_can_be_read_by_now(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """--force lowers no bar where the table can be read."""
    box = sandbox(**FAST)
    box.set_scheduler("node1", "wrr")

    assert judged(box, tmp_path, blind=True).kind == "not-yet"


def test_another_mode(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """In a mode without a table nothing is read: the pod alone counts."""
    box = sandbox(**FAST)
    box.set_config(box.config.replace("mode: ipvs", "mode: iptables").replace('mode: "ipvs"', "mode: iptables"))

    found = judged(box, tmp_path)

    execs = [seen for seen in box.requests if seen.path.endswith("/exec")]
    assert (found, execs) == (Finding("unseen", ""), [])


def test_stays_up(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """The proof that looks at nothing says so."""
    box = sandbox(**FAST)
    path = tmp_path / "kubeconfig"
    path.write_text(box.kubeconfig())
    session = Session(ConnectionOptions(kubeconfig=str(path)))
    node = find(session.cluster(), session.where).nodes[0]
    assert node.pod is not None

    assert StaysUp().look(Target(node, None), node.pod) == Finding("unseen", "")
