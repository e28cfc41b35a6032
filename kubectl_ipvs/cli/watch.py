"""Looks again and again: the way of `status --watch` and `top`."""

import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

from kubectl_ipvs.cli.console import say
from kubectl_ipvs.errors import ApiError, ConnectionFailed

T = TypeVar("T")


def watch(look: Callable[[], T], show: Callable[[T], None], pause: float) -> NoReturn:
    """Look and show until Ctrl-C; an API server that is away for a moment is said, and looked for again.

    One that was never there is an error. `pause`: seconds between two looks.
    """
    seen = False
    while True:
        try:
            found = look()
            seen = True
        except (ApiError, ConnectionFailed) as error:
            if not seen:
                raise
            say(f"{time.strftime('%H:%M:%S')} not seen: {error}; looking again in {pause:g}s")
        else:
            show(found)
        time.sleep(pause)
