"""`status` in every format."""

import json

import pytest
import yaml

from kubectl_ipvs.cluster.objects import ConfigMap
from kubectl_ipvs.ipvs.rows import ForeignRow, Row
from kubectl_ipvs.operations.source import Source, read_source, source_of
from kubectl_ipvs.operations.survey import NodeStatus, Status
from kubectl_ipvs.output.status import remarks, render, start_warnings, summary
from kubectl_ipvs.output.watching import fitted
from kubectl_ipvs.proxy.process import Reference
from kubectl_ipvs.proxy.served import Running


def source(scheduler: str = "lc", mode: str = "ipvs", name: str = "kube-proxy") -> Source:
    """Make the configuration of a ConfigMap."""
    text = (
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
        f"mode: {mode}\nipvs: {{scheduler: {scheduler}}}\n"
    )
    found = ConfigMap(
        namespace="kube-system", name=name, version="1", data={"config.conf": text}, immutable=False, annotations={},
        labels={}, managers=(), changed={},
    )  # fmt: skip
    made = source_of(Reference("config-map", name=name), (), "kube-proxy:v1.34.2", "kube-system", name, static=False)
    return read_source(made, name, "config.conf", found)


LC = source()

GOOD = NodeStatus(
    node="node1",
    pod="kube-proxy-a",
    schedulers={"lc": 40},
    virtual_servers=40,
    real_servers=120,
    active=7,
    inactive=1,
    state="in-sync",
    reason="",
    source="proc",
    kernel="5.15.0-91-generic",
    version="v1.34.2",
    pod_age=3 * 86400,
    wanted="lc",
    mode="ipvs",
)
FOREIGN = ForeignRow(Row("TCP", "10.9.0.1:80", "wlc"), "excluded", "10.9.0.0/16")
MIXED = GOOD._replace(
    node="node2", schedulers={"lc": 38, "rr": 2}, state="out-of-step", reason="the kernel has rr",
    differing=(Row("TCP", "10.0.0.1:80", "rr"),), foreign=1, foreign_rows=(FOREIGN,),
    unparsed=("odd \x1b",), unparsed_lines=1, running=Running("ipvs", "lc", "ipvs"),
)  # fmt: skip
WAITING = GOOD._replace(node="node3", schedulers={"rr": 40}, state="restart-needed", reason="old", pod_age=45)
EMPTY = GOOD._replace(node="node4", schedulers={}, virtual_servers=0, real_servers=0, active=0, inactive=0,
                state="out-of-step", reason="nothing")  # fmt: skip
MISSING = NodeStatus("node5", "", {}, 0, 0, 0, 0, "no-pod", "none runs", "", "", "", None)
LACKING = MISSING._replace(node="node6", pod="kube-proxy-f", state="no-ipvsadm", reason="no cat", version="v1.34.2",
                  kernel="6.1.0", pod_age=5)  # fmt: skip
SPOILED = LACKING._replace(node="node7", state="unreadable", reason="cut", source="proc",
                  unparsed=("a", "b"), unparsed_lines=30)  # fmt: skip
ALL = Status((LC,), (GOOD, MIXED, WAITING, EMPTY, MISSING, LACKING, SPOILED))

