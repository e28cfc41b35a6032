"""`kubectl ipvs set`."""

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
    NoRollbackFlag,
    OutputFlag,
    SettleFlag,
    StrategyFlag,
    TimeoutFlag,
    YesFlag,
    pace,
)
from kubectl_ipvs.cli.session import Session, refuse_if_read_only


def _text(flag: str, metavar: str, words: str) -> object:
    return typer.Option(flag, metavar=metavar, help=words, show_default=False)


def run(
    session: Session,
    scheduler: Annotated[
        str | None, _text("--scheduler", "NAME", "The scheduler; see `kubectl ipvs schedulers`.")
    ] = None,
    strict_arp: Annotated[
        bool | None,
        typer.Option(
            "--strict-arp/--no-strict-arp", help="No ARP for service addresses (MetalLB).", show_default=False
        ),
    ] = None,
    sync_period: Annotated[
        str | None, _text("--sync-period", "TIME", "How often all rules are checked at least.")
    ] = None,
    min_sync_period: Annotated[
        str | None, _text("--min-sync-period", "TIME", "How often rules change at most.")
    ] = None,
    tcp_timeout: Annotated[
        str | None, _text("--tcp-timeout", "TIME", "Idle TCP connections end; 0s: kernel's 15m.")
    ] = None,
    tcp_fin_timeout: Annotated[str | None, _text("--tcp-fin-timeout", "TIME", "After a FIN; 0s: kernel's 2m.")] = None,
    udp_timeout: Annotated[str | None, _text("--udp-timeout", "TIME", "Idle UDP flows end; 0s: kernel's 5m.")] = None,
    exclude_cidrs: Annotated[
        str | None, _text("--exclude-cidrs", "CIDR,...", 'Virtual servers that kube-proxy leaves alone; "": none.')
    ] = None,
    no_restart: Annotated[bool, typer.Option("--no-restart", help="Write the configuration, restart nothing.")] = False,
    canary: CanaryFlag = "auto",
    max_unavailable: MaxUnavailableFlag = "10%",
    timeout: TimeoutFlag = "2m",
    settle: SettleFlag = "5s",
    strategy: StrategyFlag = "delete",
    no_rollback: NoRollbackFlag = False,
    dry_run: DryRunFlag = "none",
    force: ForceFlag = False,
    yes: YesFlag = False,
    output: OutputFlag = "table",
) -> int:
    """Change ipvs fields, restart kube-proxy node by node, and prove that every node follows - or take it all back.

    The edit leaves every other byte as it is, is shown as a diff, and is written only if nobody else changed the
    configuration meanwhile. One worker goes first; a node that does not hold ends the run, and the old value is put
    back. What is already set and in force is not touched. After an interruption the same command goes on.

    \b
    Examples:
      kubectl ipvs set --scheduler lc
      kubectl ipvs set --scheduler lc --dry-run=client
      kubectl ipvs set --strict-arp --max-unavailable 1 --canary node7
      kubectl ipvs set --tcp-timeout 1h --no-restart
    """
    choice("--dry-run", dry_run, DRY_RUNS)
    choice("-o", output, FORMATS)
    if dry_run == "none":
        refuse_if_read_only("set")
    from kubectl_ipvs.cli.changing import Manner, make, refuse_place
    from kubectl_ipvs.operations.change import parse_values, prepare
    from kubectl_ipvs.operations.locate import locate

    tempo = pace(max_unavailable, timeout, settle, canary, strategy)
    given = {
        "scheduler": scheduler,
        "strictARP": None if strict_arp is None else str(strict_arp).lower(),
        "syncPeriod": sync_period,
        "minSyncPeriod": min_sync_period,
        "tcpTimeout": tcp_timeout,
        "tcpFinTimeout": tcp_fin_timeout,
        "udpTimeout": udp_timeout,
        "excludeCIDRs": exclude_cidrs,
    }
    values = parse_values({name: value for name, value in given.items() if value is not None})
    cluster = session.cluster()
    located = locate(cluster, session.where)
    manner = Manner(tempo, dry_run, output, not no_restart, rollback=not no_rollback, force=force, yes=yes)
    refuse_place(cluster, located, values, manner)
    return make(session, cluster, prepare(located, values), (), manner)
