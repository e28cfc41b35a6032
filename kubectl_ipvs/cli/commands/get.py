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

    A value that kube-proxy chooses by itself is marked: rr (default).

    \b
    Examples:
      kubectl ipvs get
      kubectl ipvs get -o wide
      kubectl ipvs get -o json | jq -r .ipvs.scheduler.effective
    """
    choice("-o", output, FORMATS)
    from kubectl_ipvs.operations.locate import locate
    from kubectl_ipvs.output import configuration

    located = locate(session.cluster(), session.where)
    out(configuration.render(located, output))
    for line in configuration.warnings(located):
        warn(line)
    return 0
