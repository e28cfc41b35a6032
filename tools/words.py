"""Makes kubectl_ipvs/cli/words.py: the command line's words as plain data, so that completion needs not load typer."""

from collections.abc import Sequence
from pprint import pformat
from typing import Any

from commands import GLOBAL, Command, Flag, commands

from kubectl_ipvs.ipvs.schedulers import SCHEDULERS

SHARED = "--"  # no flag's name
HEAD = '''"""The words of the command line as plain data: what completion offers, loaded without typer.

Made by tools/words.py from the commands themselves: `make format` writes it anew, `make check` compares.
A flag has its parameter's name, its metavar (empty: a switch) and its meaning.
"""

from collections.abc import Mapping

Flags = Mapping[str, tuple[str, str, str]]

'''


def text() -> str:
    """Give the whole file."""
    known = commands()
    data = (
        ("COMMANDS: Mapping[str, str]", {entry.name: entry.short for entry in known}),
        ("GLOBAL: Flags", _flags(GLOBAL)),
        ("CHANGING: Flags", _changing(known)),
        ("FLAGS: Mapping[str, Flags]", {entry.name: _own(entry, known) for entry in known}),
        ("FORMATS: Mapping[str, tuple[str, ...]]", {entry.name: entry.formats for entry in known if entry.formats}),
        ("SCHEDULERS: Mapping[str, str]", {entry.name: _meaning(entry) for entry in SCHEDULERS.values()}),
    )
    written = "\n".join(f"{name} = {pformat(value, width=110, sort_dicts=False)}" for name, value in data) + "\n"
    return HEAD + written.replace(f"{{'{SHARED}': (),", "{**CHANGING,").replace(f"{{'{SHARED}': ()}}", "CHANGING")


def _changing(known: Sequence[Command]) -> dict[str, tuple[str, str, str]]:
    """Return the flags that all commands with --force share: how carefully a change is made."""
    first, *others = (_flags(entry.flags) for entry in known if any("--force" in flag.names for flag in entry.flags))
    return {name: flag for name, flag in first.items() if all(other.get(name) == flag for other in others)}


def _own(entry: Command, known: Sequence[Command]) -> dict[str, Any]:
    """Return a command's flags; SHARED stands for those that the changing commands share."""
    own, shared = _flags(entry.flags), _changing(known)
    if not shared.items() <= own.items():
        return own
    return {SHARED: ()} | {name: flag for name, flag in own.items() if name not in shared}


def _flags(known: tuple[Flag, ...]) -> dict[str, tuple[str, str, str]]:
    return {name: (flag.parameter, flag.metavar, flag.words) for flag in known for name in flag.names}


def _meaning(entry: object) -> str:
    title, trap = getattr(entry, "title", ""), getattr(entry, "trap", False)
    return f"{title} (a trap under kube-proxy)" if trap else title
