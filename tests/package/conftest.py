"""Tests of what users install: they run when this folder is named (`make test-package`), after `make dist`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import QUICK, MakeSandbox
from tests.package.installations import Installation, archive, wheel
from tests.package.machine import DIST

Install = Callable[[str], Installation]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Stay out of `make test`: what is built and installed here takes minutes, and the network the first time."""
    named = any("tests/package" in argument for argument in config.args)
    return None if named or collection_path.name == "conftest.py" else True


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Install once in each way that is asked for: `krew 3.10`, `wheel 3.13 newest` ..."""
    if not list(DIST.glob("kubectl-ipvs-v*.tar.gz")):
        pytest.fail("dist/ is empty: run `make dist`")
    made: dict[str, Installation] = {}

    def install(way: str) -> Installation:
        if way not in made:
            folder = tmp_path_factory.mktemp(way.replace(" ", "-"))
            made[way] = archive(folder, way) if way.startswith("krew") else wheel(folder, way)
        return made[way]

    return install


@pytest.fixture
def sandbox() -> Iterator[MakeSandbox]:
    """Start sandboxes that are quick and end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Sandbox(**{**QUICK, **options}))
