"""The flags of every command that restarts kube-proxy, as one list: `set`, `undo` and `restart` share their meaning."""

from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_ipvs.cli.console import choice
from kubectl_ipvs.cli.session import seconds

if TYPE_CHECKING:
    from kubectl_ipvs.operations.restart import Pace

MaxUnavailableFlag = Annotated[
    str, typer.Option("--max-unavailable", metavar="N|N%", help="How many nodes may be without kube-proxy together.")
]
TimeoutFlag = Annotated[
    str, typer.Option("--timeout", metavar="TIME", help="How long one node may take until it holds.")
]
SettleFlag = Annotated[str, typer.Option("--settle", metavar="TIME", help="How long a new pod must stay up.")]
CanaryFlag = Annotated[
    str, typer.Option("--canary", metavar="NODE", help="The node that goes first, alone; none: no node does.")
]
StrategyFlag = Annotated[
    str,
    typer.Option("--strategy", metavar="delete|rollout", help="Delete pods, or let the DaemonSet's own update do it."),
]
DryRunFlag = Annotated[
    str, typer.Option("--dry-run", metavar="none|client|server", help="Change nothing: plan alone, or ask the server.")
]
YesFlag = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ForceFlag = Annotated[bool, typer.Option("--force", help="Overrule what preflight says, where that can be overruled.")]
NoRollbackFlag = Annotated[
    bool, typer.Option("--no-rollback", help="Stop at a failure, and do not put the old value back.")
]
OutputFlag = Annotated[
    str, typer.Option("--output", "-o", metavar="FORMAT", help="One of: json, yaml.", show_default=False)
]

DRY_RUNS = ("none", "client", "server")
STRATEGIES = ("delete", "rollout")
FORMATS = ("table", "json", "yaml")


def pace(max_unavailable: str, timeout: str, settle: str, canary: str, strategy: str) -> "Pace":
    """Read the flags; raises UsageError."""
    from kubectl_ipvs.operations.restart import Pace
    from kubectl_ipvs.proxy.max_unavailable import MaxUnavailable

    settled = 0.0 if settle in {"0", "0s"} else seconds("--settle", settle)
    choice("--strategy", strategy, STRATEGIES)
    return Pace(MaxUnavailable.parse(max_unavailable), seconds("--timeout", timeout), settled, canary, strategy)
