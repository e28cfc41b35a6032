"""What cannot be verified is rolled back: the old text byte for byte, the nodes that were touched, in true words."""

import re
from typing import Any

import pytest

from kubectl_ipvs.proxy.config.last_change import ROLLED_BACK
from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Drop, Reply, Request, Response
from tests.harness import Ipvs, MakeSandbox, Run, writes

SET = ("set", "--scheduler", "lc")
SOON = ("--settle", "0s", "--timeout", "0.8s")
PATIENT = ("--settle", "0s", "--timeout", "8s")
FORCE = ("set", "--scheduler", "lc", "--force", "--settle", "0s", "--timeout", "8s")
CRASHED = "pod POD crashed (CrashLoopBackOff)"
FAST: dict[str, Any] = {"terminate": 0.02, "start": 0.02, "sync": 0.0, "backoff": 9}
LAST = "kubectl-ipvs/last-change"
BACK = "error: the change failed on {} and was rolled back; {} on rr again"
FAILED = "error: the change failed on {}, and rolling it back failed: the old value could not be written back"
GO_ON = ["continue:  kubectl ipvs set --scheduler lc", "roll back: kubectl ipvs undo"]
NOT_BACK = (
    "error: the change failed on {0} ({1}), and rolling it back failed: the old value is back in the configuration, "
    "but it is not verified on {0}; fix that, then run: kubectl ipvs restart {0}"
)
ONE, BOTH, ALL = "the restarted node is", "all 2 restarted nodes are", "all 3 restarted nodes are"
FAR = (
    "the kernel has rr on TCP 10.244.{0}.1:31191, TCP 10.96.0.10:53, TCP 10.96.0.10:9153, TCP 10.96.0.1:443, "
    "TCP 10.96.73.19:8080 and 4 more instead of lc"
)


def annotations(box: Sandbox) -> dict[str, str]:
    """Give the ConfigMap's annotations, but for the note of a rollback."""
    found = box.config_map()["metadata"].get("annotations", {})
    return {name: value for name, value in found.items() if name != ROLLED_BACK}


def nodes(run: Run) -> dict[str, str]:
    """Give the line of each node, without the names of pods."""
    lines = [line.removeprefix("node/") for line in run.out.splitlines() if line.startswith("node/")]
    return dict(re.sub(r"kube-proxy-\w{5}", "POD", line).split(" ", 1) for line in lines)


def last(run: Run) -> str:
    """Give the last line, without the names of pods and the server's port."""
    return re.sub(r"127.0.0.1:\d+", "HOST", re.sub(r"kube-proxy-\w{5}", "POD", run.err.splitlines()[-1]))


def is_swap(request: Request) -> bool:
    """Tell whether a request writes the ConfigMap."""
    return request.method == "PATCH" and request.path.endswith("/configmaps/kube-proxy")


def swaps(box: Sandbox) -> int:
    """Count the requests that wrote the ConfigMap."""
    return writes(box).count("PATCH configmaps/kube-proxy")


LATE = "not verified within 0.8s"
FAULTS = {
    "crash-loop": CRASHED,
    "crash-later=0.05": CRASHED,
    "never-ready": f"{LATE}: pod POD is not ready (Running)",
    "stuck": f"{LATE}: the old pod does not go away",
    "hang": f"{LATE}: no answer within 0.2s",
}


