"""A run of `set`, `undo` or `restart`, planned or done: as lines for people, as a document for machines."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kubectl_ipvs.operations.change.plan import Plan
from kubectl_ipvs.operations.change.run import Outcome
from kubectl_ipvs.operations.rollout.node import NodeOutcome, Target
from kubectl_ipvs.output.configuration import source
from kubectl_ipvs.output.documents import document, finding
from kubectl_ipvs.output.plan_text import Connected
from kubectl_ipvs.output.printable import printable
from kubectl_ipvs.proxy.checks.findings import Finding

DONE = {
    "verified": "restarted",
    "failed": "failed",
    "skipped": "skipped",
    "pending": "not restarted",
    "abandoned": "abandoned",
}
ROLLED_BACK, NOT_ROLLED_BACK = "rolled back", "not rolled back"
VERIFIED = "verified"  # nothing was restarted there: it was looked at until it was in sync
UNVERIFIED = "restarted, not verified"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run is about and came to; `outcome` is verified, partial, unchanged, dry-run, stopped ..."""

    outcome: str
    context: str = ""
    server: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    diff: str = ""
    nodes: Sequence[Mapping[str, Any]] = ()
    back: Sequence[Mapping[str, Any]] = ()
    left: str = ""
    writes: Sequence[Mapping[str, Any]] = ()
    plan: Mapping[str, Any] = field(default_factory=dict)
    final: Mapping[str, Any] = field(default_factory=dict)


def of_plan(plan: Plan, connection: Connected, outcome: str) -> Report:
    """Report a plan that is not carried out: refused, unchanged, or a dry run."""
    planned = [_planned(target, plan) for target in plan.targets]
    return _report(plan, connection, outcome, [*planned, *(_node(entry) for entry in plan.left_out)])


def of_run(plan: Plan, connection: Connected, outcome: Outcome) -> Report:
    """Report a run."""
    glance = outcome.glance
    final = {"reverted": list(glance.reverted), "nodes": dict(glance.nodes), "unknown": glance.unknown}
    made = _report(plan, connection, outcome.kind, [_node(entry) for entry in outcome.nodes], final)
    back = [_node(entry) for entry in outcome.back]
    return replace(made, back=back, left=outcome.left)


def lines(nodes: Sequence[NodeOutcome], back: Iterable[NodeOutcome] = (), *, only_bad: int = 0) -> str:
    """Write one line a node: what was done to it, and why not where it was not.

    `only_bad`: with more nodes than that, those of which all is well, or that were never touched, are counted by
    `summary` alone.
    """
    returned = {entry.node: entry for entry in back}
    shown = nodes
    if only_bad and len(nodes) > only_bad:
        well = {DONE["verified"], DONE["pending"], VERIFIED, ROLLED_BACK}
        shown = [
            entry for entry in nodes if _done(entry, returned.get(entry.node)) not in well or entry.outcome == "failed"
        ]
    return "".join(printable(_line(entry, returned.get(entry.node))) + "\n" for entry in shown)


def dry_run(plan: Plan, mark: str) -> str:
    """Write what would be done, a line each."""
    text = "".join(
        f"configmap/{entry.source.config_map.name} patched {mark}\n"
        for entry in plan.change.writes
        if entry.source.config_map
    )
    text += "".join(
        printable(f"node/{target.name} {VERIFIED if target.old is None else 'restarted'} {mark}") + "\n"
        for target in plan.targets
    )
    return text + lines(plan.left_out)


def summary(nodes: Sequence[NodeOutcome], back: Iterable[NodeOutcome] = ()) -> str:
    """Return one line that counts the words of `lines`: `3 nodes: 2 restarted, 1 failed`."""
    returned = {entry.node: entry for entry in back}
    counts = Counter(_done(entry, returned.get(entry.node)) for entry in nodes)
    order = (*DONE.values(), UNVERIFIED, VERIFIED, ROLLED_BACK, NOT_ROLLED_BACK)
    said = ", ".join(f"{counts[words]} {words}" for words in order if counts[words])
    return f"{len(nodes)} {'node' if len(nodes) == 1 else 'nodes'}: {said or 'nothing to do'}"


