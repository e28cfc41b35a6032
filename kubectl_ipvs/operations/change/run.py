"""Carries a plan out: write, restart one canary, then the others a few at a time, verify each - or roll it all back.

Whatever happens, the outcome says for each node what it runs. Nothing here asks the user; that was before.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import ExitCode, Interrupted, IpvsError, worst
from kubectl_ipvs.operations.change.edits import Edit
from kubectl_ipvs.operations.change.final_look import Glance, final_look
from kubectl_ipvs.operations.change.plan import Plan
from kubectl_ipvs.operations.change.rollback import RollbackRequest, roll_back
from kubectl_ipvs.operations.change.write import write
from kubectl_ipvs.operations.installation import Installation
from kubectl_ipvs.operations.look import Looker
from kubectl_ipvs.operations.rollout.engine import Observer, Rollout, Rules
from kubectl_ipvs.operations.rollout.node import NodeOutcome, NodeRun, Rolled
from kubectl_ipvs.operations.rollout.proof import Proof, StaysUp, TableInSync
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
LOGGED, LAST_LINES, LOG_TIMEOUT = 3, 3, 3.0  # nodes whose log is read, lines of it, seconds for one


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
        """Some node could not be looked at although its image could: it was only forced through."""
        return any(entry.forced for entry in self.nodes)


def run(cluster: Cluster, plan: Plan, looker: Looker, observers: Observers, concurrency: int) -> Outcome:
    """Write, restart, verify; on a failure put the old values back and restart what was touched; look once more."""
    interrupts = Interrupts(observers.say)
    with _lease(cluster, plan, observers.say, interrupts), interruptible(interrupts):  # until then Ctrl-C just ends
        timeout, gives_up = plan.options.pace.timeout, lambda: interrupts.asked
        try:
            written = write(cluster, plan.change, timeout=timeout, gives_up=gives_up)
        except KeyboardInterrupt:
            raise Interrupted(
                "interrupted during the write: the configuration may have been written, no node was restarted",
                hint="`kubectl ipvs get` shows it; the same command again goes on",
            ) from None
        for entry in plan.change.writes:
            observers.written(entry)
        undoable = plan.change.recorded
        if not plan.options.restart:
            return Outcome("written", plan.left_out, undoable=undoable)
        rolled = _roll(cluster, plan, written, looker, observers.node, interrupts)
        logs = _logs(cluster, plan, rolled)  # before a rollback takes the pods away
        ended = _ended(cluster, plan, written, rolled, looker, observers, interrupts, concurrency)
        return ended._replace(undoable=undoable, logs=logs)


def try_on_server(cluster: Cluster, plan: Plan) -> None:
    """Have the API server check every write and deletion, without doing any; raises what it refuses."""
    write(cluster, plan.change, dry_run=True)
    for target in plan.targets if plan.options.pace.strategy == "delete" else ():
        if target.old is not None:
            cluster.delete_pod(target.old, dry_run=True)


def _logs(cluster: Cluster, plan: Plan, rolled: Rolled) -> Mapping[str, Sequence[str]]:
    """Return kube-proxy's last words on nodes that failed, or the command that shows them."""
    failed = [entry for entry in rolled.nodes if entry.outcome == "failed" and entry.new_pod]
    return {entry.node: _log(cluster, entry, plan) for entry in failed[:LOGGED]}


def _log(cluster: Cluster, entry: NodeOutcome, plan: Plan) -> Sequence[str]:
    """Read the log where the pod crashed, and where a rollback takes the pod away; else the user can look."""
    crashed, goes = "crashed" in entry.reason, plan.rolls_back
    if crashed or goes:
        lines = _last_lines(cluster, entry, plan, crashed=crashed)
        if lines or goes:
            return tuple(f"{entry.node}: {entry.new_pod}: {line[:300]}" for line in lines)
    before = " --previous" if crashed else ""
    return (f"{entry.node}: look: kubectl -n {plan.found.namespace} logs {entry.new_pod}{before}",)


def _last_lines(cluster: Cluster, entry: NodeOutcome, plan: Plan, *, crashed: bool) -> Sequence[str]:
    pod = next(target.node.pod for target in plan.targets if target.name == entry.node)
    for previous in (True, False) if crashed and pod else (False,):  # the container may not be started again yet
        try:
            with cluster.within(LOG_TIMEOUT):
                text = cluster.pod_log(pod._replace(name=entry.new_pod), LAST_LINES, previous=previous) if pod else ""
        except IpvsError:
            continue
        if text.strip():
            return text.strip().splitlines()[-LAST_LINES:]
    return ()


