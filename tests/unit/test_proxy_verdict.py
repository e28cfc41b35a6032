"""The one judgement of a node: every rule of proxy/verdict.py, from facts alone."""

from typing import Any

import pytest

from kubectl_ipvs.ipvs.summary import ForeignRow, Row, Summary
from kubectl_ipvs.proxy.served import Running
from kubectl_ipvs.proxy.verdict import OUT_OF_STEP, STATES, UNSEEN, NodeFacts, Verdict, describe, judge, named

OLD = "kube-proxy started before the configuration was last changed"
WRITING = "kube-proxy is writing the table: the kernel is changing the scheduler"
TRYING = "kube-proxy is starting: it tries the scheduler out"
POD = "pod p is not ready: Pending"


def rows(scheduler: str, count: int, network: str = "10.96.0") -> tuple[Row, ...]:
    """Make rows of one scheduler, as a summary keeps them."""
    return tuple(Row("TCP", f"{network}.{number}:80", scheduler) for number in range(1, count + 1))


def table(*found: tuple[Row, ...], servers: int = 9, foreign: int = 0) -> Summary:
    """Make a summary of rows."""
    counts = {entry[0].scheduler: len(entry) for entry in found}
    return Summary(
        schedulers=counts, virtual_servers=sum(counts.values()) + foreign, real_servers=servers, active=0, inactive=0,
        unparsed=(), unparsed_lines=0, foreign=foreign, own_real_servers=servers,
        foreign_rows=tuple(ForeignRow(row, "forwarding", "Route") for row in rows("rr", foreign, "192.168.1")),
        examples={entry[0].scheduler: entry for entry in found},
    )  # fmt: skip


GOOD = NodeFacts(
    wanted="lc", mode="ipvs", has_pod=True, pod_ready=True, pod_reason=POD, node_ready=True, age="current",
    summary=table(rows("lc", 40)),
)  # fmt: skip
TWO = "TCP 10.96.0.1:80, TCP 10.96.0.2:80"
FIVE = f"{TWO}, TCP 10.96.0.3:80, TCP 10.96.0.4:80, TCP 10.96.0.5:80"

