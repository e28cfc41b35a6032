"""The fixtures of the sandbox tests: `sandbox` starts a simulated cluster, `ipvs` is the real entry point.

What stands here belongs to `make test-faults`: most of it waits for long.
"""

from pathlib import Path

import pytest

from tests.sandbox.conftest import ipvs, sandbox

__all__ = ["ipvs", "sandbox"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.whole)
