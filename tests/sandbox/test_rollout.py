"""The way through the nodes: the canary first, never more down than asked for, every node verified."""

import contextlib
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Request, Response
from tests.harness import BRISK, Ipvs, MakeSandbox, Run, changes, writes

SET = ("set", "--scheduler", "lc")
QUICKLY = ("--settle", "0s", "--timeout", "4s")
SOON = ("--settle", "0s", "--timeout", "0.6s")  # for nodes that come back ill
FAST: dict[str, Any] = {"terminate": 0.02, "start": 0.02, "sync": 0.0}
UNDO = "undo with: kubectl ipvs undo"
GO_ON = ["continue:  kubectl ipvs set --scheduler lc", "roll back: kubectl ipvs undo"]


def deleted(box: Sandbox) -> list[str]:
    """Give the nodes whose pods we deleted, in that order."""
    names = [seen.path.rsplit("/", 1)[-1] for seen in changes(box) if seen.method == "DELETE"]
    first = {pod: node for node, pod in PODS.items()}
    return [first[name] for name in names]


PODS: dict[str, str] = {}


@pytest.fixture
def noted(sandbox: MakeSandbox) -> Any:  # noqa: ANN401 - a function with the sandbox's own options
    """Start a sandbox and note which pod each node has before anything happens."""

    def make(**options: Any) -> Sandbox:  # noqa: ANN401 - as above
        box = sandbox(**options)
        PODS.clear()
        PODS.update({pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in box.objects("Pod")})
        return box

    return make


def phases(run: Run, node: str) -> list[str]:
    """Give the phases of one node, without the names of pods and the seconds; its log, if any, is no phase."""
    during = re.split(r"^\d+ nodes?: ", run.err, flags=re.MULTILINE)[0]
    lines = [line.partition(": ")[2] for line in during.splitlines() if line.startswith(f"{node}: ")]
    return [re.sub(r"\(\d+\.\d+s\)", "(S)", re.sub(r"kube-proxy-\w{5}", "POD", line)) for line in lines]


def order(run: Run, words: str) -> list[str]:
    """Give the nodes of which these words were said, in order."""
    return [line.partition(": ")[0] for line in run.err.splitlines() if words in line and line.startswith("node")]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), ["node2", "node1", "node3"]),  # node1 is a control plane
        (("--canary", "node3"), ["node3", "node1", "node2"]),
        (("--canary", "none"), ["node1", "node2", "node3"]),
    ],
    ids=["first ready worker", "the named one", "none"],
)
def test_canary_goes_first(flags: tuple[str, ...], expected: list[str], noted: Any, ipvs: Ipvs) -> None:  # noqa: ANN401
    """One ready worker by default, the node that was named, or nobody."""
    box = noted(**FAST)

    run = ipvs(box, *SET, *flags, *QUICKLY)

    assert (run.code, deleted(box)) == (0, expected)


