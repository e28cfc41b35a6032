"""`kubectl ipvs schedulers`."""

from typing import Annotated

import typer

from kubectl_ipvs.cli.console import choice, out
from kubectl_ipvs.cli.flags.parameters import Output
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.errors import UsageError

FORMATS = ("table", "wide", "json", "yaml", "name")


def run(
    _session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Explain this one.", show_default=False)] = None,
    output: Output = "table",
) -> int:
    """Explain the fourteen schedulers of the kernel, and what each comes to under kube-proxy.

    kube-proxy gives every endpoint the weight 1, and every node counts its own connections alone: half of the
    schedulers do something else than their names promise.

    \b
    Examples:
      kubectl ipvs schedulers
      kubectl ipvs schedulers sh
    """
    choice("-o", output, FORMATS)
    from kubectl_ipvs.ipvs.schedulers import SCHEDULERS, suggest
    from kubectl_ipvs.output import schedulers

    if name is None:
        out(schedulers.render(list(SCHEDULERS.values()), output))
        return 0
    if name not in SCHEDULERS:
        near = suggest(name)
        raise UsageError(f'no scheduler of the kernel is called "{name}"', hint=f"did you mean {near}?" if near else "")
    found = SCHEDULERS[name]
    out(schedulers.describe(found) if output == "table" else schedulers.render([found], output))
    return 0
