"""Which release of kube-proxy knows which key of its configuration, for the keys that not every release knows.

1.20, 1.34, 1.36 and 1.37 were asked (tests/real/judge.py). Where a key came between two releases that were asked,
nothing is said of those between.
"""

from collections.abc import Mapping

Release = tuple[int, int]

JUDGED = (1, 37)  # the newest release that was asked
OLD, NEW = (1, 20), (1, 34)  # what differs between these two came somewhere between
_CAME = frozenset(
    {
        "conntrack.tcpBeLiberal",
        "conntrack.udpStreamTimeout",
        "conntrack.udpTimeout",
        "detectLocal",
        "iptables.localhostNodePorts",
        "logging",
        "nftables",
        "windowsRunAsService",
        "winkernel.forwardHealthCheckVip",
        "winkernel.rootHnsEndpointName",
    }
)
_WENT: Mapping[str, Release] = {
    "conntrack.max": (1, 12),
    "resourceContainer": (1, 17),
    "udpIdleTimeout": (1, 25),  # of the userspace mode
}


def knows(release: Release | None, path: str) -> bool | None:
    """Tell whether a release knows the key at a path (`conntrack.min`), None where nobody can tell."""
    if path not in _CAME and path not in _WENT:
        return True
    if release is None:
        return None
    if path in _WENT:
        return release <= _WENT[path]
    return True if release >= NEW else False if release <= OLD else None
