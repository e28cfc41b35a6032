"""`restart`, and what `set` does after its write: node by node, verified, never twice, never more than agreed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Drop, Reply, Request
from tests.harness import Ipvs, MakeSandbox, Run, changes, writes

BRISK = ("--settle", "50ms", "--timeout", "4s")
SHORT = ("--settle", "0.2s", "--timeout", "600ms", "--exec-timeout", "300ms")


def deletions(box: Sandbox) -> list[str]:
    """UIDs that pods were to be deleted by, dry runs too, as they came."""
    bodies = [json.loads(seen.body) for seen in changes(box) if seen.method == "DELETE"]
    return [body["preconditions"]["uid"] for body in bodies]


def uids(box: Sandbox) -> dict[str, str]:
    """UID of each node's pod."""
    return {pod["spec"]["nodeName"]: pod["metadata"]["uid"] for pod in box.objects("Pod")}


def at_the_first_deletion(box: Sandbox, act: Callable[[], object]) -> None:
    """Do something when the first pod is deleted, before that is answered."""

    def hook(request: Request) -> None:
        if request.method == "DELETE":
            box.hook = None
            act()

    box.hook = hook


def lines(run: Run) -> dict[str, str]:
    """Stdout's line of each node: `node1` -> `restarted`."""
    found = [line.removeprefix("node/").split(" ", 1) for line in run.out.splitlines() if line.startswith("node/")]
    return {entry[0]: entry[1] for entry in found}


