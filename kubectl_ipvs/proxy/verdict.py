"""The one judgement of a node: does its kernel do what kube-proxy's configuration asks for? Facts in, a verdict out.

`status`, `--check`, `--stale`, the look at a restarted node, a rollback and the last look of a run all ask here, so
that they cannot disagree. Nothing is judged to be right because there was nothing to look at: an empty table, a table
of foreign rows alone and a configuration that nobody can read have states of their own.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from kubectl_ipvs.ipvs.rows import NO_SCHEDULER
from kubectl_ipvs.ipvs.summary import Row, Summary, differing
from kubectl_ipvs.proxy.served import Running, disagreement

STATES = (
    "in-sync", "restart-needed", "out-of-step", "not-ipvs", "no-pod", "not-ready", "forbidden", "timeout",
    "unreachable", "no-ipvsadm", "unreadable", "unknown",
)  # fmt: skip
OUT_OF_STEP = frozenset({"restart-needed", "out-of-step"})
UNSEEN = frozenset({"no-pod", "not-ready", "forbidden", "timeout", "unreachable", "no-ipvsadm", "unreadable"})
MOST_NAMED = 5
STARTED_BEFORE = "kube-proxy started before the configuration was last changed"
NO_PROGRAM = "no-ipvsadm"  # nothing in the image reads the table

Age = Literal["current", "outdated", "unsure"]


class NodeFacts(NamedTuple):
    """What is known of one node.

    `wanted` and `mode` are what its configuration asks for, None where that cannot be read. `age`: whether kube-proxy
    started after the configuration was last written (`unsure`: the API does not tell text and metadata apart).
    `summary` None: no table was read; `failure` is then one of STATES, and `reason` says why.
    """

    wanted: str | None
    mode: str | None
    has_pod: bool
    pod_ready: bool
    pod_reason: str
    node_ready: bool
    age: Age
    summary: Summary | None
    failure: str = ""
    reason: str = ""
    unread: str = ""  # why the configuration cannot be read
    excluded: Sequence[str] = ()  # its excludeCIDRs
    services_known: bool = False  # rows of no Service are foreign already: what differs is kube-proxy's
    running: Running | None = None  # what kube-proxy itself says that it runs with, where it was asked
    not_told: str = ""  # why it did not say


class Verdict(NamedTuple):
    """What is said of a node.

    `reason` says why it is not in sync; `remark` what is odd although it may be in sync; `mode` is the mode that
    kube-proxy is in as far as can be told, "" where it cannot; `differing` are the rows (five at most) that have
    another scheduler than the configuration asks for. `kernel_seen` is false where nobody looked at the kernel: then
    what kube-proxy says of itself is all there is.
    """

    state: str
    reason: str = ""
    remark: str = ""
    mode: str = ""
    differing: tuple[Row, ...] = ()
    kernel_seen: bool = True

    @property
    def in_sync(self) -> bool:
        """The kernel was seen to do what the configuration asks for."""
        return self.state == "in-sync" and self.kernel_seen


def judge(facts: NodeFacts) -> Verdict:
    """Judge one node."""
    verdict = _judged(facts)
    running = facts.running
    if running is None or not verdict.kernel_seen or verdict.state in {"no-pod", "not-ready"}:
        return verdict
    return _beside(verdict, facts, running)


def _judged(facts: NodeFacts) -> Verdict:
    if not facts.has_pod:
        away = "" if facts.node_ready else "; the node is not ready"
        return Verdict("no-pod", f"no kube-proxy pod runs on this node{away}")
    if facts.summary is None:
        return _unread(facts)
    if not facts.pod_ready:
        return Verdict("not-ready", facts.pod_reason)
    coming = "" if facts.age == "outdated" else unfinished(facts.summary, facts.mode)
    if coming:
        return Verdict("not-ready", coming, mode=facts.mode or "")
    if facts.mode is None or facts.wanted is None:
        return Verdict(
            "unknown", facts.unread or "its configuration cannot be read: not compared", _remark(facts.summary)
        )
    return _compared(facts, facts.summary, facts.mode, facts.wanted)


def unfinished(summary: Summary, mode: str | None) -> str:
    """Say what shows that kube-proxy is in the middle of writing a table, "" where nothing does: then look again.

    While it starts with another scheduler its probe is there for some 20 ms, and each virtual server has the scheduler
    `none` for some 10 ms (seen with 1.36). Neither says anything about the node: it is no difference and no proof.
    """
    changing = summary.schedulers.get(NO_SCHEDULER, 0)
    if mode not in {"ipvs", None} or not (changing or summary.probe):
        return ""
    if not changing:
        return "kube-proxy is starting: it tries the scheduler out"
    many = "1 virtual server" if changing == 1 else f"{changing} virtual servers"
    return f"kube-proxy is writing the table: the kernel is changing the scheduler of {many}"


def describe(schedulers: Mapping[str, int]) -> str:
    """Write a table's schedulers: `lc`, or `lc 40, rr 2` where they are mixed."""
    if len(schedulers) == 1:
        return next(iter(schedulers))
    return ", ".join(f"{name} {count}" for name, count in schedulers.items())


