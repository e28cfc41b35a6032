"""kube-proxy's configuration as it was written and as it works: the mode and the eight ipvs fields.

Promises for each field what is configured, what is in force, and where that comes from; what kube-proxy exits on when
it reads this, whatever its version, and what it ignores. Reads the text of a ConfigMap's key; `flags.py` reads a
command line into the same values. Never judges whether a value is wise; what depends on the version is said by
`checks/startup.py`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from kubectl_ipvs.proxy.config import flags
from kubectl_ipvs.proxy.config.document import KIND, Document, configuration_document, shown
from kubectl_ipvs.proxy.config.fields import FIELD, FIELDS, NOUNS, Field, Value, is_cidr
from kubectl_ipvs.proxy.config.kinds import NOT, is_wrong
from kubectl_ipvs.proxy.config.shape import line_of, misfits
from kubectl_ipvs.proxy.config.validation import refusals, seconds
from kubectl_ipvs.proxy.release import parse_version

Origin: TypeAlias = Literal["configured", "default"]

LINUX_DEFAULT_MODE = "iptables"  # until 1.39; KEP-5343 makes it nftables in 1.40
# Since 1.31 both sync periods are one for all modes inside kube-proxy. Its flags start from the defaults of an empty
# mode, and there the least period is 1s (options.go; seen on 1.36 and 1.37). A text's stays 0s.
MIN_SYNC_BY_FLAGS, MIN_SYNC_SINCE = "1s", (1, 31)
_DECODED = {"name": "text", "boolean": "boolean", "duration": "duration", "cidrs": "texts"}


class Setting(NamedTuple):
    """One value: as it was written (None: the key is absent, null or of a wrong type), and as it works.

    kube-proxy takes "" and durations of zero for unset, so those are `configured` and yet of origin `default`.
    `problem` is what kube-proxy will not start with (`"flase": not a boolean`), "" where it takes the value.
    """

    configured: Value | None
    effective: Value
    origin: Origin
    problem: str = ""


class Configuration(NamedTuple):
    """What kube-proxy was told. `ipvs` has all eight fields, in the order of FIELDS.

    `errors` are sentences about what kube-proxy exits on, in any version; `ignored` about what it does not take in:
    unknown keys, keys that are there twice. Both name path and line. `unknown` lists the unknown keys of `ipvs:`
    alone. `api_version` and `kind` are "" for a command line.
    """

    mode: Setting
    ipvs: Mapping[str, Setting]
    unknown: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    api_version: str = ""
    kind: str = ""
    feature_gates: Mapping[str, bool] = MappingProxyType({})
    node_port_addresses: tuple[str, ...] = ()

    @property
    def by_flags(self) -> bool:
        """A command line is the configuration, not a text."""
        return not self.kind

    def effective(self) -> dict[str, Value]:
        """Return the fields as they work."""
        return {name: setting.effective for name, setting in self.ipvs.items()}


class _Fault(NamedTuple):
    """One field that kube-proxy exits on: in short, and as the end of a sentence."""

    short: str
    sentence: str


def read(text: str, version: str = "") -> Configuration:
    """Return the configuration in a YAML or JSON text; of several documents the first of its kind counts.

    `version` is that of the kube-proxy which reads it; of an unknown one only what is so in all of them is said.

    Raises ConfigurationInvalid, with line and column, for malformed YAML, tags, and anything that is not a
    KubeProxyConfiguration. A value that kube-proxy refuses is not raised: it is among `errors`.
    """
    document = configuration_document(text)
    section = document.value.get("ipvs")
    ipvs = section if isinstance(section, dict) else {}
    found = misfits(document, version)
    mode = _mode(document.value.get("mode"))
    raw = {field.name: ipvs.get(field.name) for field in FIELDS}
    types = {name: _mistyped(FIELD[name], raw[name], there=name in ipvs) for name in raw}
    values = _invalid(raw, types, by_flags=False) if mode.effective == "ipvs" else {}
    errors = [f"ipvs.{name} {fault.sentence}{_line(document, name)}" for name, fault in values.items()]
    errors += [
        f"{'.'.join(path)} {sentence}{line_of(document.node, *path)}"
        for path, sentence in refusals(document.value, str(mode.effective), version)
    ]
    return Configuration(
        mode=mode,
        ipvs=_settings(raw, {**types, **values}),
        unknown=tuple(str(key) for key in ipvs if key not in FIELD),
        errors=(*found.errors, *errors),
        ignored=tuple(found.ignored),
        api_version=str(document.api_version or ""),
        kind=KIND,
        feature_gates=_gates(document.value.get("featureGates")),
        node_port_addresses=_texts(document.value.get(flags.NODE_PORTS)),
    )


def read_flags(args: Sequence[str], version: str = "") -> Configuration:
    """Return the configuration in kube-proxy's command line, in one word or two (`--ipvs-scheduler lc`).

    A shell's script (`sh -c "kube-proxy ..."`) is taken apart. Reads any words; what kube-proxy refuses is among
    `errors`. Without `--config` only: with it, kube-proxy ignores these flags. `version` is that of the kube-proxy,
    for the default that changed.
    """
    given = flags.read(args)
    mode = _mode(given.get("mode"))
    raw = {field.name: given.get(field.name) for field in FIELDS}
    known = {name for name in given if not _is_variable(given[name])}
    types = {name: _mistyped(FIELD[name], raw[name], there=name in known) for name in raw}
    defaults = _flag_defaults(version)
    values = _invalid(raw, types, by_flags=True, defaults=defaults) if mode.effective == "ipvs" else {}
    faults = {**types, **values}
    gates = given.get("featureGates")
    bad_gates = [
        f"{flags.GATES_FLAG}: {name} is {shown(on)}, {NOT['boolean']}"
        for name, on in (gates.items() if isinstance(gates, dict) else ())
        if not isinstance(on, bool) and not _is_variable(on)
    ]
    return Configuration(
        mode=mode,
        ipvs=_settings(raw, {**types, **values}, defaults),
        errors=(
            *flags.faults(args, version),
            *(f"{FIELD[name].flag} {fault.sentence}" for name, fault in faults.items() if fault),
            *bad_gates,
        ),
        feature_gates=_gates(gates),
        node_port_addresses=_texts(given.get(flags.NODE_PORTS)),
    )


def _is_variable(raw: object) -> bool:
    """Say whether a text has a variable that nobody could put in: what it will be is not known."""
    return isinstance(raw, str) and "$" in raw


def _mode(raw: object) -> Setting:
    if raw is not None and not isinstance(raw, str):
        return Setting(None, LINUX_DEFAULT_MODE, "default", f"{shown(raw)}: not a name")
    return Setting(raw, raw or LINUX_DEFAULT_MODE, "configured" if raw else "default")


def _flag_defaults(version: str) -> Mapping[str, Value]:
    number = parse_version(version)
    return {"minSyncPeriod": MIN_SYNC_BY_FLAGS} if number is not None and number >= MIN_SYNC_SINCE else {}


def _gates(raw: object) -> dict[str, bool]:
    return {str(name): on for name, on in raw.items() if isinstance(on, bool)} if isinstance(raw, dict) else {}


def _texts(raw: object) -> tuple[str, ...]:
    return tuple(item for item in raw if isinstance(item, str)) if isinstance(raw, list) else ()


def _settings(
    raw: Mapping[str, object], faults: Mapping[str, _Fault | None], defaults: Mapping[str, Value] | None = None
) -> dict[str, Setting]:
    return {name: _setting(FIELD[name], raw[name], faults.get(name), defaults or {}) for name in raw}


def _setting(field: Field, raw: object, fault: _Fault | None, defaults: Mapping[str, Value]) -> Setting:
    value = _typed(field, raw)
    problem = fault.short if fault else ""
    zero_counts = field.name in defaults and value is not None  # by flags: nothing is filled in after they are read
    if value is None or (_is_unset(field, value) and not zero_counts):
        return Setting(value, defaults.get(field.name, field.default), "default", problem)
    return Setting(value, value, "configured", problem)


def _typed(field: Field, raw: object) -> Value | None:
    if field.kind == "cidrs":
        return tuple("" if item is None else str(item) for item in raw) if isinstance(raw, list) else None
    if field.kind == "boolean":
        return raw if isinstance(raw, bool) else None
    return raw if isinstance(raw, str) else None


def _is_unset(field: Field, value: Value) -> bool:
    """Say whether kube-proxy puts its default in place of the value; so it is shown for what it cannot read."""
    if field.kind != "duration":
        return value == "" and field.kind == "name"
    return not seconds(value)


def _mistyped(field: Field, raw: object, *, there: bool) -> _Fault | None:
    """Return what is wrong with the type of a value; kube-proxy does not get past it in any mode."""
    kind = _DECODED[field.kind]
    if not there or not is_wrong(kind, raw):
        return None
    return _Fault(f"{shown(raw)}: not a {NOUNS[field.kind]}", f"is {shown(raw)}, {NOT[kind]}")


def _invalid(
    raw: Mapping[str, object],
    types: Mapping[str, _Fault | None],
    *,
    by_flags: bool,
    defaults: Mapping[str, Value] | None = None,
) -> dict[str, _Fault]:
    """Return what kube-proxy's own validation refuses in IPVS mode, by field."""
    found: dict[str, _Fault] = {}
    for field in FIELDS:
        value = raw[field.name]
        if value is None or types[field.name] is not None:
            continue
        if field.kind == "cidrs" and isinstance(value, list):
            wrong = next((item for item in value if not isinstance(item, str) or not is_cidr(item)), "")
            if wrong != "" or "" in value:
                found[field.name] = _Fault(f"{shown(wrong)}: not a CIDR", f"has {shown(wrong)}, not a CIDR")
        elif field.kind == "duration" and (seconds(value) or 0.0) < 0:
            found[field.name] = _Fault(f"{shown(value)}: negative", f"is {shown(value)}: negative")
    # A text's 0s is filled with the default before it is validated; a flag's is not.
    if by_flags and raw["syncPeriod"] is not None and seconds(raw["syncPeriod"]) == 0.0:
        found["syncPeriod"] = _Fault(f"{shown(raw['syncPeriod'])}: not more than 0", "is 0: it must be more than 0")
    found.update(_too_long(_settings(raw, types, defaults), found))
    return found


def _too_long(settings: Mapping[str, Setting], found: Mapping[str, _Fault]) -> dict[str, _Fault]:
    least, period = settings["minSyncPeriod"], settings["syncPeriod"]
    if found.keys() & {"minSyncPeriod", "syncPeriod"} or least.problem or period.problem:
        return {}
    if (seconds(least.effective) or 0.0) <= (seconds(period.effective) or 0.0):
        return {}
    said = f"{least.effective}{_default(least)}"
    bound = f"greater than syncPeriod {period.effective}{_default(period)}"
    return {"minSyncPeriod": _Fault(f"{said}: {bound}", f"is {said}: {bound}")}


def _default(setting: Setting) -> str:
    return " (default)" if setting.origin == "default" else ""


def _line(document: Document, name: str) -> str:
    return line_of(document.node, "ipvs", name)