def test_others_wait_for_the_canary(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """However many may be down together, no other node starts before the canary is verified."""
    box = sandbox(nodes=4, **FAST)

    run = ipvs(box, *SET, "--max-unavailable", "100%", *BRISK)

    said = [line for line in run.err.splitlines() if line.startswith("node")]
    held = next(index for index, line in enumerate(said) if line.startswith("node2: verified"))
    assert (run.code, held, {line.split(":")[0] for line in said[:held]}) == (0, 3, {"node2"})


@pytest.mark.parametrize(
    ("name", "why"), [("nowhere", "is not among the nodes to restart"), ("node3", "is left out")], ids=["none", "away"]
)
@pytest.mark.parametrize("nodes", [1, 3])
def test_canary_that_cannot_be(name: str, why: str, nodes: int, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A canary that is no node, or not ready, is refused before anything is written."""
    box = sandbox(nodes=nodes, faults={"node3": "not-ready"} if nodes == 3 else {})
    why = why if nodes == 3 else "is not among the nodes to restart"

    run = ipvs(box, *SET, "--canary", name, *BRISK)

    said = f"error: --canary {name} {why}: nothing was changed\nhint: leave --canary out, or --canary none\n"
    assert (run, writes(box)) == (Run(1, "", said), [])


def test_canary_that_is_in_sync_already(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The same command again goes on, though its canary is done."""
    box = sandbox(scheduler="lc", **FAST)
    box.set_scheduler("node3", "rr")

    run = ipvs(box, *SET, "--canary", "node2", *BRISK)

    assert (run.code, run.out, box.schedulers()) == (
        0,
        "node/node3 restarted\n",
        {"node1": "lc", "node2": "lc", "node3": "lc"},
    )


def test_canary_waits_for_nodes_that_are_down(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node that is down already leaves no room: it comes back first, and never are two down together."""
    box = sandbox(nodes=3, start=0.6, terminate=0.02, sync=0.0)
    text = box.config.replace('scheduler: ""', "scheduler: lc")
    box.set_config(text)
    pod = next(pod for pod in box.objects("Pod") if pod["spec"]["nodeName"] == "node2")
    box.remove("Pod", "kube-system", pod["metadata"]["name"])

    run = ipvs(box, *SET, *QUICKLY)

    assert (run.code, box.most_down, box.restarts) == (0, 1, {"node1": 1, "node2": 1, "node3": 1})


@pytest.mark.parametrize(
    ("share", "most", "said"),
    [("1", 1, 1), ("3", 3, 3), ("50%", 4, 4), ("100%", 8, 8)],
)
def test_max_unavailable(share: str, most: int, said: int, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """So many nodes at most are ever without kube-proxy, and it is said before."""
    box = sandbox(nodes=8, start=0.1 * most, terminate=0.0, sync=0.0)  # on a busy machine, too, all are down together

    run = ipvs(box, *SET, "--max-unavailable", share, "--canary", "none", "--settle", "0s")

    many = "1 node" if said == 1 else f"{said} nodes"
    words = f"at most {many} without kube-proxy at a time (the next starts while the last is still being watched: "
    assert (run.code, box.most_down, f"{words}at most {2 * said} in progress)" in run.err) == (0, most, True)


def test_phases_of_a_node(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """In a pipe: one line for each phase, no control characters, a line a node, a summary and how to undo it."""
    run = ipvs(sandbox(nodes=2, **FAST), *SET, *BRISK)

    ready = "POD is ready, looking at the kernel's table; it must stay up 0.2s"
    told = ["deleting pod POD", "waiting for its new pod", ready]
    assert phases(run, "node1") == [*told, "verified: all 9 virtual servers on lc (S)"]
    assert run.out.splitlines()[-3:] == [
        "configmap/kube-proxy patched",
        "node/node1 restarted",
        "node/node2 restarted",
    ]
    assert (run.err.splitlines()[-2:], "\x1b" in run.out + run.err) == (["2 nodes: 2 restarted", UNDO], False)


def test_live_table(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """On a terminal: a table of the nodes with their phases while it goes on, gone at the end; stdout stays data."""
    box = sandbox(nodes=2, **FAST)
    (tmp_path / "kubeconfig").write_text(box.kubeconfig())
    environment = {**os.environ, "KUBECONFIG": str(tmp_path / "kubeconfig"), "TERM": "xterm", "COLUMNS": "100"}
    ours, theirs = pty.openpty()
    shown = bytearray()

    process = subprocess.Popen(
        [Path(sys.executable).with_name("kubectl-ipvs"), *SET, "--yes", "--settle", "0.6s"],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, text=True,
    )  # fmt: skip
    os.close(theirs)
    with contextlib.suppress(OSError):  # Linux: the other end is closed
        while chunk := os.read(ours, 4096):
            shown += chunk
    os.close(ours)
    out, _ = process.communicate(timeout=10)

    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert (process.returncode, out.splitlines()[-1], b"\x1b[" in shown) == (0, "node/node2 restarted", True)
    assert ("/2 nodes done, 1 in progress" in text, "node2: deleting pod" in text) == (True, False)
    assert text.splitlines()[-2:] == ["2 nodes: 2 restarted", UNDO]


def test_run_as_data(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-o json: what was found, what was edited, and each node's phases with their times."""
    box = sandbox(nodes=1, labels={"app.kubernetes.io/managed-by": "Helm"}, version="v1.34.2")

    run = ipvs(box, *SET, *BRISK, "-o", "json")

    whole = run.json
    node = whole["nodes"][0]
    times = [entry["after"] for entry in node["phases"]]
    assert (run.code, whole["kind"], whole["outcome"], whole["fields"], whole["summary"]) == (
        0,
        "Change",
        "verified",
        {"scheduler": {"from": "", "to": "lc"}},
        {"nodes": 1, "verified": 1},
    )
    assert [entry["code"] for entry in whole["findings"]] == ["IPVS011"]
    assert [entry["phase"] for entry in node["phases"]] == ["deleting", "starting", "verifying", "verified"]
    assert (times == sorted(times), times[-1] == node["seconds"], node["seconds"] >= 0.2) == (True, True, True)
    assert (node["node"], node["outcome"], node["seenInKernel"]) == ("node1", "verified", True)
    assert '+  scheduler: "lc"' in whole["diff"].splitlines()


def test_a_pod_must_settle(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A pod that gets Ready and crashes within --settle is not verified."""
    box = sandbox(nodes=2, faults={"node2": "crash-later=0.15"}, backoff=5, **FAST)

    run = ipvs(box, *SET, "--no-rollback", "--settle", "0.5s")

    assert (run.code, phases(run, "node2")[-1]) == (3, "failed: pod POD crashed (CrashLoopBackOff)")


def test_ready_is_not_applied(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The kernel's table comes later than Ready: it is looked at until it is in sync."""
    box = sandbox(nodes=1, sync=0.6)

    run = ipvs(box, *SET, "--settle", "0s")

    looks = [seen for seen in box.requests if "/proc/net/ip_vs" in seen.query.get("command", ())]
    looks += [seen for seen in box.requests if "ipvsadm" in seen.query.get("command", ())]
    assert (run.code, box.schedulers(), len(looks) > 1) == (0, {"node1": "lc"}, True)


def test_slow_node(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node that is only slow is verified in the end, and does not keep the others waiting."""
    box = sandbox(nodes=4, faults={"node3": "slow-start=0.8"}, **FAST)

    run = ipvs(box, *SET, "--max-unavailable", "2", *QUICKLY)

    assert (run.code, order(run, "verified")[-1], box.most_down) == (0, "node3", 2)


FAILS = {
    "stale": (
        "not verified within 0.6s: the kernel has rr on TCP 10.244.2.1:31191, TCP 10.96.0.10:53, TCP 10.96.0.10:9153, "
        "TCP 10.96.0.1:443, TCP 10.96.73.19:8080 and 4 more instead of lc"
    ),
    "never-ready": "not verified within 0.6s: pod POD is not ready (Running)",
    "stuck": "not verified within 0.6s: the old pod does not go away",
    "crash-loop": "pod POD crashed (CrashLoopBackOff)",
    "no-ipvs": "pod POD crashed (CrashLoopBackOff)",
}


@pytest.mark.parametrize("fault", FAILS)
def test_node_that_fails(fault: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Its reason is said, what is in progress is finished, and no other node starts: here the canary fails."""
    box = sandbox(nodes=3, backoff=9, **FAST)
    box.on_write(lambda _: box.fault("node2", fault))

    run = ipvs(box, *SET, "--no-rollback", *SOON, "--force")

    failed = re.sub(r"kube-proxy-\w{5}", "POD", run.out.splitlines()[-2])
    assert (run.code, run.out.splitlines()[-3::2]) == (3, ["node/node1 not restarted", "node/node3 not restarted"])
    assert failed.startswith(f"node/node2 failed: {FAILS[fault]}")
    assert (box.restarts["node1"], box.restarts["node3"]) == (0, 0)
    assert "3 nodes: 1 failed, 2 not restarted" in run.err.splitlines()
    assert run.err.splitlines()[-3:] == ["stopped after 0 of 3 nodes", f"{GO_ON[0]} --no-rollback --force", GO_ON[1]]


def test_tables_that_cannot_be_read(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An image without any tool: pod and running configuration are judged, and the output says what was not seen."""
    unseen = "the kernel was not seen: the image has neither ipvsadm nor cat; kube-proxy runs with mode ipvs"
    unseen += " and scheduler lc"
    box = sandbox(nodes=2, faults={"node2": "no-tools"}, **FAST)

    run = ipvs(box, *SET, *BRISK)

    assert (run.code, phases(run, "node2")[-1]) == (
        0,
        f"ready, not verified: {unseen} (S)",
    )
    assert run.err.splitlines()[-2:] == [
        f"not verified in the kernel: node2 ({unseen})",
        UNDO,
    ]


def test_node_that_is_not_ready(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """It is skipped and said so, the others are done: exit 3; later the same command does what is left."""
    box = sandbox(faults={"node3": "not-ready"}, **FAST)

    run = ipvs(box, *SET, *QUICKLY)
    again = ipvs(box, *SET, *QUICKLY)
    box.heal("node3")
    healed = ipvs(box, *SET, *QUICKLY)

    skipped = "node/node3 skipped: the node is not ready: not restarted; when it is back: kubectl ipvs restart node3"
    assert (run.code, run.out.splitlines()[-3:]) == (3, ["node/node1 restarted", "node/node2 restarted", skipped])
    assert (again.code, again.out) == (3, f"{skipped}\n")
    assert (healed.code, healed.out, box.schedulers()) == (
        0,
        "node/node3 restarted\n",
        {"node1": "lc", "node2": "lc", "node3": "lc"},
    )


def test_node_without_a_pod(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where no kube-proxy was nothing is lost: skipped at once, exit 3, no rollback."""
    box = sandbox(nodes=2, faults={"node2": "no-pod"}, **FAST)

    run = ipvs(box, *SET, *SOON)

    assert (run.code, run.out.splitlines()[-2:], box.schedulers()) == (
        3,
        ["node/node1 restarted", "node/node2 skipped: no kube-proxy pod was there before"],
        {"node1": "lc", "node2": None},
    )


def test_somebody_elses_virtual_servers(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Of no Service, or inside excludeCIDRs, they are not kube-proxy's; with Services unknown excludeCIDRs tell."""
    box = sandbox(nodes=1, faults={"node1": "foreign=wrr"}, **FAST)
    plain = box.config
    known = ipvs(box, *SET, *QUICKLY)
    ipvs(box, "undo", *QUICKLY)
    box.deny("list", "services")

    outside = ipvs(box, *SET, "--no-rollback", *SOON)
    box.set_config(plain.replace("excludeCIDRs: null", "excludeCIDRs: [192.168.50.0/24]"))
    inside = ipvs(box, *SET, *QUICKLY)

    assert (known.code, known.out.splitlines()[-1]) == (0, "node/node1 restarted")
    why = (
        "the kernel has wrr on TCP 192.168.50.10:6443 instead of lc (not kube-proxy's? then: kubectl ipvs set "
        "--exclude-cidrs 192.168.50.10/32)"
    )
    assert (outside.code, outside.out.splitlines()[-1]) == (
        3,
        f"node/node1 failed: not verified within 0.6s: {why}",
    )
    assert (inside.code, inside.out.splitlines()[-1], set(box.kernel("node1")["schedulers"])) == (
        0,
        "node/node1 restarted",
        {"lc", "wrr"},
    )


def test_excluded_servers_alone_verify_nothing(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A table in which nothing is kube-proxy's is no success: rolled back, and the node is as it was before."""
    text = sandbox(nodes=1).config.replace("excludeCIDRs: null", 'excludeCIDRs: [0.0.0.0/0, "::/0"]')
    box = sandbox(nodes=1, config=text, faults={"node1": "foreign=wrr"}, **FAST)

    run = ipvs(box, *SET, "--settle", "0s", "--timeout", "2s")

    why = "not verified within 2s: the kernel has no virtual server of kube-proxy: its 10 rows are foreign"
    assert (run.code, box.config, run.out.splitlines()[-1]) == (1, text, f"node/node1 rolled back (had failed: {why})")


HIDDEN = "not seen in the kernel: {} (its table shows the scheduler alone)"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--strict-arp",), "strictARP"),
        (("--sync-period", "1m", "--udp-timeout", "10s"), "syncPeriod, udpTimeout"),
    ],
)
def test_fields_that_the_table_does_not_show(
    words: tuple[str, ...], names: str, sandbox: MakeSandbox, ipvs: Ipvs
) -> None:
    """The table is verified all the same, since a restart may break it, and the output says what it does not show."""
    box = sandbox(nodes=1, **FAST)

    run = ipvs(box, "set", *words, *BRISK)
    document = ipvs(box, "undo", *BRISK, "-o", "json").json

    assert (run.code, phases(run, "node1")[-1]) == (0, "verified: all 9 virtual servers on rr (S)")
    assert run.err.splitlines()[-2:] == [HIDDEN.format(names), UNDO]
    assert document["nodes"][0]["seenInKernel"] is True


def test_scheduler_and_hidden_fields(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Together: the scheduler is seen in the table, the other field is said not to be."""
    box = sandbox(nodes=1, **FAST)

    run = ipvs(box, *SET, "--strict-arp", *BRISK)

    assert (run.code, phases(run, "node1")[-1]) == (0, "verified: all 9 virtual servers on lc (S)")
    assert run.err.splitlines()[-2:] == [HIDDEN.format("strictARP"), UNDO]
    assert (box.kernel("node1")["scheduler"], box.kernel("node1")["strict_arp"]) == ("lc", True)


def test_watch_is_forbidden(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Who may list but not watch waits a little longer, even while the API server is away for a moment."""
    box = sandbox(nodes=2)
    box.deny("watch", "pods")

    def away(request: Request) -> None:
        if request.method == "DELETE":
            box.hook = None
            box.outage(1.0)

    box.hook = away
    run = ipvs(box, *SET, "--settle", "0s", "--timeout", "8s")

    assert (run.code, box.schedulers()) == (0, {"node1": "lc", "node2": "lc"})


# ---- the DaemonSet's own rolling update

ROLLOUT = (*SET, "--strategy=rollout")


def test_rollout_by_the_daemon_set(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The DaemonSet replaces the pods at its own pace; we ask, watch, and verify node by node."""
    box = sandbox(max_unavailable=1, **FAST)

    run = ipvs(box, *ROLLOUT, *BRISK)

    template = box.get("DaemonSet", "kube-system", "kube-proxy")["spec"]["template"]
    assert (run.code, box.most_down, box.schedulers()) == (0, 1, {"node1": "lc", "node2": "lc", "node3": "lc"})
    assert writes(box) == ["PATCH configmaps/kube-proxy", "PATCH daemonsets/kube-proxy"]
    assert list(template["metadata"]["annotations"]) == ["kubectl.kubernetes.io/restartedAt"]
    ready = "POD is ready, looking at the kernel's table; it must stay up 0.2s"
    told = ["waiting for the DaemonSet", "waiting for its new pod", ready]
    assert phases(run, "node1") == [*told, "verified: all 9 virtual servers on lc (S)"]
    assert "3 nodes: node1, node2, node3; at the DaemonSet's own pace; " in run.err


def test_rollout_with_a_failing_node(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What the DaemonSet did meanwhile is rolled back too: every node that may have read the new value."""
    box = sandbox(nodes=4, faults={"node1": "stale"}, **FAST)
    before = box.config

    run = ipvs(box, *ROLLOUT, *SOON)

    assert (run.code, box.config, set(box.schedulers().values())) == (1, before, {"rr"})
    assert run.err.splitlines()[-1].endswith(" and was rolled back; all 4 restarted nodes are on rr again")


def test_rollout_that_does_not_go_on(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A pod that will not die stops the DaemonSet; the nodes it never came to are told apart."""
    box = sandbox(nodes=3, faults={"node1": "stuck"}, **FAST)

    run = ipvs(box, *ROLLOUT, "--no-rollback", *SOON)

    outcome = {row["node"]: row["outcome"] for row in _nodes(run)}
    assert (run.code, outcome["node1"], box.most_down) == (
        3,
        "failed: not verified within 0.6s: the old pod does not go away",
        1,
    )


def _nodes(run: Run) -> list[dict[str, str]]:
    lines = [line.removeprefix("node/") for line in run.out.splitlines() if line.startswith("node/")]
    return [dict(zip(("node", "outcome"), line.split(" ", 1), strict=True)) for line in lines]


def test_rollout_is_refused(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The DaemonSet's patch is refused after the ConfigMap was written: the old value is back, no node restarted."""
    box = sandbox(nodes=2)
    before = box.config
    denied = Response(403, b'{"kind": "Status", "message": "no", "reason": "Forbidden", "code": 403}')

    box.hook = lambda request: denied if request.method == "PATCH" and "daemonsets" in request.path else None
    run = ipvs(box, *ROLLOUT, *BRISK)

    assert (run.code, box.config, box.restarts) == (1, before, {"node1": 0, "node2": 0})
    assert run.err.splitlines()[-1] == (
        "error: the change failed and was rolled back; the restart could not begin: the server refused (Forbidden): "
        "no; no node had read it"
    )


def test_daemon_set_that_is_gone(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A DaemonSet that is deleted after the ConfigMap was written: the old value is back, both failures are said."""
    box = sandbox(nodes=2)
    before = box.config

    def gone(request: Request) -> None:
        if request.method == "PATCH" and "daemonsets" in request.path:
            box.remove("DaemonSet", "kube-system", "kube-proxy")

    box.hook = gone
    run = ipvs(box, *ROLLOUT, *BRISK)

    assert (run.code, box.config, box.restarts) == (1, before, {"node1": 0, "node2": 0})
    last = run.err.splitlines()[-1]
    assert last.startswith("error: the change failed, and rolling it back failed: the restart could not begin: ")
    assert "; the old value is back, but the restart failed: no kube-proxy found: " in last
