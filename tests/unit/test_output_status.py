"""`status` in every format."""

import json

import pytest
import yaml

from kubectl_ipvs.operations.status import NodeStatus, Status
from kubectl_ipvs.output.status import remarks, render, summary

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
)
MIXED = GOOD._replace(
    node="node2", schedulers={"lc": 38, "rr": 2}, state="out-of-step", reason="the kernel has lc 38, rr 2",
    foreign=1, unparsed=("odd \x1b",), unparsed_lines=1,
)  # fmt: skip
WAITING = GOOD._replace(node="node3", schedulers={"rr": 40}, state="restart-needed", reason="old", pod_age=45)
EMPTY = GOOD._replace(node="node4", schedulers={}, virtual_servers=0, real_servers=0, active=0, inactive=0,
                state="out-of-step", reason="nothing")  # fmt: skip
MISSING = NodeStatus("node5", "", {}, 0, 0, 0, 0, "no-pod", "no pod", "", "", "", None)
LACKING = MISSING._replace(node="node6", pod="kube-proxy-f", state="no-ipvsadm", reason="no cat", version="v1.34.2",
                  kernel="6.1.0", pod_age=5)  # fmt: skip
SPOILED = LACKING._replace(node="node7", state="unreadable", reason="cut", source="proc", foreign=2,
                  unparsed=("a", "b"), unparsed_lines=30)  # fmt: skip
ALL = Status("lc", "ipvs", (GOOD, MIXED, WAITING, EMPTY, MISSING, LACKING, SPOILED))

TABLE = """\
NODE    SCHEDULER     VIRTUAL-SERVERS   REAL-SERVERS   ACTIVE   INACTIVE   STATE
node1   lc            40                120            7        1          in sync
node2   lc 38, rr 2   40                120            7        1          out of step: lc 38, rr 2
node3   rr            40                120            7        1          restart needed
node4   <none>        0                 0              0        0          out of step
node5   -             -                 -              -        -          no pod
node6   -             -                 -              -        -          no ipvsadm
node7   -             -                 -              -        -          unreadable
"""
WIDE = """\
STATE                      POD            AGE         VERSION     KERNEL              MODE   SOURCE
in sync                    kube-proxy-a   3d          v1.34.2     5.15.0-91-generic   ipvs   proc
out of step: lc 38, rr 2   kube-proxy-a   3d          v1.34.2     5.15.0-91-generic   ipvs   proc
restart needed             kube-proxy-a   45s         v1.34.2     5.15.0-91-generic   ipvs   proc
out of step                kube-proxy-a   3d          v1.34.2     5.15.0-91-generic   ipvs   proc
no pod                     <none>         <unknown>   <unknown>   <unknown>           ipvs   <none>
no ipvsadm                 kube-proxy-f   5s          v1.34.2     6.1.0               ipvs   <none>
unreadable                 kube-proxy-f   5s          v1.34.2     6.1.0               ipvs   proc
"""


def test_table() -> None:
    """Kernel's schedulers and counts; a dash where no table was read, and the state in words."""
    assert render(ALL, "table") == TABLE


def test_wide() -> None:
    """The same columns, and the pod's and the node's own."""
    start = TABLE.index("STATE")
    shown = render(ALL, "wide")
    assert "".join(line[start:] + "\n" for line in shown.splitlines()) == WIDE
    assert "".join(line[:start].rstrip() + "\n" for line in shown.splitlines()) == "".join(
        line[:start].rstrip() + "\n" for line in TABLE.splitlines()
    )


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("table", "NODE   SCHEDULER   VIRTUAL-SERVERS   REAL-SERVERS   ACTIVE   INACTIVE   STATE\n"),
        ("name", ""),
    ],
)
def test_no_nodes(form: str, expected: str) -> None:
    """Headers alone, or nothing."""
    assert render(Status("lc", "ipvs", ()), form) == expected


def test_names() -> None:
    """One node a line, as kubectl names it."""
    assert render(Status("lc", "ipvs", (GOOD, MIXED)), "name") == "node/node1\nnode/node2\n"


def test_for_programs() -> None:
    """The schema's facts, untouched: the text of a pod is data here."""
    entry = {
        "node": "node1", "pod": "kube-proxy-a", "schedulers": {"lc": 40}, "virtualServers": 40, "realServers": 120,
        "activeConnections": 7, "inactiveConnections": 1, "state": "in-sync", "reason": "", "source": "proc",
        "kernel": "5.15.0-91-generic", "version": "v1.34.2", "podAge": 259200, "excludedVirtualServers": 0,
        "unparsedLines": 0, "unparsed": [],
    }  # fmt: skip
    mixed = entry | {"node": "node2", "schedulers": {"lc": 38, "rr": 2}, "state": "out-of-step",
                     "reason": "the kernel has lc 38, rr 2", "excludedVirtualServers": 1, "unparsedLines": 1,
                     "unparsed": ["odd \x1b"]}  # fmt: skip
    expected = {
        "apiVersion": "kubectl-ipvs/v1",
        "kind": "Status",
        "wanted": {"scheduler": "lc", "mode": "ipvs"},
        "nodes": [entry, mixed],
        "summary": {"nodes": 2, "in-sync": 1, "out-of-step": 1},
    }
    status = Status("lc", "ipvs", (GOOD, MIXED))
    assert [json.loads(render(status, "json")), yaml.safe_load(render(status, "yaml"))] == [expected, expected]


def test_remarks() -> None:
    """Each reason in full, then what was not understood and what was left out."""
    assert remarks(ALL) == [
        "node2: out-of-step: the kernel has lc 38, rr 2",
        "node3: restart-needed: old",
        "node4: out-of-step: nothing",
        "node5: no-pod: no pod",
        "node6: no-ipvsadm: no cat",
        "node7: unreadable: cut",
        "node2: 1 line of the table not understood, first: odd \x1b",
        "node2: 1 virtual server inside excludeCIDRs, not kube-proxy's: not compared",
        "node7: 30 lines of the table not understood, first: a",
        "node7: 2 virtual servers inside excludeCIDRs, not kube-proxy's: not compared",
    ]


@pytest.mark.parametrize(("count", "more"), [(50, []), (51, ["... and 1 more: see -o json"])])
def test_many_remarks(count: int, more: list[str]) -> None:
    """Fifty reasons are shown."""
    rows = tuple(MISSING._replace(node=f"n{number}") for number in range(count))
    assert remarks(Status("lc", "ipvs", rows)) == [f"n{number}: no-pod: no pod" for number in range(50)] + more


SEVEN = (
    "1 of 7 nodes on lc, 1 on lc and rr, 1 on rr (restart needed), 1 out of step, 1 no pod, 1 no ipvsadm, 1 unreadable"
)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status("lc", "ipvs", ()), "no node runs kube-proxy"),
        (Status("lc", "ipvs", (GOOD,)), "1 of 1 node on lc"),
        (
            Status("lc", "iptables", (GOOD,)),
            "kube-proxy's mode is iptables: no IPVS scheduler is in force on 1 node",
        ),
        (
            Status("lc", "nftables", (GOOD, MISSING)),
            "kube-proxy's mode is nftables: no IPVS scheduler is in force on 2 nodes",
        ),
        (
            ALL,
            SEVEN,
        ),
        (
            Status("lc", "ipvs", (GOOD, MISSING, WAITING, WAITING)),
            "1 of 4 nodes on lc, 2 on rr (restart needed), 1 no pod",
        ),
    ],
)
def test_summary(status: Status, expected: str) -> None:
    """How many follow, and what the others do, most first."""
    assert summary(status) == expected
