"""A pseudo-terminal of a chosen size, with a program on it of which each stream may go elsewhere."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

PROGRAM = Path(sys.executable).with_name("kubectl-ipvs")
PATIENCE = 40.0
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Terminal:
    """The plugin on a terminal of its own, which is its controlling one; it is ended with the block.

    `away`: which of stdin, stdout and stderr are something else. `size`: lines and columns.
    """

    def __init__(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        *,
        size: tuple[int, int] = (24, 100),
        away: Mapping[str, int] | None = None,
    ) -> None:
        self.seen = ""
        self._screen, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        streams = away or {}
        clean = {name: value for name, value in env.items() if name not in {"LINES", "COLUMNS"}}
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            [str(PROGRAM), *words],
            stdin=streams.get("stdin", terminal),
            stdout=streams.get("stdout", terminal),
            stderr=streams.get("stderr", terminal),
            env={**clean, "TERM": "xterm"},
            preexec_fn=_own(terminal),  # noqa: PLW1509 - no thread of ours holds a lock that the child needs
        )
        os.close(terminal)

    def __enter__(self) -> "Terminal":  # noqa: PYI034 - Self came with Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._screen)

    def press(self, keys: str) -> None:
        """Type, without waiting."""
        os.write(self._screen, keys.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def until(self, pattern: str, seconds: float = PATIENCE) -> "re.Match[str]":
        """Read until the pattern shows; fails with all that was shown."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.seen)):
            assert time.monotonic() < end, f"{pattern!r} is not in {self.seen!r}"
            assert self._read(), f"{pattern!r} is not in {self.seen!r}, and it has ended"
        return found

    def end(self, seconds: float = PATIENCE) -> int:
        """Read to the end; return the exit code."""
        deadline = time.monotonic() + seconds
        while self._read():
            assert time.monotonic() < deadline, self.seen
        return self.process.wait(seconds)

    def _read(self) -> bool:
        """Take in what there is; False at the end."""
        if not select.select([self._screen], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self._screen, 65536)
        except OSError:  # Linux: nobody has the other side open any more
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)

    @property
    def text(self) -> str:
        """What was shown, without what moves the cursor."""
        return CODES.sub("", self.seen)


def _own(terminal: int) -> Callable[[], None]:
    def act() -> None:
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    return act
