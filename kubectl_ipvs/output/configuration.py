"""The configurations: `get` in every format."""

from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_ipvs.operations.change.checks import source_findings, start_problems
from kubectl_ipvs.operations.installation import Installation
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.output.columns import table
from kubectl_ipvs.output.documents import document, finding
from kubectl_ipvs.proxy.checks.findings import some
from kubectl_ipvs.proxy.checks.lifecycle import outlook
from kubectl_ipvs.proxy.config.configuration import Setting
from kubectl_ipvs.proxy.config.fields import FIELD, Value
from kubectl_ipvs.proxy.served import Running

UNKNOWN = "<unknown>"


Told = Mapping[str, Running | None]  # by node: what kube-proxy runs with, None where it did not say
NOBODY: Told = {}


def render(found: Installation, form: str, told: Told = NOBODY) -> str:
    """Write all configurations as `table`, `wide`, `json`, `yaml` or `name`; `told` is what kube-proxys run with."""
    if form == "name":
        return "".join(f"{name(source)}\n" for source in found.sources)
    if form in {"json", "yaml"}:
        return document("Configuration", content(found, told), form)
    return "\n".join(_table(source, found.nodes_of(source), told, wide=form == "wide") for source in found.sources)


def warnings(found: Installation) -> list[str]:
    """Return what an operator must know beside the values; each once."""
    said = list(found.warnings)
    for entry in found.sources:
        said += ["; ".join(filter(None, (entry.problem, entry.hint)))] if entry.problem else []
        said += [found.reason for found in source_findings(entry) if not entry.problem]
        if entry.kind == "Rendered" and entry.configuration is not None:
            said.append(
                f"kube-proxy reads {entry.path}, which its pod makes of {where(entry)}: what it makes is not seen"
            )
        if entry.mode is not None and entry.mode != "ipvs":
            said.append(f"kube-proxy's mode is {entry.mode}: the ipvs settings are not in force")
    return list(dict.fromkeys(said))


def name(source: Source) -> str:
    """Return the object that has the configuration, as `-o name` has it."""
    if source.config_map is not None:
        return f"configmap/{source.config_map.name}"
    return f"pod/{source.name}" if source.kind == "Pod" else f"daemonset.apps/{source.name}"


def content(found: Installation, told: Told = NOBODY) -> dict[str, Any]:
    """Return the schema's facts; the first level repeats the configuration where there is one alone."""
    entries = [_content(entry, found.nodes_of(entry), told) for entry in found.sources]
    first = {key: value for key, value in entries[0].items() if key in TOP} if len(entries) == 1 else {}
    return {**first, "configurations": entries}


TOP = ("source", "version", "mode", "ipvs", "unknown")


def source(found: Source) -> dict[str, str]:
    """Tell where a configuration lives."""
    if found.config_map is not None:
        return {
            "kind": "ConfigMap",
            "namespace": found.namespace,
            "name": found.config_map.name,
            "key": found.key,
        }
    kind = {"DaemonSet": "DaemonSet", "Pod": "Pod", "ConfigMap": "ConfigMap"}.get(found.kind, "File")
    held = {"kind": kind, "namespace": found.namespace, "name": found.name, "key": ""}
    return {**held, "path": found.path} if kind == "File" else held


def where(found: Source) -> str:
    """Say where a configuration lives, in words."""
    if found.config_map is not None:
        return f"configmap {found.namespace}/{found.config_map.name}, key {found.key}"
    if found.kind == "DaemonSet":
        return f"flags of daemonset {found.namespace}/{found.name}"
    if found.kind == "Pod":
        return f"flags of static pods in {found.namespace}"
    return f"file {found.path or UNKNOWN} on each node" if found.kind == "File" else f"file {found.path} in the pod"


def words(value: Value | None) -> str:
    """Write a field's value as YAML would read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) or "[]" if isinstance(value, tuple) else value


def _alike(nodes: Sequence[str], told: Told) -> Mapping[tuple[str, str | None] | None, list[str]]:
    """Group nodes by what their kube-proxy runs with: mode in effect and scheduler; None: it did not say."""
    groups: dict[tuple[str, str | None] | None, list[str]] = {}
    for node in nodes:
        if node in told:
            said = told[node]
            groups.setdefault((said.mode, said.scheduler) if said is not None else None, []).append(node)
    return groups


def _content(found: Source, nodes: Sequence[str], told: Told) -> dict[str, Any]:
    read = found.configuration
    return {
        "source": source(found),
        "version": found.version,
        "mode": _pair(read.mode) if read is not None else None,
        "ipvs": {field: _pair(setting) for field, setting in read.ipvs.items()} if read is not None else {},
        "unknown": list(read.unknown) if read is not None else [],
        "nodes": list(nodes),
        "running": [
            {"mode": said[0] if said else None, "scheduler": said[1] if said else None, "nodes": alike}
            for said, alike in _alike(nodes, told).items()
        ],
        "problems": [entry.reason for entry in start_problems(found)] or ([found.problem] if found.problem else []),
        "findings": [finding(entry) for entry in source_findings(found)],
    }


def _table(found: Source, nodes: Sequence[str], told: Told, *, wide: bool) -> str:
    read = found.configuration
    settings: Mapping[str, Setting | None] = (
        {"mode": read.mode, **read.ipvs} if read is not None else dict.fromkeys(("mode", *FIELD))
    )
    headers = ("setting", "value", "configured", "default", "flag") if wide else ("setting", "value")
    rows = [_row(key, setting, found.version, wide=wide) for key, setting in settings.items()]
    rest = ["-"] * (len(headers) - 2)
    rows.append(["source", where(found), *rest])
    rows.append(["nodes", f"{len(nodes)}: {some(tuple(nodes))}" if nodes else "0", *rest])
    if wide:
        rows.append(["version", found.version or UNKNOWN, *rest])
    for said, alike in _alike(nodes, told).items():
        what = Running(*said).words if said else UNKNOWN
        rows.append(["running", f"{what} on {len(alike)}: {some(tuple(alike))}", *rest])
    return table(headers, rows)


def _row(key: str, setting: Setting | None, version: str, *, wide: bool) -> list[str]:
    field = FIELD.get(key)
    rest = [words(field.default) if field else "iptables", field.flag if field else "--proxy-mode"]
    if setting is None:
        return [key, UNKNOWN, *([UNKNOWN, *rest] if wide else [])]
    shown = words(setting.effective) + (" (default)" if setting.origin == "default" else "")
    if setting.problem:
        shown = f"{setting.problem}"
    elif key == "mode" and setting.effective == "ipvs" and outlook(version):
        shown += f" ({outlook(version)})"
    if not wide:
        return [key, shown]
    configured = "<unset>" if setting.configured is None else words(setting.configured) or '""'
    return [key, shown, configured, *rest]


def _pair(setting: Setting) -> dict[str, Any]:
    pair = {
        "configured": _plain(setting.configured),
        "effective": _plain(setting.effective),
        "origin": setting.origin,
    }
    return {**pair, "problem": setting.problem} if setting.problem else pair


def _plain(value: Value | None) -> object:
    return list(value) if isinstance(value, tuple) else value
