"""Makes kubectl_ipvs/cli/words.py: the command line's words as plain data, so that completion needs not load typer."""

from pprint import pformat

from commands import GLOBAL, Flag, commands

from kubectl_ipvs.ipvs.schedulers import SCHEDULERS

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
        ("FLAGS: Mapping[str, Flags]", {entry.name: _flags(entry.flags) for entry in known}),
        ("FORMATS: Mapping[str, tuple[str, ...]]", {entry.name: entry.formats for entry in known if entry.formats}),
        ("SCHEDULERS: Mapping[str, str]", {entry.name: _meaning(entry) for entry in SCHEDULERS.values()}),
    )
    return HEAD + "\n".join(f"{name} = {pformat(value, width=110, sort_dicts=False)}" for name, value in data) + "\n"


def _flags(known: tuple[Flag, ...]) -> dict[str, tuple[str, str, str]]:
    return {name: (flag.parameter, flag.metavar, flag.words) for flag in known for name in flag.names}


def _meaning(entry: object) -> str:
    title, trap = getattr(entry, "title", ""), getattr(entry, "trap", False)
    return f"{title} (a trap under kube-proxy)" if trap else title