TABLE: dict[str, tuple[dict[str, Any], Verdict]] = {
    "all is well": ({}, Verdict("in-sync", mode="ipvs")),
    "a node that is not ready may be in sync": ({"node_ready": False}, Verdict("in-sync", mode="ipvs")),
    "the text may have changed since, and the kernel has it": ({"age": "unsure"}, Verdict("in-sync", mode="ipvs")),
    "no pod": ({"has_pod": False, "summary": None}, Verdict("no-pod", "no kube-proxy pod runs on this node")),
    "no pod on a node that is down": (
        {"has_pod": False, "summary": None, "node_ready": False},
        Verdict("no-pod", "no kube-proxy pod runs on this node; the node is not ready"),
    ),
    "another scheduler": (
        {"summary": table(rows("rr", 9))},
        Verdict("out-of-step", f"the kernel has rr on {FIVE} and 4 more instead of lc", "", "ipvs", rows("rr", 5)),
    ),
    "a few rows of another": (
        {"summary": table(rows("lc", 40), rows("rr", 2))},
        Verdict(
            "out-of-step",
            f"the kernel has rr on {TWO} instead of lc (not kube-proxy's? then: "
            "kubectl ipvs set --exclude-cidrs 10.96.0.1/32,10.96.0.2/32)",
            "", "ipvs", rows("rr", 2),
        ),
    ),
    "as many of another are no exception": (
        {"summary": table(rows("lc", 2), rows("rr", 2))},
        Verdict("out-of-step", f"the kernel has rr on {TWO} instead of lc", "", "ipvs", rows("rr", 2)),
    ),
    "a scheduler that is being changed": (
        {"summary": table(rows("lc", 40), rows("none", 2))},
        Verdict("not-ready", f"{WRITING} of 2 virtual servers", mode="ipvs"),
    ),
    "a scheduler that is being changed, and nothing else": (
        {"summary": table(rows("none", 1))}, Verdict("not-ready", f"{WRITING} of 1 virtual server", mode="ipvs"),
    ),
    "a scheduler that is being changed, the text may have changed since": (
        {"summary": table(rows("lc", 1), rows("none", 1)), "age": "unsure"},
        Verdict("not-ready", f"{WRITING} of 1 virtual server", mode="ipvs"),
    ),
    "a scheduler that is being changed, nobody knows into what": (
        {"summary": table(rows("lc", 1), rows("none", 1)), "mode": None, "wanted": None},
        Verdict("not-ready", f"{WRITING} of 1 virtual server"),
    ),
    "a scheduler that is being changed by the kube-proxy before": (
        {"summary": table(rows("none", 2)), "age": "outdated"},
        Verdict("restart-needed", f"the kernel has none, {OLD}", "", "ipvs", rows("none", 2)),
    ),
    "a scheduler that is being changed, in another mode": (
        {"summary": table(rows("none", 2)), "mode": "iptables"},
        Verdict(
            "not-ipvs", "kube-proxy's mode is iptables; 2 virtual servers are left over", mode="iptables"
        ),
    ),
    "the probe beside a table that is right": (
        {"summary": table(rows("lc", 40))._replace(probe=True)}, Verdict("not-ready", TRYING, mode="ipvs"),
    ),
    "the probe alone": ({"summary": table()._replace(probe=True)}, Verdict("not-ready", TRYING, mode="ipvs")),
    "the probe before the others have changed": (
        {"summary": table(rows("rr", 40))._replace(probe=True)}, Verdict("not-ready", TRYING, mode="ipvs"),
    ),
    "another scheduler, and the text may have changed since": (
        {"summary": table(rows("rr", 2)), "age": "unsure"},
        Verdict("restart-needed", f"the kernel has rr on {TWO} instead of lc", "", "ipvs", rows("rr", 2)),
    ),
    "an empty table proves nothing": (
        {"summary": table()},
        Verdict("out-of-step", "the kernel has no virtual server of kube-proxy"),
    ),
    "a table of foreign rows alone proves nothing": (
        {"summary": table(foreign=3)},
        Verdict("out-of-step", "the kernel has no virtual server of kube-proxy: its 3 rows are foreign"),
    ),
    "foreign rows are not compared": (
        {"summary": table(rows("lc", 40), foreign=3)},
        Verdict("in-sync", mode="ipvs"),
    ),
    "no real server at all is odd": (
        {"summary": table(rows("lc", 4), servers=0)},
        Verdict("in-sync", "", "4 virtual servers and no real server: no Service works there", "ipvs"),
    ),
    "not yet restarted": (
        {"summary": table(rows("rr", 2)), "age": "outdated"},
        Verdict("restart-needed", f"the kernel has rr, {OLD}", "", "ipvs", rows("rr", 2)),
    ),
    "not yet restarted, by chance the same": (
        {"age": "outdated"}, Verdict("restart-needed", OLD, "", "ipvs"),
    ),
    "not yet restarted, nothing in the kernel": (
        {"age": "outdated", "summary": table()}, Verdict("restart-needed", OLD),
    ),
    "not yet restarted into another mode": (
        {"age": "outdated", "mode": "nftables"},
        Verdict(
            "restart-needed",
            "the configured mode is nftables, kube-proxy started before that "
            "(the kernel still has 40 virtual servers on lc)", "", "ipvs",
        ),
    ),
    "the pod is not ready": ({"pod_ready": False}, Verdict("not-ready", POD)),
    "another mode": (
        {"mode": "iptables", "summary": table()},
        Verdict("not-ipvs", "kube-proxy's mode is iptables", mode="iptables"),
    ),
    "another mode, with leftovers": (
        {"mode": "iptables", "summary": table(rows("rr", 2), rows("lc", 1))},
        Verdict("not-ipvs", "kube-proxy's mode is iptables; 3 virtual servers are left over", mode="iptables"),
    ),
    "a configuration that nobody can read": (
        {"mode": None, "wanted": None, "unread": "kube-proxy reads /etc/x"},
        Verdict("unknown", "kube-proxy reads /etc/x"),
    ),
    "a configuration that nobody can read, nor say why": (
        {"mode": None, "wanted": None},
        Verdict("unknown", "its configuration cannot be read: not compared"),
    ),
}  # fmt: skip
UNREAD: dict[str, tuple[dict[str, Any], Verdict]] = {
    "another mode, no module": (
        {"failure": "not-ipvs", "reason": "no table", "mode": "nftables"},
        Verdict("not-ipvs", "kube-proxy's mode is nftables", mode="nftables"),
    ),
    "another mode since kube-proxy started, no module": (
        {"failure": "not-ipvs", "reason": "no table", "mode": "nftables", "age": "outdated"},
        Verdict("restart-needed", "the configured mode is nftables, kube-proxy started before that"),
    ),
    "the mode is ipvs, no module": ({"failure": "not-ipvs", "reason": "no table"}, Verdict("not-ipvs", "no table")),
    "replaced while we looked": (
        {"failure": "gone", "reason": "pod not found"},
        Verdict("not-ready", "the pod was replaced while we looked: pod not found"),
    ),
    "gone, and the pod was not ready": ({"failure": "gone", "pod_ready": False}, Verdict("not-ready", POD)),
    "unreachable, and the pod was not ready": (
        {"failure": "unreachable", "pod_ready": False}, Verdict("not-ready", POD),
    ),
    "unreadable, and the pod was not ready": ({"failure": "unreadable", "pod_ready": False}, Verdict("not-ready", POD)),
    "forbidden says more than not ready": (
        {"failure": "forbidden", "reason": "no exec", "pod_ready": False}, Verdict("forbidden", "no exec"),
    ),
    "timeout": ({"failure": "timeout", "reason": "10s"}, Verdict("timeout", "10s")),
    "no tools in the image": ({"failure": "no-ipvsadm", "reason": "no cat"}, Verdict("no-ipvsadm", "no cat")),
    "no tools, and kube-proxy does not say either": (
        {"failure": "no-ipvsadm", "reason": "no cat", "not_told": "refused"},
        Verdict("no-ipvsadm", "no cat; nor was what kube-proxy runs with: refused"),
    ),
    "the node is down": (
        {"failure": "unreachable", "reason": "dialing", "pod_ready": False, "node_ready": False},
        Verdict("unreachable", "the node is not ready; dialing"),
    ),
    "gone with the node": (
        {"failure": "gone", "reason": "404", "pod_ready": False, "node_ready": False},
        Verdict("not-ready", "the pod was replaced while we looked: 404"),
    ),
}  # fmt: skip


