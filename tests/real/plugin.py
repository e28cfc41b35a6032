"""The plugin of pytest that brings the real cluster: `pytest -p tests.real.plugin tests/both tests/real`.

Without it nothing in tests/real is collected. KUBECONFIG_REAL names a cluster of the user's own; else the project's
own is started (`make cluster`), and left running for the next time.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import Cluster, Machines

SCRIPT = Path(__file__).parent / "cluster" / "cluster"
OWN = os.environ.get("KUBECONFIG_REAL", "")
# One node goes first, then all others together: the nodes are emulated, and a rollout is most of the time.
PACE = ("--settle", "1s", "--timeout", "180s", "--max-unavailable", "100%", "--exec-timeout", "40s")
BELOW = "KUBECONFIG_REAL is set: reaching below Kubernetes needs the project's own cluster"
FIRST_BUILD, START = 3600, 600  # seconds


# A rollout is most of the time: each test goes on from the scheduler that the one before it left.
ORDER = (
    "test_looking",  # rr
    "test_refusals",
    "test_changing",
    "test_modules",
    "test_seed",
    "test_traffic",  # lc
    "test_interrupted",  # sh, sed
    "test_stale",  # wrr
    "test_forms",  # nq
    "test_lost_node",  # rr
    "test_many_services",  # ends the project's own cluster
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in their order, and give each the time that a real cluster takes."""
    items.sort(key=lambda item: ORDER.index(item.path.stem) if item.path.stem in ORDER else 0)
    for item in items:
        item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def real(machines_if_any: Machines | None) -> Iterator[Cluster]:
    """Return the real cluster, on rr. One of the user's own is left on rr, too."""
    path = OWN or (machines_if_any.run("kubeconfig").strip() if machines_if_any else "")
    cluster = Cluster(Path(path), PACE, 600.0)
    rest(cluster)
    yield cluster
    if machines_if_any is None:
        rest(cluster)


@pytest.fixture(scope="session")
def machines_if_any() -> Machines | None:
    """Start the project's own cluster, where none of the user's own is named."""
    if OWN:
        return None
    made = Machines(SCRIPT)
    made.run("up", seconds=FIRST_BUILD + START)
    return made


@pytest.fixture
def machines(machines_if_any: Machines | None) -> Machines:
    """Return the machines below the cluster, or skip."""
    if machines_if_any is None:
        pytest.skip(BELOW)
    return machines_if_any


def rest(cluster: Cluster) -> None:
    """Bring a cluster that is not on plain rr back to it; the project's own may still be as a failed test left it."""
    text = cluster.config
    resting = set(cluster.schedulers().values()) == {"rr"} and ("scheduler: rr" in text or 'scheduler: ""' in text)
    if not resting:
        done = cluster.ipvs("set", "--scheduler", "rr", "--no-strict-arp", "--force", "-y", *cluster.pace)
        assert done.code == 0, done.err


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the cluster's logs after a failure."""
    if not OWN and any(key in terminalreporter.stats for key in ("failed", "error")):
        terminalreporter.section("logs of the real cluster")
        said = subprocess.run([str(SCRIPT), "logs"], capture_output=True, text=True, check=False, env=Machines.home())
        terminalreporter.write(said.stdout)
