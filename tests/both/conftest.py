"""One suite, two clusters: every scenario here runs on the sandbox, and on a real cluster with `make test-real`.

The sandbox is asked to be what the project's real clusters are: the newest Kubernetes, and with `make test-faults` the
oldest, whose kube-proxy 1.20 wants a scheduler's module loaded.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubectl_ipvs.cli.main import main
from kubectl_ipvs.sandbox import Sandbox
from tests.clusters import Cluster, sandbox_cluster
from tests.harness import QUICK, Run, agreed
from tests.versions import VERSIONS, holding

REAL = "tests.real.plugin"
NEWEST, OLDEST = VERSIONS[0], VERSIONS[-1]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the programs that are started here time, on a busy machine too; a real cluster has its own measure."""
    if not config.pluginmanager.has_plugin(REAL):
        for item in items:
            if item.path.parent == Path(__file__).parent:
                item.add_marker(pytest.mark.timeout(240))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the cluster."""
    if "cluster" in metafunc.fixturenames:
        is_real = metafunc.config.pluginmanager.has_plugin(REAL)
        clusters = ["real"] if is_real else [NEWEST, pytest.param(OLDEST, marks=pytest.mark.whole)]
        metafunc.parametrize("cluster", clusters, indirect=True, scope="function")


@pytest.fixture
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    """Return a cluster of three nodes on rr."""
    if request.param == "real":
        yield holding(request, request.getfixturevalue("real"))
        return
    with Sandbox(nodes=3, version=f"v{request.param}", **QUICK) as box:
        yield holding(request, sandbox_cluster(box, tmp_path, request.getfixturevalue("entry")))


@pytest.fixture
def entry(capfd: pytest.CaptureFixture[str]) -> Callable[[tuple[str, ...], dict[str, str]], Run]:
    """Call the plugin's real entry point in this process, with more in its environment."""

    def run(words: tuple[str, ...], environment: dict[str, str]) -> Run:
        capfd.readouterr()
        with pytest.MonkeyPatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            code = main(agreed(words))
        captured = capfd.readouterr()
        return Run(int(code), captured.out, captured.err)

    return run