@pytest.mark.whole
@pytest.mark.parametrize("fault", FAULTS)
def test_node_that_stays_broken(fault: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The old text and record are back, the others run the old value, and the broken node is named: exit 1."""
    box = sandbox(**FAST)
    before, noted = box.config, annotations(box)
    box.on_write(lambda _: box.fault("node3", fault))

    limits = ("--exec-timeout", "0.2s") if fault == "hang" else ()
    run = ipvs(box, *SET, "--settle", "0.1s", "--timeout", "0.8s", *limits)

    assert (run.code, box.config, annotations(box)) == (1, before, noted)
    assert nodes(run) == {
        "node1": "rolled back",
        "node2": "rolled back",
        "node3": f"not rolled back: {FAULTS[fault]}",
    }
    assert (box.schedulers(), last(run)) == (
        {"node1": "rr", "node2": "rr", "node3": "rr"},
        NOT_BACK.format("node3", FAULTS[fault]),
    )


def test_table_that_never_changes(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Ready, and the kernel goes on with the old scheduler: rolled back, and every node is in sync again."""
    box = sandbox(faults={"node3": "stale"}, **FAST)
    before, noted = box.config, annotations(box)

    run = ipvs(box, *SET, *SOON)

    assert (run.code, box.config, annotations(box), box.most_down) == (1, before, noted, 1)
    assert nodes(run) == {
        "node1": "rolled back",
        "node2": "rolled back",
        "node3": f"rolled back (had failed: {LATE}: {FAR.format(3)})",
    }
    said = run.err.splitlines()
    log = said[said.index("3 nodes: 3 rolled back") + 1 : -1]
    assert set(box.schedulers().values()) == {"rr"}
    assert said[-1] == BACK.format(f"node3 ({LATE}: {FAR.format(3)})", ALL)
    assert log  # of a pod that is gone by now: nobody is told to look at it
    assert all(line.startswith("node3: kube-proxy-") for line in log)


def test_module_that_is_not_there(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """kube-proxy 1.34 crashes without the module; the old value brings the node back."""
    box = sandbox(faults={"node2": "no-module=lc"}, **{**FAST, "backoff": 0.2})
    before = box.config

    run = ipvs(box, *FORCE)

    assert (run.code, box.config, box.schedulers()) == (1, before, {"node1": "rr", "node2": "rr", "node3": "rr"})
    assert nodes(run) == {
        "node1": "not restarted",
        "node2": f"rolled back (had failed: {CRASHED})",
        "node3": "not restarted",
    }
    assert box.restarts == {"node1": 0, "node2": 2, "node3": 0}


def test_fallback_of_an_old_kube_proxy(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """1.20 looks Ready and falls back to iptables mode: the kernel's table tells, and the old value heals it."""
    box = sandbox(nodes=2, version="v1.20.2", **FAST)
    before = box.config

    run = ipvs(box, *SET, "--force", *SOON)

    why = f"{LATE}: {FAR.format(2)}".replace("and 4 more", "and 5 more")  # up to 1.21 127.0.0.1 has a row, too
    assert (run.code, nodes(run), box.config) == (
        1,
        {"node1": "not restarted", "node2": f"rolled back (had failed: {why})"},
        before,
    )


def test_rollback_is_seen_line_by_line(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """It is announced before it begins, with the number of nodes that are restarted again."""
    box = sandbox(nodes=2, faults={"node2": "no-module=lc"}, **FAST)

    run = ipvs(box, *FORCE)

    announced = "rolling back: node2 failed: the old value is written again, 1 node is restarted"
    said = [re.sub(r" \(\d.*s\)", "", re.sub(r"kube-proxy-\w{5}", "POD", line)) for line in run.err.splitlines()]
    assert said[said.index(announced) :][:6] == [
        announced,
        "node2: deleting pod POD",
        "node2: waiting for its new pod",
        "node2: POD is ready, looking at the kernel's table; it must stay up 0s",
        "node2: verified: all 9 virtual servers on rr",
        "2 nodes: 1 not restarted, 1 rolled back",
    ]


def test_rollback_as_data(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The document has the change's nodes and the rollback's, each with its phases."""
    box = sandbox(nodes=2, faults={"node2": "no-module=lc"}, **FAST)

    run = ipvs(box, *FORCE, "-o", "json")

    whole = run.json
    outcomes = {part: [(row["node"], row["outcome"]) for row in whole[part]] for part in ("nodes", "rollback")}
    assert (run.code, whole["outcome"], outcomes, whole["left"]) == (
        1,
        "rolled-back",
        {"nodes": [("node1", "pending"), ("node2", "failed")], "rollback": [("node2", "verified")]},
        "",
    )
    assert [entry["phase"] for entry in whole["rollback"][0]["phases"]] == [
        "deleting",
        "starting",
        "verifying",
        "verified",
    ]


def test_earlier_record_comes_back(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """After a rollback `undo` is about the change before, not about the one that failed."""
    box = sandbox(nodes=1, **FAST)
    ipvs(box, "set", "--scheduler", "wrr", *PATIENT)
    before, noted = box.config, annotations(box)
    box.fault("node1", "no-module=lc")

    run = ipvs(box, *FORCE)

    assert (run.code, box.config, annotations(box), LAST in noted) == (1, before, noted, True)


@pytest.mark.parametrize("failures", [1, 2])
def test_nothing_is_stale_after_a_rollback(failures: int, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Nodes that were never touched have read the very text that is back: no restart, however often it fails."""
    box = sandbox(faults={"node2": "no-module=lc"}, **FAST)
    for _ in range(failures):
        ipvs(box, *FORCE)
    restarts = box.restarts

    run = ipvs(box, "restart", "--stale", *PATIENT)

    assert (run.code, run.err, box.restarts) == (0, "all nodes are in sync: nothing to restart\n", restarts)


def test_no_rollback(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--no-rollback stops only: the new value stays, the nodes are as they are, and what to do is said."""
    box = sandbox(faults={"node2": "no-module=lc"}, **FAST)
    wanted = box.config.replace('scheduler: ""', 'scheduler: "lc"')

    run = ipvs(box, *FORCE, "--no-rollback")

    assert (run.code, box.config, LAST in annotations(box)) == (3, wanted, True)
    assert nodes(run) == {
        "node1": "not restarted",
        "node2": f"failed: {CRASHED}",
        "node3": "not restarted",
    }
    assert (swaps(box), run.err.splitlines()[-3:]) == (
        1,
        ["stopped after 0 of 3 nodes", f"{GO_ON[0]} --no-rollback --force", GO_ON[1]],
    )


def test_going_on_rolls_nothing_back(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A run that only goes on has written nothing, so it stops; undo is still offered."""
    box = sandbox(nodes=1, faults={"node1": "stale"}, **FAST)
    ipvs(box, *SET, "--no-rollback", *SOON)

    run = ipvs(box, *SET, *SOON)

    assert (run.code, swaps(box), run.err.splitlines()[-2:]) == (3, 1, GO_ON)


def test_conflict_at_the_rollback(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Somebody edits the text before it is put back: theirs stays, and what is left to do by hand is said."""
    box = sandbox(nodes=2, faults={"node2": "no-module=lc"}, **FAST)
    box.hook = lambda request: _edit_at(box, request, 2)

    run = ipvs(box, *FORCE)

    assert (run.code, box.config.endswith("\n# theirs"), 'scheduler: "lc"' in box.config) == (1, True, True)
    assert nodes(run) == {
        "node1": "not restarted",
        "node2": f"failed: {CRASHED}",
    }
    assert last(run) == (
        f"{FAILED.format(f'node2 ({CRASHED})')}: configmap kube-system/kube-proxy was changed by somebody else "
        "meanwhile: nothing written; by hand: scheduler was ''; then: kubectl ipvs restart node2"
    )


def _edit_at(box: Sandbox, request: Request, number: int) -> None:
    if is_swap(request) and swaps(box) == number:
        box.hook = None
        box.set_config(box.config + "\n# theirs")


def test_annotation_of_somebody_else_at_the_rollback(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An edit of anything but the text is no conflict: it is kept."""
    box = sandbox(nodes=1, faults={"node1": "no-module=lc"}, **FAST)
    before = box.config

    def annotate(request: Request) -> None:
        if is_swap(request) and swaps(box) == 2:
            box.hook = None
            change = {"theirs": "yes"}
            box.edit(
                "ConfigMap", "kube-system", "kube-proxy", lambda obj: obj["metadata"]["annotations"].update(change)
            )

    box.hook = annotate
    run = ipvs(box, *FORCE)

    assert (run.code, box.config, annotations(box)["theirs"], last(run)) == (
        1,
        before,
        "yes",
        BACK.format(f"node1 ({CRASHED})", ONE),
    )


def test_field_that_was_not_set(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """By hand: a field that was absent is said to have been, and is absent again after a rollback."""
    text = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs # no section\n"
    box = sandbox(nodes=1, faults={"node1": "no-module=lc"}, config=text, **FAST)

    run = ipvs(box, *FORCE)
    after = box.config
    box.hook = lambda request: _edit_at(box, request, 4)
    conflict = ipvs(box, *FORCE)

    assert (run.code, conflict.code, "by hand: scheduler was not set; then" in conflict.err) == (1, 1, True)
    assert after == text


def test_rollback_of_hidden_fields(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A field that no table shows is rolled back as well, where the pod does not stay up."""
    box = sandbox(nodes=1, faults={"node1": "crash-loop"}, **FAST)
    before = box.config

    run = ipvs(box, "set", "--strict-arp", *SOON)

    assert (run.code, box.config, last(run)) == (1, before, NOT_BACK.format("node1", CRASHED))


def test_api_server_away_in_mid_rollout(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Some seconds without it, from a deletion whose answer is lost as well, are waited out: nothing is rolled back."""
    box = sandbox(nodes=2, **FAST)
    box.hook = lambda request: _away(box, request, "DELETE", 1, 1.5)

    run = ipvs(box, *SET, *PATIENT)

    assert (run.code, set(box.schedulers().values()), swaps(box), box.most_down) == (0, {"lc"}, 1, 1)
    assert box.restarts == {"node1": 1, "node2": 1}


def _away(box: Sandbox, request: Request, method: str, number: int, seconds: float) -> None:
    count = sum(seen.method == method for seen in box.requests)
    if request.method == method and count == number:
        box.hook = None
        box.outage(seconds)


@pytest.mark.parametrize(("method", "number"), [("PATCH", 2), ("DELETE", 2)], ids=["at the write", "at the restart"])
def test_api_server_away_in_mid_rollback(method: str, number: int, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The old value is written and the nodes are restarted once the API server is back."""
    box = sandbox(nodes=2, faults={"node2": "no-module=lc"}, **FAST)
    before = box.config
    box.hook = lambda request: _away(box, request, method, number, 0.5)

    run = ipvs(box, *FORCE)

    assert (run.code, box.config, box.schedulers()) == (1, before, {"node1": "rr", "node2": "rr"})
    assert (nodes(run)["node1"], last(run)) == ("not restarted", BACK.format(f"node2 ({CRASHED})", ONE))


def test_api_server_away_after_the_rollbacks_write(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Between the write and the list of pods is no time to give up either."""
    box = sandbox(nodes=2, faults={"node2": "no-module=lc"}, **FAST)
    before = box.config

    def away(request: Request, _: Reply) -> None:
        if is_swap(request) and swaps(box) == 2:
            box.after = None
            box.outage(0.5)

    box.after = away
    run = ipvs(box, *FORCE)

    assert (run.code, box.config, last(run)) == (1, before, BACK.format(f"node2 ({CRASHED})", ONE))


@pytest.mark.whole
def test_api_server_away_for_longer_than_a_node_may_take(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The node failed for want of it; nothing can be rolled back before it is back, so that is waited for."""
    box = sandbox(nodes=2, **FAST)
    before = box.config
    box.hook = lambda request: _away(box, request, "DELETE", 1, 3.0)

    run = ipvs(box, *SET, *SOON)

    assert (run.code, box.config, box.schedulers()) == (1, before, {"node1": "rr", "node2": "rr"})
    assert last(run).endswith("and was rolled back; the restarted node is on rr again")


def test_rollback_that_is_not_taken(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A server that answers the rollback's write with 503 until the time is over: what to do by hand is said."""
    box = sandbox(nodes=2, faults={"node2": "no-module=lc"}, **FAST)
    wanted = box.config.replace('scheduler: ""', 'scheduler: "lc"')
    box.hook = lambda request: Response(503, b"busy") if is_swap(request) and swaps(box) > 1 else None

    run = ipvs(box, "set", "--scheduler", "lc", "--force", *SOON)

    assert (run.code, box.config, swaps(box) > 2) == (1, wanted, True)
    assert last(run) == (
        f"{FAILED.format(f'node2 ({CRASHED})')}: the server refused (ServiceUnavailable): busy; by hand: scheduler was "
        "''; then: kubectl ipvs restart node2"
    )


@pytest.mark.parametrize("number", [1, 2], ids=["the change", "the rollback"])
def test_write_whose_answer_is_lost(number: int, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A write that happened although its answer was lost counts as done."""
    box = sandbox(nodes=1, faults={"node1": "no-module=lc"} if number == 2 else {}, **FAST)
    before = box.config
    wanted = before.replace('scheduler: ""', 'scheduler: "lc"')

    def lost(request: Request) -> Reply | None:
        if not is_swap(request) or swaps(box) != number:
            return None
        box.hook = None
        text = wanted if number == 1 else before
        box.edit("ConfigMap", "kube-system", "kube-proxy", lambda obj: obj["data"].update({"config.conf": text}))
        return Drop()

    box.hook = lost
    run = ipvs(box, *FORCE)

    if number == 1:
        assert (run.code, box.config, box.schedulers()) == (0, wanted, {"node1": "lc"})
    else:
        assert (run.code, box.config, last(run)) == (1, before, BACK.format(f"node1 ({CRASHED})", ONE))


def test_server_that_is_not_well(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A write that is answered with 500 is tried again, and refused words are not."""
    box = sandbox(nodes=1, **FAST)
    answers = [Response(500, b"etcdserver: request timed out"), Response(504, b"gateway")]
    box.hook = lambda request: answers.pop() if is_swap(request) and answers else None

    run = ipvs(box, *SET, *PATIENT)

    assert (run.code, swaps(box), box.schedulers()) == (0, 3, {"node1": "lc"})


def test_pod_that_started_by_itself_meanwhile(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node that nobody touched, whose kube-proxy was replaced and read the new value, is rolled back too."""
    box = sandbox(faults={"node2": "no-module=lc"}, **FAST)
    pods = {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in box.objects("Pod")}

    def replace(request: Request) -> None:
        if request.method == "DELETE":
            box.hook = None
            box.remove("Pod", "kube-system", pods["node3"])

    box.hook = replace
    run = ipvs(box, *FORCE)

    assert (run.code, box.schedulers(), nodes(run)["node1"]) == (
        1,
        {"node1": "rr", "node2": "rr", "node3": "rr"},
        "not restarted",
    )
    assert box.restarts == {"node1": 0, "node2": 2, "node3": 2}


def test_node_that_left_meanwhile(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node that is taken out of the cluster in mid-rollout does not keep the others from coming back."""
    box = sandbox(faults={"node3": "stuck"}, **FAST)
    before = box.config

    def leave(request: Request) -> None:
        if is_swap(request) and swaps(box) == 2:
            box.hook = None
            box.remove("Node", "", "node3")
            for pod in box.objects("Pod"):
                if pod["spec"].get("nodeName") == "node3":
                    box.fault("node3", "no-pod")

    box.hook = leave
    run = ipvs(box, *SET, *SOON)

    assert (run.code, box.config, last(run)) == (
        1,
        before,
        BACK.format(f"node3 ({LATE}: the old pod does not go away)", BOTH),
    )
    assert (box.schedulers()["node1"], box.schedulers()["node2"]) == ("rr", "rr")
