"""`kubectl ipvs set`."""

from typing import Annotated

import typer

from kubectl_ipvs.cli.flags.rollout import FORMATS, RolloutFlags
from kubectl_ipvs.cli.session import Session, refuse_if_read_only

__all__ = ["FORMATS", "run"]


def _text(flag: str, metavar: str, words: str) -> object:
    return typer.Option(flag, metavar=metavar, help=words, show_default=False)


def run(
    session: Session,
    rollout: RolloutFlags,
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
        str | None, _text("--sync-period", "TIME", "Longest time between two checks of all rules.")
    ] = None,
    min_sync_period: Annotated[
        str | None, _text("--min-sync-period", "TIME", "Shortest time between two updates of the rules.")
    ] = None,
    tcp_timeout: Annotated[
        str | None, _text("--tcp-timeout", "TIME", "Drop idle TCP connections after this; 0s keeps the kernel's 15m.")
    ] = None,
    tcp_fin_timeout: Annotated[
        str | None, _text("--tcp-fin-timeout", "TIME", "Drop TCP connections this long after a FIN; 0s: kernel's 2m.")
    ] = None,
    udp_timeout: Annotated[
        str | None, _text("--udp-timeout", "TIME", "Drop idle UDP flows after this; 0s keeps the kernel's 5m.")
    ] = None,
    exclude_cidrs: Annotated[
        str | None, _text("--exclude-cidrs", "CIDR,...", 'Virtual servers that kube-proxy leaves alone; "": none.')
    ] = None,
    no_restart: Annotated[bool, typer.Option("--no-restart", help="Write the configuration, restart nothing.")] = False,
    no_rollback: Annotated[
        bool, typer.Option("--no-rollback", help="Stop at a failure, and do not put the old value back.")
    ] = False,
) -> int:
    """Change ipvs fields, restart kube-proxy node by node, and verify every node - or roll it all back.

    The edited text is parsed again and must differ in that value only; it is shown as a diff, and is written only if
    nobody else changed it meanwhile. One worker goes first. At most --max-unavailable nodes are without kube-proxy at a
    time; the next starts while the last is still being watched. A node that fails ends the run, and the change is
    rolled back. Nodes that were not well before are left out (exit code 3). What is in force already is not touched.

    \b
    Examples:
      kubectl ipvs set --scheduler lc
      kubectl ipvs set --scheduler lc --dry-run=client
      kubectl ipvs set --strict-arp --max-unavailable 1 --canary node7
      kubectl ipvs set --tcp-timeout 1h --no-restart
    """
    if rollout.changes:
        refuse_if_read_only("set")
    from kubectl_ipvs.cli.change_command import Command, change
    from kubectl_ipvs.operations.change.edits import parse_values, prepare
    from kubectl_ipvs.operations.discovery import find

    options = rollout.options(restart=not no_restart, rollback=not no_rollback)
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
    wanted = prepare(find(cluster, session.where), values)
    return change(Command(session, cluster, "set", rollout), wanted, options)
