"""`doctor`: one cluster on one screen, several in a row each, and both as documents."""

import textwrap
from collections import defaultdict
from collections.abc import Callable, Sequence
from shlex import quote
from typing import Any

from kubectl_ipvs.operations.doctor.contexts import Row
from kubectl_ipvs.operations.doctor.examine import Report
from kubectl_ipvs.output.columns import table
from kubectl_ipvs.output.documents import document
from kubectl_ipvs.output.printable import printable
from kubectl_ipvs.proxy.checks.findings import some
from kubectl_ipvs.proxy.leaving.diagnosis import Diagnosis, NodeDiagnosis
from kubectl_ipvs.proxy.leaving.findings import LEVELS, Leaving, Level
from kubectl_ipvs.proxy.leaving.schedule import off_in
from kubectl_ipvs.proxy.leaving.steps import steps, wrapped

WIDTH, LABEL = 80, 11
NAMES: dict[Level, str] = {"blocks": "blocks", "error": "error", "warning": "warning", "info": "to know"}
COLUMNS = ("context", "version", "mode", "scheduler", "nodes", "blocks", "errors", "off by default in")
Advise = Callable[[str], str]


def render(report: Report, form: str, advise: Advise, *, migrates: bool) -> str:
    """Write one cluster; `advise` adds the run's flags to a command, `migrates`: a command does it all."""
    if form in {"json", "yaml"}:
        return document("Doctor", content(report.diagnosis), form)
    found = report.diagnosis
    lines = [*_versions(found), *_nodes(found)]
    for level in LEVELS:
        for entry in found.of(level):
            lines += _paragraph(NAMES[level], _words(entry, advise))
    for unknown in found.unknown:
        lines += _paragraph("not known:", f"{unknown.question}: {unknown.reason}")
    if not found.left:
        lines += _paragraph("way", f"{found.way.name}: {found.way.reason}")
        for command in steps(found.way, report.place, migrates=migrates):
            lines += [f"  {line}" for line in wrapped(advise(command), WIDTH - 2).splitlines()]
    return "".join(f"{line}\n" for line in (*lines, *_wrap(verdict(found))))


def content(found: Diagnosis) -> dict[str, Any]:
    """Return the schema's facts."""
    return {
        "cluster": {"version": found.version, "mode": found.mode, "scheduler": found.scheduler},
        "schedule": [{"version": date.version, "what": date.what} for date in found.schedule],
        "nodes": [
            {"node": each.node.name, "ready": each.ready, "findings": list(each.findings)} for each in found.nodes
        ],
        "findings": [
            {
                "code": entry.code,
                "level": entry.level,
                "reason": entry.reason,
                "hint": entry.hint,
                "nodes": list(entry.nodes),
                "objects": [seen._asdict() for seen in entry.objects],
            }
            for entry in found.findings
        ],
        "unknown": [{"question": entry.question, "reason": entry.reason} for entry in found.unknown],
        "verdict": found.verdict,
        "way": found.way.name,
    }


def render_rows(rows: Sequence[Row], form: str) -> str:
    """Write several clusters, a row each; what is wrong with one that did not answer stands below."""
    if form in {"json", "yaml"}:
        entries = [
            {"context": row.context, "problem": row.problem, **(content(row.report.diagnosis) if row.report else {})}
            for row in rows
        ]
        return document("DoctorList", {"contexts": entries}, form)
    below = [f"{row.context}: {row.problem}" for row in rows if row.report is None]
    for row in rows:
        if row.report and row.report.diagnosis.unknown:
            count = len(row.report.diagnosis.unknown)
            below.append(f"{row.context}: {count} not known: kubectl ipvs doctor --context {quote(row.context)}")
    return table(COLUMNS, [_cells(row) for row in rows]) + "".join(f"{line}\n" for line in below)


def verdict(found: Diagnosis) -> str:
    """Return the last words: `ready to leave`, `ready but for 2 things`, `not yet: IPVS101, IPVS130`."""
    if found.verdict == "not-yet":
        codes = ", ".join(dict.fromkeys(entry.code for entry in found.against))
        return f"not yet: {codes or 'of no node is known that it can run nftables mode'}"
    ready = "out of IPVS mode" if found.left else "ready to leave"
    if found.verdict == "ready":
        return ready
    things = "1 thing" if found.things == 1 else f"{found.things} things"
    return f"{ready if found.left else 'ready'} but for {things}"


def _versions(found: Diagnosis) -> list[str]:
    versions = ", ".join(dict.fromkeys(each.node.version or "<unknown>" for each in found.nodes)) or "<unknown>"
    count = "1 node" if len(found.nodes) == 1 else f"{len(found.nodes)} nodes"
    modes = dict.fromkeys(each.node.mode or "<unknown>" for each in found.nodes) or ("<unknown>",)
    said = f"Kubernetes {found.version or '<unknown>'}, kube-proxy {versions} on {count}, mode {', '.join(modes)}"
    said += f", scheduler {found.scheduler or '<several or unknown>'}" if found.mode == "ipvs" else ""
    dates: defaultdict[str, list[str]] = defaultdict(list)
    for date in found.schedule:
        dates[date.version].append(f"{date.what} ({date.source})")
    return [*_wrap(said), *(line for at, what in dates.items() for line in _paragraph(at, "; ".join(what)))]


def _nodes(found: Diagnosis) -> list[str]:
    """Write a paragraph for nodes that are alike."""
    alike: dict[tuple[bool | None, str, str, str, str], list[NodeDiagnosis]] = {}
    for each in found.nodes:
        node = each.node
        alike.setdefault((each.ready, node.mode, node.version, node.kernel, node.os_image), []).append(each)
    lines: list[str] = []
    for (ready, mode, version, kernel, image), nodes in alike.items():
        names = some(tuple(each.node.name for each in nodes))
        can = {True: "can run nftables mode", False: "not yet", None: "not known"}[ready]
        can = can if mode in {"ipvs", ""} else f"in {mode} mode"
        about = ", ".join(filter(None, (f"kube-proxy {version}" if version else "", kernel, image)))
        lines += _paragraph("nodes", f"{names}: {can} ({about or 'nothing known'})")
    return lines


def _words(entry: Leaving, advise: Advise) -> str:
    """Write a finding: its code, why, where (five by name, then a count), what to do."""
    where = [some(entry.nodes)] if entry.nodes else []
    where += [some(tuple(map(str, entry.objects)))] if entry.objects else []
    seen = f" [{'; '.join(where)}]" if where else ""
    return f"{entry.code} {entry.reason}{seen}" + (f" -> {advise(entry.hint)}" if entry.hint else "")


def _paragraph(label: str, words: str) -> list[str]:
    return _wrap(f"{label:{LABEL}}{words}", LABEL)


def _wrap(text: str, indent: int = 0) -> list[str]:
    """Break a text at blanks; its own line feeds are none of ours."""
    return textwrap.wrap(printable(text), WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)


def _cells(row: Row) -> list[str]:
    if row.report is None:
        return [row.context, "no answer", *["-"] * 6]
    found = row.report.diagnosis
    counts = [str(len(found.of(level))) for level in ("blocks", "error")]
    known = found.mode or ("several" if found.nodes else "<unknown>")
    scheduler = (found.scheduler or "several") if known == "ipvs" else "-"
    return [row.context, found.version or "<unknown>", known, scheduler, str(len(found.nodes)), *counts,
            off_in(found.version) or "is off"]  # fmt: skip
