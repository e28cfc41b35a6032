"""One row a node, whatever is wrong with it: its state, its reason, and every other row complete."""

from typing import Any

import pytest
import yaml

from tests.harness import Ipvs, MakeSandbox, Run

IMPATIENT = ("--exec-timeout", "3s")
DIAL = "dial tcp 172.18.0.{}:10250: connect: no route to host"
NO_CAT = "the image has neither ipvsadm nor cat"
FORBIDDEN = 'User "admin" cannot create resource "pods/exec" in API group "" in the namespace "kube-system"'
BYTES = "no line of the answer is an IPVS table's: \\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\t"
ALIEN = "1 foreign virtual server, not kube-proxy's and not compared: TCP 192.168.50.10:6443 wlc"
SEQUENCES = "\\x1b[2J\\x1b[31mTCP  10.96.0.99:80 \\x1b]0;owned\\x07rr\\r\\x08\\x9b5n"
UNREAD = {  # fault -> state, end of its reason
    "hang": ("timeout", "no answer within 3s"),
    "garbage": ("unreadable", BYTES),
    "no-status": ("unreadable", "the connection ended before the command did"),
    "half": ("unreadable", "the connection was cut before the command ended"),
    "no-tools": ("in sync", f"the kernel was not seen: {NO_CAT}; kube-proxy runs with mode ipvs and scheduler rr"),
    "no-pod": ("no pod", "no kube-proxy pod runs on this node"),
    "not-ready": ("unreachable", DIAL),
    "not-ready,v4": ("unreachable", f"the node is not ready; error dialing backend: {DIAL}"),
    "not-ready,no-pod": ("no pod", "no kube-proxy pod runs on this node; the node is not ready"),
    "exec-refused,v4": ("unreachable", "unable to upgrade connection: the kubelet refuses exec on purpose"),
    "forbidden-exec": ("forbidden", FORBIDDEN),
}  # fmt: skip
READ = {  # fault -> scheduler, virtual servers, real servers, state, reason or remark
    "one-byte": ("rr", "9", "25", "in sync", ""),
    "slow=0.2": ("rr", "9", "25", "in sync", ""),
    "v4": ("rr", "9", "25", "in sync", ""),
    "no-ipvsadm": ("rr", "9", "25", "in sync", ""),
    "no-ipvsadm,v4": ("rr", "9", "25", "in sync", ""),
    "foreign=wlc": ("rr", "10", "27", "in sync", f"{ALIEN} (of no Service)"),
    "control": ("rr", "9", "25", "in sync", f"1 line of the table not understood, first: {SEQUENCES}"),
}  # fmt: skip
SOURCE = {"kind": "ConfigMap", "namespace": "kube-system", "name": "kube-proxy", "key": "config.conf"}
NODES = {f"node{number}": fault for number, fault in enumerate(("", *UNREAD, *READ, "windows"), 1)}
FAULTS = {node: fault for node, fault in NODES.items() if fault}


def below(run: Run) -> list[str]:
    """Give the lines below the table: reasons, remarks, the summary; they are data, and stderr stays empty."""
    assert run.err == ""
    return [line for line in run.out.splitlines() if "   " not in line]


