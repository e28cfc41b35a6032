"""Nothing here runs without a real cluster: see plugin.py."""

import json
from collections.abc import Iterator

import pytest

from tests.clusters import Cluster, Machines
from tests.real.front import SERVICE, Front
from tests.real.plugin import BELOW

PLUGIN = "tests.real.plugin"
FOLLOWS = "for i in $(seq 300); do ipvsadm -Ln | grep -q 10.250.0.3: && exit 0; sleep 1; done; exit 1"


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave these tests out of `make test`."""
    return None if config.pluginmanager.has_plugin(PLUGIN) else True


@pytest.fixture
def cluster(real: Cluster) -> Cluster:
    """Return the real cluster."""
    return real


@pytest.fixture(scope="session")
def front(real: Cluster, machines_if_any: Machines | None) -> Iterator[Front]:
    """Return the clients of every node, or skip."""
    if machines_if_any is None:
        pytest.skip(BELOW)
    machines = machines_if_any
    real.kubectl("apply", "-f", "-", text=json.dumps(SERVICE))
    made = Front(machines, sorted(real.pods))
    for node in made.nodes:
        machines.sh(node, "traffic setup")
        machines.sh(node, FOLLOWS)
    yield made
    real.kubectl("delete", "service,endpoints", "traffic", "--ignore-not-found")
