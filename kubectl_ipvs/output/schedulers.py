"""The catalogue of schedulers: `schedulers` in every format."""

import textwrap
from collections.abc import Sequence
from typing import Any

from kubectl_ipvs.ipvs.schedulers import Scheduler
from kubectl_ipvs.output.documents import document
from kubectl_ipvs.output.table import table

WIDTH = 100


def render(entries: Sequence[Scheduler], form: str) -> str:
    """Write the catalogue as `table`, `wide`, `json`, `yaml` or `name`."""
    if form == "name":
        return "".join(f"{entry.name}\n" for entry in entries)
    if form in {"json", "yaml"}:
        return document("SchedulerList", {"schedulers": [_entry(entry) for entry in entries]}, form)
    headers = ("name", "title", "kernel", "with kube-proxy") + (("module",) if form == "wide" else ())
    rows = [
        [entry.name, entry.title, _kernel(entry), _short(entry)] + ([entry.module] if form == "wide" else [])
        for entry in entries
    ]
    return table(headers, rows)


def describe(entry: Scheduler) -> str:
    """Write one scheduler at length."""
    parts = [
        f"{entry.name} - {entry.title}",
        f"  since kernel:    {_kernel(entry)}",
        f"  module:          {entry.module}",
        _wrapped("  what it does:    ", entry.meaning),
        _wrapped("  with kube-proxy: ", entry.with_kube_proxy),
    ]
    if entry.advice:
        parts.append(_wrapped("  advice:          ", entry.advice))
    return "\n".join(parts) + "\n"


def _wrapped(label: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=label, subsequent_indent=" " * len(label), break_on_hyphens=False)


def _kernel(entry: Scheduler) -> str:
    return "any" if entry.kernel < (3, 0) else f"{entry.kernel[0]}.{entry.kernel[1]}"


def _short(entry: Scheduler) -> str:
    return ("trap: " if entry.trap else "") + entry.with_kube_proxy.split(";")[0].split(". ")[0].rstrip(".")


def _entry(entry: Scheduler) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title, "kernel": f"{entry.kernel[0]}.{entry.kernel[1]}", "module": entry.module,
        "meaning": entry.meaning, "withKubeProxy": entry.with_kube_proxy, "trap": entry.trap, "advice": entry.advice,
        "flags": list(entry.flags),
    }  # fmt: skip
