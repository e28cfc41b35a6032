"""Faults are tested as commands are: a sandbox, and the real entry point called in this process.

They are `make test-faults`; `make test` runs a few cells of the matrix and the small state machine.
"""

from pathlib import Path

import pytest

from tests.sandbox.conftest import ipvs, sandbox

__all__ = ["ipvs", "sandbox"]
QUICK = ("test_matrix", "test_state_machine", "test_versions")  # these files choose for themselves


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem not in QUICK:
            item.add_marker(pytest.mark.whole)
