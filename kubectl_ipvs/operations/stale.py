"""Which nodes do not follow the configuration that there is: what `set` again and `restart --stale` are about."""

import time
from collections.abc import Sequence

from kubectl_ipvs.operations.fanout import fan_out
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.operations.noderun import Target
from kubectl_ipvs.operations.restart import Selection
from kubectl_ipvs.operations.status import Place, facts
from kubectl_ipvs.operations.tables import Reader, Reading
from kubectl_ipvs.proxy.verdict import judge

YOUNG = 30.0  # seconds: a pod is ready before its table follows (up to 8 s were seen on a real cluster)


def stale_targets(located: Located, chosen: Selection, reader: Reader, concurrency: int) -> Sequence[Target]:
    """Return the nodes that are older than the configuration or whose kernel does something else, sorted by name."""
    now = time.time()

    def ask(place: Place) -> Target | None:
        return _target(place, located, reader, now)

    found = fan_out(ask, chosen.places, concurrency)
    return sorted((target for target in found if target is not None), key=lambda target: target.place.name)


def _target(place: Place, located: Located, reader: Reader, now: float) -> Target | None:
    """Decide on one node: replace its pod, only wait for a pod that is new already, or leave it alone."""
    pod = place.pod
    if pod is None:
        return Target(place, None)
    if located.older(pod.began) or pod.terminating:
        return Target(place, pod)
    if not pod.ready:
        return Target(place, pod if pod.crashed else None)
    reading = reader.read(pod) if located.mode == "ipvs" else Reading(None)
    state, _ = judge(facts(place, located, reading))
    if located.mode != "ipvs" or state == "in-sync":
        return None
    if state not in {"out-of-step", "not-ipvs"}:  # nobody could look: look again until it holds, and say if it does not
        return Target(place, None)
    certain = located.changed is None or pod.began > located.changed  # in the same second: it may have read either
    young = certain and not pod.crashed and 0 <= now - pod.began < YOUNG
    return Target(place, None if young else pod)
