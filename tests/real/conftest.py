"""Nothing here runs without a real cluster: see plugin.py."""

from collections.abc import Iterator

import pytest

from tests.clusters import Cluster, Machines
from tests.real.front import Front
from tests.real.plugin import BELOW
from tests.versions import holding

PLUGIN = "tests.real.plugin"
# every pod of the Service is in the node's table
FOLLOWS = (
    "for i in $(seq 300); do [ $(ipvsadm -Ln -t 10.96.70.70:7000 2>/dev/null | grep -c -- '->.*:7000') = 3 ] && exit 0;"
    " sleep 1; done; exit 1"
)


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave these tests out of `make test`."""
    return None if config.pluginmanager.has_plugin(PLUGIN) else True


@pytest.fixture
def cluster(request: pytest.FixtureRequest, real: Cluster) -> Cluster:
    """Return the real cluster, or skip where the test does not hold for its release."""
    return holding(request, real)


@pytest.fixture(scope="session")
def front(real: Cluster, machines_if_any: Machines | None) -> Iterator[Front]:
    """Return the clients in pods, on nodes and outside, or skip."""
    if machines_if_any is None:
        pytest.skip(BELOW)
    machines = machines_if_any
    machines.run("traffic", "up")
    made = Front(real, machines, sorted(real.pods), dual=real.release >= (1, 21))
    for node in made.nodes:
        machines.sh(node, FOLLOWS)
    yield made
    machines.run("traffic", "down")
