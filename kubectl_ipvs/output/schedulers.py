"""The catalogue of schedulers: `schedulers` in every format."""

import textwrap
from collections.abc import Sequence
from typing import Any

from kubectl_ipvs.ipvs.schedulers import Scheduler
from kubectl_ipvs.output.columns import table
from kubectl_ipvs.output.documents import document

WIDTH = 100
ROOM = WIDTH - len("lblcr   kernel   ")  # for what is said of one in the table


def render(entries: Sequence[Scheduler], form: str) -> str:
    """Write the catalogue as `table`, `wide`, `json`, `yaml` or `name`."""
    if form == "name":
        return "".join(f"{entry.name}\n" for entry in entries)
    if form in {"json", "yaml"}:
        return document("SchedulerList", {"schedulers": [_entry(entry) for entry in entries]}, form)
    wide = form == "wide"
    headers = ("name", "kernel", "with kube-proxy") + (("title", "module") if wide else ())
    rows = [
        [entry.name, _kernel(entry), _short(entry), *([entry.title, entry.module] if wide else [])] for entry in entries
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
    first = entry.with_kube_proxy.split(";")[0].split(". ")[0].rstrip(".")
    if entry.trap:  # what comes of it; why is said by `schedulers NAME`
        first = f"trap: {first.rpartition(': ')[2]}"
    return textwrap.shorten(first, ROOM, placeholder=" ...", break_long_words=False)


def _entry(entry: Scheduler) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title, "kernel": f"{entry.kernel[0]}.{entry.kernel[1]}", "module": entry.module,
        "meaning": entry.meaning, "withKubeProxy": entry.with_kube_proxy, "trap": entry.trap, "advice": entry.advice,
        "flags": list(entry.flags),
    }  # fmt: skip
