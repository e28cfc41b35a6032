"""The nodes' tables: `status` in every format."""

from collections import Counter
from typing import Any

from kubectl_ipvs.operations.status import NodeStatus, Status
from kubectl_ipvs.output.age import age
from kubectl_ipvs.output.documents import document
from kubectl_ipvs.output.printable import LONGEST_CELL
from kubectl_ipvs.output.table import table
from kubectl_ipvs.proxy.verdict import describe

COLUMNS = ("node", "scheduler", "virtual-servers", "real-servers", "active", "inactive", "state")
WIDE = ("pod", "age", "version", "kernel", "mode", "source")
MOST_REASONS = 50  # nodes whose reason is printed in full below the table; all are in -o json


def render(status: Status, form: str) -> str:
    """Write the rows as `table`, `wide`, `json`, `yaml` or `name`."""
    if form == "name":
        return "".join(f"node/{row.node}\n" for row in status.nodes)
    if form in {"json", "yaml"}:
        return document("Status", content(status), form)
    wide = form == "wide"
    return table(COLUMNS + (WIDE if wide else ()), [_row(row, status, wide=wide) for row in status.nodes])


def content(status: Status) -> dict[str, Any]:
    """Return the schema's facts."""
    return {
        "wanted": {"scheduler": status.wanted, "mode": status.mode},
        "nodes": [_entry(row) for row in status.nodes],
        "summary": {"nodes": len(status.nodes), **status.counts},
    }


def remarks(status: Status) -> list[str]:
    """Return what belongs below the table: each node's reason in full, then lines that nobody understood."""
    lines = [f"{row.node}: {row.state}: {row.reason}" for row in status.nodes if row.reason]
    more = len(lines) - MOST_REASONS
    lines = lines[:MOST_REASONS] + ([f"... and {more} more: see -o json"] if more > 0 else [])
    for row in status.nodes:
        if row.unparsed_lines:
            count = _count(row.unparsed_lines, "line", "lines")
            lines.append(f"{row.node}: {count} of the table not understood, first: {row.unparsed[0][:LONGEST_CELL]}")
        if row.foreign:
            count = _count(row.foreign, "virtual server", "virtual servers")
            lines.append(f"{row.node}: {count} inside excludeCIDRs, not kube-proxy's: not compared")
    return lines


def summary(status: Status) -> str:
    """Return one line: `47 of 50 nodes on lc, 2 on rr, 1 unreachable`."""
    total = len(status.nodes)
    if not total:
        return "no node runs kube-proxy"
    if status.mode != "ipvs":
        return f"kube-proxy's mode is {status.mode}: no IPVS scheduler is in force on {_count(total, 'node', 'nodes')}"
    good = sum(row.state == "in-sync" for row in status.nodes)
    rest = Counter(_trouble(row) for row in status.nodes if row.state != "in-sync")
    parts = [f"{good} of {_count(total, 'node', 'nodes')} on {status.wanted}"] + [
        f"{count} {what}" for what, count in rest.most_common()
    ]
    return ", ".join(parts)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _trouble(row: NodeStatus) -> str:
    if row.state in {"out-of-step", "restart-needed"} and row.schedulers:
        named = f"on {' and '.join(row.schedulers)}"
        return named + (" (restart needed)" if row.state == "restart-needed" else "")
    return row.state.replace("-", " ")


def _row(row: NodeStatus, status: Status, *, wide: bool) -> list[str]:
    read = bool(row.source) and row.state != "unreadable"
    counts = [
        str(number) if read else "-" for number in (row.virtual_servers, row.real_servers, row.active, row.inactive)
    ]
    cells = [row.node, describe(row.schedulers) or ("-" if not read else "<none>"), *counts, _state(row)]
    if wide:
        cells += [
            row.pod,
            age(row.pod_age),
            row.version or "<unknown>",
            row.kernel or "<unknown>",
            status.mode,
            row.source,
        ]
    return cells


def _state(row: NodeStatus) -> str:
    shown = row.state.replace("-", " ")
    return f"{shown}: {describe(row.schedulers)}" if row.state == "out-of-step" and row.schedulers else shown


def _entry(row: NodeStatus) -> dict[str, Any]:
    return {
        "node": row.node, "pod": row.pod, "schedulers": dict(row.schedulers), "virtualServers": row.virtual_servers,
        "realServers": row.real_servers, "activeConnections": row.active, "inactiveConnections": row.inactive,
        "state": row.state, "reason": row.reason, "source": row.source, "kernel": row.kernel, "version": row.version,
        "podAge": row.pod_age, "excludedVirtualServers": row.foreign, "unparsedLines": row.unparsed_lines,
        "unparsed": list(row.unparsed),
    }  # fmt: skip
