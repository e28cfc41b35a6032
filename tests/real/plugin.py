"""The plugin of pytest that brings the real cluster: `pytest -p tests.real.plugin tests/both tests/real`.

Without it nothing in tests/real is collected. KUBECONFIG_REAL names a cluster of the user's own; else the project's
own is started, and stopped at the end (CLUSTER_KEEP=1: left as it is, to look into it). A cluster that earlier tests
used is never used again: what a test that failed left in it would fail others. Tests that cannot run are skipped with
their reason, and counted.
"""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.clusters import Cluster, Machines

SCRIPT = Path(__file__).parent / "cluster" / "cluster"
OWN = os.environ.get("KUBECONFIG_REAL", "")
# One node goes first, then all others together: the nodes are emulated, and a rollout is most of the time.
PACE = ("--settle", "1s", "--timeout", "300s", "--max-unavailable", "100%", "--exec-timeout", "60s")
BELOW = "KUBECONFIG_REAL is set: reaching below Kubernetes needs the project's own cluster"
FIRST_BUILD, START = 5400, 2400  # seconds, on a machine that is several times slower than ours
TEST, COMMAND = 2400, 1500.0  # seconds: what hangs ends, what is slow goes on

# A rollout is most of the time: each test goes on from the scheduler that the one before it left.
ORDER = (
    "test_looking",  # rr
    "test_tables",
    "test_top",
    "test_leaving",
    "test_verify",
    "test_outputs",
    "test_connecting",
    "test_refusals",
    "test_rbac",
    "test_together",
    "test_changing",
    "test_modules",
    "test_seed",
    "test_nftables",
    "test_traffic",  # lc
    "test_interrupted",  # sh, sed
    "test_forms",  # nq, with what the next two take away again: dual stack, strictARP
    "test_stale",  # wrr
    "test_images",
    "test_reading",
    "test_second_daemon_set",  # wrr
    "test_others_at_work",  # rr, lc
    "test_lost_node",  # rr; what a node has after a reboot are the modules of rr, wrr and sh
    "test_many_services",  # the cluster is of no use after it
)
MEASURED = pytest.StashKey[list[str]]()
STARTED = pytest.StashKey[IO[str]]()  # the lock; held until the cluster is down again


def pytest_configure(config: pytest.Config) -> None:
    """Begin the list of what tests measure."""
    config.stash[MEASURED] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in their order; a test has much time, the start of the cluster is bounded by itself."""
    items.sort(key=lambda item: ORDER.index(item.path.stem) if item.path.stem in ORDER else len(ORDER))
    for item in items:
        item.add_marker(pytest.mark.timeout(TEST, func_only=True))


@pytest.fixture(scope="session")
def real(machines_if_any: Machines | None) -> Iterator[Cluster]:
    """Return the real cluster, on rr. One of the user's own is left on rr, too."""
    path = OWN or (machines_if_any.run("kubeconfig").strip() if machines_if_any else "")
    below = machines_if_any
    tables = (lambda node: below.sh(node, "cat /proc/net/ip_vs")) if below else None  # an exec costs the node more
    cluster = Cluster(Path(path), PACE, COMMAND, tables, foreign=bool(OWN))
    rest(cluster)
    yield cluster
    if machines_if_any is None:
        rest(cluster)


@pytest.fixture(scope="session")
def machines_if_any(request: pytest.FixtureRequest) -> Machines | None:
    """Start the project's own cluster, where none of the user's own is named; one run of the tests at a time."""
    if OWN:
        return None
    cannot = subprocess.run([str(SCRIPT), "able"], capture_output=True, text=True, check=False, env=Machines.home())
    if cannot.returncode:
        pytest.skip(f"the project's own cluster cannot run on this machine: {(cannot.stdout or cannot.stderr).strip()}")
    machines = Machines(SCRIPT)
    folder = Path(machines.run("kubeconfig").strip()).parent / "run"
    lock = request.config.stash[STARTED] = (folder / "tests.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # another checkout's tests come first
    used = folder / "used"  # `cluster down` removes it
    if used.exists():
        machines.run("down")
    machines.run("up", seconds=FIRST_BUILD + START)
    used.touch()
    return machines


@pytest.fixture
def machines(machines_if_any: Machines | None) -> Machines:
    """Return the machines below the cluster, or skip."""
    if machines_if_any is None:
        pytest.skip(BELOW)
    return machines_if_any


@pytest.fixture(scope="session")
def measured(request: pytest.FixtureRequest) -> list[str]:
    """Return the list of sentences that are printed at the end, whatever pytest captures."""
    return request.config.stash[MEASURED]


def rest(cluster: Cluster) -> None:
    """Bring a cluster that is not on plain rr back to it."""
    text = cluster.config
    resting = set(cluster.schedulers().values()) == {"rr"} and ("scheduler: rr" in text or 'scheduler: ""' in text)
    if not resting:
        done = cluster.ipvs("set", "--scheduler", "rr", "--no-strict-arp", "--force", "-y", *cluster.at_once)
        assert done.code == 0, done.err


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured, each skip's reason, and after a failure the state of the cluster and its logs."""
    for sentence in config.stash[MEASURED]:
        terminalreporter.write_line(f"measured: {sentence}")
    if not OWN and any(key in terminalreporter.stats for key in ("failed", "error")):
        terminalreporter.section("state and logs of the real cluster")
        for verb in ("status", "logs"):
            done = subprocess.run([str(SCRIPT), verb], capture_output=True, text=True, check=False, env=Machines.home())
            terminalreporter.write(done.stdout)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the project's own cluster, once its state has been printed."""
    lock = config.stash.get(STARTED, None)
    if lock is not None:
        with lock:
            if not os.environ.get("CLUSTER_KEEP"):
                subprocess.run([str(SCRIPT), "down"], capture_output=True, check=False, env=Machines.home())
