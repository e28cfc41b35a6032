"""stdout is data; everything else goes to stderr, and is safe for a terminal.

Data that cannot be written are an error. That stderr cannot be is none: nobody is left to be told, and what is under
way must not end in the middle because of that.
"""

import os
import sys
from contextlib import suppress

from kubectl_ipvs.errors import IpvsError, UsageError
from kubectl_ipvs.output.printable import printable, printable_lines


def out(text: str) -> None:
    """Write data; its line ends are its own, and nothing else in it can move a terminal's cursor.

    Raises BrokenPipeError where the reader has gone, IpvsError for a full disk and the like.
    """
    try:
        sys.stdout.write(printable_lines(text))
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


def clear() -> None:
    """Empty the screen, where stdout is one."""
    if sys.stdout.isatty():
        sys.stdout.write("\x1b[H\x1b[2J")


def say(text: str) -> None:
    """Write one line about what is going on."""
    err(printable_lines(text) + "\n")


def trace(text: str) -> None:
    """Write an entry of -v, over whatever is being drawn."""
    err(("\r\x1b[K" if draws() else "") + printable_lines(text) + "\n")


def warn(text: str) -> None:
    """Write a warning."""
    say(f"warning: {text}")


def interactive() -> bool:
    """Somebody sits at the terminal and can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def draws() -> bool:
    """Stderr is a terminal that can draw."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in {"", "dumb"}


def confirm(question: str, *, yes: bool) -> None:
    """Ask on a terminal; without one go on, as kubectl does. Raises IpvsError for any answer but yes."""
    if yes or not interactive():
        return
    err(f"{question} (y/N): ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise IpvsError("not confirmed: nothing was changed")


class Counter:
    """`12/500 nodes` on one line of a terminal, gone when it is done; nothing elsewhere."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._draws = draws()

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is."""
        if self._draws:
            err("\r\x1b[K" if done == total else f"\r{done}/{total} {printable(self._what)}")


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