LC, RR = Running("ipvs", "lc", "ipvs"), Running("ipvs", "rr", "ipvs")
BLIND = "the kernel was not seen: no cat"
RUNS_LC = "kube-proxy runs with mode ipvs and scheduler lc"
RR_NOT_LC = "kube-proxy runs with rr, the configuration asks for lc"
FELL_BACK = "kube-proxy was started with mode ipvs and runs with mode iptables, the configuration asks for mode ipvs"
RUNNING: dict[str, tuple[dict[str, Any], Running, tuple[str, str, str, bool]]] = {  # state, reason, mode, kernel seen
    "as asked for": ({}, LC, ("in-sync", f"{BLIND}; {RUNS_LC}", "ipvs", False)),
    "another scheduler": ({}, RR, ("restart-needed", f"{RR_NOT_LC}; {BLIND}", "ipvs", False)),
    "older than the configuration": (
        {"age": "outdated"}, LC, ("restart-needed", f"{OLD}; {BLIND}", "ipvs", False),
    ),
    "older than the configuration, and another scheduler": (
        {"age": "outdated"}, RR, ("restart-needed", f"{RR_NOT_LC}; {OLD}; {BLIND}", "ipvs", False),
    ),
    "fallen back": (
        {}, Running("iptables", "lc", "ipvs"), ("out-of-step", f"{FELL_BACK}; {BLIND}", "iptables", False),
    ),
    "another mode": (
        {}, Running("iptables", "rr", "iptables"),
        ("restart-needed",
         f"kube-proxy runs with mode iptables, the configuration asks for mode ipvs; {BLIND}", "iptables", False),
    ),
    "the mode alone is told": (
        {}, Running("ipvs"), ("no-ipvsadm", f"{BLIND}; kube-proxy runs with mode ipvs", "ipvs", False),
    ),
    "in the other mode that is asked for": (
        {"mode": "nftables"}, Running("nftables", "rr", "nftables"),
        ("not-ipvs", "kube-proxy's mode is nftables", "nftables", True),
    ),
    "no configuration to compare with": (
        {"mode": None, "wanted": None, "unread": "a file on each node"}, LC,
        ("unknown", f"a file on each node; {BLIND}; {RUNS_LC}", "ipvs", False),
    ),
    "its pod is not ready": ({"pod_ready": False}, LC, ("not-ready", POD, "", True)),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNNING)
