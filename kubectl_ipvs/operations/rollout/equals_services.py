"""`--verify`: a restarted node is done when its whole table is what kube-proxy makes of Services."""

import threading
import time

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.listed_services import list_services
from kubectl_ipvs.operations.look import Looker
from kubectl_ipvs.operations.rollout.node import Target
from kubectl_ipvs.operations.rollout.proof import Finding, Proof
from kubectl_ipvs.operations.verify.look import NodeLook, Verifier
from kubectl_ipvs.services.expected import Expectations

FRESH = 5.0  # seconds that a list of Services serves the nodes which are looked at together


class EqualsServices:
    """Looks as `first` does, and then at every row; a difference may be one that kube-proxy has yet to mend."""

    def __init__(self, cluster: Cluster, looker: Looker, first: Proof) -> None:
        self._cluster, self._looker, self._first = cluster, looker, first
        self._lock = threading.Lock()
        self._listed = 0.0
        self._expectations: Expectations | None = None

    @property
    def looks_at(self) -> str:
        """What is looked at, in words."""
        return "the kernel's whole table"

    def look(self, target: Target, pod: Pod) -> Finding:
        """Look once; a kernel that cannot be seen leaves undone what was asked for."""
        found = self._first.look(target, pod)
        if found.kind == "unseen":
            return found._replace(short=True)
        if found.kind != "verified":
            return found
        try:
            verifier = Verifier(self._looker, self._current())
        except IpvsError as error:
            return Finding("not-yet", f"Services and EndpointSlices cannot be listed: {error}")
        seen = verifier.look(target.node._replace(pod=pod))
        if not seen.judged:
            return Finding("not-yet", seen.reason or seen.state)
        return _judged(seen)

    def _current(self) -> Expectations:
        """Return the expected tables by a list that is new enough."""
        with self._lock:
            if self._expectations is None or time.monotonic() - self._listed > FRESH:
                self._listed = time.monotonic()
                self._expectations = Expectations(*list_services(self._cluster).both())
            return self._expectations


def _judged(seen: NodeLook) -> Finding:
    differences = [each for each in seen.findings if each.is_difference]
    if not differences:
        return Finding("verified", f"all {seen.rows} virtual servers are as Services ask for")
    first = differences[0]
    where = f"{first.kind} {first.protocol} {first.address} port {first.port}"
    more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
    return Finding("not-yet", f"its table is not what Services ask for: {where}{more}")
