"""How a run is summed up: its exit code, its document, and the last words about what is left to do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kubectl_ipvs.errors import ExitCode
from kubectl_ipvs.operations.carry_out import Outcome
from kubectl_ipvs.operations.change import Change
from kubectl_ipvs.operations.noderun import NodeOutcome
from kubectl_ipvs.output.configuration import source
from kubectl_ipvs.output.report import Report

if TYPE_CHECKING:
    from kubectl_ipvs.cluster.cluster import Cluster
    from kubectl_ipvs.proxy.checks.findings import Finding

CODES = {
    "held": ExitCode.OK,
    "partial": ExitCode.PARTIAL,
    "stopped": ExitCode.PARTIAL,
    "interrupted": ExitCode.INTERRUPTED,
    "rolled-back": ExitCode.ERROR,
    "rollback-failed": ExitCode.ERROR,
}


def report(
    cluster: "Cluster",
    change: Change,
    outcome: str,
    found: Sequence["Finding"],
    *,
    nodes: Sequence[NodeOutcome] = (),
    back: Sequence[NodeOutcome] = (),
    left: str = "",
) -> Report:
    """Gather a run as one document."""
    connection = cluster.connection
    fields: Mapping[str, Mapping[str, object]] = change.fields if change.changes_text else {}
    place = source(change.located)
    return Report(outcome, connection.context, connection.server, place, found, fields, change.diff, nodes, back, left)


def last_words(change: Change, outcome: Outcome) -> list[str]:
    """Say what was not seen, what is left to do, and how to take it back."""
    if outcome.kind == "rolled-back":
        why = f" ({outcome.left})" if outcome.left else ""
        return [
            f"error: the change did not hold{why}, so it was taken back: every node that was touched runs the old value"
        ]
    if outcome.kind == "rollback-failed":
        return [f"error: the change did not hold, and taking it back failed: {outcome.left}"]
    words = _unseen(change, outcome.nodes)
    if outcome.kind in {"stopped", "interrupted"}:
        why = f"{outcome.left}; " if outcome.left else ""
        back = "; `kubectl ipvs undo` takes it back" if change.values and change.recorded else ""
        return [*words, f"{outcome.kind}: {why}the same command again goes on where this one stopped{back}"]
    return [*words, "take it back with: kubectl ipvs undo"] if change.changes_text else words


def _unseen(change: Change, nodes: Sequence[NodeOutcome]) -> list[str]:
    """Say which fields, and on which nodes the scheduler, were not seen in the kernel, although the pods stay up."""
    held = [entry for entry in nodes if entry.outcome == "held"]
    hidden = [name for name in change.values if name != "scheduler"] if held else []
    words = [f"not seen in the kernel: {', '.join(hidden)} (its table shows the scheduler alone)"] if hidden else []
    blind = [entry.node for entry in held if not entry.seen_in_kernel]
    if blind and change.in_table and change.located.mode == "ipvs":
        words.append(f"not seen in the kernel: the scheduler of {', '.join(blind)} (its table cannot be read)")
    return words