def findings_text(found: Iterable[Finding], *, forced: bool) -> str:
    """Write findings, errors first, each with its hint."""
    text = ""
    for entry in sorted(found, key=lambda entry: entry.severity):
        overridden = " (overridden by --force)" if forced and entry.severity == "error" and entry.forcible else ""
        text += f"{entry.severity} {entry.code}: {entry.reason}{overridden}\n"
        text += f"  hint: {entry.hint}\n" if entry.hint else ""
    return text


def render(report: Report, form: str) -> str:
    """Write the whole run as `json` or `yaml`."""
    outcomes = Counter(entry["outcome"] for entry in report.nodes)
    content = {
        "outcome": report.outcome,
        "context": report.context,
        "server": report.server,
        "source": dict(report.source),
        "findings": [finding(entry) for entry in report.findings],
        "fields": {name: dict(entry) for name, entry in report.fields.items()},
        "diff": report.diff,
        "writes": [dict(entry) for entry in report.writes],
        "plan": dict(report.plan),
        "nodes": [dict(entry) for entry in report.nodes],
        "rollback": [dict(entry) for entry in report.back],
        "left": report.left,
        "finalLook": dict(report.final),
        "summary": {"nodes": len(report.nodes), **outcomes},
    }
    return document("Change", content, form)


def _report(
    plan: Plan,
    connection: Connected,
    outcome: str,
    nodes: Sequence[Mapping[str, Any]],
    final: Mapping[str, Any] | None = None,
) -> Report:
    change = plan.change
    first = change.writes[0].source if change.writes else plan.found.source
    return Report(
        outcome, connection.context, connection.server, source(first), plan.findings, change.fields, change.diff, nodes,
        writes=[{"source": source(edit.source), "fields": edit.fields, "diff": edit.diff} for edit in change.writes],
        plan={
            "canary": plan.canary,
            "maxUnavailable": plan.at_once,
            "strategy": plan.options.pace.strategy,
            "restarts": sum(target.old is not None for target in plan.targets),
            "estimatedSeconds": round(plan.seconds),
            "leftOut": [{"node": entry.node, "reason": entry.reason} for entry in plan.left_out],
        },
        final=final or {},
    )  # fmt: skip


def _planned(target: Target, plan: Plan) -> dict[str, Any]:
    return {
        "node": target.name,
        "outcome": "planned",
        "canary": target.name == plan.canary,
        "restarts": target.old is not None,
        "oldPod": target.old.name if target.old else "",
        "newPod": "",
        "reason": "",
        "seconds": 0.0,
        "seenInKernel": False,
        "phases": [],
    }


def _line(entry: NodeOutcome, returned: NodeOutcome | None) -> str:
    done = _done(entry, returned)
    if done == ROLLED_BACK and entry.outcome == "failed":
        return f"node/{entry.node} {done} (had failed: {entry.reason})"
    why = returned.reason if returned is not None and done == NOT_ROLLED_BACK else entry.reason
    if not why or done in {DONE["verified"], VERIFIED, ROLLED_BACK}:
        return f"node/{entry.node} {done}"
    return f"node/{entry.node} {done}: {why}"


def _done(entry: NodeOutcome, returned: NodeOutcome | None) -> str:
    if returned is not None:
        return ROLLED_BACK if returned.outcome == "verified" else NOT_ROLLED_BACK
    if entry.outcome != "verified":
        return DONE[entry.outcome]
    if entry.reason and not entry.seen_in_kernel:
        return UNVERIFIED
    return DONE["verified"] if entry.old_pod else VERIFIED


def _node(entry: NodeOutcome) -> dict[str, Any]:
    return {
        "node": entry.node,
        "outcome": "restarted" if entry.outcome == "verified" and not entry.seen_in_kernel else entry.outcome,
        "oldPod": entry.old_pod,
        "newPod": entry.new_pod,
        "reason": entry.reason,
        "seconds": entry.seconds,
        "seenInKernel": entry.seen_in_kernel,
        "phases": [{"phase": phase, "after": at} for phase, at in entry.phases],
    }
