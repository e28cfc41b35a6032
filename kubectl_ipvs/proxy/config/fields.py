"""The eight ipvs fields of KubeProxyConfiguration: their names, what they mean when unset, what fits in them.

Source: kubernetes/kube-proxy config/v1alpha1/types.go and cmd/kube-proxy/app/options.go; no field was
added, renamed or removed between 1.18 and 1.37. Promises values that kube-proxy accepts. Never asks whether
the kernel of a node has a scheduler.
"""

import json
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from kubectl_ipvs.errors import UsageError
from kubectl_ipvs.ipvs.cidr import parse_cidr
from kubectl_ipvs.ipvs.schedulers import suggest

Kind: TypeAlias = Literal["name", "boolean", "duration", "cidrs"]
Value: TypeAlias = str | bool | tuple[str, ...]

NOUNS: Mapping[Kind, str] = {
    "name": "name",
    "boolean": "boolean",
    "duration": "duration",
    "cidrs": "list of CIDRs",
}
KERNEL = "the kernel's own value, which kube-proxy leaves as it is"


class Field(NamedTuple):
    """One key of the `ipvs:` section.

    `default` is what is in force when the key is unset, durations in Go syntax; `default_note` says whose
    default it is when it is not kube-proxy's own. `flag` is kube-proxy's command line flag of the same
    meaning, `since` the first Kubernetes version that knows the key.
    """

    name: str
    kind: Kind
    default: Value
    flag: str
    since: str
    default_note: str = ""


FIELDS: tuple[Field, ...] = (
    Field("scheduler", "name", "rr", "--ipvs-scheduler", "1.8"),
    Field("strictARP", "boolean", default=False, flag="--ipvs-strict-arp", since="1.15"),
    Field("syncPeriod", "duration", "30s", "--ipvs-sync-period", "1.8"),
    Field("minSyncPeriod", "duration", "0s", "--ipvs-min-sync-period", "1.8"),
    Field("tcpTimeout", "duration", "15m0s", "--ipvs-tcp-timeout", "1.18", KERNEL),
    Field("tcpFinTimeout", "duration", "2m0s", "--ipvs-tcpfin-timeout", "1.18", KERNEL),
    Field("udpTimeout", "duration", "5m0s", "--ipvs-udp-timeout", "1.18", KERNEL),
    Field("excludeCIDRs", "cidrs", (), "--ipvs-exclude-cidrs", "1.11"),
)
FIELD: Mapping[str, Field] = {field.name: field for field in FIELDS}

_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "\u00b5s": 10**3,  # the micro sign
    "\u03bcs": 10**3,  # the Greek letter: Go takes both
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|[u\u00b5\u03bc]s|ms|s|m|h)")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_DURATION = re.compile(rf"([-+]?)(0|(?:{_PART.pattern})+)")
_LONGEST = 2**63 - 1  # nanoseconds: Go counts in an int64
_LONGEST_TEXT = 100  # characters; a sane duration has ten

# The kernel's IP_VS_SCHEDNAME_MAXLEN is 16 with the terminating zero; modules of third parties may use -
# and _.
_SCHEDULER = re.compile(r"[a-z][a-z0-9_-]{0,14}")
_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))  # the words of Go's strconv.ParseBool
_FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False"))


def parse_duration(text: str) -> float:
    """Return the seconds of a duration in Go's syntax (`1m30s`, `500ms`, `0`), as time.ParseDuration does.

    Raises ValueError for any other text.
    """
    match = _DURATION.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if match is None:
        raise ValueError(f"{quoted(text)} is not a duration")
    # each part is cut to whole nanoseconds: 0.4ns is 0
    nanoseconds = sum(int(Decimal(number) * _NANOSECONDS[unit]) for number, unit in _PART.findall(match[2]))
    if nanoseconds > _LONGEST:
        raise ValueError(f"{quoted(text)} is longer than 292 years")
    return float(nanoseconds) / (-(10**9) if match[1] == "-" else 10**9)


def parse_boolean(text: str) -> bool | None:
    """Return what Go's strconv.ParseBool makes of the text, None if it refuses it."""
    return text in _TRUE if text in _TRUE | _FALSE else None


def is_cidr(text: str) -> bool:
    """Say whether kube-proxy takes the text for a CIDR; bits of the host part may be set."""
    return parse_cidr(text) is not None


def parse_value(field: Field, text: str) -> Value:
    """Return the value that a user typed for a field, checked: a str, a bool, or a tuple of CIDRs.

    Durations and CIDRs stay as they were typed; no text means no CIDRs. Raises UsageError when kube-proxy
    would not take the value.
    """
    text = text.strip()
    if field.kind == "name":
        return _scheduler(field, text)
    if field.kind == "boolean":
        return _boolean(field, text)
    if field.kind == "duration":
        return _duration(field, text)
    return tuple(_cidr(field, item.strip()) for item in text.split(",")) if text else ()


def check(values: Mapping[str, Value], defaults: Collection[str] = ()) -> list[str]:
    """Return what is wrong between the effective values of fields; empty if nothing is.

    A field that is not in `values` counts with its default; `defaults` names those whose value is one. The rules are
    those of kube-proxy's own validation (k/k pkg/proxy/apis/config/validation).
    """
    try:
        period, least = (_seconds(values, name) for name in ("syncPeriod", "minSyncPeriod"))
    except ValueError as error:
        return [str(error)]
    problems = []
    if period <= 0:
        problems.append("syncPeriod must be greater than 0")
    if least > period:
        longest = values.get("syncPeriod", FIELD["syncPeriod"].default)
        origin = " (default)" if "syncPeriod" not in values or "syncPeriod" in defaults else ""
        problems.append(f"minSyncPeriod {values['minSyncPeriod']} is greater than syncPeriod {longest}{origin}")
    return problems


def quoted(text: str) -> str:
    """Return a text for a message: quoted, everything unusual escaped, at most 60 characters of it."""
    return json.dumps(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004 - said in the docstring


def _seconds(values: Mapping[str, Value], name: str) -> float:
    try:
        return parse_duration(str(values.get(name, FIELD[name].default)))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _scheduler(field: Field, text: str) -> str:
    if not _SCHEDULER.fullmatch(text):
        near = suggest(text)
        raise UsageError(
            f"{field.name}: {quoted(text)} is not the name of a scheduler",
            hint=f"did you mean {near}?" if near else "try `kubectl ipvs schedulers` for the names",
        )
    return text


def _boolean(field: Field, text: str) -> bool:
    value = parse_boolean(text)
    if value is None:
        raise UsageError(f"{field.name}: {quoted(text)} is not a boolean", hint="try true or false")
    return value


def _duration(field: Field, text: str) -> str:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        hint = f"did you mean {text}s?" if _NUMBER.fullmatch(text) else "try a number and a unit: 30s, 1m30s, 500ms"
        raise UsageError(f"{field.name}: {error}", hint=hint) from None
    if seconds < 0:
        raise UsageError(f"{field.name}: {quoted(text)} is negative", hint="try 0s for kube-proxy's default")
    return text


def _cidr(field: Field, text: str) -> str:
    if not is_cidr(text):
        raise UsageError(
            f"{field.name}: {quoted(text)} is not an address with the length of its prefix",
            hint="try 10.0.0.0/8,fd00::/8",
        )
    return text
