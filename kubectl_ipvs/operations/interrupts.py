"""Ctrl-C and SIGTERM while a change is under way: the first starts nothing new, the second lets go at once.

A terminal that is lost (SIGHUP: an ssh connection that breaks) is no wish to stop: half a change, with nobody there to
be told, is worse than the whole one that was asked for and is proved, or taken back, on the way.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

WORDS = (
    "interrupted: the nodes in flight are seen through, no other is begun; once more (Ctrl-C) stops at once",
    "interrupted again: stopped",
)
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """How often the user has asked for the end; safe to call in a signal handler."""

    def __init__(self, say: Callable[[str], None] = lambda _: None) -> None:
        self.count = 0
        self._say = say
        self._listener: Callable[[], None] | None = None

    def __call__(self) -> None:
        """Take note; a second one raises KeyboardInterrupt where nobody listens."""
        self.count += 1
        if self._listener is not None:
            self._listener()
        elif self.count > 1:
            raise KeyboardInterrupt

    def heard(self, count: int) -> None:
        """Tell the user what the nth one does; never called in a signal handler."""
        self._say(WORDS[min(count, len(WORDS)) - 1])

    @contextmanager
    def told_to(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` for each interrupt, at once for those that came before."""
        for _ in range(self.count):
            listener()
        self._listener = listener
        try:
            yield
        finally:
            self._listener = None


@contextmanager
def interruptible(interrupts: Interrupts) -> Iterator[None]:
    """Count signals instead of raising; only the main thread can be signalled."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        interrupts()

    terminals = [descriptor for descriptor in (0, 1, 2) if os.isatty(descriptor)]  # afterwards they are none

    def hang_up(_number: int, _frame: FrameType | None) -> None:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in terminals:
            os.dup2(nowhere, descriptor)  # each write would fail from now on

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    if hasattr(signal, "SIGHUP"):  # where it is ignored (nohup), too: the terminal is lost all the same
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, hang_up)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
