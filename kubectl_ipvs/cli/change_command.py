"""The way of every command that changes something: plan, show, ask, run, report.

Before anything is changed stderr says which cluster, which object and which nodes, what preflight found and what would
be written. What is planned and how it is done is decided in operations/change.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from kubectl_ipvs.cli.console import confirm, draws, out, out_anyway, say, shows_end, warn
from kubectl_ipvs.cli.flags.rollout import RolloutFlags
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.errors import ExitCode, IpvsError, Refused
from kubectl_ipvs.operations.change.plan import Plan, plan
from kubectl_ipvs.operations.change.run import Observers, Outcome, run, try_on_server
from kubectl_ipvs.operations.verify.inputs import FILES
from kubectl_ipvs.output import closing, plan_text, report
from kubectl_ipvs.output.progress import Lines, Live, Progress
from kubectl_ipvs.proxy.checks.lifecycle import in_words

if TYPE_CHECKING:
    from kubectl_ipvs.cluster.cluster import Cluster
    from kubectl_ipvs.operations.change.edits import Change, Edit
    from kubectl_ipvs.operations.change.options import ChangeOptions
    from kubectl_ipvs.operations.look import Looker


class Command(NamedTuple):
    """A command that changes something: `verb` is its name."""

    session: Session
    cluster: "Cluster"
    verb: str
    flags: RolloutFlags

    @property
    def document(self) -> bool:
        """Stdout is one document."""
        return self.flags.form != "table"


def change(command: Command, wanted: "Change", options: "ChangeOptions") -> int:
    """Make a change (one without edits is a restart), or say what would be done; return the exit code."""
    with command.session.looking(command.cluster, files=FILES if options.verify else ()) as looker:
        return _change(command, wanted, options, looker)


def _change(command: Command, wanted: "Change", options: "ChangeOptions", looker: "Looker") -> int:
    session, cluster = command.session, command.cluster
    made = plan(cluster, session.where, wanted, options, looker, session.at_once)
    _show(command, made)
    _refuse(command, made)
    if made.does_nothing:
        return _unchanged(command, made)
    if options.dry_run != "none":
        return _dry_run(command, made)
    confirm(plan_text.question(made, cluster.connection), yes=bool(command.flags.yes))
    return _end(command, made, _run(command, made, looker))


def _show(command: Command, made: Plan) -> None:
    """Show the diff as data, everything else on stderr; what is refused would write nothing, and has no diff."""
    for line in made.found.warnings:
        warn(line)
    if not (command.document or made.errors):
        try:
            out(made.change.diff)
        except BrokenPipeError as error:  # exit code 0 would say that it was made
            raise IpvsError("nobody reads the output: nothing was changed") from error
    told = in_words(made.findings, writes=made.change.changes_text)
    if told:
        say(report.findings_text(told, forced=made.options.force).rstrip("\n"))
    if not made.does_nothing and not made.errors:
        for line in plan_text.lines(made, command.cluster.connection):
            say(line)


def _refuse(command: Command, made: Plan) -> None:
    """Raise Refused where preflight found an error that --force does not override."""
    if not made.errors:
        return
    if command.document:
        out(report.render(report.of_plan(made, command.cluster.connection, "refused"), command.flags.form))
    codes = ", ".join(dict.fromkeys(entry.code for entry in made.errors))
    forcible = all(entry.forcible for entry in made.errors)
    hint = f"--force overrides {codes}" if forcible else next(e.hint for e in made.errors if not e.forcible)
    raise Refused(f"preflight refuses the change ({codes}): nothing was written", hint=hint)


def _unchanged(command: Command, made: Plan) -> int:
    if command.document:
        out(report.render(report.of_plan(made, command.cluster.connection, "unchanged"), command.flags.form))
    else:
        out(report.lines(made.left_out))
    say(plan_text.nothing_to_do(made))
    return ExitCode.PARTIAL if made.left_out or made.sees_nobody else ExitCode.OK


def _dry_run(command: Command, made: Plan) -> int:
    server = made.options.dry_run == "server"
    if server:
        try_on_server(command.cluster, made)
    if command.document:
        out(report.render(report.of_plan(made, command.cluster.connection, "dry-run"), command.flags.form))
    else:
        out(report.dry_run(made, "(server dry run)" if server else "(dry run)"))
    return ExitCode.OK


def _run(command: Command, made: Plan, looker: "Looker") -> Outcome:
    progress: Progress = Live(say, made) if draws() else Lines(say, made)

    def written(entry: "Edit") -> None:
        if not command.document and entry.source.config_map is not None:
            out_anyway(f"configmap/{entry.source.config_map.name} patched\n")

    observers = Observers(progress, written, progress.say, progress.rolls_back)
    progress.start()
    try:
        return run(command.cluster, made, looker, observers, command.session.at_once)
    finally:
        with suppress(OSError):  # a terminal that was lost
            progress.stop()


def _end(command: Command, made: Plan, outcome: Outcome) -> int:
    ended = report.of_run(made, command.cluster.connection, outcome)
    if command.document:
        out_anyway(report.render(ended, command.flags.form))
    else:
        out_anyway(report.lines(outcome.nodes, outcome.back, only_bad=shows_end()))
    if outcome.nodes:
        say(report.summary(outcome.nodes, outcome.back))
    for line in closing.remarks(made, outcome, command.verb):
        say(line)
    return outcome.exit_code
