"""The command line as values, read off the commands: man page, docs pages and completion are made from them."""

import importlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_ipvs.cli.app import COMMANDS
from kubectl_ipvs.cli.flags import every_command as connection


@dataclass(frozen=True, slots=True)
class Flag:
    """One option; `metavar` is empty for a switch, `default` where there is none to show."""

    names: tuple[str, ...]
    parameter: str
    metavar: str
    words: str
    default: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its help's first paragraph, what follows it, its examples, its arguments and options."""

    name: str
    short: str
    paragraphs: tuple[str, ...]
    examples: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...]
    flags: tuple[Flag, ...]
    formats: tuple[str, ...]


GLOBAL = tuple(Flag(names, key, metavar, words) for key, (_, names, metavar, words) in connection.FLAGS.items())


def commands() -> list[Command]:
    """Read every command, in the order of the main help."""
    return [_command(name, short) for name, short in COMMANDS.items()]


def _command(name: str, short: str) -> Command:
    module = importlib.import_module(f"kubectl_ipvs.cli.commands.{name}")
    made = connection.command(name, module.run)
    own = [entry for entry in made.params if entry.name not in connection.FLAGS]
    paragraphs = inspect.cleandoc(module.run.__doc__).split("\n\n")
    examples = [text for text in paragraphs if text.startswith("\b\nExamples:")]
    return Command(
        name,
        short,
        tuple(text for text in paragraphs if text not in examples),
        tuple(line.strip() for line in examples[0].splitlines()[2:]) if examples else (),
        tuple((entry.metavar, entry.help) for entry in own if entry.param_type_name == "argument"),
        tuple(_flag(entry) for entry in own if entry.param_type_name == "option"),
        tuple(word for word in getattr(module, "FORMATS", ()) if word != "table"),
    )


def _flag(option: Any) -> Flag:  # noqa: ANN401 - click's class moved in typer 0.26
    names = tuple(sorted((*option.opts, *option.secondary_opts), key=len, reverse=True))
    if option.secondary_opts:
        names = (*option.opts, *option.secondary_opts)
    metavar = "" if option.is_flag else option.metavar or "TEXT"
    shown = option.show_default and not option.is_flag and option.default not in {None, ""}
    return Flag(names, option.name, metavar, option.help or "", str(option.default) if shown else "")


def by_name(known: Sequence[Flag]) -> Mapping[str, Flag]:
    """Give each flag by every name it has."""
    return {name: flag for flag in known for name in flag.names}