def named(rows: Sequence[Row], count: int) -> str:
    """Name rows: protocol, address and port, five at most, then how many more."""
    shown = ", ".join(f"{row.protocol} {row.address}" for row in rows[:MOST_NAMED])
    more = count - min(len(rows), MOST_NAMED)
    return f"{shown} and {more} more" if more > 0 and shown else shown


def _unread(facts: NodeFacts) -> Verdict:
    if facts.failure == "not-ipvs" and facts.mode is not None and facts.mode != "ipvs":
        if facts.age == "outdated":
            return Verdict("restart-needed", f"the configured mode is {facts.mode}, kube-proxy started before that")
        return Verdict("not-ipvs", f"kube-proxy's mode is {facts.mode}", mode=facts.mode)
    if not facts.pod_ready and facts.failure in {"gone", "unreachable", "unreadable"} and facts.node_ready:
        return Verdict("not-ready", facts.pod_reason)
    if facts.failure == "gone":
        return Verdict("not-ready", f"the pod was replaced while we looked: {facts.reason}")
    if facts.failure == NO_PROGRAM and facts.running is not None:
        return _by_running(facts, facts.running)
    told = f"; nor was what kube-proxy runs with: {facts.not_told}" if facts.not_told else ""
    reason = facts.reason + (told if facts.failure == NO_PROGRAM else "")
    return Verdict(facts.failure, reason if facts.node_ready else f"the node is not ready; {reason}")


def _by_running(facts: NodeFacts, running: Running) -> Verdict:
    """Judge by what kube-proxy runs with, where nobody can look at the kernel."""
    unseen = f"the kernel was not seen: {facts.reason}"
    if not facts.pod_ready:
        return Verdict("not-ready", facts.pod_reason)
    said = f"{unseen}; kube-proxy runs with {running.words}"
    if facts.mode is None or facts.wanted is None:
        unread = facts.unread or "its configuration cannot be read: not compared"
        return Verdict("unknown", f"{unread}; {said}", mode=running.mode, kernel_seen=False)
    other = disagreement(running, facts.mode, facts.wanted)
    if facts.age == "outdated":
        return _running("restart-needed", f"{f'{other}; ' if other else ''}{STARTED_BEFORE}; {unseen}", running)
    if other:
        fell_back = running.mode != facts.mode == running.configured
        return _running("out-of-step" if fell_back else "restart-needed", f"{other}; {unseen}", running)
    if running.mode != "ipvs":
        return Verdict("not-ipvs", f"kube-proxy's mode is {running.mode}", mode=running.mode)
    return _running("in-sync" if running.scheduler else NO_PROGRAM, said, running)


def _running(state: str, reason: str, running: Running) -> Verdict:
    return Verdict(state, reason, mode=running.mode, kernel_seen=False)


