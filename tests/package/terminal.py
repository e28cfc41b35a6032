"""A shell on a terminal of its own, as a user sits before it: keys go in, what the screen is sent comes out."""

import contextlib
import os
import pty
import re
import select
import signal
import time
from collections.abc import Mapping, Sequence


class Terminal:
    """A program on a pseudo-terminal, until it is closed."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str]) -> None:
        self.seen = ""
        self._child, self._screen = pty.fork()
        if self._child == 0:
            os.execvpe(words[0], list(words), {**env, "TERM": "xterm"})  # noqa: S606 - the shell under test

    def close(self) -> None:
        """End the program."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        os.close(self._screen)

    def press(self, keys: str) -> None:
        """Type, without waiting."""
        os.write(self._screen, keys.encode())

    def until(self, pattern: str, seconds: float = 20) -> "re.Match[str]":
        """Read until the pattern shows; fails with all that was shown."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.seen)):
            assert time.monotonic() < end, f"{pattern!r} is not in {self.seen!r}"
            if select.select([self._screen], [], [], 0.1)[0]:
                self.seen += os.read(self._screen, 65536).decode(errors="replace")
        self.seen = self.seen[found.end() :]
        return found
