"""kube-proxy's configuration as it was written and as it works: the mode and the eight ipvs fields.

Promises for each field what is configured, what is in force, and where that comes from; and what kube-proxy
will not understand. Reads the text of a ConfigMap's key; `flags.py` reads a command line into the same
values. Never judges whether a value is wise.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import yaml

from kubectl_ipvs.proxy.config import flags
from kubectl_ipvs.proxy.config.document import configuration_document, duplicates, member, position, shown
from kubectl_ipvs.proxy.config.fields import FIELD, FIELDS, NOUNS, Field, Value, is_cidr, parse_duration, quoted

Origin: TypeAlias = Literal["configured", "default"]

LINUX_DEFAULT_MODE = "iptables"  # until 1.39; KEP-5343 makes it nftables in 1.40


class Setting(NamedTuple):
    """One value: as it was written (None: the key is absent, null or of a wrong type), and as it works.

    kube-proxy takes "" and durations of zero for unset, so those are `configured` and yet of origin
    `default`.
    """

    configured: Value | None
    effective: Value
    origin: Origin


class Configuration(NamedTuple):
    """What kube-proxy was told. `ipvs` holds all eight fields, in the order of FIELDS.

    `unknown` lists the keys of `ipvs:` that kube-proxy does not know and ignores (`Scheduler`); `findings`
    are sentences about everything that it reads otherwise than its author meant: unknown keys, wrong types,
    values that it refuses, keys that are there twice. `api_version` and `kind` are "" for a command line.
    """

    mode: Setting
    ipvs: Mapping[str, Setting]
    unknown: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    api_version: str = ""
    kind: str = ""


def read(text: str) -> Configuration:
    """Return the configuration in a YAML or JSON text; of several documents the first of its kind counts.

    Raises ConfigurationInvalid, with line and column, for malformed YAML, tags, and anything that is not a
    KubeProxyConfiguration. A value that kube-proxy refuses is no error here, but a finding.
    """
    document = configuration_document(text)
    section = document.value.get("ipvs")
    findings = _doubled(document.node)
    if section is not None and not isinstance(section, dict):
        findings.append(f"ipvs: {shown(section)} is not a mapping")
    ipvs = section if isinstance(section, dict) else {}
    unknown = tuple(str(key) for key in ipvs if key not in FIELD)
    findings += [f"ipvs.{key}: kube-proxy does not know this key and ignores it{_meant(key)}" for key in unknown]
    findings += [
        f"ipvs.{field.name}: null is not a duration, leave the key out"  # Go: time: invalid duration ""
        for field in FIELDS
        if field.kind == "duration" and field.name in ipvs and ipvs[field.name] is None
    ]
    return _configuration(
        document.value.get("mode"),
        {field.name: ipvs.get(field.name) for field in FIELDS},
        findings,
        unknown=unknown,
        api_version=str(document.value.get("apiVersion") or ""),
        kind=str(document.value["kind"]),
    )


def read_flags(args: Sequence[str]) -> Configuration:
    """Return the configuration in kube-proxy's command line, in one word or two (`--ipvs-scheduler lc`).

    A shell's script (`sh -c "kube-proxy ..."`) is taken apart. Reads any words; what kube-proxy would
    refuse is a finding. Without `--config` only: with it, kube-proxy ignores these flags.
    """
    given = flags.read(args)
    return _configuration(given.get("mode"), {field.name: given.get(field.name) for field in FIELDS}, [])


def _configuration(
    mode: object,
    raw: Mapping[str, object],
    findings: list[str],
    *,
    unknown: tuple[str, ...] = (),
    api_version: str = "",
    kind: str = "",
) -> Configuration:
    settings = {name: _setting(FIELD[name], value) for name, value in raw.items()}
    wrong = [finding for name, value in raw.items() for finding in _wrong(FIELD[name], value)]
    if mode is not None and not isinstance(mode, str):
        wrong.insert(0, f"mode: {shown(mode)} is not a name")
        mode = None
    return Configuration(
        mode=Setting(mode, mode or LINUX_DEFAULT_MODE, "configured" if mode else "default"),
        ipvs=settings,
        unknown=unknown,
        findings=(*findings, *wrong),
        api_version=api_version,
        kind=kind,
    )


def _setting(field: Field, raw: object) -> Setting:
    value = _typed(field, raw)
    if value is None or _is_unset(field, value):
        return Setting(value, field.default, "default")
    return Setting(value, value, "configured")


def _typed(field: Field, raw: object) -> Value | None:
    if field.kind == "cidrs":
        return tuple(str(item) for item in raw) if isinstance(raw, list) else None
    if field.kind == "boolean":
        return raw if isinstance(raw, bool) else None
    return raw if isinstance(raw, str) else None


def _is_unset(field: Field, value: Value) -> bool:
    """Say whether kube-proxy puts its default in place of the value; so it does for what it cannot read."""
    if field.kind != "duration":
        return value == "" and field.kind == "name"
    try:
        return parse_duration(str(value)) == 0
    except ValueError:
        return True


def _wrong(field: Field, raw: object) -> list[str]:
    """Return what is wrong with a value that is there, as sentences."""
    if raw is None:
        return []
    where = f"ipvs.{field.name}"
    if field.kind == "cidrs" and isinstance(raw, list):
        return [f"{where}: {shown(item)} is not a CIDR" for item in raw if not _is_cidr(item)]
    if _typed(field, raw) is None:
        return [f"{where}: {shown(raw)} is not a {NOUNS[field.kind]}"]
    if field.kind == "duration":
        return _wrong_duration(where, str(raw))
    return []


def _wrong_duration(where: str, text: str) -> list[str]:
    try:
        return [f"{where}: {quoted(text)} is negative"] if parse_duration(text) < 0 else []
    except ValueError as error:
        return [f"{where}: {error}"]


def _is_cidr(item: object) -> bool:
    return isinstance(item, str) and is_cidr(item)


def _doubled(root: yaml.MappingNode) -> list[str]:
    section = member(root, "ipvs")
    places = [("", root)]
    if section and isinstance(section[1], yaml.MappingNode):
        places.append(("ipvs.", section[1]))
    return [
        f"{where}{key.value}: there twice, the last one counts ({position(key.start_mark)})"
        for where, mapping in places
        for key in duplicates(mapping)
    ]


def _meant(key: str) -> str:
    near = next((name for name in FIELD if name.lower() == key.lower()), None)
    return f", unlike {near}" if near else ""