TABLE = """\
NODE    SCHEDULER     VIRTUAL-SERVERS   REAL-SERVERS   ACTIVE   INACTIVE   STATE
node1   lc            40                120            7        1          in sync
node2   lc 38, rr 2   40                120            7        1          out of step
node3   rr            40                120            7        1          restart needed
node4   <none>        0                 0              0        0          out of step
node5   -             -                 -              -        -          no pod
node6   -             -                 -              -        -          no ipvsadm
node7   -             -                 -              -        -          unreadable
"""
WIDE = """\
STATE            POD            AGE         VERSION     KERNEL              MODE        SOURCE   REASON
in sync          kube-proxy-a   3d          v1.34.2     5.15.0-91-generic   ipvs        proc     -
out of step      kube-proxy-a   3d          v1.34.2     5.15.0-91-generic   ipvs        proc     the kernel has rr
restart needed   kube-proxy-a   45s         v1.34.2     5.15.0-91-generic   ipvs        proc     old
out of step      kube-proxy-a   3d          v1.34.2     5.15.0-91-generic   ipvs        proc     nothing
no pod           <none>         <unknown>   <unknown>   <unknown>           <unknown>   <none>   none runs
no ipvsadm       kube-proxy-f   5s          v1.34.2     6.1.0               <unknown>   <none>   no cat
unreadable       kube-proxy-f   5s          v1.34.2     6.1.0               <unknown>   proc     cut
"""
REMARKS = [
    "node2: out of step: the kernel has rr",
    "node3: restart needed: old",
    "node4: out of step: nothing",
    "node5: no pod: none runs",
    "node6: no ipvsadm: no cat",
    "node7: unreadable: cut",
    (
        "node2: 1 foreign virtual server, not kube-proxy's and not compared: "
        "TCP 10.9.0.1:80 wlc (inside excludeCIDRs 10.9.0.0/16)"
    ),
    "node2: 1 line of the table not understood, first: odd \x1b",
    "node7: 30 lines of the table not understood, first: a",
]
SEVEN = (
    "1 of 7 nodes in sync on lc, 1 out of step (on lc and rr), 1 restart needed (on rr), 1 out of step, 1 no pod, "
    "1 no ipvsadm, 1 unreadable"
)


def shown(form: str) -> tuple[list[str], list[str]]:
    """Give the lines of the table, and those below it."""
    lines = render(ALL, form).splitlines()
    return lines[:8], lines[8:]


def test_table() -> None:
    """Kernel's schedulers and counts; a dash where no table was read, the state in words; reasons and sum are data."""
    assert shown("table") == (TABLE.splitlines(), [*REMARKS, SEVEN])


def test_wide() -> None:
    """The same columns, and the pod's and the node's own; the reason stands in the row as well."""
    rows, below = shown("wide")
    start = TABLE.index("STATE")
    assert [line[start:] for line in rows] == WIDE.splitlines()
    assert [line[:start].rstrip() for line in rows] == [line[:start].rstrip() for line in TABLE.splitlines()]
    assert below == [*REMARKS, SEVEN]


def test_several_configurations() -> None:
    """Where nodes read different configurations each row names its own, and the sum names no scheduler."""
    other = GOOD._replace(node="node2", schedulers={"sh": 9}, wanted="sh", configuration="other/config.conf")
    status = Status((LC, source("sh", name="other")), (GOOD._replace(configuration="kube-proxy/config.conf"), other))

    lines = render(status, "table").splitlines()

    assert [line.split("   ")[-1].strip() for line in lines[:3]] == [
        "CONFIGURATION", "kube-proxy/config.conf", "other/config.conf",
    ]  # fmt: skip
    assert lines[3:] == ["2 of 2 nodes in sync"]
    found = json.loads(render(status, "json"))
    assert (found["wanted"], [entry["scheduler"] for entry in found["configurations"]]) == (
        {"scheduler": "", "mode": "ipvs"}, ["lc", "sh"],
    )  # fmt: skip
    assert [(row["wanted"], row["configuration"]) for row in found["nodes"]] == [
        ("lc", "kube-proxy/config.conf"), ("sh", "other/config.conf"),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["table", "name"])
def test_no_nodes(form: str) -> None:
    """Nothing seen is nothing known: the table says so, and `-o name` is empty."""
    header = "NODE   SCHEDULER   VIRTUAL-SERVERS   REAL-SERVERS   ACTIVE   INACTIVE   STATE\n"
    expected = {"table": header + "no node was looked at: nothing is known\n", "name": ""}
    empty = Status((LC,), ())
    assert (render(empty, form), empty.unknown) == (expected[form], True)


def test_names() -> None:
    """One node a line, as kubectl names it."""
    assert render(Status((LC,), (GOOD, MIXED)), "name") == "node/node1\nnode/node2\n"


