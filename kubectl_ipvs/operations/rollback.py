"""Takes a change back that did not hold.

The old text and the old record are written again, and every node whose kube-proxy may have read the new text is
restarted and proved. What cannot be done is said, with how to finish by hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.change import Change, put
from kubectl_ipvs.operations.interrupts import Interrupts
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.operations.noderun import NodeOutcome, NodeRun, Rolled, Target
from kubectl_ipvs.operations.patience import patiently
from kubectl_ipvs.operations.restart import Pace, roll, select
from kubectl_ipvs.operations.status import Place, started
from kubectl_ipvs.operations.tables import Reader
from kubectl_ipvs.proxy.config.last_change import ANNOTATION, ROLLED_BACK, rolled_back

STALE = "`kubectl ipvs restart --stale`"


class Back(NamedTuple):
    """What is to be taken back: the change as `located` has it, the nodes it touched, and those it was about."""

    change: Change
    located: Located
    touched: Sequence[str]
    targets: Sequence[str]
    total: int
    pace: Pace
    interrupts: Interrupts


class TakenBack(NamedTuple):
    """How the nodes came back, and what is `left` to be done by hand: "" where nothing is."""

    nodes: Sequence[NodeOutcome] = ()
    left: str = ""


def take_back(cluster: Cluster, back: Back, reader: Reader, observe: Callable[[NodeRun], None]) -> TakenBack:
    """Write the old text and the old record back, restart the nodes that may have read the new, and prove them."""
    try:
        restored = _write(cluster, back)
    except IpvsError as error:
        return TakenBack(left=f"the old value could not be written back: {error}; {_by_hand(back)}")
    except KeyboardInterrupt:
        return TakenBack(left=f"interrupted while the old value was written back; {_by_hand(back)}")
    try:
        rolled = _restart(cluster, restored, back, reader, observe)
    except IpvsError as error:
        return TakenBack(left=f"the old value is back, but the restart failed: {error}; run {STALE}")
    except KeyboardInterrupt:
        return TakenBack(left=f"the old value is back, but the restart was interrupted; run {STALE}")
    bad = ", ".join(entry.node for entry in rolled.nodes if entry.outcome != "held")
    if not bad:
        return TakenBack(rolled.nodes)
    why = "interrupted, and not proved on" if rolled.interrupted else "not proved on"
    left = f"the old value is back in the configuration, but {why} {bad}; mend that, then run {STALE}"
    return TakenBack(rolled.nodes, left)


def _write(cluster: Cluster, back: Back) -> Located:
    old = back.change.located
    before = old.config_map.annotations if old.config_map else {}
    note = None if back.located.changed is None else rolled_back(old.text, back.located.changed, old.changed)
    notes = {ANNOTATION: before.get(ANNOTATION), ROLLED_BACK: note}
    gives_up = _gives_up(back)
    return put(cluster, back.located, old.text, notes, timeout=back.pace.timeout, gives_up=gives_up)


def _restart(
    cluster: Cluster, restored: Located, back: Back, reader: Reader, observe: Callable[[NodeRun], None]
) -> Rolled:
    chosen = patiently(lambda: select(cluster, restored, ()), back.pace.timeout, _gives_up(back))
    since = back.located.changed
    meant = {place.name for place in chosen.everyone if _may_have_read(place, back, since)}
    targets = [Target(place, place.pod) for place in chosen.places if place.name in meant]
    skipped = tuple(entry for entry in chosen.skipped if entry.node in meant)
    if not targets:
        return Rolled(skipped)
    pace = back.pace._replace(canary="none", strategy="delete", persevere=True)
    reader = replace(reader, exclude=tuple(restored.excluded))
    rolled = roll(cluster, restored, targets, chosen.version, pace, reader, back.total, observe, back.interrupts)
    return Rolled((*rolled.nodes, *skipped), rolled.interrupted)


def _may_have_read(place: Place, back: Back, since: float | None) -> bool:
    """Tell whether a node's kube-proxy may run with the new text: we touched it, or it started since for any reason."""
    if place.name in back.touched:
        return True
    pod = place.pod
    if place.name not in back.targets:
        return False
    if pod is None or pod.terminating:
        return back.pace.strategy == "rollout"  # the DaemonSet goes on with what we asked of it
    return since is not None and started(pod) >= since


def _gives_up(back: Back) -> Callable[[], bool]:
    return lambda: back.interrupts.count > 0


def _by_hand(back: Back) -> str:
    """Say how to finish a rollback by hand."""
    was = ", ".join(f"{name} {_was(entry['from'])}" for name, entry in back.change.fields.items())
    nodes = ", ".join(back.touched) or "none"
    return f"by hand: {was}; then restart kube-proxy on the nodes that were touched: {nodes}"


def _was(value: object) -> str:
    return "was not set" if value is None else f"was {value!r}"
