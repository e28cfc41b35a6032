"""stdout is data; everything else goes to stderr, and is safe for a terminal."""

import os
import sys

from kubectl_ipvs.errors import IpvsError, UsageError
from kubectl_ipvs.output.printable import printable, printable_lines


def out(text: str) -> None:
    """Write data; its line ends are its own, and nothing else in it can move a terminal's cursor."""
    sys.stdout.write(printable_lines(text))
    sys.stdout.flush()


def clear() -> None:
    """Empty the screen, where stdout is one."""
    if sys.stdout.isatty():
        sys.stdout.write("\x1b[H\x1b[2J")


def say(text: str) -> None:
    """Write one line about what is going on."""
    sys.stderr.write(printable_lines(text) + "\n")
    sys.stderr.flush()


def trace(text: str) -> None:
    """Write an entry of -v, over whatever is being drawn."""
    sys.stderr.write(("\r\x1b[K" if draws() else "") + printable_lines(text) + "\n")
    sys.stderr.flush()


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
    sys.stderr.write(f"{question} (y/N): ")
    sys.stderr.flush()
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
            sys.stderr.write("\r\x1b[K" if done == total else f"\r{done}/{total} {printable(self._what)}")
            sys.stderr.flush()


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
