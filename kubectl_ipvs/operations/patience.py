"""A call that is made again while the API server is away, with growing pauses and an end."""

import time
from collections.abc import Callable
from typing import TypeVar

from kubectl_ipvs.errors import ApiError, ConnectionFailed

FIRST_WAIT, LONGEST_WAIT = 0.2, 3.0
SERVER_TROUBLE = 500

Result = TypeVar("Result")
GivesUp = Callable[[], bool]


def never() -> bool:
    """Do not give up before the time is over."""
    return False


def patiently(call: Callable[[], Result], timeout: float, gives_up: GivesUp = never) -> Result:
    """Call until it is answered, for `timeout` seconds at most or until `gives_up`; the last failure is raised."""
    deadline, wait = time.monotonic() + timeout, FIRST_WAIT
    while True:
        try:
            return call()
        except (ConnectionFailed, ApiError) as error:
            if not is_away(error) or gives_up() or time.monotonic() + wait > deadline:
                raise
        time.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


def is_away(error: Exception) -> bool:
    """Tell whether the server was not there or not well: the same call may succeed later."""
    return isinstance(error, ConnectionFailed) or (isinstance(error, ApiError) and error.status >= SERVER_TROUBLE)
