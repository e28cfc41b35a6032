"""kube-proxy's command line, word by word, as its own flag parser reads it (spf13/pflag).

Promises the last value of each flag that stands for a field, by the field's name. Never refuses: what does
not fit its field is passed on as the text that it is.
"""

import posixpath
import shlex
from collections.abc import Iterator, Sequence

from kubectl_ipvs.proxy.config.fields import FIELD, FIELDS, parse_boolean

MODE_FLAG = "--proxy-mode"
_NAMES = {MODE_FLAG: "mode"} | {field.flag: field.name for field in FIELDS}
_KINDS: dict[str, str] = {"mode": "name"} | {name: field.kind for name, field in FIELD.items()}


def read(args: Sequence[str]) -> dict[str, object]:
    """Return name of the field (or `mode`) -> str, bool or list of str, for the flags that are given."""
    given: dict[str, object] = {}
    given_words = words(args)
    for word in given_words:
        flag, equals, text = word.partition("=")
        name = _NAMES.get(flag.replace("_", "-"))  # kube-proxy takes --proxy_mode as well
        if word == "--":
            break
        if name is None:
            continue
        if not equals:
            # Like pflag: a boolean flag takes no second word, any other flag takes it, whatever it is.
            text = "true" if _KINDS[name] == "boolean" else next(given_words, "")
        given[name] = _value(name, text, given)
    return given


def _value(name: str, text: str, given: dict[str, object]) -> object:
    if _KINDS[name] == "boolean":
        value = parse_boolean(text)
        return text if value is None else value
    if _KINDS[name] != "cidrs":
        return text
    before = given.get(name)  # given again, a list grows
    return [*(before if isinstance(before, list) else ()), *(text.split(",") if text else ())]


def words(args: Sequence[str]) -> Iterator[str]:
    """Yield a command line's words; a shell's script that runs kube-proxy (`sh -c "..."`) is taken apart."""
    for arg in args:
        yield from _script(arg) if len(arg.split(maxsplit=1)) > 1 and not arg.startswith("-") else [arg]


def _script(text: str) -> list[str]:
    """Return the words of a shell's script that runs kube-proxy; any other text is one word."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:  # a quote that is not closed
        words = text.split()
    return words if any(posixpath.basename(word) == "kube-proxy" for word in words) else [text]
