"""Deadlines: what is late is called, in order, and nothing that was dropped."""

import time
from functools import partial
from queue import Queue

from kubectl_ipvs.cluster.wire.deadlines import SPARE, Deadlines


def test_the_earliest_is_called_first_whenever_it_was_added() -> None:
    """The heap's head may change while the thread sleeps."""
    deadlines, called = Deadlines(), Queue[str]()
    now = time.monotonic()
    deadlines.add(now + 0.3, partial(called.put, "late"))
    deadlines.add(now + 0.1, partial(called.put, "early"))
    assert [called.get(timeout=5), called.get(timeout=5)] == ["early", "late"]
    assert time.monotonic() >= now + 0.3


def test_what_is_dropped_is_not_called() -> None:
    """A channel that came about in time is never cut."""
    deadlines, called = Deadlines(), Queue[str]()
    now = time.monotonic()
    deadlines.drop(deadlines.add(now + 0.05, partial(called.put, "dropped")))
    deadlines.add(now + 0.1, partial(called.put, "kept"))
    assert called.get(timeout=5) == "kept"


def test_a_deadline_that_is_over_is_called_at_once() -> None:
    """No time is left: the thread must not sleep first."""
    deadlines, called = Deadlines(), Queue[str]()
    deadlines.add(time.monotonic() - 1, partial(called.put, "over"))
    assert called.get(timeout=5) == "over"


def test_thousands_that_are_dropped_take_no_memory_and_lose_nobody_else() -> None:
    """A watch with a long --exec-timeout leaves many behind."""
    deadlines, called = Deadlines(), Queue[str]()
    now = time.monotonic()
    deadlines.add(now + 0.5, partial(called.put, "kept"))
    for _ in range(5 * SPARE):
        deadlines.drop(deadlines.add(now + 3600, partial(called.put, "dropped")))
    assert len(deadlines._heap) <= SPARE + 2  # noqa: SLF001 - what it holds shows nowhere else
    assert called.get(timeout=5) == "kept"
