"""Any sequence of set, undo, restart, foreign edits, faults: nothing is lost, no node is out of step without a word."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.machine import Cluster
from tests.harness import Ipvs

SIZES = {"small": (2, 8), "large": (15, 15)}  # sequences, steps of each


@pytest.mark.parametrize("size", ["small", pytest.param("large", marks=[pytest.mark.whole, pytest.mark.timeout(1200)])])
def test_any_sequence(size: str, ipvs: Ipvs) -> None:
    """The configuration is always a text that somebody asked for; no node is out of step without a word."""
    examples, steps = SIZES[size]
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=[*HealthCheck]
    )

    class Here(Cluster):
        def __init__(self) -> None:
            super().__init__(ipvs)

    run_state_machine_as_test(Here, settings=chosen)