def test_all_nodes(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Every node's pod is replaced once, by exactly its UID, one at a time; the configuration is not touched."""
    box = sandbox(nodes=3)
    before, pods = box.config_map(), uids(box)

    run = ipvs(box, "restart", *BRISK)

    assert (run.code, run.out) == (0, "node/node1 restarted\nnode/node2 restarted\nnode/node3 restarted\n")
    assert "3 nodes: 3 restarted" in run.err.splitlines()
    assert (box.restarts, box.most_down) == ({"node1": 1, "node2": 1, "node3": 1}, 1)
    assert sorted(deletions(box)) == sorted(pods.values())
    assert box.config_map() == before


def test_named_nodes(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Named nodes alone are restarted; a name that is not there ends it before anything is touched."""
    box = sandbox(nodes=4)

    run = ipvs(box, "restart", "node4", "node2", *BRISK)
    unknown = ipvs(box, "restart", "node1", "node9", *BRISK)

    assert (run.code, run.out) == (0, "node/node2 restarted\nnode/node4 restarted\n")
    assert (unknown.code, unknown.out, unknown.err.splitlines()) == (
        1,
        "",
        [
            "error: node node9 not found, or no kube-proxy is meant to run there",
            "hint: `kubectl ipvs status` lists the nodes",
        ],
    )
    assert box.restarts == {"node1": 0, "node2": 1, "node3": 0, "node4": 1}


@pytest.mark.parametrize(("most", "down"), [("1%", 1), ("3", 3), ("50%", 2)])
def test_max_unavailable(most: str, down: int, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """N and N% are never exceeded, and are made use of."""
    box = sandbox(nodes=4, start=0.1)

    run = ipvs(box, "restart", "--max-unavailable", most, *BRISK)

    assert (run.code, set(box.restarts.values())) == (0, {1})
    assert 1 <= box.most_down <= down
    assert down == 1 or box.most_down > 1


@pytest.mark.parametrize("most", ["0", "0%", "101%", "x", "-1", "1.5", ""])
def test_max_unavailable_that_is_none(most: str, ipvs: Ipvs) -> None:
    """What would restart nothing, or more than everything, is a usage error before anything is asked."""
    run = ipvs(None, "restart", "--max-unavailable", most)

    said = f'error: invalid --max-unavailable "{most}": it takes a number of nodes from 1, or 1% to 100%\n'
    assert run == Run(2, "", said)


@pytest.mark.parametrize("kind", ["client", "server"])
@pytest.mark.parametrize("command", [("restart",), ("set", "--scheduler", "lc")])
def test_dry_run(command: tuple[str, ...], kind: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A dry run says what would be done and does nothing; `server` has the API server check it."""
    box = sandbox(nodes=2)
    before, pods = box.config_map(), uids(box)

    run = ipvs(box, *command, f"--dry-run={kind}", *BRISK)

    mark = "dry run" if kind == "client" else "server dry run"
    said = [line for line in run.out.splitlines() if "dry run" in line]
    patched = [f"configmap/kube-proxy patched ({mark})"] if command[0] == "set" else []
    assert (run.code, said[: len(patched)]) == (0, patched)
    assert {f"node/node1 restarted ({mark})", f"node/node2 restarted ({mark})"} >= set(said[len(patched) :])
    assert (writes(box), box.config_map(), uids(box)) == ([], before, pods)
    assert bool({seen.method for seen in box.requests} & {"PATCH", "DELETE"}) == (kind == "server")


def test_dry_run_of_another_kind(ipvs: Ipvs) -> None:
    """A third kind of dry run is a usage error."""
    said = "error: --dry-run needs client or server, not maybe\n"

    assert ipvs(None, "restart", "--dry-run", "maybe") == Run(2, "", said)


FAILS = {
    "never-ready": "not verified within 0.6s: pod {} is not ready (Running)",
    "slow-start=9": "not verified within 0.6s: pod {} is not ready (ContainerCreating)",
    "stuck": "not verified within 0.6s: the old pod does not go away",
    "crash-loop": "pod {} crashed (CrashLoopBackOff)",
    "crash-later=0.1": "pod {} crashed (CrashLoopBackOff)",
    "hang": "not verified within 0.6s: no answer within 0.3s",
    "no-ipvs": "pod {} crashed (CrashLoopBackOff)",
    "garbage": (
        "not verified within 0.6s: no line of the answer is an IPVS table's: "
        "\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\t"
    ),
}


@pytest.mark.parametrize("fault", FAILS)
def test_node_that_fails_ends_it(fault: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The first node that comes back ill ends the run: it is named with its reason, the others do not start."""
    box = sandbox(nodes=3)
    at_the_first_deletion(box, lambda: box.fault("node2", fault))

    run = ipvs(box, "restart", "--canary", "node2", *SHORT)

    new = [pod for pod in box.objects("Pod") if pod["spec"]["nodeName"] == "node2"][-1]["metadata"]["name"]
    why = FAILS[fault].format(new)
    assert (run.code, lines(run)) == (
        3,
        {"node1": "not restarted", "node2": f"failed: {why}", "node3": "not restarted"},
    )
    assert "3 nodes: 1 failed, 2 not restarted" in run.err.splitlines()
    assert (box.restarts["node1"], box.restarts["node3"], len(deletions(box))) == (0, 0, 1)


def test_nodes_that_cannot_be_restarted(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node that is not ready is left alone and said (exit 3); a Windows node is none of ours."""
    box = sandbox(nodes=4, faults={"node2": "not-ready", "node3": "windows"})

    run = ipvs(box, "restart", *BRISK)

    assert (run.code, set(lines(run))) == (3, {"node1", "node2", "node4"})
    assert lines(run)["node2"].startswith("skipped: the node is not ready: not restarted")
    assert box.restarts == {"node1": 1, "node2": 0, "node3": 0, "node4": 1}


@pytest.mark.parametrize("answer", [None, Drop()])
def test_pod_that_was_replaced_meanwhile(answer: Reply | None, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A pod that is gone when we delete it, or whose answer is lost: its successor counts, and is never deleted."""
    box = sandbox(nodes=1)
    old = uids(box)["node1"]

    def replaced(request: Request) -> Reply | None:
        if request.method != "DELETE":
            return None
        box.hook = None
        box.remove("Pod", "kube-system", request.path.rsplit("/", 1)[-1])
        return answer

    box.hook = replaced
    run = ipvs(box, "restart", *BRISK)

    assert (run.code, run.out, box.restarts) == (0, "node/node1 restarted\n", {"node1": 1})
    assert set(deletions(box)) == {old}


def test_api_server_that_goes_away(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A second without the API server in mid-rollout is waited out; every node is restarted once."""
    box = sandbox(nodes=3)

    def away(request: Request) -> None:
        if request.method == "DELETE" and len(deletions(box)) == 2:
            box.hook = None
            box.outage(1.0)

    box.hook = away
    run = ipvs(box, "restart", "--settle", "0.2s", "--timeout", "10s")

    assert (run.code, set(lines(run).values())) == (0, {"restarted"})
    assert (box.restarts, box.most_down) == ({"node1": 1, "node2": 1, "node3": 1}, 1)


def test_set_without_restart(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--no-restart writes alone, says that no node uses it yet and what ends that; `set` without it does, too."""
    box = sandbox(nodes=2)

    run = ipvs(box, "set", "--scheduler", "lc", "--no-restart")

    assert (run.code, run.out.splitlines()[-1]) == (0, "configmap/kube-proxy patched")
    assert run.err.splitlines()[-2:] == [
        "warning: written, but no node uses it until kube-proxy restarts: kubectl ipvs restart --stale",
        "undo with: kubectl ipvs undo",
    ]
    assert (box.restarts, box.schedulers()) == ({"node1": 0, "node2": 0}, {"node1": "rr", "node2": "rr"})

    again = ipvs(box, "set", "--scheduler", "lc", *BRISK)

    assert (again.code, set(lines(again).values())) == (0, {"restarted"})
    assert (box.restarts, box.schedulers()) == ({"node1": 1, "node2": 1}, {"node1": "lc", "node2": "lc"})
    assert [entry.split("/")[0] for entry in writes(box)] == ["PATCH configmaps", "DELETE pods", "DELETE pods"]


def test_somebody_else_was_faster(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An edit of the configuration between our read and our write is kept: exit 4, nothing written or restarted."""
    box = sandbox(nodes=2)
    theirs = box.config + "\n# theirs\n"

    def edit(request: Request) -> None:
        if request.method == "PATCH":
            box.hook = None
            box.set_config(theirs)

    box.hook = edit
    run = ipvs(box, "set", "--scheduler", "lc", *BRISK)

    problem = "configmap kube-system/kube-proxy was changed by somebody else meanwhile: nothing written"
    assert (run.code, run.err.splitlines()[-2]) == (4, f"error: {problem}")
    assert (box.config, box.restarts) == (theirs, {"node1": 0, "node2": 0})
    assert (box.schedulers(), "patched" in run.out) == ({"node1": "rr", "node2": "rr"}, False)


def test_edit_of_something_else_is_no_conflict(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A label that somebody adds between our read and our write is kept, and so is our change."""
    box = sandbox(nodes=1)

    def label(found: dict[str, Any]) -> None:
        found["metadata"].setdefault("labels", {})["team"] = "net"

    def edit(request: Request) -> None:
        if request.method == "PATCH":
            box.hook = None
            box.edit("ConfigMap", "kube-system", "kube-proxy", label)

    box.hook = edit
    run = ipvs(box, "set", "--scheduler", "lc", *BRISK)

    assert (run.code, box.schedulers()) == (0, {"node1": "lc"})
    assert (box.config_map()["metadata"]["labels"]["team"], 'scheduler: "lc"' in box.config) == ("net", True)
