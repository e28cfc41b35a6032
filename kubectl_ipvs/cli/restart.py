"""`kubectl ipvs restart`."""

from typing import Annotated

import typer

from kubectl_ipvs.cli.console import choice
from kubectl_ipvs.cli.pace import (
    DRY_RUNS,
    FORMATS,
    CanaryFlag,
    DryRunFlag,
    ForceFlag,
    MaxUnavailableFlag,
    OutputFlag,
    SettleFlag,
    StrategyFlag,
    TimeoutFlag,
    YesFlag,
    pace,
)
from kubectl_ipvs.cli.session import Session, refuse_if_read_only
from kubectl_ipvs.errors import UsageError


def run(
    session: Session,
    nodes: Annotated[
        list[str] | None, typer.Argument(metavar="NODE...", help="These nodes alone.", show_default=False)
    ] = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only nodes out of step, or older than the configuration.")
    ] = False,
    canary: CanaryFlag = "auto",
    max_unavailable: MaxUnavailableFlag = "10%",
    timeout: TimeoutFlag = "2m",
    settle: SettleFlag = "5s",
    strategy: StrategyFlag = "delete",
    dry_run: DryRunFlag = "none",
    force: ForceFlag = False,
    yes: YesFlag = False,
    output: OutputFlag = "table",
) -> int:
    """Restart kube-proxy's pods by label selector, a few at a time, and prove each node before going on.

    A node holds when its new pod is ready and stays up, and the kernel's table shows the configured scheduler. One
    worker goes first. The first node that fails ends the run: those in flight are seen through, no other is touched.

    \b
    Examples:
      kubectl ipvs restart
      kubectl ipvs restart --stale
      kubectl ipvs restart node1 node2 --max-unavailable 1
    """
    choice("--dry-run", dry_run, DRY_RUNS)
    choice("-o", output, FORMATS)
    if strategy == "rollout" and (nodes or stale):
        raise UsageError("--strategy=rollout restarts every node: it goes with no node's name and not with --stale")
    if dry_run == "none":
        refuse_if_read_only("restart")
    from kubectl_ipvs.cli.changing import Manner, make, refuse_place
    from kubectl_ipvs.operations.change import Change
    from kubectl_ipvs.operations.locate import locate

    tempo = pace(max_unavailable, timeout, settle, canary, strategy)
    cluster = session.cluster()
    located = locate(cluster, session.where)
    manner = Manner(tempo, dry_run, output, stale=stale, force=force, yes=yes)
    refuse_place(cluster, located, {}, manner)
    return make(session, cluster, Change(located, {}, located.text), nodes or (), manner)
