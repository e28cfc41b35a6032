"""`kubectl ipvs set`."""

from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_ipvs.cli.console import choice, confirm, out, say, warn
from kubectl_ipvs.cli.pace import (
    DRY_RUNS,
    DryRunFlag,
    MaxUnavailableFlag,
    SettleFlag,
    TimeoutFlag,
    YesFlag,
    announce,
    observe,
    pace,
    report,
)
from kubectl_ipvs.cli.session import Session, refuse_if_read_only

if TYPE_CHECKING:
    from kubectl_ipvs.cluster.cluster import Cluster
    from kubectl_ipvs.operations.change import Change
    from kubectl_ipvs.operations.restart import Pace

Time = str | None


def _time(flag: str, words: str) -> object:
    return typer.Option(flag, metavar="TIME", help=words, show_default=False)


def run(
    session: Session,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="NAME", help="The scheduler: see `schedulers`.", show_default=False),
    ] = None,
    strict_arp: Annotated[
        bool | None,
        typer.Option(
            "--strict-arp/--no-strict-arp",
            help="Answer ARP for service addresses on their own device alone (MetalLB).",
            show_default=False,
        ),
    ] = None,
    sync_period: Annotated[Time, _time("--sync-period", "How often all rules are written anew at the latest.")] = None,
    min_sync_period: Annotated[
        Time, _time("--min-sync-period", "How often rules are written anew at the most.")
    ] = None,
    tcp_timeout: Annotated[
        Time, _time("--tcp-timeout", "When an idle TCP connection is forgotten; 0s: the kernel's 15m.")
    ] = None,
    tcp_fin_timeout: Annotated[Time, _time("--tcp-fin-timeout", "The same after a FIN; 0s: the kernel's 2m.")] = None,
    udp_timeout: Annotated[Time, _time("--udp-timeout", "The same for UDP; 0s: the kernel's 5m.")] = None,
    exclude_cidrs: Annotated[
        str | None,
        typer.Option(
            "--exclude-cidrs",
            metavar="CIDR,...",
            help='Virtual servers that kube-proxy leaves alone; "": none.',
            show_default=False,
        ),
    ] = None,
    no_restart: Annotated[
        bool, typer.Option("--no-restart", help="Write the configuration and restart nothing.")
    ] = False,
    max_unavailable: MaxUnavailableFlag = "10%",
    timeout: TimeoutFlag = "2m",
    settle: SettleFlag = "5s",
    dry_run: DryRunFlag = "none",
    force: Annotated[bool, typer.Option("--force", help="Store a value that is unknown or not in force.")] = False,
    yes: YesFlag = False,
) -> int:
    """Change ipvs fields of kube-proxy's configuration, restart kube-proxy, and prove that every node follows.

    The edit leaves every other byte as it is, is shown as a diff, and is written only if nobody else changed the
    configuration meanwhile. What is already set and in force is not touched. Run it again after an interruption:
    it goes on where it stopped.

    \b
    Examples:
      kubectl ipvs set --scheduler lc
      kubectl ipvs set --scheduler lc --dry-run=client
      kubectl ipvs set --strict-arp --max-unavailable 1
      kubectl ipvs set --tcp-timeout 1h --no-restart
    """
    choice("--dry-run", dry_run, DRY_RUNS)
    if dry_run == "none":
        refuse_if_read_only("set")
    from kubectl_ipvs.operations.change import parse_values, prepare
    from kubectl_ipvs.operations.locate import locate

    tempo = pace(max_unavailable, timeout, settle)
    given = {
        "scheduler": scheduler, "strictARP": None if strict_arp is None else str(strict_arp).lower(),
        "syncPeriod": sync_period, "minSyncPeriod": min_sync_period, "tcpTimeout": tcp_timeout,
        "tcpFinTimeout": tcp_fin_timeout, "udpTimeout": udp_timeout, "excludeCIDRs": exclude_cidrs,
    }  # fmt: skip
    values = parse_values({name: value for name, value in given.items() if value is not None}, force=force)
    cluster = session.cluster()
    change = prepare(locate(cluster, session.where), values, force=force)
    for line in change.warnings:
        warn(line)
    announce(change.located, cluster.connection.server, cluster.connection.context)
    return _apply(session, cluster, change, tempo, dry_run=dry_run, restart=not no_restart, yes=yes)


def _apply(
    session: Session,
    cluster: "Cluster",
    change: "Change",
    tempo: "Pace",
    *,
    dry_run: str,
    restart: bool,
    yes: bool,
) -> int:
    from kubectl_ipvs.operations.apply import targets_of
    from kubectl_ipvs.operations.change import write
    from kubectl_ipvs.operations.restart import roll, select

    out(change.diff)
    name = f"configmap/{change.located.config_map.name}" if change.located.config_map else ""
    reader = session.reader(cluster, tuple(change.after.excluded))
    chosen = select(cluster, change.located, []) if restart else None
    targets = targets_of(cluster, change, chosen, reader, session.at_once) if chosen else []
    for line in chosen.warnings if chosen else ():
        warn(line)
    if not change.changes_text and not targets:
        say("already set" + (" and in force on every node" if chosen else "") + ": nothing to change")
        return 0
    if chosen:
        say(
            f"restarts kube-proxy on {len(targets)} of {len(chosen.places)} nodes, at most {tempo.max_unavailable.of(len(chosen.places))} down at once"
        )
    if dry_run != "none":
        write(cluster, change, dry_run=True) if dry_run == "server" else None
        out(
            f"{name} patched ({'server dry run' if dry_run == 'server' else 'dry run'})\n"
            if change.changes_text
            else ""
        )
        return 0
    confirm("Change it?", yes=yes)
    located = write(cluster, change)
    out(f"{name} patched\n" if change.changes_text else f"{name} unchanged\n")
    if chosen is None:
        warn("kube-proxy was not restarted: no node follows yet; `kubectl ipvs restart` makes them")
        return 0
    rolled = roll(cluster, located, targets, chosen.version, tempo, reader, len(chosen.places), observe)
    return report((*rolled.nodes, *chosen.skipped), interrupted=rolled.interrupted)
