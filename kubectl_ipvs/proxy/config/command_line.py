"""kube-proxy's own command line, taken out of what a container runs: a plain list of words, or a shell's script.

Promises the words from the program's name on, up to the next command of the script. Where a script runs kube-proxy
several times (`kube-proxy --cleanup; exec kube-proxy ...`), the last one counts: it is the one that stays. Never runs
a shell: a variable is put in only where its value is known.
"""

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache

PROGRAM, BUNDLE = "kube-proxy", "hyperkube"
_IN_BUNDLE = frozenset({"proxy", PROGRAM})
# Folders of data: `tail -F /var/log/kube-proxy` runs no kube-proxy. RKE2's program is below /var, in a folder bin.
_DATA = ("/var/", "/etc/", "/run/", "/tmp/", "/lib/modules/")  # noqa: S108 - told apart, never opened
_SEPARATORS = frozenset(";|&()\n")
_PUNCTUATION = "();<>|&\n"
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?)-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")
_ALL = frozenset({"$@", "$*", "${@}", "${*}"})

Segments = tuple[tuple[str, ...], ...]


def command_line(argv: Sequence[str], variables: Mapping[str, str | None] | None = None) -> tuple[str, ...]:
    """Return kube-proxy's words, its name first; () where nothing there runs it.

    `variables` are the container's: None is one whose value is not known here.
    """
    plain: list[str] = []
    for position, arg in enumerate(argv):
        found = _own(segments(arg)) if is_script(arg) else ()
        if found:
            return _filled(found, argv[position + 2 :], arg, variables or {})
        plain.append(arg)
    start = program(plain)
    return () if start is None else tuple(plain[start:])


def words(argv: Sequence[str]) -> tuple[str, ...]:
    """Return every word of a command line, a script that runs kube-proxy taken apart; any other script is one word."""
    parts: list[str] = []
    for arg in argv:
        found = segments(arg) if is_script(arg) else ()
        parts += [word for segment in found for word in segment] if _own(found) else [arg]
    return tuple(parts)


def program(line: Sequence[str]) -> int | None:
    """Return the place of the word that is kube-proxy's program; `hyperkube proxy` starts at `proxy`."""
    for position, word in enumerate(line):
        if word.startswith("-") or is_script(word):  # another script, which does not run it
            continue
        name = posixpath.basename(word)
        if name == PROGRAM and not _is_data(word):
            return position
        if name == BUNDLE and position + 1 < len(line) and line[position + 1] in _IN_BUNDLE:
            return position + 1
    return None


@lru_cache(maxsize=256)  # the pods of a DaemonSet all run the same script
def segments(script: str) -> Segments:
    """Take a script apart into its commands, each a list of words. Quotes that do not close: at blanks and lines."""
    lines = (line for line in script.split("\n") if not line.lstrip().startswith("#"))
    text = "\n".join(lines).replace("\\\n", "")
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_PUNCTUATION)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:
        tokens = [word for line in text.split("\n") for word in (*line.split(), "\n")]
    found: list[list[str]] = [[]]
    for token in tokens:
        if token and _SEPARATORS.issuperset(token):
            found.append([])
        else:
            found[-1].append(token)
    return tuple(tuple(segment) for segment in found if segment)


def is_script(arg: str) -> bool:
    """Tell whether a word is several: a shell's script."""
    return len(arg.split(maxsplit=1)) > 1 and not arg.startswith("-")


def _is_data(word: str) -> bool:
    return word.startswith(_DATA) and posixpath.basename(posixpath.dirname(word)) not in {"bin", "sbin"}


def _own(found: Segments) -> tuple[str, ...]:
    for segment in reversed(found):
        start = program(segment)
        if start is not None:
            return segment[start:]
    return ()


def _filled(
    line: tuple[str, ...], positional: Sequence[str], script: str, variables: Mapping[str, str | None]
) -> tuple[str, ...]:
    """Put the script's own arguments and known variables in; one that the script sets itself is not known."""
    assigned = {word.partition("=")[0] for segment in segments(script) for word in segment if "=" in word}
    known = {name: None if name in assigned else value for name, value in variables.items()}

    def value(match: re.Match[str]) -> str:
        found = known.get(match[1] or match[4])
        if found == "" and match[2]:  # `:-` counts an empty value as none, `-` does not
            return match[3]
        return match[0] if found is None else found

    filled: list[str] = []
    for word in line:
        filled += positional if word in _ALL else [_VARIABLE.sub(value, word) if "$" in word else word]
    return tuple(filled)