def _beside(verdict: Verdict, facts: NodeFacts, running: Running) -> Verdict:
    """Put what kube-proxy runs with beside what the kernel has: which two of the three disagree is said."""
    if facts.mode is None or facts.wanted is None or facts.summary is None:
        return verdict._replace(mode=running.mode)
    other = disagreement(running, facts.mode, facts.wanted)
    if verdict.state == "in-sync" and other:
        return verdict._replace(state="restart-needed", reason=f"{other} and the kernel has it", mode=running.mode)
    if verdict.state == "out-of-step" and not other:
        other = f"kube-proxy runs with {running.words}, as the configuration asks for"
    reason = "; ".join(part for part in (verdict.reason, other) if part)
    return verdict._replace(reason=reason, mode=running.mode)


def _compared(facts: NodeFacts, summary: Summary, mode: str, wanted: str) -> Verdict:
    shown, remark = summary.schedulers, _remark(summary)
    running = "ipvs" if shown else ""
    if facts.age == "outdated":
        return Verdict("restart-needed", _outdated(summary, mode, wanted), remark, running, _differing(summary, wanted))
    if mode != "ipvs":
        count = sum(shown.values())
        left = f"; {count} virtual servers are left over" if count else ""
        return Verdict("not-ipvs", f"kube-proxy's mode is {mode}{left}", remark, mode)
    if not shown:  # never so where it works: default/kubernetes is always there
        alone = f": its {summary.foreign} rows are foreign" if summary.foreign else ""
        return Verdict("out-of-step", f"the kernel has no virtual server of kube-proxy{alone}", remark)
    rows = _differing(summary, wanted)
    if any(name != wanted for name in shown):
        state = "restart-needed" if facts.age == "unsure" else "out-of-step"
        return Verdict(state, _difference(summary, wanted, facts), remark, running, rows)
    return Verdict("in-sync", "", remark, running)


def _outdated(summary: Summary, mode: str, wanted: str) -> str:
    count = sum(summary.schedulers.values())
    if mode != "ipvs":
        still = f" (the kernel still has {count} virtual servers on {describe(summary.schedulers)})" if count else ""
        return f"the configured mode is {mode}, kube-proxy started before that{still}"
    other = any(name != wanted for name in summary.schedulers)
    runs = f"the kernel has {describe(summary.schedulers)}, " if other else ""
    return f"{runs}{STARTED_BEFORE}"


def _differing(summary: Summary, wanted: str) -> tuple[Row, ...]:
    return differing(summary, wanted)[:MOST_NAMED]


def _difference(summary: Summary, wanted: str, facts: NodeFacts) -> str:
    """Say what differs: address, port, scheduler, five rows at most; a few among many may be somebody else's."""
    shown = summary.schedulers
    others = {name: count for name, count in shown.items() if name != wanted}
    said = f"the kernel has {'; '.join(_named_by_scheduler(summary, others))} instead of {wanted}"
    if facts.services_known or wanted not in shown or sum(others.values()) >= shown[wanted]:
        return said
    hosts = dict.fromkeys(row.address.rpartition(":")[0].strip("[]") for row in _differing(summary, wanted))
    networks = ",".join([*facts.excluded, *(f"{host}/{128 if ':' in host else 32}" for host in hosts)])
    return f"{said} (not kube-proxy's? then: kubectl ipvs set --exclude-cidrs {networks})"


def _named_by_scheduler(summary: Summary, others: Mapping[str, int]) -> list[str]:
    """Name the rows of each scheduler: five of all together, then how many more."""
    left, parts = MOST_NAMED, []
    for name, count in others.items():
        rows = summary.examples.get(name, ())[:left]
        left -= len(rows)
        parts.append(f"{name} on {named(rows, count)}" if rows else f"{name} on {count} more")
    return parts


def _remark(summary: Summary) -> str:
    own = sum(summary.schedulers.values())
    if own and not summary.own_real_servers:
        many = "1 virtual server" if own == 1 else f"{own} virtual servers"
        return f"{many} and no real server: no Service works there"
    return ""
