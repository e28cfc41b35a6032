"""stdout is data; everything else goes to stderr, and is safe for a terminal.

Failing to write data is an error. Failing to write to stderr is ignored: nobody is left to read it, and what is in
progress must not end in the middle because of that.
"""

import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from kubectl_ipvs.errors import Cancelled, IpvsError, UsageError
from kubectl_ipvs.output.printable import printable, printable_lines

ENOUGH = 12  # lines


class _Advice:
    """Commands in a sentence are about the cluster and the kube-proxy that this run is about: their flags are added."""

    OURS = re.compile(
        r"kubectl ipvs (?=(?:get|set|undo|restart|status|table|services|verify|top|doctor|migrate)\b)",
    )
    KUBECTL = re.compile(r"kubectl (?=-n |get |edit |create |replace |delete )")

    def __init__(self) -> None:
        self.ours = self.kubectl = ""

    def __call__(self, text: str) -> str:
        """Add the flags to every command of a line that has none of them."""
        if not self.ours or self.ours in text:
            return text
        text = self.OURS.sub(lambda _: f"kubectl ipvs {self.ours} ", text)
        return self.KUBECTL.sub(lambda _: f"kubectl {self.kubectl} ", text) if self.kubectl else text


ADVICE = _Advice()


def out(text: str) -> None:
    """Write data; its line ends are its own, and nothing else in it can move a terminal's cursor.

    Raises BrokenPipeError where the reader has gone, IpvsError for a full disk and the like.
    """
    _write(printable_lines(text))


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise IpvsError(f"cannot write the output: {(error.strerror or str(error)).lower()}") from error


def out_anyway(text: str) -> None:
    """Write data of a change that is made: it goes on, and its own exit code counts, whoever reads."""
    try:
        out(text)
    except BrokenPipeError:
        pass
    except IpvsError as error:
        warn(str(error))


def err(text: str) -> None:
    """Write to stderr what is safe for a terminal; never raises because of it."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def screen() -> tuple[int, int] | None:
    """Width and height of the terminal that stdout is; None where it is none."""
    if not sys.stdout.isatty():
        return None
    size = shutil.get_terminal_size()
    return size.columns, size.lines


def clear() -> None:
    """Empty the screen, where stdout is one."""
    if sys.stdout.isatty():
        sys.stdout.write("\x1b[H\x1b[2J")


def redraw(text: str) -> None:
    """Write lines over what the screen shows, by one write and without emptying it before: nothing flickers."""
    lines = printable_lines(text).replace("\n", "\x1b[K\n")
    _write(f"\x1b[H{lines}\x1b[J")


def say(text: str) -> None:
    """Write one line about what is going on."""
    err(printable_lines(ADVICE(text)) + "\n")


def trace(text: str) -> None:
    """Write an entry of -v, over whatever is being drawn."""
    err(("\r\x1b[K" if draws() else "") + printable_lines(text) + "\n")


def warn(text: str) -> None:
    """Write a warning."""
    say(f"warning: {text}")


def draws() -> bool:
    """Stderr is a terminal that can draw."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in {"", "dumb"}


def shows_end() -> int:
    """How many lines of a run's end a terminal shows whole; 0 where stdout is none: then every line is data."""
    return ENOUGH if sys.stdout.isatty() else 0


def confirm(question: str, *, yes: bool) -> None:
    """Ask on the controlling terminal, wherever stdout and stderr go.

    Raises Cancelled for any answer but yes, UsageError where nobody can be asked.
    """
    if yes:
        return
    answer = _asked(f"{question} (y/N): ") if sys.stdin.isatty() else None
    if answer is None:
        raise UsageError("nobody can be asked here: nothing was changed", hint="--yes changes it without a question")
    if answer.strip().lower() not in {"y", "yes"}:
        raise Cancelled("Cancelled: nothing was changed.")


def _asked(question: str) -> str | None:
    """Ask on the terminal and return the line that is typed, "" for its end; None where there is no terminal."""
    try:
        with open("/dev/tty", "r+b", buffering=0) as terminal:  # noqa: PTH123 - unbuffered, both ways
            terminal.write(printable(question).encode(errors="replace"))
            answer = terminal.readline()
            if not answer.endswith(b"\n"):  # Ctrl-D: the next line is ours
                terminal.write(b"\n")
            return answer.decode(errors="replace")
    except OSError:  # no controlling terminal (a container's), or no /dev/tty at all
        if not sys.stderr.isatty():
            return None
    err(printable(question))
    answer_text = sys.stdin.readline()
    err("" if answer_text.endswith("\n") else "\n")
    return answer_text


class Counter:
    """How many nodes have answered, on one line of a terminal, and who is waited for; nothing elsewhere."""

    def __init__(self, gives_up: float) -> None:
        self._gives_up = gives_up
        self._began = time.monotonic()
        self._line = ""
        self._ended = threading.Event()
        if draws():
            threading.Thread(target=self._tick, name="counter", daemon=True).start()

    def __call__(self, done: int, total: int, waiting: Sequence[str]) -> None:
        """Take in how far it is."""
        if done == total:
            self.end()
            return
        named = f"; waiting for {', '.join(waiting[:3])}" if len(waiting) <= 3 else ""  # noqa: PLR2004 - fits a line
        self._line = f"{done} of {total} nodes answered{printable(named)}"

    def end(self) -> None:
        """Clear the line."""
        if not self._ended.is_set():
            self._ended.set()
            if draws():
                err("\r\x1b[K")

    def _tick(self) -> None:
        while not self._ended.wait(0.25):
            if self._line:
                took = time.monotonic() - self._began
                err(f"\r\x1b[K{self._line} ({took:.0f}s, gives up at {self._gives_up:g}s)")


def choice(flag: str, value: str, allowed: tuple[str, ...]) -> str:
    """Check a flag that takes one of a few words."""
    if value in allowed:
        return value
    if flag == "-o":
        words = ",".join(entry for entry in allowed if entry != "table")
        raise UsageError(
            f'unable to match a printer suitable for the output format "{value}", allowed formats are: {words}'
        )
    named = ", ".join(f'"{entry}"' for entry in allowed)
    raise UsageError(f"invalid {flag} value ({value}): must be {named}")