def test_for_programs() -> None:
    """The schema's facts, untouched: the text of a pod is data here."""
    entry = {
        "node": "node1", "pod": "kube-proxy-a", "schedulers": {"lc": 40}, "virtualServers": 40, "realServers": 120,
        "activeConnections": 7, "inactiveConnections": 1, "state": "in-sync", "reason": "", "source": "proc",
        "kernel": "5.15.0-91-generic", "version": "v1.34.2", "podAge": 259200, "excludedVirtualServers": 0,
        "unparsedLines": 0, "unparsed": [], "wanted": "lc", "mode": "ipvs", "remark": "", "differing": [],
        "foreignVirtualServers": 0, "foreign": [], "configuration": "", "running": None,
    }  # fmt: skip
    foreign = {"protocol": "TCP", "address": "10.9.0.1:80", "scheduler": "wlc", "why": "excluded",
               "detail": "10.9.0.0/16"}  # fmt: skip
    mixed = entry | {"node": "node2", "schedulers": {"lc": 38, "rr": 2}, "state": "out-of-step",
                     "reason": "the kernel has rr", "excludedVirtualServers": 1, "foreignVirtualServers": 1,
                     "foreign": [foreign], "unparsedLines": 1, "unparsed": ["odd \x1b"],
                     "running": {"mode": "ipvs", "scheduler": "lc"},
                     "differing": [{"protocol": "TCP", "address": "10.0.0.1:80", "scheduler": "rr"}]}  # fmt: skip
    place = {"kind": "ConfigMap", "namespace": "kube-system", "name": "kube-proxy", "key": "config.conf"}
    expected = {
        "apiVersion": "kubectl-ipvs/v1",
        "kind": "Status",
        "wanted": {"scheduler": "lc", "mode": "ipvs"},
        "configurations": [{"source": place, "scheduler": "lc", "mode": "ipvs", "findings": []}],
        "nodes": [entry, mixed],
        "summary": {"nodes": 2, "in-sync": 1, "out-of-step": 1},
    }
    status = Status((LC,), (GOOD, MIXED))
    assert [json.loads(render(status, "json")), yaml.safe_load(render(status, "yaml"))] == [expected, expected]


def test_remarks() -> None:
    """Each reason in full, then rows that are not kube-proxy's, by name, then what was not understood."""
    assert remarks(ALL) == REMARKS


def test_many_foreign_rows() -> None:
    """Five are named, the others counted; each with how it is known not to be kube-proxy's."""
    rows = tuple(ForeignRow(Row("FWM", str(number), "rr"), "firewall mark") for number in range(1, 6))
    row = GOOD._replace(
        foreign=9, foreign_rows=(*rows, ForeignRow(Row("TCP", "10.0.0.9:1", "rr"), "forwarding", "Route"))
    )
    said = remarks(Status((LC,), (row,)))
    assert said[0].startswith("node1: 9 foreign virtual servers, not kube-proxy's and not compared: FWM 1 rr (")
    assert (said[0].count("FWM"), said[0].endswith(" and 4 more")) == (5, True)


@pytest.mark.parametrize(("count", "more"), [(50, []), (51, ["... and 1 more: see -o json"])])
def test_many_remarks(count: int, more: list[str]) -> None:
    """Fifty reasons are shown."""
    rows = tuple(MISSING._replace(node=f"n{number}", reason=f"r{number}") for number in range(count))
    assert remarks(Status((LC,), rows)) == [f"n{number}: no pod: r{number}" for number in range(50)] + more


