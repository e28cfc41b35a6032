"""The dates of IPVS mode and of what takes its place: which release of Kubernetes brings what.

The one table of dates in the code. Sources: KEP-5495 (IPVS mode), KEP-3866 (nftables mode), KEP-5343 (the default),
as they stand since 2026-05.
"""

from typing import NamedTuple

from kubectl_ipvs.proxy.release import parse_version

Release = tuple[int, int]


class Date(NamedTuple):
    """What a release of Kubernetes brings; `source` is the document that says so."""

    release: Release
    what: str
    source: str

    @property
    def version(self) -> str:
        """The release as it is written: `1.40`."""
        return f"{self.release[0]}.{self.release[1]}"


NFTABLES, NFTABLES_BETA, NFTABLES_STABLE = (1, 29), (1, 31), (1, 33)
DEPRECATED, GATED, OFF, REMOVED, GATE_GONE = (1, 35), (1, 37), (1, 40), (1, 43), (1, 46)
SCHEDULE = (
    Date(NFTABLES, "nftables mode comes, behind the feature gate NFTablesProxyMode", "KEP-3866"),
    Date(NFTABLES_BETA, "nftables mode works without a feature gate (beta)", "KEP-3866"),
    Date(NFTABLES_STABLE, "nftables mode is stable", "KEP-3866"),
    Date(DEPRECATED, "IPVS mode is deprecated", "KEP-5495"),
    Date(GATED, "IPVS mode is behind the feature gate KubeProxyIPVS, which is on", "KEP-5495"),
    Date(OFF, "IPVS mode is off by default", "KEP-5495"),
    Date(OFF, "a configuration without a mode means nftables", "KEP-5343"),
    Date(REMOVED, "IPVS mode is removed", "KEP-5495"),
    Date(GATE_GONE, "the feature gate KubeProxyIPVS is removed: naming it is an error", "KEP-5495"),
)


def ahead(version: str) -> tuple[Date, ...]:
    """Return what is still to come for a cluster of this version; everything where the version is not known."""
    number = parse_version(version)
    return tuple(date for date in SCHEDULE if number is None or date.release > number)


def off_in(version: str) -> str:
    """Return the release that switches IPVS mode off by default, "" for a cluster that has passed it."""
    number = parse_version(version)
    return "" if number is not None and number >= OFF else f"{OFF[0]}.{OFF[1]}"
