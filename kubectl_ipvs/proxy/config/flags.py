"""kube-proxy's command line, word by word, as its own flag parser reads it (spf13/pflag).

Promises the last value of each flag that stands for a field, by the field's name, and the feature gates. Never
refuses: what does not fit its field is passed on as the text that it is.
"""

from collections.abc import Iterator, Sequence

from kubectl_ipvs.proxy.config.command_line import command_line, words
from kubectl_ipvs.proxy.config.fields import FIELD, FIELDS, parse_boolean

MODE_FLAG, GATES_FLAG = "--proxy-mode", "--feature-gates"
_NAMES = {MODE_FLAG: "mode", GATES_FLAG: "featureGates"} | {field.flag: field.name for field in FIELDS}
_KINDS: dict[str, str] = {"mode": "name", "featureGates": "gates"} | {name: field.kind for name, field in FIELD.items()}


def read(args: Sequence[str]) -> dict[str, object]:
    """Return name of the field (or `mode`) -> str, bool or list of str, for the flags that are given.

    `featureGates` is a dict of the gates: a bool, or the text that is none.
    """
    given: dict[str, object] = {}
    for name, text in _given(args):
        given[name] = _value(name, text, given)
    return given


def names(args: Sequence[str]) -> tuple[str, ...]:
    """Return the flags among these words that a file given by --config makes void, each once."""
    flag_of = {name: flag for flag, name in _NAMES.items()}
    return tuple(dict.fromkeys(flag_of[name] for name, _ in _given(args)))


def _given(args: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (name of the field, text) for each flag that stands for one."""
    line = iter(command_line(args) or words(args))
    for word in line:
        flag, equals, text = word.partition("=")
        name = _NAMES.get(flag.replace("_", "-"))  # kube-proxy takes --proxy_mode as well
        if word == "--":
            break
        if name is None:
            continue
        if not equals:
            # Like pflag: a boolean flag takes no second word, any other flag takes it, whatever it is.
            text = "true" if _KINDS[name] == "boolean" else next(line, "")
        yield name, text


def _value(name: str, text: str, given: dict[str, object]) -> object:
    kind, before = _KINDS[name], given.get(name)
    if kind == "boolean":
        value = parse_boolean(text)
        return text if value is None else value
    if kind == "cidrs":  # given again, a list grows; so do the gates
        return [*(before if isinstance(before, list) else ()), *(text.split(",") if text else ())]
    if kind == "gates":
        return {**(before if isinstance(before, dict) else {}), **_gates(text)}
    return text


def _gates(text: str) -> dict[str, object]:
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    said = {name.strip(): on.strip() for name, _, on in pairs}
    return {name: on if parse_boolean(on) is None else parse_boolean(on) for name, on in said.items()}
