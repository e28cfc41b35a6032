"""Which nodes a run covers: what a node is like, and what the run is for, decide what becomes of it."""

from typing import NamedTuple

import pytest

from kubectl_ipvs.cluster.objects import ConfigMap, Node, Pod
from kubectl_ipvs.ipvs.summary import summarize
from kubectl_ipvs.operations.change.coverage import Coverage, Purpose, cover
from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.look import Look, facts
from kubectl_ipvs.operations.source import Source, read_source
from kubectl_ipvs.operations.tables.reader import NO_TOOLS, Reading
from kubectl_ipvs.proxy.verdict import judge
from tests.unit.pods import READY

TEXT = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: {}\nipvs: {{scheduler: lc}}\n"
CHANGED, NOW = 9_000.0, 10_000.0
OUTDATED, CURRENT, YOUNG = 8_000.0, 9_500.0, 9_990.0
TABLE = (
    "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
    "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
    "TCP  10.96.0.1:443 {0}\n  -> 10.0.0.1:6443                Masq    1      0          0\n"
    "UDP  10.96.0.10:53 {0}\n  -> 10.244.0.2:53                Masq    1      0          0\n"
)
POD = READY._replace(created=CURRENT, began=CURRENT)
STARTING = POD._replace(ready=False, phase="Pending", waiting="ContainerCreating")
CRASHING = POD._replace(ready=False, waiting="CrashLoopBackOff", restarts=7)
LC, RR = (Reading(summarize(TABLE.format(name).encode())) for name in ("lc", "rr"))
BLANK = Reading(None)


class State(NamedTuple):
    """What a node is like."""

    pod: Pod | None
    reading: Reading = BLANK
    ready: bool = True
    mode: str = "ipvs"


STATES = {
    "in sync": State(POD, LC),
    "outdated": State(POD._replace(began=OUTDATED), RR),
    "node not ready": State(POD, BLANK, ready=False),
    "no pod": State(None, Reading(None, failure="no-pod")),
    "starting": State(STARTING._replace(began=YOUNG)),
    "pending for long": State(STARTING),
    "crashing": State(CRASHING),
    "crashing at once": State(CRASHING._replace(began=YOUNG)),
    "crashing, outdated": State(CRASHING._replace(began=OUTDATED)),
    "terminating": State(POD._replace(terminating=True), LC),
    "exec forbidden": State(POD, Reading(None, failure="forbidden", reason="no exec")),
    "hanging": State(POD, Reading(None, failure="timeout", reason="no answer")),
    "out of step": State(POD, RR),
    "out of step yet": State(POD._replace(began=YOUNG), RR),
    "empty table": State(POD, Reading(summarize(b""))),
    "no tools": State(POD, Reading(None, failure=NO_TOOLS, reason="no cat")),
    "iptables": State(POD, mode="iptables"),
}
SET = Purpose(writes=True, mends=False, everyone=False, named=frozenset(), blind=False)
GO_ON = SET._replace(writes=False)  # set again, restart --stale
RESTART = GO_ON._replace(everyone=True)
PURPOSES = {
    "set": SET,
    "set that mends": SET._replace(mends=True),
    "set --force": SET._replace(blind=True),
    "go on": GO_ON,
    "restart": RESTART,
    "restart n": RESTART._replace(named=frozenset({"n"})),
}
TARGET, VERIFY, NONE = "target", "only verify", "spared"
AWAY, NO_POD, NOT_READY = "the node is not ready", "no kube-proxy pod was there before", "is not ready: "
UNSEEN, ODD = "it cannot be verified: ", "it was out of step before: "
EVERYWHERE = (TARGET,) * 6
TABLE_OF_ALL = {
    #                      set, set that mends, set --force, go on, restart, restart n
    "in sync": (TARGET, TARGET, TARGET, NONE, TARGET, TARGET),
    "outdated": EVERYWHERE,
    "node not ready": (AWAY,) * 6,
    "no pod": (NO_POD,) * 6,
    "starting": (TARGET, TARGET, TARGET, VERIFY, TARGET, TARGET),
    "pending for long": (NOT_READY, NOT_READY, NOT_READY, NOT_READY, NOT_READY, TARGET),
    "crashing": (NOT_READY, TARGET, NOT_READY, NOT_READY, NOT_READY, TARGET),
    "crashing at once": (NOT_READY, TARGET, NOT_READY, NOT_READY, NOT_READY, TARGET),
    "crashing, outdated": (NOT_READY, TARGET, NOT_READY, TARGET, TARGET, TARGET),
    "terminating": EVERYWHERE,
    "exec forbidden": (UNSEEN, UNSEEN, TARGET, UNSEEN, UNSEEN, UNSEEN),
    "hanging": (UNSEEN, UNSEEN, TARGET, UNSEEN, UNSEEN, UNSEEN),
    "out of step": (ODD, ODD, ODD, TARGET, TARGET, TARGET),
    "out of step yet": (TARGET, TARGET, TARGET, VERIFY, TARGET, TARGET),
    "empty table": (ODD, ODD, ODD, TARGET, TARGET, TARGET),
    "no tools": (TARGET, TARGET, TARGET, NONE, TARGET, TARGET),
    "iptables": (TARGET, TARGET, TARGET, NONE, TARGET, TARGET),
}
ROWS = [
    (state, purpose, expected)
    for state, row in TABLE_OF_ALL.items()
    for purpose, expected in zip(PURPOSES, row, strict=True)
]


