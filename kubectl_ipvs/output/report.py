"""A run of `set`, `undo` or `restart`: as lines for people, as a document for machines."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubectl_ipvs.operations.noderun import NodeOutcome
from kubectl_ipvs.output.documents import document
from kubectl_ipvs.output.printable import printable
from kubectl_ipvs.proxy.checks.findings import Finding

DONE = {
    "held": "restarted",
    "failed": "failed",
    "skipped": "skipped",
    "waiting": "not restarted",
    "abandoned": "not seen through",
}
ROLLED_BACK, NOT_ROLLED_BACK = "rolled back", "not rolled back"
HOLDS = "holds"  # nothing was restarted there: it was looked at until it followed


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run came to; `outcome` is held, partial, unchanged, dry-run, stopped, rolled-back ..."""

    outcome: str
    context: str = ""
    server: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    diff: str = ""
    nodes: Sequence[NodeOutcome] = ()
    back: Sequence[NodeOutcome] = ()
    left: str = ""


def lines(nodes: Iterable[NodeOutcome], back: Iterable[NodeOutcome] = ()) -> str:
    """Write one line a node: what was done to it, and why not where it was not."""
    returned = {entry.node: entry for entry in back}
    return "".join(printable(_line(entry, returned.get(entry.node))) + "\n" for entry in nodes)


def summary(nodes: Sequence[NodeOutcome], back: Iterable[NodeOutcome] = ()) -> str:
    """Return one line that counts the words of `lines`: `3 nodes: 2 restarted, 1 failed`."""
    returned = {entry.node: entry for entry in back}
    counts = Counter(_done(entry, returned.get(entry.node)) for entry in nodes)
    order = (*DONE.values(), HOLDS, ROLLED_BACK, NOT_ROLLED_BACK)
    said = ", ".join(f"{counts[words]} {words}" for words in order if counts[words])
    return f"{len(nodes)} {'node' if len(nodes) == 1 else 'nodes'}: {said or 'nothing to do'}"


def findings_text(found: Iterable[Finding], *, forced: bool) -> str:
    """Write findings, errors first, each with its hint."""
    ordered = sorted(found, key=lambda entry: entry.severity)
    text = ""
    for entry in ordered:
        overruled = " (overruled by --force)" if forced and entry.severity == "error" and entry.forcible else ""
        text += f"{entry.severity} {entry.code}: {entry.reason}{overruled}\n"
        text += f"  hint: {entry.hint}\n" if entry.hint else ""
    return text


def render(report: Report, form: str) -> str:
    """Write the whole run as `json` or `yaml`."""
    content = {
        "outcome": report.outcome,
        "context": report.context,
        "server": report.server,
        "source": dict(report.source),
        "findings": [_finding(entry) for entry in report.findings],
        "fields": {name: dict(entry) for name, entry in report.fields.items()},
        "diff": report.diff,
        "nodes": [_node(entry) for entry in report.nodes],
        "rollback": [_node(entry) for entry in report.back],
        "left": report.left,
        "summary": {
            "nodes": len(report.nodes),
            **{name: count for name in DONE if (count := sum(entry.outcome == name for entry in report.nodes))},
        },
    }
    return document("Change", content, form)


def _line(entry: NodeOutcome, returned: NodeOutcome | None) -> str:
    why = f": {entry.reason}" if entry.reason and entry.outcome != "held" else ""
    done = _done(entry, returned)
    return f"node/{entry.node} {done}" + (f": {returned.reason}" if returned and done == NOT_ROLLED_BACK else why)


def _done(entry: NodeOutcome, returned: NodeOutcome | None) -> str:
    if returned is None:
        only_seen = entry.outcome == "held" and not entry.old_pod
        return HOLDS if only_seen else DONE[entry.outcome]
    return ROLLED_BACK if returned.outcome == "held" else NOT_ROLLED_BACK


def _finding(entry: Finding) -> dict[str, Any]:
    return {
        "code": entry.code,
        "severity": entry.severity,
        "reason": entry.reason,
        "hint": entry.hint,
        "forcible": entry.forcible,
        "nodes": list(entry.nodes),
    }


def _node(entry: NodeOutcome) -> dict[str, Any]:
    return {
        "node": entry.node,
        "outcome": entry.outcome,
        "oldPod": entry.old_pod,
        "newPod": entry.new_pod,
        "reason": entry.reason,
        "seconds": entry.seconds,
        "seenInKernel": entry.seen_in_kernel,
        "phases": [{"phase": phase, "after": at} for phase, at in entry.phases],
    }
