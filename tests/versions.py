"""For which releases of Kubernetes a test holds: `since("1.27", why)`, `until("1.26", why)`, both ends included.

What changed at which release is in kube-proxy's own history; the sentence `why` says it, and is the reason of the skip.
`differs` marks what holds for every release but depends on it in the programs: it runs on the oldest one as well.
"""

from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from kubectl_ipvs.proxy.release import parse_version

LIST = Path(__file__).parent / "real/cluster/kubernetes/versions"
VERSIONS = [line.split()[0] for line in LIST.read_text().splitlines() if line[:1].isdigit()]  # the newest first
Release = tuple[int, int]


class Released(Protocol):
    """A cluster that knows its release."""

    @property
    def release(self) -> Release:
        """The API server's: (1, 37)."""


T = TypeVar("T", bound=Released)
since = pytest.mark.since
until = pytest.mark.until
differs = pytest.mark.differs


def release_of(version: str) -> Release:
    """Return (1, 37) of `1.37.2`; no version at all is an error of the test."""
    found = parse_version(version)
    assert found, f"no version: {version}"
    return found


def held_back(item: pytest.Item, release: Release) -> str:
    """Say why a test does not hold for this release; "" where it does."""
    for mark in item.iter_markers("since"):
        if release < release_of(mark.args[0]):
            return f"since {mark.args[0]}: {mark.args[1]}"
    for mark in item.iter_markers("until"):
        if release > release_of(mark.args[0]):
            return f"until {mark.args[0]}: {mark.args[1]}"
    return ""


def holding(request: pytest.FixtureRequest, cluster: T) -> T:
    """Return the cluster, or skip where the test does not hold for its release."""
    item = request.node
    bound = item.get_closest_marker("since") or item.get_closest_marker("until")
    if bound and (why := held_back(item, cluster.release)):
        pytest.skip(why)
    return cluster