def test_one_reason_of_many_nodes() -> None:
    """A reason that many nodes share is one line, with the first of them by name."""
    rows = tuple(MISSING._replace(node=f"n{number}") for number in range(7))
    assert remarks(Status((LC,), rows)) == ["7 nodes (n0, n1, n2, n3, n4 and 2 more): no pod: none runs"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status((LC,), ()), "no node was looked at: nothing is known"),
        (Status((LC,), (GOOD,)), "1 of 1 node in sync on lc"),
        (
            Status((source("lc", "iptables"),), (GOOD._replace(state="not-ipvs"),)),
            "kube-proxy's mode is iptables: no IPVS scheduler is in force on 1 node",
        ),
        (
            Status((source("lc", "nftables"),), (GOOD._replace(state="not-ipvs"), MISSING)),
            "0 of 2 nodes in sync, 1 not ipvs, 1 no pod",
        ),
        (ALL, SEVEN),
        (
            Status((LC,), (GOOD, MISSING, WAITING, WAITING)),
            "1 of 4 nodes in sync on lc, 2 restart needed (on rr), 1 no pod",
        ),
    ],
)
def test_summary(status: Status, expected: str) -> None:
    """How many are in sync, and what the others are, most first."""
    assert summary(status) == expected


@pytest.mark.parametrize(
    ("states", "out_of_step", "unknown"),
    [
        (["in-sync"], False, False),
        (["in-sync", "restart-needed"], True, False),
        (["out-of-step", "timeout"], True, True),
        (["unknown"], False, True),
        (["not-ipvs"], True, False),
        (["no-pod"], False, True),
        ([], False, True),
    ],
)
def test_what_check_asks(states: list[str], *, out_of_step: bool, unknown: bool) -> None:
    """A kernel without IPVS in mode ipvs is out of step; a node that is not known, and no node at all, are no green."""
    status = Status((LC,), tuple(GOOD._replace(state=state) for state in states))
    assert (status.out_of_step, status.unknown) == (out_of_step, unknown)


def test_what_kube_proxy_will_not_start_with() -> None:
    """It runs today and exits at its next start: said beside the table, each problem once."""
    good, bad = LC, source("lcc")
    assert start_warnings(Status((good,), ())) == []
    assert start_warnings(Status((bad, bad), ())) == ['no scheduler of the kernel is called "lcc"']


def test_a_watch_fits_the_terminal() -> None:
    """The time and the sum first, then the nodes that are not in sync; what does not fit is counted, never cut off."""
    rows = tuple(GOOD._replace(node=f"n{number}") for number in range(40))
    status = Status((LC,), (*rows, WAITING, MISSING))

    lines = fitted(status, (60, 12), "10:00:00", wide=False).splitlines()

    assert len(lines) <= 11
    assert max(map(len, lines)) <= 60
    assert lines[0] == "10:00:00  40 of 42 nodes in sync on lc, 1 restart needed (on rr), 1 no pod"[:60]
    assert [line.split()[0] for line in lines[2:5]] == ["node3", "node5", "n0"]
    assert lines[10] == "... and 34 more in sync"


def test_a_watch_says_how_much_trouble_is_not_shown() -> None:
    """Nodes that are not in sync and do not fit are counted apart from those that are well."""
    rows = tuple(WAITING._replace(node=f"n{number}") for number in range(20))
    lines = fitted(Status((LC,), (*rows, GOOD)), (200, 10), "10:00:00", wide=False).splitlines()
    assert lines[8] == "... and 14 more not in sync, 1 more in sync"


def test_a_kernel_that_nobody_saw() -> None:
    """No number stands for what was not read; such nodes are not among those seen in sync, and one was not seen."""
    told = MISSING._replace(
        node="node6", state="in-sync", reason="the kernel was not seen: no cat", source="configz", mode="ipvs",
        running=Running("ipvs", "lc", "ipvs"), kernel_seen=False,
    )  # fmt: skip
    status = Status((LC,), (GOOD, told))
    lines = render(status, "wide").splitlines()

    assert lines[2].split()[:7] == ["node6", "-", "-", "-", "-", "-", "in"]
    assert "configz" in lines[2]
    assert lines[-2:] == [
        "node6: in sync: the kernel was not seen: no cat",
        "1 of 2 nodes in sync on lc, 1 in sync on lc (kernel not seen)",
    ]
    assert (status.unseen, status.out_of_step) == (True, False)
