"""The nodes' tables: `status` in every format."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from kubectl_ipvs.operations.change.checks import source_findings, start_problems
from kubectl_ipvs.operations.survey import NodeStatus, Status
from kubectl_ipvs.output.age import age
from kubectl_ipvs.output.columns import table
from kubectl_ipvs.output.configuration import source
from kubectl_ipvs.output.documents import document, finding
from kubectl_ipvs.output.reasons import count_of, not_understood, reasons, state_words
from kubectl_ipvs.proxy.verdict import describe

COLUMNS = ("node", "scheduler", "virtual-servers", "real-servers", "active", "inactive", "state")
WIDE = ("pod", "age", "version", "kernel", "mode", "source", "reason")
MOST_REASONS = 50  # lines of reasons below the table; all are in -o json


def render(status: Status, form: str) -> str:
    """Write the rows as `table`, `wide`, `json`, `yaml` or `name`; the tables end with reasons and a summary."""
    if form == "name":
        return "".join(f"node/{row.node}\n" for row in status.nodes)
    if form in {"json", "yaml"}:
        return document("Status", content(status), form)
    below = [*remarks(status), summary(status)]
    return drawn(status, status.nodes, wide=form == "wide") + "".join(f"{line}\n" for line in below)


def drawn(status: Status, rows: Sequence[NodeStatus], *, wide: bool) -> str:
    """Draw the table of some rows."""
    several = len(status.sources) > 1
    headers = COLUMNS + (("configuration",) if several else ()) + (WIDE if wide else ())
    return table(headers, [_row(row, wide=wide, several=several) for row in rows])


def content(status: Status) -> dict[str, Any]:
    """Return the schema's facts."""
    return {
        "wanted": {"scheduler": status.wanted, "mode": status.mode},
        "configurations": [
            {
                "source": source(entry),
                "scheduler": entry.scheduler,
                "mode": entry.mode,
                "findings": [finding(found) for found in source_findings(entry)],
            }
            for entry in status.sources
        ],
        "nodes": [_entry(row) for row in status.nodes],
        "summary": {"nodes": len(status.nodes), **status.counts},
    }


def remarks(status: Status) -> list[str]:
    """Return what belongs below the table: reasons (equal ones once), then what is odd in a table."""
    lines = reasons([(row.node, f"{state_words(row.state)}: {row.reason}") for row in status.nodes if row.reason])
    lines += reasons([(row.node, row.remark) for row in status.nodes if row.remark])
    lines += _foreign(status.nodes)
    lines += [not_understood(row.node, row.unparsed, row.unparsed_lines) for row in status.nodes if row.unparsed_lines]
    more = len(lines) - MOST_REASONS
    return lines[:MOST_REASONS] + ([f"... and {more} more: see -o json"] if more > 0 else [])


def summary(status: Status) -> str:
    """Return one line: `47 of 50 nodes in sync on lc, 2 restart needed, 1 unreachable`."""
    total = len(status.nodes)
    if not total:
        return "no node was looked at: nothing is known"
    good = sum(row.state == "in-sync" and row.kernel_seen for row in status.nodes)
    rest = Counter(_trouble(row) for row in status.nodes if row.state != "in-sync" or not row.kernel_seen)
    if not good and len(rest) == 1 and status.mode not in {"ipvs", ""} and next(iter(rest)) == "not ipvs":
        return (
            f"kube-proxy's mode is {status.mode}: no IPVS scheduler is in force on {count_of(total, 'node', 'nodes')}"
        )
    on = f" on {status.wanted}" if status.wanted and good else ""
    parts = [f"{good} of {count_of(total, 'node', 'nodes')} in sync{on}"]
    return ", ".join([*parts, *(f"{count} {what}" for what, count in rest.most_common())])


def start_warnings(status: Status) -> list[str]:
    """Say what kube-proxy will not start with the next time; nodes that run still run."""
    found = [entry for source in status.sources for entry in start_problems(source) if entry.severity == "error"]
    return list(dict.fromkeys(entry.reason for entry in found))


def _foreign(rows: Sequence[NodeStatus]) -> list[str]:
    """Name the rows that kube-proxy did not make: they are shown, and not compared."""
    said = []
    for row in rows:
        if not row.foreign:
            continue
        named = [f"{entry.row.protocol} {entry.row.address} {entry.row.scheduler} ({_why(entry.why, entry.detail)})"
                 for entry in row.foreign_rows[:5]]  # fmt: skip
        more = f" and {row.foreign - len(named)} more" if row.foreign > len(named) else ""
        count = count_of(row.foreign, "foreign virtual server", "foreign virtual servers")
        said.append((row.node, f"{count}, not kube-proxy's and not compared: {', '.join(named)}{more}"))
    return reasons(said)


def _why(why: str, detail: str) -> str:
    words = {
        "excluded": f"inside excludeCIDRs {detail}",
        "forwarding": f"forwarding {detail}",
        "no service": "of no Service",
    }
    return words.get(why, why).strip()


def _trouble(row: NodeStatus) -> str:
    state = state_words(row.state)
    if row.state == "in-sync":
        return f"{state} on {row.running.scheduler} (kernel not seen)" if row.running else state
    if row.state in {"out-of-step", "restart-needed"} and row.schedulers:
        return f"{state} (on {' and '.join(row.schedulers)})"
    return state


def _row(row: NodeStatus, *, wide: bool, several: bool) -> list[str]:
    read = bool(row.source) and row.kernel_seen and row.state != "unreadable"
    counts = [
        str(number) if read else "-" for number in (row.virtual_servers, row.real_servers, row.active, row.inactive)
    ]
    cells = [row.node, describe(row.schedulers) or ("-" if not read else "<none>"), *counts, state_words(row.state)]
    if several:
        cells.append(row.configuration)
    if wide:
        cells += [
            row.pod,
            age(row.pod_age),
            row.version or "<unknown>",
            row.kernel or "<unknown>",
            row.mode or "<unknown>",
            row.source,
            row.reason or "-",
        ]
    return cells


def _entry(row: NodeStatus) -> dict[str, Any]:
    return {
        "node": row.node, "pod": row.pod, "schedulers": dict(row.schedulers), "virtualServers": row.virtual_servers,
        "realServers": row.real_servers, "activeConnections": row.active, "inactiveConnections": row.inactive,
        "state": row.state, "reason": row.reason, "source": row.source, "kernel": row.kernel, "version": row.version,
        "podAge": row.pod_age, "wanted": row.wanted, "mode": row.mode, "remark": row.remark,
        "differing": [entry._asdict() for entry in row.differing],
        "foreignVirtualServers": row.foreign,
        "foreign": [{**entry.row._asdict(), "why": entry.why, "detail": entry.detail} for entry in row.foreign_rows],
        "excludedVirtualServers": sum(entry.why == "excluded" for entry in row.foreign_rows),
        "unparsedLines": row.unparsed_lines, "unparsed": list(row.unparsed), "configuration": row.configuration,
        "running": {"mode": row.running.mode, "scheduler": row.running.scheduler} if row.running else None,
    }  # fmt: skip
