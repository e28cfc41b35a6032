"""The way of every command that changes something: check, show, ask, carry out, report.

Before anything is changed stderr says which cluster, which object and how many nodes, what preflight found and what
would be written; nothing is written before every question is asked.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from kubectl_ipvs.cli.console import confirm, draws, out, out_anyway, say, warn
from kubectl_ipvs.cli.ending import CODES, last_words, report
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.errors import ExitCode, IpvsError, Refused
from kubectl_ipvs.operations.carry_out import Order, Outcome, carry_out
from kubectl_ipvs.operations.change import Change, write
from kubectl_ipvs.operations.lease import holding
from kubectl_ipvs.operations.noderun import Target
from kubectl_ipvs.operations.preflight import Intent, preflight
from kubectl_ipvs.operations.restart import Pace, Selection, check_canary, select
from kubectl_ipvs.operations.stale import stale_targets
from kubectl_ipvs.output import report as rendering
from kubectl_ipvs.output.configuration import where
from kubectl_ipvs.output.progress import STAYS_UP, TABLE, Lines, Live, Progress
from kubectl_ipvs.proxy.checks.facts import Facts
from kubectl_ipvs.proxy.checks.registry import findings

if TYPE_CHECKING:
    from kubectl_ipvs.cluster.cluster import Cluster
    from kubectl_ipvs.operations.locate import Located
    from kubectl_ipvs.proxy.checks.findings import Finding
    from kubectl_ipvs.proxy.config.fields import Value


class Manner(NamedTuple):
    """How a change is to be made, as the flags say."""

    pace: Pace
    dry_run: str = "none"
    output: str = "table"
    restart: bool = True
    stale: bool = False  # of a restart: only nodes that do not follow
    rollback: bool = True
    force: bool = False
    yes: bool = False

    @property
    def document(self) -> bool:
        """Stdout is one document."""
        return self.output != "table"


def make(session: Session, cluster: "Cluster", change: Change, names: Sequence[str], manner: Manner) -> int:
    """Make a change (one that changes no text is a restart), or say what would be done."""
    located = change.located
    chosen = select(cluster, located, names) if manner.restart else None
    if chosen is not None:
        check_canary(chosen, manner.pace.canary)
    targets = _targets(session, cluster, change, chosen, manner) if chosen else []
    if not manner.document:
        _show_diff(change)
    if not change.changes_text and not targets:
        return _unchanged(cluster, change, manner, chosen)
    found = _preflight(session, cluster, change, chosen, manner)
    _announce(cluster, change, chosen, targets, manner)
    if manner.dry_run != "none":
        return _dry_run(cluster, change, targets, manner, found)
    confirm("Go on?", yes=manner.yes)
    if chosen is None:
        return _write_alone(cluster, change, manner, found)
    pace = manner.pace._replace(reads_table=change.in_table)
    order = Order(change, targets, chosen.skipped, chosen.version, len(chosen.places), pace, manner.rollback)
    return _carry_out(session, cluster, order, manner, found)


def _show_diff(change: Change) -> None:
    try:
        out(change.diff)
    except BrokenPipeError as error:  # exit code 0 would say that it was made
        raise IpvsError("nobody reads the output: nothing was changed") from error


def refuse_place(cluster: "Cluster", located: "Located", values: "Mapping[str, Value]", manner: Manner) -> None:
    """Refuse what has no ConfigMap to edit, or no pods to restart, before anything else is asked."""
    if located.kind == "StaticPods" or (located.kind == "Flags" and bool(values)):
        found = findings(Facts(values=values, mode=located.mode, place=located.kind))
        _refuse(cluster, Change(located, {}, located.text), found, manner)


def _refuse(cluster: "Cluster", change: Change, found: Sequence["Finding"], manner: Manner) -> None:
    """Print what preflight found; raise Refused where an error is among it that --force does not overrule."""
    force = manner.force
    if found:
        say(rendering.findings_text(found, forced=force).rstrip("\n"))
    errors = [entry for entry in found if entry.severity == "error" and not (force and entry.forcible)]
    if not errors:
        return
    if manner.document:
        out(rendering.render(report(cluster, change, "refused", found), manner.output))
    codes = ", ".join(dict.fromkeys(entry.code for entry in errors))
    forcible = [entry.code for entry in errors if entry.forcible]
    hint = f"--force overrules {', '.join(dict.fromkeys(forcible))}" if len(forcible) == len(errors) else errors[0].hint
    raise Refused(f"preflight refuses the change ({codes}): nothing was written", hint=hint)


def _targets(
    session: Session, cluster: "Cluster", change: Change, chosen: Selection, manner: Manner
) -> Sequence[Target]:
    """Choose the nodes: all where something is written or a plain restart is asked for, else those out of step."""
    for line in chosen.warnings:
        warn(line)
    if change.changes_text or not (manner.stale or change.values):
        return [Target(place, place.pod) for place in chosen.places]
    reader = session.reader(cluster, tuple(change.located.excluded))
    return stale_targets(change.located, chosen, reader, session.at_once)


def _preflight(
    session: Session, cluster: "Cluster", change: Change, chosen: Selection | None, manner: Manner
) -> list["Finding"]:
    intent = Intent(
        change.values,
        change.changes_text,
        chosen is not None,
        manner.pace.strategy,
        change.in_table,
        manner.rollback,
    )
    places = chosen.everyone if chosen else ()
    found = preflight(cluster, change.located, intent, places, session.at_once, session.exec_seconds)
    _refuse(cluster, change, found, manner)
    return found


def _announce(
    cluster: "Cluster", change: Change, chosen: Selection | None, targets: Sequence[Target], manner: Manner
) -> None:
    connection = cluster.connection
    say(f"context {connection.context or '<none>'}, server {connection.server}")
    if change.changes_text:
        say(f"writes {where(change.located)}")
    if chosen is None:
        return
    at_once = manner.pace.max_unavailable.of(len(chosen.places))
    how = f"at most {at_once} down at once" if manner.pace.strategy == "delete" else "at the DaemonSet's own pace"
    owner = f"daemonset {change.located.namespace}/{change.located.name}"
    say(f"restarts {len(targets)} of {len(chosen.everyone)} nodes of {owner}, {how}")


def _unchanged(cluster: "Cluster", change: Change, manner: Manner, chosen: Selection | None) -> int:
    skipped = chosen.skipped if chosen else ()
    if manner.document:
        out(rendering.render(report(cluster, change, "unchanged", (), nodes=skipped), manner.output))
    else:
        out(rendering.lines(skipped))
    everywhere = " and in force on every node" + (" that is ready" if skipped else "") if chosen else ""
    say(f"already set{everywhere}: nothing to change" if change.values else "every node follows: nothing to restart")
    return ExitCode.PARTIAL if skipped else ExitCode.OK


def _dry_run(
    cluster: "Cluster", change: Change, targets: Sequence[Target], manner: Manner, found: Sequence["Finding"]
) -> int:
    asked = manner.dry_run == "server"
    if asked:
        write(cluster, change, dry_run=True)
        for target in targets if manner.pace.strategy == "delete" else ():
            if target.old is not None:
                cluster.delete_pod(target.old, dry_run=True)
    if manner.document:
        out(rendering.render(report(cluster, change, "dry-run", found), manner.output))
        return ExitCode.OK
    mark = "(server dry run)" if asked else "(dry run)"
    if change.changes_text:
        out(f"{_object(change.located)} patched {mark}\n")
    out("".join(f"node/{target.place.name} restarted {mark}\n" for target in targets))
    return ExitCode.OK


def _write_alone(cluster: "Cluster", change: Change, manner: Manner, found: Sequence["Finding"]) -> int:
    with holding(cluster, change.located.namespace, warn, lambda: None):
        write(cluster, change, timeout=manner.pace.timeout)
    if manner.document:
        out_anyway(rendering.render(report(cluster, change, "written", found), manner.output))
    else:
        out_anyway(f"{_object(change.located)} patched\n")
    warn("kube-proxy was not restarted: no node follows yet; `kubectl ipvs restart --stale` makes them")
    return ExitCode.OK


def _carry_out(session: Session, cluster: "Cluster", order: Order, manner: Manner, found: Sequence["Finding"]) -> int:
    change = order.change
    proof = TABLE if order.pace.reads_table and change.after.mode == "ipvs" else STAYS_UP
    progress: Progress = Live(proof) if draws() else Lines(say, proof)
    reader = session.reader(cluster, tuple(change.after.excluded))

    def told(words: str) -> None:
        if words != "written":
            say(words)
        elif not manner.document:
            out_anyway(f"{_object(change.located)} patched\n")

    progress.start(len(order.targets))
    try:
        outcome = carry_out(cluster, order, reader, progress, told)
    finally:
        with suppress(OSError):  # a terminal that was lost
            progress.stop()
    return _end(cluster, order, outcome, manner, found)


def _end(cluster: "Cluster", order: Order, outcome: Outcome, manner: Manner, found: Sequence["Finding"]) -> int:
    change = order.change
    if manner.document:
        ended = report(cluster, change, outcome.kind, found, nodes=outcome.nodes, back=outcome.back, left=outcome.left)
        out_anyway(rendering.render(ended, manner.output))
    else:
        out_anyway(rendering.lines(outcome.nodes, outcome.back))
    say(rendering.summary(outcome.nodes, outcome.back))
    for line in last_words(change, outcome):
        say(line)
    return CODES[outcome.kind]


def _object(located: "Located") -> str:
    return f"configmap/{located.config_map.name}" if located.config_map else ""
