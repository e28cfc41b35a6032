"""Feature gates that kube-proxy exits on: one that a release does not know, one that is locked.

Seen on kube-proxy itself (tests/real/judge.py).
"""

from collections.abc import Iterator, Mapping

from kubectl_ipvs.proxy.checks.lifecycle import IPVS_GATE, NFTABLES_GATE
from kubectl_ipvs.proxy.config.document import shown
from kubectl_ipvs.proxy.leaving.schedule import GATE_GONE, GATED, NFTABLES
from kubectl_ipvs.proxy.release import parse_version

SINCE: Mapping[str, tuple[int, int]] = {IPVS_GATE: GATED, NFTABLES_GATE: NFTABLES}
GONE: Mapping[str, tuple[int, int]] = {IPVS_GATE: GATE_GONE}  # KEP-5495
LOCKED: Mapping[str, tuple[int, int]] = {NFTABLES_GATE: (1, 34)}  # stable in 1.33, which was not asked
_GROUPS = frozenset({"AllAlpha", "AllBeta"})


def refused_gates(version: str, gates: Mapping[str, bool]) -> Iterator[str]:
    """Yield a sentence for each gate that this kube-proxy is known to exit on; none for an unknown version."""
    number = parse_version(version)
    if number is None:
        return
    for name, on in gates.items():
        if name in SINCE and number < SINCE[name]:
            since = ".".join(map(str, SINCE[name]))
            yield f"kube-proxy {version} does not know the feature gate {name} (since {since})"
        elif name in GONE and number >= GONE[name]:
            gone = ".".join(map(str, GONE[name]))
            yield f"kube-proxy {version} does not know the feature gate {name} any more (gone with {gone})"
        elif name in LOCKED and number >= LOCKED[name] and not on:
            yield f"kube-proxy {version} has the feature gate {name} locked to true"


def unjudged_gates(gates: Mapping[str, bool]) -> list[str]:
    """Return the gates of which it is not known here whether a kube-proxy takes them.

    A group that is switched off is harmless; one that is switched on may need gates that stay off.
    """
    return [shown(name) for name, on in gates.items() if name not in SINCE and not (name in _GROUPS and not on)]