def test_every_fault_is_a_row(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Twenty nodes, each with its own trouble: all have their rows at once, with the reason in full below."""
    run = ipvs(sandbox(nodes=len(NODES), faults=FAULTS), "status", *IMPATIENT)

    said = dict(line.split(": ", 1) for line in below(run)[:-1])
    rows = [line.split()[0] for line in run.out.splitlines() if "   " in line]
    assert (run.code, rows) == (3, ["NODE", *(node for node in NODES if NODES[node] != "windows")])
    for node, fault in NODES.items():
        if fault in UNREAD:
            state, reason = UNREAD[fault]
            assert run.rows[node] == ["-"] * 5 + [state]
            assert said[node].startswith(f"{state}: "), said[node]
            assert said[node].endswith(reason.format(int(node[4:]) + 1)), said[node]
        elif fault != "windows":
            scheduler, virtual, real, state, reason = READ.get(fault, ("rr", "9", "25", "in sync", ""))
            assert [*run.rows[node][:3], run.rows[node][-1]] == [scheduler, virtual, real, state], node
            assert all(cell.isdigit() for cell in run.rows[node][1:5]), node
            assert said.get(node, "") == reason
    assert below(run)[-1] == (
        "8 of 19 nodes in sync on rr, 3 unreadable, 3 unreachable, 2 no pod, 1 timeout, "
        "1 in sync on rr (kernel not seen), 1 forbidden"
    )


@pytest.mark.parametrize(
    ("version", "code", "state", "reason"),
    [
        ("v1.25.16", 0, "not ipvs", "the kernel has no IPVS table (ip_vs is not loaded)"),
        ("v1.26.0", 3, "not ready", "is not ready: CrashLoopBackOff"),
    ],
)
def test_no_ipvs(version: str, code: int, state: str, reason: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A kernel without IPVS: up to 1.25 kube-proxy takes iptables mode, from 1.26 on it crashes (facts 4)."""
    run = ipvs(sandbox(nodes=2, faults={"node2": "no-ipvs"}, version=version), "status")

    assert (run.code, run.rows["node2"]) == (code, ["-"] * 5 + [state])
    assert below(run)[0].startswith(f"node2: {state}: ")
    assert reason in below(run)[0]


@pytest.mark.parametrize("form", ["table", "wide", "json", "yaml", "name"])
def test_no_format_lets_control_characters_through(form: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Whatever bytes a pod sends, stdout and stderr hold printable text and line feeds alone."""
    box = sandbox(nodes=3, faults={"node1": "control", "node2": "garbage", "node3": "garbage,v4"})

    run = ipvs(box, "status", "-o", form)

    assert run.code == 3
    assert {char for char in run.out + run.err if not char.isprintable()} == {"\n"}


def test_documents_hold_the_same_facts(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-o json and -o yaml have every fact of the rows, in the documented schema, and nothing on stderr."""
    box = sandbox(
        nodes=3, faults={"node2": "no-pod", "node3": "control,no-ipvsadm"}, version="v1.33.1", image="ipvsadm"
    )
    pods = {pod["spec"].get("nodeName"): pod["metadata"]["name"] for pod in box.objects("Pod")}

    run, again = ipvs(box, "status", "-o", "json"), ipvs(box, "status", "-o", "yaml")

    common: dict[str, Any] = {"kernel": "6.1.0-18-amd64", "excludedVirtualServers": 0, "wanted": "rr", "remark": ""}
    common |= {
        "running": {"mode": "ipvs", "scheduler": "rr"},
        "differing": [],
        "foreignVirtualServers": 0,
        "foreign": [],
        "configuration": "",
        "mode": "ipvs",
    }
    read = {"schedulers": {"rr": 9}, "virtualServers": 9, "realServers": 25, "version": "v1.33.1"} | common
    whole = {"state": "in-sync", "reason": "", **read}
    strange = "\x1b[2J\x1b[31mTCP  10.96.0.99:80 \x1b]0;owned\x07rr\r\x08\x9b5n"
    expected = [
        {"node": "node1", "pod": pods["node1"], "source": "ipvsadm", "unparsedLines": 0, "unparsed": []} | whole,
        {"node": "node2", "pod": "", "source": "", "unparsedLines": 0, "unparsed": [], "state": "no-pod"}
        | {"reason": "no kube-proxy pod runs on this node", "activeConnections": 0, "inactiveConnections": 0}
        | {
            "schedulers": {},
            "virtualServers": 0,
            "realServers": 0,
            "version": "",
            "podAge": None,
            **common,
            "mode": "",
            "running": None,
        },
        {"node": "node3", "pod": pods["node3"], "source": "proc", "unparsedLines": 1, "unparsed": [strange]} | whole,
    ]
    found = run.json
    for entry, wanted in zip(found["nodes"], expected, strict=True):
        assert {key: entry[key] for key in wanted} == wanted
        assert set(entry) - set(wanted) <= {"activeConnections", "inactiveConnections", "podAge"}
    assert {key: value for key, value in found.items() if key != "nodes"} == {
        "apiVersion": "kubectl-ipvs/v1",
        "kind": "Status",
        "wanted": {"scheduler": "rr", "mode": "ipvs"},
        "configurations": [{"source": SOURCE, "scheduler": "rr", "mode": "ipvs", "findings": []}],
        "summary": {"nodes": 3, "in-sync": 2, "no-pod": 1},
    }
    for entry in (*found["nodes"], *(loaded := yaml.safe_load(again.out))["nodes"]):
        entry.pop("podAge")
    assert (loaded, run.err, again.err, run.code, again.code) == (found, "", "", 3, 3)


def test_check_tells_by_its_exit_code(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """0: every node is in sync; 5: one is not; 3: one could not be asked; without --check a difference is no error."""
    box = sandbox(nodes=2)

    codes = [ipvs(box, "status", "--check").code]
    box.set_scheduler("node2", "wrr")
    codes += [ipvs(box, "status", "--check").code, ipvs(box, "status").code]
    box.fault("node1", "forbidden-exec")
    codes += [ipvs(box, "status", "--check").code, ipvs(box, "status").code]
    box.set_scheduler("node2", "rr")
    codes += [ipvs(box, "status", "--check").code]

    assert codes == [0, 5, 0, 5, 3, 3]


def test_restart_needed_is_told_from_out_of_step(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A kube-proxy that started before the configuration was changed has not failed: it has not been told yet."""
    box = sandbox(nodes=2, scheduler="rr")
    box.set_config(box.config.replace("scheduler: rr", "scheduler: lc"))

    run = ipvs(box, "status", "--check")

    why = "restart needed: the kernel has rr, kube-proxy started before the configuration was last changed"
    assert (run.code, {run.rows[node][-1] for node in box.nodes}) == (5, {"restart needed"})
    assert below(run) == [f"node1: {why}", f"node2: {why}", "0 of 2 nodes in sync, 2 restart needed (on rr)"]


def test_kernel_that_does_something_else(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A kube-proxy that has read the configuration, and a kernel that does something else: out of step."""
    box = sandbox(nodes=2, faults={"node2": "stale"})
    box.set_config(box.config.replace('scheduler: ""', "scheduler: lc"))
    for pod in box.objects("Pod"):
        box.remove("Pod", "kube-system", pod["metadata"]["name"])
    while (run := ipvs(box, "status", "--check")).code != 5 or run.rows["node1"][-1] != "in sync":
        pass

    assert run.rows["node2"][-1] == "out of step"
    said, total = below(run)
    assert said.startswith("node2: out of step: the kernel has rr on TCP ")
    assert (said.count("TCP") + said.count("UDP"), said.endswith(" and 4 more instead of lc")) == (5, True)
    assert total == "1 of 2 nodes in sync on lc, 1 out of step (on rr)"


def test_empty_table_is_out_of_step(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A kube-proxy before 1.26 goes back to iptables in silence: a table without any virtual server tells."""
    box = sandbox(nodes=2, version="v1.22.17", scheduler="lc", faults={"node1": "no-module=lc"})

    run = ipvs(box, "status", "--check")

    assert (run.code, run.rows["node1"]) == (5, ["<none>", "0", "0", "0", "0", "out of step"])
    assert below(run) == [
        "node1: out of step: the kernel has no virtual server of kube-proxy",
        "1 of 2 nodes in sync on lc, 1 out of step",
    ]


@pytest.mark.parametrize(
    ("fault", "state"),
    [("never-ready", "Running"), ("crash-loop", "CrashLoopBackOff"), ("slow-start=9", "ContainerCreating")],
)
def test_pod_that_is_not_ready(fault: str, state: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A new pod that does not get Ready makes the row `not ready`, with the container's own word for it."""
    box = sandbox(nodes=2)
    old = next(pod["metadata"]["name"] for pod in box.objects("Pod") if pod["spec"].get("nodeName") == "node2")
    box.fault("node2", fault)
    box.remove("Pod", "kube-system", old)

    run = ipvs(box, "status", "node2", "--check")
    while "no kube-proxy pod" in run.out or ("ContainerCreating" in run.out and state != "ContainerCreating"):
        run = ipvs(box, "status", "node2", "--check")

    assert (run.code, run.rows["node2"][-1]) == (3, "not ready")
    assert f" is not ready: {state}" in below(run)[0]


def test_pod_that_goes_between_list_and_exec(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A pod that was replaced while we looked is a row that says so; at the next look its successor is read."""
    box = sandbox(nodes=2, faults={"node2": "gone=1"})

    run = ipvs(box, "status")

    assert (run.code, run.rows["node1"][-1], run.rows["node2"][-1]) == (3, "in sync", "not ready")
    assert "node2: not ready: the pod was replaced while we looked: pods " in run.out
    while ipvs(box, "status", "--check").code != 0:
        pass


def test_two_pods_on_one_node(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node is one row, of the pod that works."""
    box = sandbox(nodes=2)
    pods = {pod["spec"].get("nodeName"): pod["metadata"]["name"] for pod in box.objects("Pod")}

    def move(pod: dict[str, Any]) -> None:
        pod["spec"]["nodeName"] = "node1"
        pod["status"]["conditions"] = []

    box.edit("Pod", "kube-system", pods["node2"], move)
    found = ipvs(box, "status", "-o", "json").json["nodes"]

    assert [(row["node"], row["pod"], row["state"]) for row in found] == [
        ("node1", pods["node1"], "in-sync"),
        ("node2", "", "no-pod"),
    ]


def test_excluded_virtual_servers_are_not_compared(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What stands in excludeCIDRs is somebody else's: counted, named, and not counted against kube-proxy."""
    box = sandbox(nodes=1, faults={"node1": "foreign=wlc"})
    box.set_config(box.config.replace("excludeCIDRs: null", "excludeCIDRs: [192.168.50.0/24]"))
    box.remove("Pod", "kube-system", box.objects("Pod")[0]["metadata"]["name"])
    while (run := ipvs(box, "status", "--check")).code != 0:
        pass

    assert (run.rows["node1"][0], run.rows["node1"][-1]) == ("rr", "in sync")
    assert below(run) == [
        f"node1: {ALIEN} (inside excludeCIDRs 192.168.50.0/24)",
        "1 of 1 node in sync on rr",
    ]


def test_mode_is_not_ipvs(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Outside ipvs mode no node is in or out of step, with and without IPVS in the kernel."""
    run = ipvs(sandbox(nodes=2, mode="iptables", faults={"node2": "no-ipvs"}), "status", "--check")

    assert (run.code, [run.rows[node][-1] for node in ("node1", "node2")]) == (0, ["not ipvs", "not ipvs"])
    assert below(run) == [
        "node1: not ipvs: kube-proxy's mode is iptables",
        "node2: not ipvs: kube-proxy's mode is iptables",
        "kube-proxy's mode is iptables: no IPVS scheduler is in force on 2 nodes",
    ]
