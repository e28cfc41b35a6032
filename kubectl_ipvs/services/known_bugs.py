"""Bugs of kube-proxy that show in a node's table, by symptom and release (facts: leaving-ipvs E7).

Where no release is named, it is not known in which one the bug ended. Rows of externalTrafficPolicy Local that are
empty on nodes without endpoints (kubernetes#75262, #93456) are what kube-proxy up to 1.23 means to make: no finding.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from kubectl_ipvs.services.eras import Version
from kubectl_ipvs.services.findings import Kind

# `empty`: the row has no real server at all; `outside`: it is that of a NodePort or a load balancer; `node address`:
# of an external IP that is the node's; `reused`: a draining real server has more connections than before.
Symptom: TypeAlias = Literal["empty", "outside", "node address", "reused"]


class Bug(NamedTuple):
    """One bug: the kinds of finding that it shows as, and the releases that have it, `before` not included."""

    issues: tuple[str, ...]
    kinds: frozenset[Kind]
    symptom: Symptom | None = None
    since: Version = (0, 0, 0)
    before: Version | None = None

    def has(self, version: Version | None) -> bool:
        """Tell whether a release may have it; one that is not known may."""
        return version is None or (self.since <= version and (self.before is None or version < self.before))


def _issues(*numbers: int) -> tuple[str, ...]:
    return tuple(f"kubernetes/kubernetes#{number}" for number in numbers)


_LEFT: Final[frozenset[Kind]] = frozenset({"stale-virtual-server", "extra-real-server", "stuck"})
_MISSING: Final[frozenset[Kind]] = frozenset({"missing-virtual-server"})

BUGS: Final = (
    Bug(_issues(92019, 108319, 99162), frozenset({"weight-zero"}), before=(1, 26, 0)),
    Bug(_issues(134147), _LEFT, since=(1, 34, 0), before=(1, 34, 4)),  # resync once an hour
    Bug(_issues(134147), _LEFT, since=(1, 35, 0), before=(1, 35, 1)),
    Bug(_issues(78421, 80403, 89141), frozenset({"stale-virtual-server"})),
    Bug(_issues(97586, 77903, 105505, 89392, 90435), frozenset({"extra-real-server"})),
    Bug(_issues(70493), frozenset({"missing-real-server"}), symptom="empty"),
    Bug(_issues(71071), _MISSING | _LEFT, before=(1, 13, 0)),
    Bug(_issues(92033), _MISSING, before=(1, 20, 0)),
    Bug(_issues(114815), _MISSING, symptom="outside", before=(1, 27, 0)),
    Bug(("siderolabs/talos#8332", *_issues(59656)), _MISSING, symptom="node address"),
    Bug(_issues(89358), frozenset({"wrong-persistence"})),
    Bug(_issues(81775), frozenset({"draining"}), symptom="reused"),
)


def issues_of(kind: Kind, version: Version | None, symptoms: Iterable[Symptom] = ()) -> tuple[str, ...]:
    """Return the issues that a finding looks like, each once; for an unknown version those of every release."""
    shown = frozenset(symptoms)
    found = (
        issue
        for bug in BUGS
        if kind in bug.kinds and bug.has(version) and (bug.symptom is None or bug.symptom in shown)
        for issue in bug.issues
    )
    return tuple(dict.fromkeys(found))
