"""kube-proxy's command line, word by word, as its own flag parser reads it (spf13/pflag).

Promises the last value of each flag that stands for a field, by the field's name, and the feature gates. Never
refuses: what does not fit its field is passed on as the text that it is.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from kubectl_ipvs.proxy.config.command_line import command_line, is_script, words
from kubectl_ipvs.proxy.config.fields import FIELD, FIELDS, parse_boolean, quoted
from kubectl_ipvs.proxy.config.kinds import is_wrong
from kubectl_ipvs.proxy.config.releases import OLD
from kubectl_ipvs.proxy.release import parse_version

MODE_FLAG, GATES_FLAG, NODE_PORTS_FLAG = "--proxy-mode", "--feature-gates", "--nodeport-addresses"
NODE_PORTS = "nodePortAddresses"
_NAMES = {MODE_FLAG: "mode", GATES_FLAG: "featureGates", NODE_PORTS_FLAG: NODE_PORTS} | {
    field.flag: field.name for field in FIELDS
}
_KINDS: dict[str, str] = {"mode": "name", "featureGates": "gates", NODE_PORTS: "cidrs"} | {
    name: field.kind for name, field in FIELD.items()
}
# kube-proxy's flags that take no second word (--help of 1.20 to 1.37), and those that do.
_SWITCHES = """--add-dir-header --alsologtostderr --bind-address-hard-fail --cleanup --cleanup-ipvs
    --conntrack-tcp-be-liberal --help --init-only --iptables-localhost-nodeports --ipvs-strict-arp
    --log-json-split-stream --log-text-split-stream --logtostderr --masquerade-all --one-output --profiling
    --skip-headers --skip-log-headers --version"""
_VALUED = """-v --bind-address --cluster-cidr --config --config-sync-period --conntrack-max-per-core --conntrack-min
    --conntrack-tcp-timeout-close-wait --conntrack-tcp-timeout-established --conntrack-udp-timeout
    --conntrack-udp-timeout-stream --detect-local-mode --feature-gates --healthz-bind-address --hostname-override
    --iptables-masquerade-bit --iptables-min-sync-period --iptables-sync-period --ipvs-exclude-cidrs
    --ipvs-min-sync-period --ipvs-scheduler --ipvs-sync-period --ipvs-tcp-timeout --ipvs-tcpfin-timeout
    --ipvs-udp-timeout --kube-api-burst --kube-api-content-type --kube-api-qps --kubeconfig --log-flush-frequency
    --log-json-info-buffer-size --log-text-info-buffer-size --logging-format --master --metrics-bind-address
    --nodeport-addresses --oom-score-adj --pod-bridge-interface --pod-interface-name-prefix --proxy-mode
    --show-hidden-metrics-for-version --v --vmodule --write-config-to --log-backtrace-at --log-dir --log-file
    --log-file-max-size --proxy-port-range --stderrthreshold --udp-timeout"""
_TAKES_NONE, _TAKES_ONE = frozenset(_SWITCHES.split()), frozenset(_VALUED.split())
_FIELD = r'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
_RECORD = re.compile(rf"{_FIELD}(?:,{_FIELD})*(?=\r?\n|\Z)")
_SHORT, _LONG = frozenset("vh"), 2
_WORD = ""  # in place of a flag


def read(args: Sequence[str]) -> dict[str, object]:
    """Return name of the field (or `mode`) -> str, bool or list of str, for the flags that are given.

    `featureGates` is a dict of the gates: a bool, or the text that is none.
    """
    given: dict[str, object] = {}
    for name, text in _given(args):
        if not _ends_it(name, given.get(name)):
            given[name] = _value(name, text, given)
    return given


def names(args: Sequence[str]) -> tuple[str, ...]:
    """Return the flags among these words that a file given by --config makes void, each once."""
    flag_of = {name: flag for flag, name in _NAMES.items()}
    return tuple(dict.fromkeys(flag_of[name] for name, _ in _given(args)))


def faults(args: Sequence[str], version: str = "") -> list[str]:
    """Return what kube-proxy exits on, whichever flags it knows: a flag without its value, one dash, a word too many.

    Of a script's words nothing is said: a shell takes some of them for itself.
    """
    if any(is_script(arg) for arg in args):
        return []
    number = parse_version(version)
    names = [word.partition("=")[0] for word in _line(args) if word.startswith("--")]
    old = number is not None and number <= OLD
    found = [f"kube-proxy {version} does not know {name}: it has dashes" for name in names if old and "_" in name]
    for flag, text in _flags(_line(args)):
        if text is None:
            found.append(f"{flag} has no value")
        elif flag == _WORD:
            found.append(f"{quoted(text)} is no flag")
        elif not flag.startswith("--") and flag[1:2] not in _SHORT:
            found.append(f"{flag} is no flag: it begins with one dash")
    return found


def _given(args: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (name of the field, text) for each flag that stands for one."""
    for flag, text in _flags(_line(args)):
        name = _NAMES.get(flag)
        if name is not None and text is not None:
            yield name, text


def _line(args: Sequence[str]) -> Sequence[str]:
    """Return kube-proxy's words without its own name."""
    line = command_line(args)
    return line[1:] if line else words(args)


def _flags(line: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each flag with its text, as pflag does; None where that is missing. A word that is no flag has no name.

    A boolean flag takes no second word, any other takes it, whatever it is. One that is not known here takes it unless
    that begins with a dash.
    """
    rest = iter(line)
    waiting: str | None = None  # a word that was looked at, and not taken
    while (word := next(rest, None) if waiting is None else waiting) is not None:
        waiting = None
        flag, equals, text = word.partition("=")
        flag = flag.replace("_", "-")  # kube-proxy takes --proxy_mode as well, 1.20 did not
        if word == "--":
            yield from ((_WORD, after) for after in rest)
        elif not word.startswith("-"):
            yield _WORD, word
        elif equals or (flag[1:2] != "-" and flag[:2] != "-v"):
            yield flag, text
        elif flag in _TAKES_NONE or (flag[:2] == "-v" and len(flag) > _LONG):
            yield flag, "true"
        elif flag in _TAKES_ONE:
            yield flag, next(rest, None)
        else:
            waiting = next(rest, None)
            taken = waiting is not None and not waiting.startswith("-")
            yield flag, waiting if taken else ""
            waiting = None if taken else waiting


def _value(name: str, text: str, given: dict[str, object]) -> object:
    kind, before = _KINDS[name], given.get(name)
    if kind == "boolean":
        value = parse_boolean(text)
        return text if value is None else value
    if kind == "cidrs":  # given again, a list grows; so do the gates
        more = _list(text) if text else []
        return text if more is None else [*(before if isinstance(before, list) else ()), *more]
    if kind == "gates":
        return {**(before if isinstance(before, dict) else {}), **_gates(text)}
    return text


def _ends_it(name: str, value: object) -> bool:
    """Tell whether kube-proxy exits on the value, and so reads no later one."""
    decoded = {"boolean": "boolean", "duration": "duration", "cidrs": "texts"}.get(_KINDS[name])
    variable = isinstance(value, str) and "$" in value
    return decoded is not None and value is not None and not variable and is_wrong(decoded, value)


def _list(text: str) -> list[str] | None:
    """Take a list apart as pflag does: the first line of a CSV file. None where the quotes are not as they must be."""
    found = _RECORD.match(text)
    return None if found is None else next(csv.reader([found[0]]), [])


def _gates(text: str) -> dict[str, object]:
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    said = {name.strip(): on.strip() for name, _, on in pairs}
    return {name: on if parse_boolean(on) is None else parse_boolean(on) for name, on in said.items()}
