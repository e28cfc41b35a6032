"""`kubectl ipvs doctor`."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_ipvs.cli.console import ADVICE, Counter, choice, out
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.errors import ExitCode, UsageError, worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_ipvs.operations.doctor.contexts import Row
    from kubectl_ipvs.operations.doctor.examine import Progress, Report

FORMATS = ("table", "json", "yaml")


def run(
    session: Session,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FORMAT", help="One of: json, yaml.", show_default=False)
    ] = "table",
    check: Annotated[
        bool, typer.Option("--check", help="Exit 5 when the cluster is not ready, 3 when something is not known.")
    ] = False,
    contexts: Annotated[
        str | None,
        typer.Option("--contexts", metavar="NAMES", help="These contexts, one row each: A,B.", show_default=False),
    ] = None,
    all_contexts: Annotated[bool, typer.Option("--all-contexts", help="Every context of the kubeconfig.")] = False,
) -> int:
    """Show where the cluster stands on its way out of IPVS mode, which goes away, and what to do first.

    It reads only: versions and dates, each node, what will behave otherwise in nftables mode (each with a code of
    docs/leaving-ipvs.md), what is not known, the recommended way, and the verdict on the last line. In iptables and
    nftables mode it shows what IPVS mode has left on the nodes.

    \b
    The verdict is one of:
      ready to leave, ready but for N things, not yet: CODES
    With --check the exit code is 0 for the first two where everything is known, 3 where something is not known,
    5 for the third.

    \b
    Examples:
      kubectl ipvs doctor
      kubectl ipvs doctor -o json | jq '.findings[] | select(.level == "error")'
      kubectl ipvs doctor --all-contexts
    """
    choice("-o", output, FORMATS)
    names = _contexts(session, contexts, every=all_contexts)
    from kubectl_ipvs.output import doctor as rendering

    if names is None:
        report = _examine(session)
        out(rendering.render(report, output, ADVICE, migrates=_migrates()))
        return _code(report, check=check)
    rows = _rows(session, names)
    out(rendering.render_rows(rows, output))
    codes = [_code(row.report, check=check) if row.report else ExitCode.PARTIAL for row in rows]
    return worst(*codes)


def _migrates() -> bool:
    """There is a command that goes the way: until then the steps by hand are shown."""
    from kubectl_ipvs.cli.app import COMMANDS

    return "migrate" in COMMANDS


def _contexts(session: Session, named: str | None, *, every: bool) -> "list[str] | None":
    """Return the contexts to look at, None for the one cluster that the other flags name."""
    if named is None and not every:
        return None
    flag = "--all-contexts" if every else "--contexts"
    if (named is not None and every) or session.options.context:
        other = "--contexts" if named is not None and every else "--context"
        raise UsageError(f"{flag} and {other} exclude each other", hint="give one of them")
    if session.helper_image:
        raise UsageError(f"{flag} and --helper-image exclude each other: pods are made in one cluster at a time")
    from kubectl_ipvs.cluster.access.context_selection import names_hint
    from kubectl_ipvs.cluster.access.kubeconfig import load

    known = load(session.options.kubeconfig, os.environ).contexts
    if named is None:
        if not known:
            raise UsageError("--all-contexts: the kubeconfig has no context")
        return sorted(known)
    names = list(dict.fromkeys(name.strip() for name in named.split(",") if name.strip()))
    missing = [name for name in names if name not in known]
    if missing or not names:
        said = f'context "{missing[0]}" does not exist' if missing else "no context is named"
        raise UsageError(f"--contexts: {said}", hint=names_hint(missing[0] if missing else "", known, "--contexts"))
    return names


def _examine(session: Session) -> "Report":
    counter = Counter(session.exec_seconds)
    try:
        return _report(session, counter)
    finally:
        counter.end()


def _report(session: Session, seen: "Progress") -> "Report":
    from kubectl_ipvs.operations.doctor.examine import examine

    cluster = session.cluster()
    return examine(
        cluster, session.where, lambda listed: session.looking(cluster, services=listed), session.at_once, seen
    )


def _rows(session: Session, names: "Sequence[str]") -> "list[Row]":
    from kubectl_ipvs.operations.doctor.contexts import each

    def silent(done: int, total: int, waiting: "Sequence[str]") -> None:
        """Say nothing: the nodes of several clusters are no one count."""

    def look(name: str) -> "Report":
        return _report(session._replace(options=session.options._replace(context=name)), silent)

    return each(names, look)


def _code(report: "Report", *, check: bool) -> ExitCode:
    found = report.diagnosis
    if not check:
        return ExitCode.OK
    if found.verdict == "not-yet":
        return ExitCode.OUT_OF_STEP
    known = not found.unknown and all(each.ready is not None for each in found.nodes)
    return ExitCode.OK if known else ExitCode.PARTIAL
