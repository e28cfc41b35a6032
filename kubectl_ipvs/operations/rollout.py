"""Restarts kube-proxy node by node and proves each one: the pod is new, Ready and stays up, the kernel's table follows.

At most `max_unavailable` nodes are ever without a Ready kube-proxy because of us, and at most as many again are Ready
but still being proved. A node starts as soon as there is room, so that one slow node does not hold a whole batch up.
The first node that fails ends it: what is in flight is seen through, nothing new is begun.

One thread decides (this one); a watch and short-lived calls tell it through one queue what they saw.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kubectl_ipvs.cluster.cluster import Cluster, PodEvent
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.cluster.wire.retry import is_transient
from kubectl_ipvs.errors import ApiError, IpvsError
from kubectl_ipvs.operations.lateness import why_late
from kubectl_ipvs.operations.noderun import IN_FLIGHT, NodeOutcome, NodeRun, Phase, Plan, Rolled, Target
from kubectl_ipvs.operations.pacing import count, may_begin, until_next
from kubectl_ipvs.operations.podbook import PodBook
from kubectl_ipvs.operations.podwatch import PodWatch
from kubectl_ipvs.operations.tables import Reader
from kubectl_ipvs.operations.told import Deleted, Interrupt, Listed, Looked, Told, Trouble
from kubectl_ipvs.proxy.verdict import describe

TICK = 0.5
FIRST_LOOK, LONGEST_LOOK = 0.25, 2.0  # seconds between looks at a table that does not follow yet
NOT_FOUND, CONFLICT = 404, 409

Observer = Callable[[NodeRun], None]


@dataclass(slots=True)
class Rollout:
    """One run over `places`; `observe` is told of every change of phase."""

    cluster: Cluster
    plan: Plan
    reader: Reader
    observe: Observer
    heard: Callable[[int], None]  # told of every interrupt
    runs: dict[str, NodeRun] = field(default_factory=dict)
    trouble: str = ""
    _pods: PodBook = field(default_factory=PodBook)
    _told: "queue.SimpleQueue[Told]" = field(default_factory=queue.SimpleQueue)
    _interrupts: int = 0
    _moved: float = 0.0  # when any node last changed its phase

    def interrupt(self) -> None:
        """Start no new node; called twice: let go of those in flight as well. Safe in a signal handler."""
        self._told.put(Interrupt())

    def run(self, targets: Sequence[Target], version: str) -> Rolled:
        """Restart and prove `targets`, as a list at resourceVersion `version` had them."""
        self.runs = {
            target.place.name: NodeRun(target.place.name, target.old, target.place.pod is None) for target in targets
        }
        self._pods = PodBook(target.place.pod for target in targets)
        watch = PodWatch(self.cluster, self.plan.namespace, self.plan.selector, version, self._told.put)
        watch.start()
        self._hear_rest()  # an interrupt that came before: then nothing begins
        try:
            while self._start_more() or count(self.runs.values(), IN_FLIGHT):
                self._wait()
                self._look_after()
                if self._interrupts > 1:
                    self._let_go("interrupted")
        finally:
            watch.stop()
        outcomes = tuple(NodeOutcome.of(run) for _, run in sorted(self.runs.items()))
        return Rolled(outcomes, self._interrupts > 0)

    # ---- what begins

    def _start_more(self) -> bool:
        """Begin as many nodes as may; tell whether any began."""
        chosen = [] if self._interrupts else may_begin(self.runs.values(), self._pods, self.plan)
        for run in chosen:
            run.began = time.monotonic()
            if self.plan.deletes:
                self._move(run, "restarting")
                self._delete(run)
            else:
                self._move(run, "queued")
        return bool(chosen)

    def _delete(self, run: NodeRun) -> None:
        pod = run.old
        if pod is None:  # its pod is new, or yet to come: nothing to take away
            self._move(run, "starting")
            return

        def call() -> None:
            try:
                self.cluster.delete_pod(pod)
                self._told.put(Deleted(run.node, None))
            except IpvsError as error:
                self._told.put(Deleted(run.node, error))

        self._call(run, call)

    def _verify(self, run: NodeRun, pod: Pod) -> None:
        self._call(run, lambda: self._told.put(Looked(run.node, pod.uid, self.reader.read(pod))))

    def _call(self, run: NodeRun, work: Callable[[], None]) -> None:
        run.busy = True
        threading.Thread(target=work, name=f"call-{run.node}", daemon=True).start()

    # ---- what is told

    def _wait(self) -> None:
        try:
            self._hear(self._told.get(timeout=until_next(self.runs.values(), TICK)))
        except queue.Empty:
            return
        self._hear_rest()

    def _hear_rest(self) -> None:
        while not self._told.empty():
            self._hear(self._told.get())

    def _hear(self, told: Told) -> None:
        if isinstance(told, PodEvent):
            self._pods.event(told)
        elif isinstance(told, Listed):
            self._pods, self.trouble = PodBook(told.pods), ""
        elif isinstance(told, Deleted):
            self._deleted(self.runs[told.node], told.error)
        elif isinstance(told, Looked):
            self._looked(self.runs[told.node], told)
        elif isinstance(told, Trouble):
            self.trouble = told.reason
        else:
            self._interrupts += 1
            self.heard(self._interrupts)

    def _deleted(self, run: NodeRun, error: IpvsError | None) -> None:
        run.busy = False
        if run.phase != "restarting":
            return
        gone = isinstance(error, ApiError) and error.status in {NOT_FOUND, CONFLICT}
        if error is None or gone:  # 409: another pod has the name by now, so ours is gone
            self._move(run, "starting")
        elif is_transient(error):
            self._later(run, str(error))
        else:
            self._end(run, "failed", str(error))

    def _looked(self, run: NodeRun, told: Looked) -> None:
        run.busy = False
        if run.phase != "proving" or run.new is None or run.new.uid != told.pod:
            return
        reading = told.reading
        if reading.failure == "no-ipvsadm":
            run.blind = True
        elif reading.failure == "forbidden":
            self._end(run, "failed", reading.reason)
        elif reading.summary is not None and all(name == self.plan.wanted for name in reading.summary.schedulers):
            run.seen = True
        elif reading.summary is not None:
            found = describe(reading.summary.schedulers)
            self._later(run, f"the kernel still has {found} instead of {self.plan.wanted}")
        else:
            self._later(run, reading.reason)

    def _later(self, run: NodeRun, doubt: str) -> None:
        run.doubt = doubt
        run.next_try = time.monotonic() + min(FIRST_LOOK * 2**run.tries, LONGEST_LOOK)
        run.tries += 1

    # ---- what follows from it

    def _look_after(self) -> None:
        now = time.monotonic()
        for run in self.runs.values():
            if run.phase in IN_FLIGHT:
                self._advance(run, now)
            since = self._moved if run.phase == "queued" else run.began
            if run.phase in IN_FLIGHT and now - since > self.plan.timeout:
                self._late(run)
        failed = any(run.phase == "failed" for run in self.runs.values())
        if self._interrupts or (failed and not self.plan.persevere):
            for run in self.runs.values():
                if run.phase == "queued":
                    self._move(run, "waiting")

    def _late(self, run: NodeRun) -> None:
        if run.absent and run.new is None:  # it was so before we came: no reason to end the run
            self._end(run, "skipped", "no kube-proxy pod was there, and none came")
        else:
            why = why_late(run, self._pods, self.trouble)
            self._end(run, "failed", f"did not hold within {self.plan.timeout:g}s: {why}")

    def _advance(self, run: NodeRun, now: float) -> None:
        if run.phase == "queued":
            if run.old is None or not self._pods.stays(run.old):
                run.began = now
                self._move(run, "starting")
            return
        if run.phase == "restarting":
            if not run.busy and now >= run.next_try:
                self._delete(run)
            return
        pod = self._pods.successor(run.node, run.old)
        if pod is not None and self.plan.outdated(pod):  # somebody replaced it before our write: it is no proof
            self._replace(run, pod)
            return
        run.new = pod or run.new
        if pod is not None and pod.crashed:
            how = f"{pod.waiting or 'it ended'}, {pod.restarts} restarts"
            self._end(run, "failed", f"pod {pod.name} crashed ({how})")
        elif pod is None or not pod.ready:
            run.ready_since = None
            self._move(run, "starting")
        else:
            self._prove(run, pod, now)

    def _replace(self, run: NodeRun, pod: Pod) -> None:
        run.old = pod
        self._move(run, "restarting" if self.plan.deletes else "queued")

    def _prove(self, run: NodeRun, pod: Pod, now: float) -> None:
        if run.ready_since is None:
            run.ready_since, run.tries, run.next_try, run.seen = now, 0, now, False
            self._move(run, "proving")
        settled = now - run.ready_since >= self.plan.settle
        if settled and (run.seen or run.blind or self.plan.wanted is None):
            self._end(run, "held", "")
        elif self.plan.wanted is not None and not (run.seen or run.blind or run.busy) and now >= run.next_try:
            self._verify(run, pod)
        elif run.seen or run.blind or self.plan.wanted is None:
            run.next_try = run.ready_since + self.plan.settle

    def _let_go(self, why: str) -> None:
        for run in self.runs.values():
            if run.phase in IN_FLIGHT:
                self._end(run, "abandoned", f"{why} while {run.phase}")

    def _end(self, run: NodeRun, phase: Phase, reason: str) -> None:
        run.reason, run.ended = reason, time.monotonic()
        self._move(run, phase)

    def _move(self, run: NodeRun, phase: Phase) -> None:
        if run.phase != phase:
            run.phase, self._moved = phase, time.monotonic()
            run.phases.append((phase, self._moved))
            self.observe(run)
