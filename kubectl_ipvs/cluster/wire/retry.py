"""One rule for what is tried again, and when: used by REST, by exec, and by whoever has a deadline of his own.

Nothing is tried again without a pause. Pauses grow; where the server names one (Retry-After), that one is kept to.
"""

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TypeVar

from kubectl_ipvs.cluster.wire.limit import within
from kubectl_ipvs.errors import ApiError, ConnectionFailed

FIRST_WAIT, LONGEST_WAIT = 0.2, 3.0  # seconds of a pause that we choose
LONGEST_ASKED = 30.0  # seconds of a pause because a server asked for it
LOOK = 0.1  # seconds between two looks at whether to give up
TRANSIENT = frozenset({429, 500, 502, 503, 504})

Result = TypeVar("Result")
GivesUp = Callable[[], bool]


def never() -> bool:
    """Do not give up before the time is over."""
    return False


def is_transient(error: Exception) -> bool:
    """Tell whether the server was away, busy or not well: the same call may succeed later."""
    return isinstance(error, ConnectionFailed) or (isinstance(error, ApiError) and error.status in TRANSIENT)


def retry_after(headers: Mapping[str, str], clock: Callable[[], float] = time.time) -> float:
    """Return how many seconds the server asks to wait, at most half a minute; 0 where it does not ask.

    A date is measured against the server's own Date header; against our clock where there is none.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value), LONGEST_ASKED)
    until = _seconds(value)
    if until is None:
        return 0.0
    now = _seconds(headers.get("date", ""))
    return max(0.0, min(until - (clock() if now is None else now), LONGEST_ASKED))


def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


class Pauses:
    """The pauses between attempts, until a deadline by time.monotonic()."""

    def __init__(self, deadline: float) -> None:
        self._deadline, self._next = deadline, FIRST_WAIT

    def after(self, error: Exception) -> float | None:
        """Return how long to wait after a failure; None where the deadline comes before the next attempt."""
        asked = min(error.retry_after, LONGEST_ASKED) if isinstance(error, ApiError) else 0.0
        wait, self._next = max(self._next, asked), min(self._next * 2, LONGEST_WAIT)
        return wait if time.monotonic() + wait < self._deadline else None


def pauses(deadline: float) -> Pauses:
    """Begin a row of growing pauses that ends at `deadline` (time.monotonic())."""
    return Pauses(deadline)


def retrying(call: Callable[[], Result], timeout: float, gives_up: GivesUp = never) -> Result:
    """Call until it is answered, for `timeout` seconds at most or until `gives_up`; the last failure is raised.

    Each call is given the time that is left. A timeout of 0 is one call, with the usual limits.
    """
    deadline = time.monotonic() + timeout
    waits = pauses(deadline)
    while True:
        try:
            with within(deadline if timeout > 0 else None):
                return call()
        except (ConnectionFailed, ApiError) as error:
            wait = waits.after(error) if is_transient(error) and not gives_up() else None
            if wait is None:
                raise
            failed: Exception = error
        if not _waited(wait, gives_up):
            raise failed


def _waited(seconds: float, gives_up: GivesUp) -> bool:
    """Wait; False where it was given up meanwhile."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if gives_up():
            return False
        time.sleep(min(left, LOOK))
    return True