def look(state: State, name: str = "n") -> Look:
    """Look at a node that is like this."""
    found = ConfigMap("kube-system", "kube-proxy", "1", {"config.conf": TEXT.format(state.mode)}, immutable=False,
                      annotations={}, labels={}, managers=(), changed={"config.conf": CHANGED})  # fmt: skip
    source = read_source(Source("ConfigMap", "kube-system", "", "v1.34.0"), "kube-proxy", "config.conf", found)
    node = ProxyNode(name, Node(name, ready=state.ready, kernel="", version="", labels={}), state.pod, None, source)
    return Look(node, state.reading, judge(facts(node, state.reading)))


def outcome(covered: Coverage, name: str = "n") -> str:
    """Say what becomes of a node."""
    for target in covered.targets:
        if target.name == name:
            return TARGET if target.old is not None else VERIFY
    return covered.reasons.get(name, NONE)


def chosen(states: dict[str, State], purpose: Purpose, *skip: str) -> Coverage:
    """Choose among nodes."""
    return cover([look(state, name) for name, state in states.items()], skip, purpose, lambda: NOW)


@pytest.mark.parametrize(("state", "purpose", "expected"), ROWS)
def test_a_node_beside_one_that_is_well(state: str, purpose: str, expected: str) -> None:
    """A node that was ill before is left out unless this run is what helps it; the reason is said."""
    covered = chosen({"n": STATES[state], "well": STATES["in sync"]}, PURPOSES[purpose])

    assert expected in outcome(covered)
    assert (covered.unreadable.keys() == {"n"}) == (expected == UNSEEN)


def test_every_state_and_purpose_is_in_the_table() -> None:
    """No state is forgotten."""
    assert TABLE_OF_ALL.keys() == STATES.keys()


@pytest.mark.parametrize("state", ["out of step", "empty table"])
def test_a_cluster_in_which_no_node_is_well(state: str) -> None:
    """Where every node is out of step, it is the change that may help: none is left out for that."""
    covered = chosen({"n": STATES[state], "m": STATES[state]}, SET)

    assert (outcome(covered, "n"), outcome(covered, "m")) == (TARGET, TARGET)


def test_skip() -> None:
    """A node that is left out by hand is, whatever it is like, and it is no unreadable one."""
    covered = chosen({"n": STATES["hanging"], "m": STATES["in sync"]}, SET, "n")

    assert (covered.reasons, covered.unreadable, outcome(covered, "m")) == ({"n": "left out by --skip"}, {}, TARGET)


def test_undo_spares_nodes_that_read_the_restored_text() -> None:
    """A node whose kube-proxy never read what an undo takes away is not touched."""
    covered = chosen(
        {"n": STATES["in sync"], "m": STATES["in sync"]}, SET._replace(spares=lambda node: node.name == "n")
    )

    assert (outcome(covered, "n"), outcome(covered, "m"), covered.left_out) == (NONE, TARGET, ())


def test_what_a_target_remembers() -> None:
    """Its real servers and its state from before, by which it is judged later; blind where nobody could look."""
    covered = chosen({"a": STATES["in sync"], "b": STATES["hanging"]}, PURPOSES["set --force"])

    kept = {target.name: (target.real_servers, target.blind, target.was) for target in covered.targets}
    assert kept == {"a": (2, False, "in-sync"), "b": (0, True, "timeout")}


def test_the_same_second() -> None:
    """A pod that began in the second of the write may have read either text: out of step, it is replaced."""
    young = STATES["out of step yet"]
    assert young.pod is not None
    seen = look(young._replace(pod=young.pod._replace(began=CHANGED)))

    covered = cover([seen], (), GO_ON, lambda: CHANGED + 5)

    assert outcome(covered) == TARGET
