"""Restarts kube-proxy node by node and verifies each: the pod is new, Ready and stays up, and passes its proof.

At most `at_once` nodes are ever without a Ready kube-proxy because of us, and at most as many again are Ready but still
being watched. A node starts as soon as there is room, so that one slow node does not keep a whole batch waiting. The
first node that fails ends it: the nodes in progress are finished, no other is started.

One thread decides (this one); watches and short-lived calls tell it through one queue what they saw.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.cluster.wire.retry import is_transient
from kubectl_ipvs.errors import ApiError, IpvsError
from kubectl_ipvs.operations.installation import PodList
from kubectl_ipvs.operations.rollout.admission import count, may_start, until_next
from kubectl_ipvs.operations.rollout.events import (
    CallBroken,
    Event,
    Looked,
    PodChanged,
    PodsListed,
    StepEnded,
    Stop,
    Trouble,
)
from kubectl_ipvs.operations.rollout.node import IN_PROGRESS, NodeOutcome, NodeRun, Phase, Rolled, Target
from kubectl_ipvs.operations.rollout.pods import Pods
from kubectl_ipvs.operations.rollout.proof import Finding, Proof
from kubectl_ipvs.operations.rollout.step import Step
from kubectl_ipvs.operations.rollout.watch import PodWatch
from kubectl_ipvs.operations.support.interrupts import Interrupts

TICK = 0.5
FIRST_LOOK, LONGEST_LOOK = 0.25, 2.0  # seconds between looks at a node that is not there yet
NOT_FOUND, CONFLICT = 404, 409

Observer = Callable[[NodeRun], None]


class Rules(NamedTuple):
    """How a rollout goes; times in seconds. `canary`: the node that must be verified before any other starts."""

    namespace: str
    at_once: int
    timeout: float
    settle: float
    canary: str = ""
    persevere: bool = False  # go on after a node has failed: a rollback wants every node back


class Rollout:
    """One run; `observe` is told of every change of phase."""

    def __init__(
        self, cluster: Cluster, rules: Rules, step: Step, proof: Proof, observe: Observer, interrupts: Interrupts
    ) -> None:
        self._cluster, self._rules, self._step, self._proof = cluster, rules, step, proof
        self._observe, self._interrupts = observe, interrupts
        self._runs: dict[str, NodeRun] = {}
        self._pods = Pods()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._stops = 0
        self._trouble = ""
        self._moved = 0.0  # when any node last changed its phase

    def run(self, targets: Sequence[Target], lists: Sequence[PodList]) -> Rolled:
        """Restart and verify `targets`, as these lists of pods had them."""
        self._runs = {target.name: NodeRun.of(target) for target in targets}
        watches = [self._watch(entry) for entry in lists]
        with self._interrupts.listened_to(lambda: self._events.put(Stop())):
            self._hear_rest()  # an interrupt that came before: then nothing starts
            if targets and not self._stops:
                self._step.start(self._rules.timeout, lambda: self._interrupts.asked)
            try:
                while self._start_more() or count(self._runs.values(), IN_PROGRESS):
                    self._wait()
                    self._look_after()
                    if self._interrupts.count > 1:
                        self._abandon()
            finally:
                for watch in watches:
                    watch.stop()
        outcomes = tuple(NodeOutcome.of(run) for run in self._runs.values())
        return Rolled(outcomes, self._interrupts.reason if self._stops else "")

    def _watch(self, entry: PodList) -> PodWatch:
        self._pods.listed(entry.selector, entry.pods)
        watch = PodWatch(self._cluster, self._rules.namespace, entry.selector, entry.version, self._events.put)
        watch.start()
        return watch

    # ---- what starts

    def _start_more(self) -> bool:
        """Start as many nodes as may; tell whether any did."""
        for run in self._startable():
            run.began = time.monotonic()
            if self._step.paces_itself:
                self._move(run, "queued")
            elif run.old is None:  # its pod is new, or yet to come: nothing to take away
                self._move(run, "starting")
            else:
                self._move(run, "deleting")
                self._begin(run)
        return any(run.phase in IN_PROGRESS for run in self._runs.values())

    def _startable(self) -> list[NodeRun]:
        runs = self._runs.values()
        failed = any(run.phase == "failed" for run in runs)
        if self._stops or (failed and not self._rules.persevere):
            return []
        if self._step.paces_itself:
            return [run for run in runs if run.phase == "pending"]
        return may_start(runs, self._pods, self._rules.at_once, self._rules.canary)

    def _begin(self, run: NodeRun) -> None:
        def call() -> Event:
            try:
                self._step.begin(run)
            except IpvsError as error:
                return StepEnded(run.node, error)
            return StepEnded(run.node, None)

        self._call(run, call)

    def _look(self, run: NodeRun, pod: Pod) -> None:
        self._call(run, lambda: Looked(run.node, pod.uid, self._proof.look(run.target, pod)))

    def _call(self, run: NodeRun, work: Callable[[], Event]) -> None:
        """Do what blocks in a thread; a bug in there ends the run, not the thread alone."""

        def thread() -> None:
            try:
                self._events.put(work())
            except Exception as error:  # noqa: BLE001 - raised by the thread that the user sees
                self._events.put(CallBroken(error))

        run.busy = True
        threading.Thread(target=thread, name=f"call-{run.node}", daemon=True).start()

    # ---- what is told

    def _wait(self) -> None:
        try:
            self._hear(self._events.get(timeout=until_next(self._runs.values(), TICK)))
        except queue.Empty:
            return
        self._hear_rest()

    def _hear_rest(self) -> None:
        while not self._events.empty():
            self._hear(self._events.get())

    def _hear(self, event: Event) -> None:
        match event:
            case PodChanged(selector, told):
                self._pods.event(selector, told)
            case PodsListed(selector, pods):
                self._pods.listed(selector, pods)
                self._trouble = ""
            case StepEnded(node, error):
                self._step_ended(self._runs[node], error)
            case Looked(node, pod, finding):
                self._looked(self._runs[node], pod, finding)
            case Trouble(reason):
                self._trouble = reason
            case CallBroken(error):
                raise error
            case Stop():
                self._stops += 1
                self._interrupts.heard(count(self._runs.values(), IN_PROGRESS))

    def _step_ended(self, run: NodeRun, error: IpvsError | None) -> None:
        run.busy = False
        if run.phase != "deleting":
            return
        gone = isinstance(error, ApiError) and error.status in {NOT_FOUND, CONFLICT}
        if error is None or gone:  # 409: another pod has the name by now, so ours is gone
            self._move(run, "starting")
        elif is_transient(error):
            self._later(run, str(error), getattr(error, "retry_after", 0.0))
        else:
            self._end(run, "failed", str(error))

    def _looked(self, run: NodeRun, pod: str, finding: Finding) -> None:
        run.busy = False
        if run.phase != "verifying" or run.new is None or run.new.uid != pod:
            return
        if finding.kind == "failed":
            self._end(run, "failed", finding.words)
        elif finding.kind == "not-yet":
            self._later(run, finding.words)
        else:
            run.verified, run.seen = True, finding.kind == "verified"
            run.found, run.short = finding.words, finding.short
            run.unseen = "" if run.seen else finding.words

    def _later(self, run: NodeRun, doubt: str, at_least: float = 0.0) -> None:
        run.doubt = doubt
        run.next_try = time.monotonic() + max(at_least, min(FIRST_LOOK * 2**run.tries, LONGEST_LOOK))
        run.tries += 1

    # ---- what follows from it

    def _look_after(self) -> None:
        now = time.monotonic()
        for run in self._runs.values():
            if run.phase in IN_PROGRESS:
                self._advance(run, now)
            since = self._moved if run.phase == "queued" else run.began
            if run.phase in IN_PROGRESS and now - since > self._rules.timeout:
                self._end(run, "failed", f"not verified within {self._rules.timeout:g}s: {self._missing(run)}")
        failed = any(run.phase == "failed" for run in self._runs.values())
        if self._stops or (failed and not self._rules.persevere):
            for run in self._runs.values():
                if run.phase == "queued":
                    self._move(run, "pending")

    def _missing(self, run: NodeRun) -> str:
        """Say what a node was still waiting for."""
        if run.phase == "queued":
            return "the DaemonSet does not go on"
        if run.phase == "deleting":
            return run.doubt or "the pod was not deleted"
        if run.phase == "verifying":
            return run.doubt or "its table was not read"
        if run.new is not None:
            return f"pod {run.new.name} is not ready ({run.new.waiting or run.new.phase})"
        stuck = run.old is not None and self._pods.has(run.old)
        return "the old pod does not go away" if stuck else self._trouble or "no new pod came"

    def _advance(self, run: NodeRun, now: float) -> None:
        if run.phase == "queued":
            if run.old is None or not self._pods.stays(run.old):
                run.began = now
                self._move(run, "starting")
            return
        if run.phase == "deleting":
            if not run.busy and now >= run.next_try:
                self._begin(run)
            return
        pod = self._pods.successor(run.node, run.old)
        if pod is not None and run.target.node.source.age(pod.began) == "outdated":
            self._replace(run, pod)  # somebody replaced it before our write: it has not read what is to be verified
            return
        run.new = pod or run.new
        if pod is not None and pod.crashed:
            times = "once" if pod.restarts == 1 else f"{pod.restarts} times"
            how = f"{pod.waiting or 'it ended'}" + (f", restarted {times}" if pod.restarts else "")
            self._end(run, "failed", f"pod {pod.name} crashed ({how})")
        elif pod is None or not pod.ready:
            run.ready_since = None
            self._move(run, "starting")
        else:
            self._verify(run, pod, now)

    def _replace(self, run: NodeRun, pod: Pod) -> None:
        run.old = pod
        self._move(run, "queued" if self._step.paces_itself else "deleting")

    def _verify(self, run: NodeRun, pod: Pod, now: float) -> None:
        if run.ready_since is None:
            run.ready_since, run.tries, run.next_try, run.verified = now, 0, now, False
            self._move(run, "verifying")
        if run.verified and now - run.ready_since >= self._rules.settle:
            self._end(run, "verified", "")
        elif run.verified:
            run.next_try = run.ready_since + self._rules.settle
        elif not run.busy and now >= run.next_try:
            self._look(run, pod)

    def _abandon(self) -> None:
        for run in self._runs.values():
            if run.phase in IN_PROGRESS:
                self._end(run, "abandoned", f"interrupted while {run.phase}")

    def _end(self, run: NodeRun, phase: Phase, reason: str) -> None:
        run.reason, run.ended = reason, time.monotonic()
        self._move(run, phase)

    def _move(self, run: NodeRun, phase: Phase) -> None:
        if run.phase != phase:
            run.phase, self._moved = phase, time.monotonic()
            run.phases.append((phase, self._moved))
            self._observe(run)
