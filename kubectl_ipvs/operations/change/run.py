"""Carries a plan out: write, restart one canary, then the others a few at a time, verify each - or roll it all back.

Whatever happens, the outcome says for each node what it runs. Nothing here asks the user; that was before.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import ApiError, Busy, ConnectionFailed, ExitCode, Interrupted, IpvsError, worst
from kubectl_ipvs.operations.change.edits import Edit
from kubectl_ipvs.operations.change.final_look import Glance, final_look
from kubectl_ipvs.operations.change.plan import Plan
from kubectl_ipvs.operations.change.pod_logs import last_words
from kubectl_ipvs.operations.change.rollback import roll_back
from kubectl_ipvs.operations.change.write import write
from kubectl_ipvs.operations.installation import Installation
from kubectl_ipvs.operations.look import Looker
from kubectl_ipvs.operations.rollout.by_mode import ByMode
from kubectl_ipvs.operations.rollout.engine import Observer, Rollout, Rules
from kubectl_ipvs.operations.rollout.node import NodeOutcome, Rolled
from kubectl_ipvs.operations.rollout.step import DaemonSetRolls, DeletePod, Step
from kubectl_ipvs.operations.support.interrupts import LEASE_LOST, Interrupts, interruptible
from kubectl_ipvs.operations.support.lease import holding
from kubectl_ipvs.proxy.checks.findings import some

Kind = Literal[
    "verified", "partial", "written",
    "stopped", "interrupted", "lease-lost", "reverted",
    "rolled-back", "rollback-failed",
]  # fmt: skip


CODES = {
    "verified": ExitCode.OK,
    "partial": ExitCode.PARTIAL,
    "written": ExitCode.OK,
    "stopped": ExitCode.PARTIAL,
    "interrupted": ExitCode.INTERRUPTED,
    "lease-lost": ExitCode.CONFLICT,
    "reverted": ExitCode.CONFLICT,
    "rolled-back": ExitCode.ERROR,
    "rollback-failed": ExitCode.ERROR,
}


class Observers(NamedTuple):
    """Who is told: of each node's phase, of what was written, in words, and of a rollback of so many nodes."""

    node: Observer
    written: Callable[[Edit], None]
    say: Callable[[str], None]
    rolls_back: Callable[[int], None] = lambda _: None


class Outcome(NamedTuple):
    """How it ended.

    `nodes` of the change, `back` of a rollback if there was one, `left` what is to be done by hand, `glance` what the
    last look found, `undoable` whether `undo` can restore what was there before.
    """

    kind: Kind
    nodes: Sequence[NodeOutcome]
    back: Sequence[NodeOutcome] = ()
    left: str = ""
    glance: Glance = Glance()
    undoable: bool = False
    logs: Mapping[str, Sequence[str]] = {}  # the last words of kube-proxy on nodes that failed, or how to see them

    @property
    def exit_code(self) -> ExitCode:
        """How the process ends."""
        if self.glance.reverted:
            return ExitCode.CONFLICT
        partial = not self.glance.clean or any(entry.outcome == "skipped" for entry in self.nodes) or self.blind
        return worst(CODES[self.kind], ExitCode.PARTIAL if partial else ExitCode.OK)

    @property
    def blind(self) -> bool:
        """Some node could not be looked at although there is something to see: denied, not reached, forced."""
        return any(entry.forced for entry in self.nodes)


def run(cluster: Cluster, plan: Plan, looker: Looker, observers: Observers, concurrency: int) -> Outcome:
    """Write, restart, verify; on a failure put the old values back and restart what was touched; look once more."""
    interrupts = Interrupts(observers.say)
    with _lease(cluster, plan, observers.say, interrupts), interruptible(interrupts):  # until then Ctrl-C just ends
        return _Run(cluster, plan, looker, observers, concurrency, interrupts).outcome()


