"""The same faults as in the cases, where they come while a change is under way."""

from collections.abc import Iterator

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.field.harness import BRISK, RunCase, restarted, schedulers
from tests.harness import QUICK


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """Start the built-in cluster of three nodes."""
    with Sandbox(**QUICK, nodes=3) as made:
        yield made


@pytest.mark.whole
@pytest.mark.parametrize("kind", ["fallback", "no-real-servers"])
def test_a_table_that_is_worse_after_a_restart(kind: str, box: Sandbox, run: RunCase) -> None:
    """A node whose table is empty, or without real servers, after its restart is not verified: all is rolled back."""
    before = box.config
    for node in box.nodes:
        box.fault(node, kind)

    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)

    assert (change.code, box.config) == (1, before), change.said
    assert len(restarted(box)) == 1, "one node first, and no further one"


def test_somebody_puts_the_old_text_back(box: Sandbox, run: RunCase) -> None:
    """A text that is reverted during the run is said with exit 4 or 3: it is no change that lasts."""
    box.fault("cluster", "revert=0.1")

    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)

    assert change.code in (3, 4), change.said


def test_a_webhook_that_changes_the_write(box: Sandbox, run: RunCase) -> None:
    """A text that the server stores otherwise than asked for is refused: nothing is restarted into it."""
    before = box.config.replace('scheduler: ""', "scheduler: rr")
    box.fault("cluster", "webhook")

    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)

    assert (change.code in (1, 4), restarted(box)) == (True, set()), change.said
    assert box.config.replace('scheduler: ""', "scheduler: rr") == before


def test_a_node_that_joins_meanwhile(box: Sandbox, run: RunCase) -> None:
    """A node that joins after the write is looked at in the end: it has the new scheduler."""

    def join(_: object) -> None:
        if "late" not in box.nodes:
            box.add_node("late")

    box.on_write(join)

    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)

    assert (change.code, schedulers(box)) == (0, {"lc"}), change.said


@pytest.mark.whole
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["bare", "seconds"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(status: int, headers: dict[str, str], box: Sandbox, run: RunCase) -> None:
    """An answer that says "later" to the write ends no change."""
    box.api_fault("patch", "configmaps", status, headers)

    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)

    assert (change.code, schedulers(box)) == (0, {"lc"}), change.said


def test_a_clock_that_is_ahead(box: Sandbox, run: RunCase) -> None:
    """A node's clock decides nothing: a pod that began before the write by the server's clock is not up to date."""
    for node in box.nodes:
        box.fault(node, "skew=3600")
    assert run(box, "restart", "-y", *BRISK).code == 0
    box.set_config(box.config.replace('scheduler: ""', "scheduler: lc"))

    assert run(box, "status", "--check").code == 5
