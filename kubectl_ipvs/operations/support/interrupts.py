"""Who wants a run to stop: the user (Ctrl-C, SIGTERM) or a lost lease.

The first wish starts nothing new, a second Ctrl-C ends the run now.
A terminal that is lost (SIGHUP: an ssh connection that breaks) is no wish to stop: half a change, with nobody there to
be told, is worse than the whole one that was asked for and is verified, or rolled back, on the way.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED, LEASE_LOST = "interrupted", "lease-lost"


class Interrupts:
    """Whether the end was asked for, by whom and how often; safe to call in a signal handler."""

    def __init__(self, say: Callable[[str], None] = lambda _: None) -> None:
        self.count = 0  # of the user's
        self.lease_lost = False
        self._say = say
        self._listener: Callable[[], None] | None = None

    @property
    def asked(self) -> bool:
        """Nothing new may start."""
        return self.count > 0 or self.lease_lost

    @property
    def reason(self) -> str:
        """Why it stops: interrupted, lease-lost, or "" where it does not."""
        return LEASE_LOST if self.lease_lost else INTERRUPTED if self.count else ""

    def __call__(self) -> None:
        """Take note of the user's wish; a second one raises KeyboardInterrupt where nobody listens."""
        self.count += 1
        if self._listener is not None:
            self._listener()
        elif self.count > 1:
            raise KeyboardInterrupt
        else:
            with suppress(RuntimeError):  # the signal came in the middle of another line
                self._say("interrupted: stopping after the call that is under way; Ctrl-C again stops now")

    def lose_lease(self) -> None:
        """Take note that somebody else changes the cluster from now on; called by the lease's own thread."""
        self.lease_lost = True
        if self._listener is not None:
            self._listener()

    def heard(self, in_progress: int) -> None:
        """Tell the user what the last stop does; never called in a signal handler."""
        if not self.count:
            return  # a lost lease: said where it was noticed
        if self.count > 1:
            self._say("interrupted again: stopped")
            return
        nodes = "the node" if in_progress == 1 else f"the {in_progress} nodes"
        after = f"stopping after {nodes} in progress, no other is started" if in_progress else "stopping"
        self._say(f"interrupted: {after}; Ctrl-C again stops now")

    @contextmanager
    def listened_to(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` for each stop, at once for those that came before."""
        for _ in range(self.count + self.lease_lost):
            listener()
        self._listener = listener
        try:
            yield
        finally:
            self._listener = None


@contextmanager
def raised() -> Iterator[None]:
    """Let a signal that would end the process at once raise KeyboardInterrupt instead: something is to be tidied up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    deadly = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, handle) for number in deadly if signal.getsignal(number) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