@dataclass(frozen=True, slots=True)
class _Run:
    """One run, while the lease is held."""

    cluster: Cluster
    plan: Plan
    looker: Looker
    observers: Observers
    concurrency: int
    interrupts: Interrupts

    def outcome(self) -> Outcome:
        """Do it all."""
        plan = self.plan
        written = self._write()
        for entry in plan.change.writes:
            self.observers.written(entry)
        undoable = plan.change.recorded
        if not plan.options.restart:
            glance = self._look(written, (), 0.0)
            return Outcome("written", plan.left_out, undoable=undoable, glance=glance)
        rolled = self._roll(written)
        logs = last_words(self.cluster, plan, rolled)  # before a rollback takes the pods away
        return self._ended(written, rolled)._replace(undoable=undoable, logs=logs)

    def _write(self) -> Installation:
        timeout = self.plan.options.pace.timeout
        try:
            return write(self.cluster, self.plan.change, timeout=timeout, gives_up=lambda: self.interrupts.asked)
        except (ApiError, ConnectionFailed) as error:
            if not self.interrupts.lease_lost:
                raise
            raise Busy(
                f"the lease was lost during the write, which was given up: {error}",
                hint="`kubectl ipvs get` shows what is written",
            ) from error
        except KeyboardInterrupt:
            raise Interrupted(
                "interrupted during the write: the configuration may have been written, no node was restarted",
                hint="`kubectl ipvs get` shows it; the same command again goes on",
            ) from None

    def _roll(self, written: Installation) -> Rolled:
        """Restart and verify; a failure to begin is a result too, since the configuration is written by now."""
        plan, pace = self.plan, self.plan.options.pace
        new = {source.identity: source for source in written.sources}
        targets = [
            target._replace(node=target.node._replace(source=new.get(target.node.source.identity, target.node.source)))
            for target in plan.targets
        ]
        rules = Rules(plan.found.namespace, plan.at_once, pace.timeout, pace.settle, plan.canary)
        step = _step(self.cluster, plan)
        proof = ByMode(self.cluster, self.looker, pace.timeout, whole=plan.options.verify)
        try:
            return Rollout(self.cluster, rules, step, proof, self.observers.node, self.interrupts).run(
                targets, plan.found.lists
            )
        except IpvsError as error:
            untouched = tuple(NodeOutcome.untouched(target) for target in targets)
            return Rolled(untouched, self.interrupts.reason, f"the restart could not begin: {error}")

    def _ended(self, written: Installation, rolled: Rolled) -> Outcome:
        """Say how a rollout ended, roll back where that is asked for, and look once more."""
        nodes = (*rolled.nodes, *self.plan.left_out)
        if rolled.stop and not rolled.verified:
            lost = rolled.stop == LEASE_LOST
            glance = self._look(written, nodes, 0.0)
            return Outcome("lease-lost" if lost else "interrupted", nodes, left=rolled.problem, glance=glance)
        # What failed needs no more time.
        patience = self.plan.options.pace.timeout if rolled.verified else 0.0
        glance = self._look(written, nodes, patience)
        if rolled.verified:
            blind = any(entry.forced for entry in rolled.nodes)
            complete = not (self.plan.left_out or self.plan.sees_nobody or blind)
            return Outcome(_judged(glance, complete=complete), nodes, glance=glance)
        if glance.reverted:  # the text is another one by now: what failed may not even have read ours
            return Outcome("reverted", nodes, left=rolled.problem, glance=glance)
        if not self.plan.rolls_back:
            return Outcome("stopped", nodes, left=rolled.problem, glance=glance)
        return self._back(written, rolled)

    def _back(self, written: Installation, rolled: Rolled) -> Outcome:
        """Roll back."""
        nodes = (*rolled.nodes, *self.plan.left_out)
        touched = tuple(entry.node for entry in rolled.nodes if entry.touched)
        failed = tuple(entry.node for entry in rolled.nodes if entry.outcome == "failed")
        why = f"{some(failed)} failed: " if failed else ""
        self.observers.say(f"rolling back: {why}the old value is written again, {_nodes(len(touched))} restarted")
        self.observers.rolls_back(len(touched))
        back, restored = roll_back(
            self.cluster, self.plan, written, touched, self.looker, self.observers.node, self.interrupts
        )
        left = "; ".join(part for part in (rolled.problem, back.problem) if part)
        if back.problem or restored is None:
            return Outcome("rollback-failed", nodes, back.nodes, left)
        glance = self._look(restored, back.nodes, self.plan.options.pace.timeout)
        return Outcome("rolled-back", nodes, back.nodes, left, glance)

    def _look(self, expected: Installation, outcomes: Sequence[NodeOutcome], patience: float) -> Glance:
        """Look once more, unless the user waits for the end."""
        if self.interrupts.count > 1:
            return Glance()
        return final_look(
            self.cluster, self.plan.where, expected, outcomes, self.looker, self.concurrency,
            restarts_all=self.plan.restarts_all, patience=patience,
        )  # fmt: skip


def try_on_server(cluster: Cluster, plan: Plan) -> None:
    """Have the API server check every write and deletion, without doing any; raises what it refuses."""
    write(cluster, plan.change, dry_run=True)
    for target in plan.targets if plan.options.pace.strategy == "delete" else ():
        if target.old is not None:
            cluster.delete_pod(target.old, dry_run=True)


def _judged(glance: Glance, *, complete: bool) -> Kind:
    if glance.reverted:
        return "reverted"
    return "verified" if complete and glance.clean else "partial"


def _step(cluster: Cluster, plan: Plan) -> Step:
    if plan.options.pace.strategy == "delete":
        return DeletePod(cluster)
    return DaemonSetRolls(cluster, plan.found.daemon_sets)


def _lease(
    cluster: Cluster, plan: Plan, say: Callable[[str], None], interrupts: Interrupts
) -> AbstractContextManager[None]:
    def lost(why: str) -> None:
        say(f"warning: the lease is lost, {why}: no further node is started, so that two changes do not meet")
        interrupts.lose_lease()

    return holding(cluster, plan.found.namespace, lambda words: say(f"warning: {words}"), lost)


def _nodes(count: int) -> str:
    return f"{count} node is" if count == 1 else f"{count} nodes are"
