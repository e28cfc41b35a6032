"""A deadline for all requests of a block in this thread, whoever makes them: lists, writes, leases."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LEAST = 1.0  # seconds that a request has, however late it begins: less would be no attempt
_DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(deadline: float | None) -> Iterator[None]:
    """End every request of the block by `deadline` (time.monotonic()), or by that of a block around it; None: none."""
    outer = _DEADLINE.get()
    chosen = min((known for known in (outer, deadline) if known is not None), default=None)
    token = _DEADLINE.set(chosen)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def deadline() -> float | None:
    """Return the deadline of this block, None for none."""
    return _DEADLINE.get()


def seconds(usual: float) -> float:
    """Return how long a request may take: `usual`, or what is left where that is less."""
    chosen = _DEADLINE.get()
    return usual if chosen is None else min(usual, max(LEAST, chosen - time.monotonic()))
