"""--helper-image: nodes that exec cannot read are read by a pod of our own, which is gone afterwards, come what may."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import BRISK, Ipvs, MakeSandbox, agreed

SCRIPT = str(Path(sys.executable).with_name("kubectl-ipvs"))
HELPER = ("--helper-image", "registry.example/busybox:1.36")
SELECTED = "app.kubernetes.io/managed-by"
NO_CAT = "the image has neither ipvsadm nor cat"


def helpers(box: Sandbox) -> list[str]:
    """Name the nodes that have a helper pod by now; those on their way out count as gone."""
    pods = [pod for pod in box.objects("Pod") if SELECTED in (pod["metadata"].get("labels") or {})]
    return [pod["spec"]["nodeName"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def made(box: Sandbox) -> int:
    """Count the pods that were created, and asked for."""
    return sum(seen.method == "POST" and seen.path.endswith("/pods") for seen in box.requests)


def until(true: Callable[[], bool]) -> None:
    """Wait for something, for 15 seconds at most."""
    end = time.monotonic() + 15
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("words", [(), ("--read=helper",)])
def test_status_by_helper(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The node's whole table, its source named; --read=helper takes that way for every node."""
    box = sandbox(nodes=3, faults={"node2": "no-tools"})
    plain = ipvs(sandbox(nodes=3), "status", "--check", "-o", "json").json["nodes"]

    run = ipvs(box, "status", "--check", "-o", "json", *HELPER, *words)

    sources = [row["source"] for row in run.json["nodes"]]
    assert (run.code, run.err) == (0, "")
    assert sources == (["helper"] * 3 if words else ["proc", "helper", "proc"])
    assert [row["schedulers"] for row in run.json["nodes"]] == [row["schedulers"] for row in plain]
    assert (made(box), helpers(box)) == (len(words) * 2 + 1, [])


