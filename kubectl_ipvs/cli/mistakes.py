"""What was probably meant by a command line that cannot be read: a problem in one line, and a hint that can be typed.

A guess is made only where it is near; a far-fetched one sends people the wrong way. Loaded when something is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from kubectl_ipvs.cli.candidates import Line
from kubectl_ipvs.cli.words import COMMANDS, FLAGS, GLOBAL, SCHEDULERS
from kubectl_ipvs.errors import UsageError

PROGRAM = "kubectl ipvs"
NEAR = 0.7  # how alike two names have to be; --mode and --token are 0.5
NO_VALUE = {"none"}  # words of a flag that need not be named: they are what happens without it
ELSEWHERE = {  # flags that people try, and what is to be said
    "mode": ("the mode is not changed by kubectl ipvs", "it changes the fields of the ipvs section"),
    "proxymode": ("the mode is not changed by kubectl ipvs", "it changes the fields of the ipvs section"),
}


def swallowed(words: Sequence[str]) -> UsageError | None:
    """Say which flag would take the next flag, or nothing at all, as its value."""
    own = list(words[: list(words).index("--")]) if "--" in words else list(words)
    for position, word in enumerate(own):
        line = Line(own[:position])
        if line.waiting or not word.startswith("--") or "=" in word:
            continue
        _, metavar, _ = line.flags.get(word, ("", "", ""))
        rest = own[position + 1 : position + 2]
        if metavar and (not rest or rest[0].startswith("--")):
            return UsageError(f"{word} needs {_values(metavar)}", hint=_help(line.command))
    return None


def explained(error: Any, words: Sequence[str]) -> UsageError:  # noqa: ANN401 - click's class moved in typer 0.26
    """Turn click's error about these words into ours."""
    line = Line(words)
    option = getattr(error, "option_name", "")
    kind = type(error).__name__
    if kind == "NoSuchOption":
        return _option(str(option), line)
    if line.command and line.command not in COMMANDS:
        return _command(line.command)
    if line.arguments and "unexpected extra argument" in error.format_message():
        return _argument(line)
    text = error.format_message()
    return UsageError(text[:1].lower() + text[1:].rstrip("."), hint=_help(line.command))


def no_such_command(name: str) -> UsageError:
    """Say that there is no such command, and which one is near."""
    return _command(name)


def _command(name: str) -> UsageError:
    near = _near(name, COMMANDS)
    return UsageError(f'no such command "{name}"', hint=f"did you mean {near}?" if near else _help(""))


def _option(name: str, line: Line) -> UsageError:
    typed = _squeezed(name)
    if typed in ELSEWHERE:
        problem, hint = ELSEWHERE[typed]
        return UsageError(problem, hint=hint)
    near = _near_flag(name, line)
    return UsageError(f"no such flag: {name}", hint=f"did you mean {near}?" if near else _help(line.command))


def _argument(line: Line) -> UsageError:
    """Explain a word that no flag stands before: a scheduler's name, NAME=VALUE, or something else."""
    word = line.arguments[0]
    problem, name, value = f'unexpected argument "{word}"', *word.partition("=")[::2]
    if line.command == "set" and word in SCHEDULERS:
        return UsageError(problem, hint=f"did you mean --scheduler {word}?")
    flag = _near_flag(f"--{name}", line)
    if value and flag:
        takes = FLAGS[line.command].get(flag, GLOBAL.get(flag, ("", "", "")))[1]
        return UsageError(problem, hint=f"did you mean {flag} {value}?" if takes else f"did you mean {flag}?")
    return UsageError(problem, hint=_help(line.command))


def _near_flag(name: str, line: Line) -> str:
    known = {**FLAGS.get(line.command, {}), **(GLOBAL if not _is_field(line) else {})}
    return _near(name, [flag for flag in known if flag.startswith("--")])


def _is_field(line: Line) -> bool:
    """`set` has flags for fields, which nobody confuses with those of the connection."""
    return line.command == "set"


def _near(name: str, known: Iterable[str]) -> str:
    names: Mapping[str, str] = {_squeezed(entry): entry for entry in known}
    found = get_close_matches(_squeezed(name)[:40], names, n=1, cutoff=NEAR)
    return names[found[0]] if found else ""


def _squeezed(name: str) -> str:
    """Without dashes and capitals: `strictARP` is --strict-arp."""
    return name.replace("-", "").lower()


def _values(metavar: str) -> str:
    choices = [word for word in metavar.split("|") if word not in NO_VALUE]
    if "|" in metavar and metavar.islower():
        return " or ".join(choices)
    return f"a value: {metavar}"


def _help(command: str) -> str:
    words = f"{PROGRAM} {command}" if command in COMMANDS else PROGRAM
    return f"`{words} --help` lists what there is"