def test_judge_by_what_kube_proxy_runs_with(name: str) -> None:
    """Where the image has no program to look with: what kube-proxy says is compared, and never called a look."""
    changed, running, expected = RUNNING[name]
    verdict = judge(
        GOOD._replace(summary=None, failure="no-ipvsadm", reason="no cat", running=running)._replace(**changed)
    )
    assert (verdict.state, verdict.reason, verdict.mode, verdict.kernel_seen) == expected
    assert not verdict.in_sync


KERNEL_RR = f"the kernel has rr on {FIVE} and 4 more instead of lc"


@pytest.mark.parametrize(
    ("kernel", "running", "state", "reason"),
    [
        ("lc", LC, "in-sync", ""),
        ("lc", RR, "restart-needed", f"{RR_NOT_LC} and the kernel has it"),
        ("rr", LC, "out-of-step", f"{KERNEL_RR}; {RUNS_LC}, as the configuration asks for"),
        ("rr", RR, "out-of-step", f"{KERNEL_RR}; {RR_NOT_LC}"),
        ("rr", Running("iptables", "lc", "ipvs"), "out-of-step", f"{KERNEL_RR}; {FELL_BACK}"),
    ],
)
def test_wanted_running_in_the_kernel(kernel: str, running: Running, state: str, reason: str) -> None:
    """Where all three are known, which two disagree is said."""
    verdict = judge(GOOD._replace(summary=table(rows(kernel, 9)), running=running))
    assert (verdict.state, verdict.reason, verdict.mode) == (state, reason, running.mode)


def test_what_is_forbidden_stays_forbidden() -> None:
    """A right that is missing is to be given: what kube-proxy says is shown, and is no judgement."""
    verdict = judge(GOOD._replace(summary=None, failure="forbidden", reason="no exec", running=LC))
    assert (verdict.state, verdict.reason, verdict.mode) == ("forbidden", "no exec", "ipvs")


@pytest.mark.parametrize("name", TABLE)
def test_judge(name: str) -> None:
    """What a node's table, pod, mode and age come to; nothing is right because there was nothing to look at."""
    changed, expected = TABLE[name]
    assert judge(GOOD._replace(**changed)) == expected


@pytest.mark.parametrize("name", UNREAD)
def test_judge_without_a_table(name: str) -> None:
    """Why there is no table, and the cause behind it where it is known."""
    changed, expected = UNREAD[name]
    assert judge(GOOD._replace(summary=None, **changed)) == expected


def test_only_what_was_seen_is_in_sync() -> None:
    """Of everything that is judged here, in sync is what has rows of kube-proxy, all on the wanted scheduler."""
    cases = [GOOD._replace(**changed) for changed, _ in TABLE.values()]
    cases += [GOOD._replace(summary=None, **changed) for changed, _ in UNREAD.values()]
    for facts in cases:
        if judge(facts).in_sync:
            assert facts.summary is not None
            assert set(facts.summary.schedulers) == {facts.wanted}


def test_six_addresses_of_both_families() -> None:
    """What differs is named, five at most, then counted; the flag that excludes it has each family's prefix length."""
    odd = (Row("UDP", "[fd00::1]:53", "rr"), *rows("rr", 1, "10.9.9"))
    reason = judge(GOOD._replace(summary=table(rows("lc", 9), odd))).reason
    assert "rr on UDP [fd00::1]:53, TCP 10.9.9.1:80 instead of lc" in reason
    assert "--exclude-cidrs 10.9.9.1/32,fd00::1/128)" in reason
    assert named(rows("rr", 5), 5) == FIVE
    assert named(rows("rr", 6), 6) == f"{FIVE} and 1 more"
    assert named((), 3) == ""


@pytest.mark.parametrize(
    ("schedulers", "expected"), [({}, ""), ({"lc": 40}, "lc"), ({"lc": 40, "rr": 2}, "lc 40, rr 2")]
)
def test_describe(schedulers: dict[str, int], expected: str) -> None:
    """One name alone; several with their counts."""
    assert describe(schedulers) == expected


def test_the_states() -> None:
    """Every state that is judged is a known one, and none is both out of step and unseen."""
    judged = {verdict.state for _, verdict in [*TABLE.values(), *UNREAD.values()]}
    assert (judged | OUT_OF_STEP | UNSEEN) - set(STATES) == set()
    assert OUT_OF_STEP.isdisjoint(UNSEEN)