def test_a_change_is_verified_by_helper(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """With one pod a node for all looks of the run: preflight's, the proof's, the last one."""
    box = sandbox(nodes=3, image="eks")

    run = ipvs(box, "set", "--scheduler", "lc", *BRISK, "-o", "json", *HELPER)

    assert (run.code, run.json["outcome"], run.json["summary"]) == (0, "verified", {"nodes": 3, "verified": 3}), run.err
    assert all(row["seenInKernel"] for row in run.json["nodes"])
    assert (made(box), helpers(box)) == (3, [])


def test_few_requests_for_each_node(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Forty nodes: six requests a node at most, all in all."""
    box = sandbox(nodes=40, image="eks")

    run = ipvs(box, "status", *HELPER)

    assert (run.code, run.out.splitlines()[-1], helpers(box)) == (0, "40 of 40 nodes in sync on rr", [])
    assert len(box.requests) <= 6 * 40, Counter(f"{seen.method} {seen.path.split('/')[-1]}" for seen in box.requests)


FAULTS = {  # fault -> what is said of the node
    "full": "the helper pod has ended: OutOfpods: Pod was rejected",
    "evict": "the helper pod has ended: Evicted: The node was low on resource",
    "no-pull": "the helper pod cannot start: ErrImagePull: failed to pull",
    "slow-pull=60": "the helper pod did not start within 3.5s: ContainerCreating",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_helper_that_does_not_run(fault: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Its node says why; what kube-proxy runs with is still compared; the others are read, and nothing is left."""
    box = sandbox(nodes=3, image="eks", faults={"node2": fault})

    run = ipvs(box, "status", "--exec-timeout", "500ms", *HELPER)

    said = next(line for line in run.out.splitlines() if line.startswith("node2: "))
    assert (run.code, run.rows["node2"][-1], run.rows["node1"][-1]) == (3, "in sync", "in sync")
    assert said.startswith(f"node2: in sync: the kernel was not seen: {NO_CAT}; {FAULTS[fault]}")
    assert run.out.splitlines()[-1] == "2 of 3 nodes in sync on rr, 1 in sync on rr (kernel not seen)"
    assert helpers(box) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [("pod-security", 'violates PodSecurity "baseline:latest": host namespaces'), ("quota", "exceeded quota")],
)
def test_helper_that_is_refused(fault: str, said: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The API server's own words are each node's reason, by whatever way it is read."""
    box = sandbox(nodes=1, image="eks")
    box.fault("cluster", fault)

    auto, alone = ipvs(box, "status", *HELPER), ipvs(box, "status", "--read=helper", *HELPER)

    assert (auto.code, auto.rows["node1"][-1], said in auto.out) == (3, "in sync", True)
    assert (alone.code, alone.rows["node1"][-1], said in alone.out) == (3, "forbidden", True)


@pytest.mark.parametrize(
    ("verb", "subresource", "said"),
    [("create", "", 'cannot create resource "pods"'), ("create", "exec", 'cannot create resource "pods/exec"')],
)
def test_no_right(verb: str, subresource: str, said: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A right that is missing is named; nothing is left."""
    box = sandbox(nodes=1, image="eks")
    box.deny(verb, "pods", subresource=subresource)

    run = ipvs(box, "status", "--read=helper", *HELPER)

    assert (run.code, run.rows["node1"][-1], said in run.out, helpers(box)) == (3, "forbidden", True, [])


def test_no_right_to_delete(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What is left is named, and when it ends."""
    box = sandbox(nodes=1, image="eks")
    box.deny("delete", "pods")

    run = ipvs(box, "status", *HELPER)

    assert (run.code, helpers(box)) == (0, ["node1"])
    assert run.err.startswith("warning: helper pod kube-system/kubectl-ipvs-")
    assert run.err.endswith("; it ends by itself within 300s\n")


def test_image_without_programs(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An image that cannot do it is named."""
    box = sandbox(nodes=1, image="eks")

    run = ipvs(box, "status", "--helper-image", "pause:3.9")

    assert (run.code, 'exec: "sleep": executable file not found' in run.out, helpers(box)) == (3, True, [])


def test_a_change_that_could_not_be_verified_falls_short(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Who gives a helper image is promised a look: without one the run ends with 3, and says why."""
    box = sandbox(nodes=1, image="eks", faults={"node1": "no-pull"})

    run = ipvs(box, "restart", *BRISK, *HELPER, "-o", "json")

    (row,) = run.json["nodes"]
    assert (run.code, run.json["outcome"], row["outcome"]) == (3, "partial", "restarted"), run.err
    assert "ErrImagePull" in row["reason"]


def test_evicted_between_two_looks(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The next look makes another one: a helper that is lost fails no run."""
    box = sandbox(nodes=1, image="eks")

    def evict(_: object) -> None:
        box.fault("node1", "evict")
        box.heal("node1", "evict")

    box.on_write(evict)

    run = ipvs(box, "set", "--scheduler", "lc", *BRISK, "-o", "json", *HELPER)

    assert (run.code, run.json["summary"], made(box), helpers(box)) == (0, {"nodes": 1, "verified": 1}, 2, [])


def test_read_only(sandbox: MakeSandbox, ipvs: Ipvs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helper pod is a change of the cluster, if a small one."""
    monkeypatch.setenv("KUBECTL_IPVS_READONLY", "1")
    box = sandbox(nodes=1, image="eks")

    run = ipvs(box, "status", *HELPER)

    assert (run.code, made(box)) == (1, 0)
    assert run.err.startswith("error: --helper-image (it creates a pod on a node) refused: KUBECTL_IPVS_READONLY")


Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def started(tmp_path: Path) -> Started:
    """Start the installed script on a sandbox, with helper pods."""

    def start(box: Sandbox, *words: str) -> "subprocess.Popen[str]":
        path = tmp_path / "kubeconfig"
        path.write_text(box.kubeconfig())
        command = [SCRIPT, "--kubeconfig", str(path), *agreed(words), *HELPER]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ, start_new_session=True
        )

    return start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("words", [("status", "--watch"), ("set", "--scheduler", "lc", "--dry-run=none")])
def test_a_signal(words: tuple[str, ...], number: int, sandbox: MakeSandbox, started: Started) -> None:
    """Whatever ends it, the helper pods are taken away."""
    box = sandbox(nodes=3, image="eks", faults={"node2": "slow-pull=60"})

    with started(box, *words) as process:
        until(lambda: len(helpers(box)) == 3)
        process.send_signal(number)
        _, err = process.communicate(timeout=20)

    assert (process.returncode, "Traceback" in err, helpers(box)) == (130, False, []), err


def test_killed(sandbox: MakeSandbox, started: Started, ipvs: Ipvs) -> None:
    """SIGKILL leaves a pod with an end; the next run on this machine knows that its process died, and deletes it."""
    box = sandbox(nodes=2, image="eks")
    with started(box, "status", "--watch") as process:
        until(lambda: len(helpers(box)) == 2)
        process.kill()

    left = [pod for pod in box.objects("Pod") if SELECTED in (pod["metadata"].get("labels") or {})]
    run = ipvs(box, "status", *HELPER)

    assert [pod["spec"]["activeDeadlineSeconds"] for pod in left] == [300, 300]
    assert (run.code, helpers(box)) == (0, [])


def test_what_another_machine_left(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A pod of somebody else is theirs while it runs; one that has ended is taken away."""
    box = sandbox(nodes=1, image="eks")
    box.deny("delete", "pods", user="viewer")
    box.grant("viewer", "admin")
    ipvs(box, "status", *HELPER, user="viewer")
    (pod,) = [each for each in box.objects("Pod") if SELECTED in (each["metadata"].get("labels") or {})]
    there = "somebody@elsewhere/1/0123456789abcdef.1-12345678"
    box.edit("Pod", "kube-system", pod["metadata"]["name"], lambda each: each["metadata"].update(annotations={
        "kubectl-ipvs/holder": there}))  # fmt: skip

    ipvs(box, "status", *HELPER)
    running = helpers(box)
    box.fault("node1", "evict")
    box.heal("node1", "evict")
    ipvs(box, "status", *HELPER)

    assert (running, helpers(box)) == (["node1"], [])
