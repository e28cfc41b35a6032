"""`kubectl ipvs get`."""

from typing import Annotated

import typer

from kubectl_ipvs.cli.console import choice, out, warn
from kubectl_ipvs.cli.session import Session

FORMATS = ("table", "wide", "json", "yaml", "name")


def run(
    session: Session,
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FORMAT", help="One of: wide, json, yaml, name.", show_default=False),
    ] = "table",
) -> int:
    """Show kube-proxy's configuration: mode, scheduler and every ipvs field, with the values in effect.

    Where nodes read different configurations, each is shown with its nodes. A value that kube-proxy chooses by itself
    is marked: rr (default). What kube-proxy would not start with, and what it ignores, is named.

    \b
    Examples:
      kubectl ipvs get
      kubectl ipvs get -o wide
      kubectl ipvs get -o json | jq -r .ipvs.scheduler.effective
    """
    choice("-o", output, FORMATS)
    from kubectl_ipvs.operations.discovery import find
    from kubectl_ipvs.output import configuration

    found = find(session.cluster(), session.where, nodes=False)
    problem = found.unreadable()
    if problem is not None:
        raise problem
    out(configuration.render(found, output))
    for line in configuration.warnings(found):
        warn(line)
    return 0
