"""One node's state, judged from facts."""

from typing import Any

import pytest

from kubectl_ipvs.proxy.verdict import FAILED, OUT_OF_STEP, STATES, NodeFacts, describe, judge

GOOD = NodeFacts(
    wanted="lc",
    mode="ipvs",
    has_pod=True,
    pod_ready=True,
    pod_reason="pod p is not ready: Pending",
    node_ready=True,
    stale=False,
    schedulers={"lc": 40},
)
OLD = "kube-proxy started before the configuration was last changed"
WAITING = ("not-ready", "pod p is not ready: Pending")

TABLE: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "all is well": ({}, ("in-sync", "")),
    "a node that is not ready may be in sync": ({"node_ready": False}, ("in-sync", "")),
    "no pod": ({"has_pod": False, "schedulers": None}, ("no-pod", "no kube-proxy pod runs on this node")),
    "no pod on a node that is down": (
        {"has_pod": False, "schedulers": None, "node_ready": False},
        ("no-pod", "no kube-proxy pod runs on this node; the node is not ready"),
    ),
    "another scheduler": (
        {"schedulers": {"rr": 40}},
        ("out-of-step", "the kernel has rr instead of lc"),
    ),
    "several schedulers": (
        {"schedulers": {"lc": 40, "rr": 2}},
        ("out-of-step", "the kernel has lc 40, rr 2 instead of lc"),
    ),
    "an empty table": ({"schedulers": {}}, ("out-of-step", "the kernel has no virtual server of kube-proxy")),
    "not yet restarted": (
        {"schedulers": {"rr": 40}, "stale": True},
        ("restart-needed", f"the kernel has rr, {OLD}"),
    ),
    "not yet restarted, by chance the same": ({"stale": True}, ("restart-needed", OLD)),
    "not yet restarted, nothing in the kernel": ({"stale": True, "schedulers": {}}, ("restart-needed", OLD)),
    "the pod is not ready": ({"pod_ready": False}, WAITING),
    "another mode": (
        {"mode": "iptables", "schedulers": {}},
        ("not-ipvs", "kube-proxy's mode is iptables"),
    ),
    "another mode, with leftovers": (
        {"mode": "iptables", "schedulers": {"rr": 2, "lc": 1}},
        ("not-ipvs", "kube-proxy's mode is iptables; 3 virtual servers are left over"),
    ),
}
UNREAD: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "another mode, no module": (
        {"failure": "not-ipvs", "reason": "no table", "mode": "nftables"},
        ("not-ipvs", "kube-proxy's mode is nftables"),
    ),
    "the mode is ipvs, no module": (
        {"failure": "not-ipvs", "reason": "no table"},
        ("not-ipvs", "no table"),
    ),
    "replaced while we looked": (
        {"failure": "gone", "reason": "pod not found"},
        ("not-ready", "the pod was replaced while we looked: pod not found"),
    ),
    "gone, and the pod was not ready": ({"failure": "gone", "pod_ready": False}, WAITING),
    "unreachable, and the pod was not ready": ({"failure": "unreachable", "pod_ready": False}, WAITING),
    "unreadable, and the pod was not ready": ({"failure": "unreadable", "pod_ready": False}, WAITING),
    "forbidden says more than not ready": (
        {"failure": "forbidden", "reason": "no exec", "pod_ready": False},
        ("forbidden", "no exec"),
    ),
    "timeout": ({"failure": "timeout", "reason": "10s"}, ("timeout", "10s")),
    "the node is down": (
        {"failure": "unreachable", "reason": "dialing", "pod_ready": False, "node_ready": False},
        ("unreachable", "the node is not ready; dialing"),
    ),
    "gone with the node": (
        {"failure": "gone", "reason": "404", "pod_ready": False, "node_ready": False},
        ("not-ready", "the pod was replaced while we looked: 404"),
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_judge(name: str) -> None:
    """What a node's table, pod and mode come to."""
    changed, expected = TABLE[name]
    assert judge(GOOD._replace(**changed)) == expected


@pytest.mark.parametrize("name", UNREAD)
def test_judge_without_a_table(name: str) -> None:
    """Why there is no table, and the cause behind it where it is known."""
    changed, expected = UNREAD[name]
    assert judge(GOOD._replace(schedulers=None, **changed)) == expected


@pytest.mark.parametrize(
    ("schedulers", "expected"), [({}, ""), ({"lc": 40}, "lc"), ({"lc": 40, "rr": 2}, "lc 40, rr 2")]
)
def test_describe(schedulers: dict[str, int], expected: str) -> None:
    """One name alone; several with their counts."""
    assert describe(schedulers) == expected


def test_the_states() -> None:
    """Every state that is judged is a known one, and none is both out of step and failed."""
    judged = {expected[0] for _, expected in [*TABLE.values(), *UNREAD.values()]}
    assert (judged | OUT_OF_STEP | FAILED) - set(STATES) == set()
    assert OUT_OF_STEP.isdisjoint(FAILED)