def _ended(
    cluster: Cluster,
    plan: Plan,
    written: Installation,
    rolled: Rolled,
    looker: Looker,
    observers: Observers,
    interrupts: Interrupts,
    concurrency: int,
) -> Outcome:
    """Say how a rollout ended, roll back where that is asked for, and look once more."""
    nodes = (*rolled.nodes, *plan.left_out)

    def look(kind: Kind, expected: Installation, outcomes: Sequence[NodeOutcome]) -> Glance:
        if interrupts.count or kind == "lease-lost":
            return Glance()  # the user waits for the end; or somebody else is at work
        patience = 0.0 if kind == "stopped" else plan.options.pace.timeout  # what failed needs no more time
        return final_look(
            cluster, plan.where, expected, outcomes, looker, concurrency,
            restarts_all=plan.restarts_all, patience=patience,
        )  # fmt: skip

    if rolled.stop and not rolled.verified:
        kind: Kind = "lease-lost" if rolled.stop == LEASE_LOST else "interrupted"
        return Outcome(kind, nodes, left=rolled.problem)
    if rolled.verified:
        glance = look("verified", written, nodes)
        return Outcome(_judged(glance, complete=not plan.left_out), nodes, glance=glance)
    glance = look("stopped", written, nodes)
    if glance.reverted:  # the text is another one by now: what failed may not even have read ours
        return Outcome("reverted", nodes, left=rolled.problem, glance=glance)
    if not plan.rolls_back:
        return Outcome("stopped", nodes, left=rolled.problem, glance=glance)
    touched = [entry.node for entry in rolled.nodes if entry.touched]
    failed = tuple(entry.node for entry in rolled.nodes if entry.outcome == "failed")
    why = f"{some(failed)} failed: " if failed else ""
    observers.say(f"rolling back: {why}the old value is written again, {_nodes(len(touched))} restarted")
    observers.rolls_back(len(touched))
    request = RollbackRequest(plan.where, plan.change, written, touched, plan.targets, plan.at_once, plan.options.pace)
    done = roll_back(cluster, request, looker, observers.node, interrupts)
    left = "; ".join(part for part in (rolled.problem, done.left) if part)
    if done.left or done.restored is None:
        return Outcome("rollback-failed", nodes, done.nodes, left)
    return Outcome("rolled-back", nodes, done.nodes, left, look("rolled-back", done.restored, done.nodes))


def _judged(glance: Glance, *, complete: bool) -> Kind:
    if glance.reverted:
        return "reverted"
    return "verified" if complete and glance.clean else "partial"


def _roll(
    cluster: Cluster,
    plan: Plan,
    written: Installation,
    looker: Looker,
    observe: Callable[[NodeRun], None],
    interrupts: Interrupts,
) -> Rolled:
    """Restart and verify; a failure to begin is a result too, since the configuration is written by now."""
    new = {source.identity: source for source in written.sources}
    targets = [
        target._replace(node=target.node._replace(source=new.get(target.node.source.identity, target.node.source)))
        for target in plan.targets
    ]
    pace = plan.options.pace
    rules = Rules(plan.found.namespace, plan.at_once, pace.timeout, pace.settle, plan.canary)
    rollout = Rollout(cluster, rules, _step(cluster, plan), _proof(plan, written, looker), observe, interrupts)
    try:
        return rollout.run(targets, plan.found.lists)
    except IpvsError as error:
        untouched = tuple(NodeOutcome.untouched(target) for target in targets)
        return Rolled(untouched, interrupts.reason, f"the restart could not begin: {error}")


def _step(cluster: Cluster, plan: Plan) -> Step:
    if plan.options.pace.strategy == "delete":
        return DeletePod(cluster)
    return DaemonSetRolls(cluster, plan.found.daemon_sets)


def _proof(plan: Plan, written: Installation, looker: Looker) -> Proof:
    """Every node's table is looked at, in the mode that has one."""
    modes = {source.mode for source in written.sources}
    return TableInSync(looker) if modes & {"ipvs", None} and plan.targets else StaysUp()


def _lease(
    cluster: Cluster, plan: Plan, say: Callable[[str], None], interrupts: Interrupts
) -> AbstractContextManager[None]:
    def lost(why: str) -> None:
        say(f"warning: the lease is lost, {why}: no further node is started, so that two changes do not meet")
        interrupts.lose_lease()

    return holding(cluster, plan.found.namespace, lambda words: say(f"warning: {words}"), lost)


def _nodes(count: int) -> str:
    return f"{count} node is" if count == 1 else f"{count} nodes are"
