"""Which nodes a change is about: all that are older than it, or, where nothing is written, those out of step."""

from collections.abc import Sequence

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.operations.change import Change
from kubectl_ipvs.operations.fanout import fan_out
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.operations.restart import Selection
from kubectl_ipvs.operations.noderun import Target
from kubectl_ipvs.operations.status import Place, facts, is_stale
from kubectl_ipvs.operations.tables import Reader, Reading
from kubectl_ipvs.proxy.state import judge


def targets_of(
    _cluster: Cluster,
    change: Change,
    chosen: Selection,
    reader: Reader,
    concurrency: int,
) -> Sequence[Target]:
    """Return the nodes to bring in step; without a new text, only those that do not follow the one there is."""
    if change.changes_text:
        return [Target(place, place.pod) for place in chosen.places]

    def ask(place: Place) -> Target | None:
        return _target(place, change.located, reader)

    found = fan_out(ask, chosen.places, concurrency)
    return sorted((target for target in found if target is not None), key=lambda target: target.place.name)


def _target(place: Place, located: Located, reader: Reader) -> Target | None:
    """Decide on one node: replace its pod, only wait for a pod that is new already, or leave it alone."""
    pod = place.pod
    if pod is None:
        return Target(place, None)
    if is_stale(pod, located.changed) or pod.terminating:
        return Target(place, pod)
    if not pod.ready:
        return Target(place, pod if pod.crashed else None)
    reading = reader.read(pod) if located.mode == "ipvs" else Reading(None)
    state, _ = judge(facts(place, located, reading))
    return Target(place, pod) if state in {"out-of-step", "not-ipvs"} and located.mode == "ipvs" else None
