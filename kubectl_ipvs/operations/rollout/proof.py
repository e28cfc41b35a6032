"""How a restarted node is verified, given to the rollout from outside: by its kernel's table, or by its pod alone."""

import time
from typing import Literal, NamedTuple, Protocol

from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.operations.look import Look, Looker
from kubectl_ipvs.operations.rollout.node import Target
from kubectl_ipvs.operations.tables.reader import NO_TOOLS
from kubectl_ipvs.proxy.verdict import OUT_OF_STEP, describe

COMING = 30.0  # seconds in which what cannot be reached may only not be there yet: a busy node took 25

Kind = Literal["verified", "unseen", "not-yet", "failed"]


class Finding(NamedTuple):
    """What a look came to: verified; unseen (the kernel cannot be looked at: the pod alone counts); not yet; failed.

    `short`: what was not seen could have been (it was denied, or not reached): the run has not done all it promises.
    """

    kind: Kind
    words: str = ""
    short: bool = False


class Proof(Protocol):
    """How a node is judged once its new pod is ready."""

    @property
    def looks_at(self) -> str:
        """What is looked at, in words."""

    def look(self, target: Target, pod: Pod) -> Finding:
        """Look once; called again while the kind is "not-yet". It may block, and never raises IpvsError."""


class StaysUp:
    """Nothing is looked at: the pod has to stay up."""

    looks_at = "it must stay up"

    def look(self, target: Target, pod: Pod) -> Finding:  # noqa: ARG002 - the protocol's
        """Say that there is nothing to be seen."""
        return Finding("unseen", "")


class TableInSync:
    """The node's kernel does what its configuration asks for, by the verdict that `status` uses, too."""

    looks_at = "the kernel's table"

    def __init__(self, looker: Looker, patience: float = 3 * COMING) -> None:
        self._looker = looker
        self._coming = min(COMING, patience / 3)  # a node is looked at less often as time goes on
        self._first: dict[str, float] = {}  # when a pod was looked at first

    def look(self, target: Target, pod: Pod) -> Finding:
        """Read the table and judge it."""
        if target.node.source.mode not in {"ipvs", None}:
            return Finding("unseen", "")
        seen = self._looker.look(target.node._replace(pod=pod))
        failure = seen.reading.failure
        if failure == NO_TOOLS:
            since = time.monotonic() - self._first.setdefault(pod.uid, time.monotonic())
            return _by_running(seen, final=since >= self._coming)
        if target.blind and seen.reading.summary is None:
            return Finding("unseen", f"the kernel was not seen: {seen.verdict.reason}")
        if failure == "forbidden":
            return Finding("failed", seen.verdict.reason)
        return _judged(target, seen)


def _by_running(seen: Look, *, final: bool) -> Finding:
    """Judge by what kube-proxy says that it runs with: what is wrong there is wrong; what is right was not verified.

    A kube-proxy that has just started serves nothing for a moment: until `final` one that does not answer may yet.
    """
    told, verdict = seen.told, seen.verdict
    if told.failure in {"unreachable", "unreadable"} and not final:
        return Finding("not-yet", verdict.reason)
    if verdict.state in OUT_OF_STEP or verdict.state == "not-ready":
        return Finding("not-yet", verdict.reason)
    said = f"; kube-proxy runs with {told.running.words}" if told.running else ""
    return Finding("unseen", f"the kernel was not seen: {seen.reading.reason}{said}", short=seen.reading.short)


def _judged(target: Target, seen: Look) -> Finding:
    summary = seen.reading.summary
    if summary is not None and target.real_servers and not seen.real_servers and summary.schedulers:
        return Finding("not-yet", f"its real servers are gone: there were {target.real_servers} before the restart")
    if seen.verdict.state == "unknown" and summary is not None and summary.schedulers:
        return Finding("unseen", f"its table has {describe(summary.schedulers)}; {seen.verdict.reason}")
    if seen.verdict.in_sync and summary is not None:
        count = sum(summary.schedulers.values())
        many = f"all {count} virtual servers" if count > 1 else "its one virtual server"
        odd = f"; {seen.verdict.remark}" if seen.verdict.remark else ""
        return Finding("verified", f"{many} on {describe(summary.schedulers)}{odd}")
    return Finding("not-yet", seen.verdict.reason or seen.verdict.state)
