"""Carries a change out: write, restart one canary, then the others a few at a time, prove each - or take it all back.

Whatever happens, the outcome says for each node what it runs. Nothing here asks the user; that was before.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.change import Change, write
from kubectl_ipvs.operations.interrupts import Interrupts, interruptible
from kubectl_ipvs.operations.lease import holding
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.operations.noderun import NodeOutcome, NodeRun, Rolled, Target
from kubectl_ipvs.operations.restart import Pace, roll
from kubectl_ipvs.operations.rollback import Back, take_back
from kubectl_ipvs.operations.tables import Reader

Kind = Literal["held", "partial", "stopped", "interrupted", "rolled-back", "rollback-failed"]
Observer = Callable[[NodeRun], None]


class Order(NamedTuple):
    """What was agreed to: the change, the nodes it is about, and how carefully to go."""

    change: Change
    targets: Sequence[Target]
    skipped: Sequence[NodeOutcome]
    version: str  # resourceVersion of the pod list that the targets come from
    total: int  # nodes that a percentage is a share of
    pace: Pace
    rollback: bool = True


class Outcome(NamedTuple):
    """How it ended: `nodes` of the change, `back` of a rollback if there was one, `left` what is to be done by hand."""

    kind: Kind
    nodes: Sequence[NodeOutcome]
    back: Sequence[NodeOutcome] = ()
    left: str = ""


def carry_out(cluster: Cluster, order: Order, reader: Reader, observe: Observer, say: Callable[[str], None]) -> Outcome:
    """Write, restart, prove; on a failure put the old value back and restart what was touched."""
    interrupts = Interrupts(say)
    with _lease(cluster, order, say, interrupts), interruptible(interrupts):  # until the lease is ours Ctrl-C just ends
        located = write(cluster, order.change, timeout=order.pace.timeout, gives_up=lambda: interrupts.count > 0)
        if order.change.changes_text:
            say("written")
        rolled = _roll(cluster, located, order, reader, observe, interrupts)
        nodes = (*rolled.nodes, *order.skipped)
        if rolled.interrupted:
            return Outcome("interrupted", nodes, left=rolled.problem)
        if rolled.held:
            return Outcome("held" if all(entry.outcome == "held" for entry in nodes) else "partial", nodes)
        if not order.rollback or not order.change.changes_text:
            return Outcome("stopped", nodes, left=rolled.problem)
        touched = [entry.node for entry in rolled.nodes if entry.touched]
        say(f"rolling back: the old value is written again, {_nodes(len(touched))} restarted")
        targets = [target.place.name for target in order.targets if target.old is not None]
        back = Back(order.change, located, touched, targets, order.total, order.pace, interrupts)
        done = take_back(cluster, back, reader, observe)
        left = "; ".join(part for part in (rolled.problem, done.left) if part)
        return Outcome("rollback-failed" if done.left else "rolled-back", nodes, done.nodes, left)


def _roll(
    cluster: Cluster, located: Located, order: Order, reader: Reader, observe: Observer, interrupts: Interrupts
) -> Rolled:
    """Restart and prove; a failure to begin is a result too, since the configuration is written by now."""
    try:
        return roll(
            cluster, located, order.targets, order.version, order.pace, reader, order.total, observe, interrupts
        )
    except IpvsError as error:
        nodes = tuple(NodeOutcome.of(NodeRun(target.place.name, target.old)) for target in order.targets)
        return Rolled(nodes, interrupts.count > 0, f"the restart could not begin: {error}")


def _lease(
    cluster: Cluster, order: Order, say: Callable[[str], None], interrupts: Interrupts
) -> AbstractContextManager[None]:
    def lost() -> None:
        say("warning: the lease was taken away: no further node is begun, so that two changes do not meet")
        interrupts()

    return holding(cluster, order.change.located.namespace, lambda words: say(f"warning: {words}"), lost)


def _nodes(count: int) -> str:
    return f"{count} node is" if count == 1 else f"{count} nodes are"
