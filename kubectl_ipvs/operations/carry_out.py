"""Carries a change out: write, restart one canary, then the others a few at a time, prove each - or take it all back.

Whatever happens, the outcome says for each node what it runs. Nothing here asks the user; that was before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.change import Change, put, write
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.operations.noderun import NodeOutcome, NodeRun, Rolled, Target
from kubectl_ipvs.operations.restart import Pace, roll, select
from kubectl_ipvs.operations.tables import Reader
from kubectl_ipvs.proxy.lastchange import ANNOTATION, TAKEN_BACK, taken_back

Kind = Literal["held", "partial", "stopped", "interrupted", "rolled-back", "rollback-failed"]
Observer = Callable[[NodeRun], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What was agreed to: the change, the nodes it is about, and how carefully to go."""

    change: Change
    targets: Sequence[Target]
    skipped: Sequence[NodeOutcome]
    version: str  # resourceVersion of the pod list that the targets come from
    total: int  # nodes that a percentage is a share of
    pace: Pace
    rollback: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: `nodes` of the change, `back` of a rollback if there was one, `left` what is to be done by hand."""

    kind: Kind
    nodes: Sequence[NodeOutcome]
    back: Sequence[NodeOutcome] = ()
    left: str = ""


def carry_out(cluster: Cluster, order: Order, reader: Reader, observe: Observer, say: Callable[[str], None]) -> Outcome:
    """Write, restart, prove; on a failure put the old value back and restart what was touched."""
    located = write(cluster, order.change, timeout=order.pace.timeout)
    if order.change.changes_text:
        say("written")
    rolled = roll(cluster, located, order.targets, order.version, order.pace, reader, order.total, observe)
    nodes = (*rolled.nodes, *order.skipped)
    if rolled.interrupted:
        return Outcome("interrupted", nodes)
    if rolled.held:
        return Outcome("held" if all(entry.outcome == "held" for entry in nodes) else "partial", nodes)
    if not order.rollback or not order.change.changes_text:
        return Outcome("stopped", nodes)
    return _take_back(cluster, order, located, rolled, nodes, reader, observe, say)


def _take_back(
    cluster: Cluster,
    order: Order,
    located: Located,
    rolled: Rolled,
    nodes: Sequence[NodeOutcome],
    reader: Reader,
    observe: Observer,
    say: Callable[[str], None],
) -> Outcome:
    """Write the old text and the old record back, restart the nodes that were touched, and prove them."""
    touched = [entry.node for entry in rolled.nodes if entry.touched]
    say(f"rolling back: the old value is written again, {len(touched)} nodes are restarted")
    old = order.change.located
    before = old.config_map.annotations if old.config_map else {}
    note = None if located.changed is None else taken_back(old.text, located.changed)
    notes = {ANNOTATION: before.get(ANNOTATION), TAKEN_BACK: note}
    try:
        restored = put(cluster, located, old.text, notes, timeout=order.pace.timeout)
    except IpvsError as error:
        left = f"the old value could not be written back: {error}"
        return Outcome("rollback-failed", nodes, left=f"{left}; {_by_hand(order, touched)}")
    try:
        back = _restart(cluster, restored, touched, order, replace(reader, exclude=tuple(restored.excluded)), observe)
    except IpvsError as error:
        left = f"the old value is back, but its restart failed: {error}"
        return Outcome("rollback-failed", nodes, left=f"{left}; run `kubectl ipvs restart --stale`")
    bad = [entry.node for entry in back.nodes if entry.outcome != "held"]
    if bad or back.interrupted:
        left = f"the old value is back in the configuration, but {', '.join(bad)} does not hold it"
        return Outcome(
            "rollback-failed", nodes, back.nodes, f"{left}; mend it, then run `kubectl ipvs restart --stale`"
        )
    return Outcome("rolled-back", nodes, back.nodes)


def _restart(
    cluster: Cluster, located: Located, names: Sequence[str], order: Order, reader: Reader, observe: Observer
) -> Rolled:
    if not names:
        return Rolled(())
    chosen = select(cluster, located, names)
    targets = [Target(place, place.pod) for place in chosen.places]
    pace = replace(order.pace, canary="none", strategy="delete", persevere=True)
    rolled = roll(cluster, located, targets, chosen.version, pace, reader, order.total, observe)
    return Rolled((*rolled.nodes, *chosen.skipped), rolled.interrupted)


def _by_hand(order: Order, touched: Sequence[str]) -> str:
    """Say how to finish a rollback by hand."""
    old = ", ".join(f"{name} was {entry['from']!r}" for name, entry in order.change.fields.items())
    nodes = ", ".join(touched) or "none"
    return f"by hand: {old}; then restart kube-proxy on the nodes that were touched: {nodes}"
