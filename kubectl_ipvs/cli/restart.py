"""`kubectl ipvs restart`."""

from typing import Annotated

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


def run(
    session: Session,
    nodes: Annotated[
        list[str] | None, typer.Argument(metavar="[NODE]", help="These nodes alone.", show_default=False)
    ] = None,
    max_unavailable: MaxUnavailableFlag = "10%",
    timeout: TimeoutFlag = "2m",
    settle: SettleFlag = "5s",
    dry_run: DryRunFlag = "none",
    yes: YesFlag = False,
) -> int:
    """Restart kube-proxy's pods by label selector, a few at a time, and prove each node before going on.

    A node holds when its new pod is ready, stays up, and the kernel's table shows the configured scheduler.
    The first node that fails ends the run: nodes in flight are seen through, no other is touched.

    \b
    Examples:
      kubectl ipvs restart
      kubectl ipvs restart node1 node2
      kubectl ipvs restart --max-unavailable 1 --timeout 5m
    """
    choice("--dry-run", dry_run, DRY_RUNS)
    if dry_run == "none":
        refuse_if_read_only("restart")
    from kubectl_ipvs.operations.locate import locate
    from kubectl_ipvs.operations.restart import roll, select
    from kubectl_ipvs.operations.noderun import Target

    tempo = pace(max_unavailable, timeout, settle)
    cluster = session.cluster()
    located = locate(cluster, session.where)
    chosen = select(cluster, located, nodes or [])
    for line in chosen.warnings:
        warn(line)
    announce(located, cluster.connection.server, cluster.connection.context)
    at_once = tempo.max_unavailable.of(len(chosen.places))
    say(f"restarts kube-proxy on {len(chosen.places)} nodes, at most {at_once} down at once")
    if dry_run != "none":
        for place in chosen.places:
            if dry_run == "server" and place.pod is not None:
                cluster.delete_pod(place.pod, dry_run=True)
            out(f"node/{place.name} restarted ({'server dry run' if dry_run == 'server' else 'dry run'})\n")
        return 0
    confirm("Restart?", yes=yes)
    targets = [Target(place, place.pod) for place in chosen.places]
    reader = session.reader(cluster, tuple(located.excluded))
    rolled = roll(cluster, located, targets, chosen.version, tempo, reader, len(chosen.places), observe)
    return report((*rolled.nodes, *chosen.skipped), interrupted=rolled.interrupted)
