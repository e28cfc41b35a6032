"""The configuration: `get` in every format."""

from collections.abc import Mapping
from typing import Any

from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.output.documents import document
from kubectl_ipvs.output.table import table
from kubectl_ipvs.proxy.checks.lifecycle import notice
from kubectl_ipvs.proxy.config.configuration import Setting
from kubectl_ipvs.proxy.config.fields import FIELD, Value


def render(located: Located, form: str) -> str:
    """Write the configuration as `table`, `wide`, `json`, `yaml` or `name`."""
    if form == "name":
        return name(located) + "\n"
    if form in {"json", "yaml"}:
        return document("Configuration", content(located), form)
    return _table(located, wide=form == "wide")


def warnings(located: Located) -> list[str]:
    """Return what an operator must know beside the values."""
    read = located.configuration
    found = [*(f"kube-proxy will not start: {error}" for error in read.errors), *read.ignored]
    if located.mode != "ipvs":
        found.append(f"kube-proxy's mode is {located.mode}: the ipvs settings are not in force")
    elif notice(located.version):
        found.append(f"kube-proxy {located.version}: {notice(located.version)}")
    return found


def name(located: Located) -> str:
    """Return the object that holds the configuration, as `-o name` has it."""
    if located.config_map is not None:
        return f"configmap/{located.config_map.name}"
    return f"daemonset.apps/{located.name}" if located.kind == "Flags" else f"pod/{located.name}"


def content(located: Located) -> dict[str, Any]:
    """Return the schema's facts."""
    read = located.configuration
    return {
        "source": source(located),
        "version": located.version,
        "mode": _pair(read.mode),
        "ipvs": {field: _pair(setting) for field, setting in read.ipvs.items()},
        "unknown": list(read.unknown),
    }


def source(located: Located) -> dict[str, str]:
    """Tell where the configuration lives."""
    if located.config_map is not None:
        return {
            "kind": "ConfigMap",
            "namespace": located.namespace,
            "name": located.config_map.name,
            "key": located.key,
        }
    return {"kind": "DaemonSet" if located.kind == "Flags" else "Pod", "namespace": located.namespace,
            "name": located.name, "key": ""}  # fmt: skip


def where(located: Located) -> str:
    """Say where the configuration lives, in words."""
    if located.config_map is not None:
        return f"configmap {located.namespace}/{located.config_map.name}, key {located.key}"
    if located.kind == "Flags":
        return f"flags of daemonset {located.namespace}/{located.name}"
    return f"flags of static pods in {located.namespace} ({located.selector})"


def words(value: Value | None) -> str:
    """Write a field's value as YAML would read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) or "[]" if isinstance(value, tuple) else value


def _table(located: Located, *, wide: bool) -> str:
    read = located.configuration
    settings: Mapping[str, Setting] = {"mode": read.mode, **read.ipvs}
    headers = ("setting", "value", "configured", "default", "flag") if wide else ("setting", "value")
    rows = [_row(key, setting, wide=wide) for key, setting in settings.items()]
    rest = ["-"] * (len(headers) - 2)
    rows.append(["source", where(located), *rest])
    if wide:
        rows.append(["version", located.version or "<unknown>", *rest])
    return table(headers, rows)


def _row(key: str, setting: Setting, *, wide: bool) -> list[str]:
    shown = words(setting.effective) + (" (default)" if setting.origin == "default" else "")
    if not wide:
        return [key, shown]
    field = FIELD.get(key)
    configured = "<unset>" if setting.configured is None else words(setting.configured) or '""'
    return [
        key,
        shown,
        configured,
        words(field.default) if field else "iptables",
        field.flag if field else "--proxy-mode",
    ]


def _pair(setting: Setting) -> dict[str, Any]:
    return {
        "configured": _plain(setting.configured),
        "effective": _plain(setting.effective),
        "origin": setting.origin,
    }


def _plain(value: Value | None) -> object:
    return list(value) if isinstance(value, tuple) else value
