"""`kubectl ipvs status`."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_ipvs.cli.console import Counter, choice, clear, out, redraw, screen, warn
from kubectl_ipvs.cli.flags.parameters import Interval, Nodes, Output
from kubectl_ipvs.cli.session import Session, keep_small, seconds
from kubectl_ipvs.cli.watch import watch as watching
from kubectl_ipvs.errors import ExitCode

if TYPE_CHECKING:
    from kubectl_ipvs.cluster.cluster import Cluster
    from kubectl_ipvs.operations.look import Looker
    from kubectl_ipvs.operations.survey import Status

FORMATS = ("table", "wide", "json", "yaml", "name")


def run(
    session: Session,
    nodes: Nodes = None,
    output: Output = "table",
    check: Annotated[
        bool, typer.Option("--check", help="Exit 5 when a node is out of step, 3 when one is not known.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again and again, until Ctrl-C.")] = False,
    interval: Interval = "2s",
) -> int:
    """Show what every node's kernel does: a summary of its IPVS table, compared with the node's configuration.

    One row per node; a node that cannot be asked is a row too. Reasons and a summary stand below the table.

    \b
    STATE is one of:
      in sync          the kernel has the configured scheduler on every virtual server of kube-proxy
      restart needed   kube-proxy started before the configuration was changed
      out of step      kube-proxy has read the configuration, the kernel does something else
      not ipvs         kube-proxy is in another mode, or the kernel has no IPVS
      unknown          the configuration cannot be read from here: the table is shown, not compared
      no pod, not ready, forbidden, timeout, unreachable, no ipvsadm, unreadable: see the reason

    Where the image has no program to look with (EKS, k0s) kube-proxy itself is asked what it runs with, and the reason
    says that the kernel was not seen: --helper-image IMAGE reads the table by a pod on the node. -o wide and -o json
    ask every kube-proxy.

    \b
    Examples:
      kubectl ipvs status
      kubectl ipvs status node1 node2 -o wide
      kubectl ipvs status --check && echo all nodes are in sync
      kubectl ipvs status --watch --interval 5s
      kubectl ipvs status --helper-image busybox:1.36
    """
    choice("-o", output, FORMATS)
    pause = seconds("--interval", interval)
    cluster = session.cluster()  # once: a credential plugin is not asked at every redraw
    with session.looking(cluster, asks=output in {"wide", "json", "yaml"}) as looker:
        if watch:
            keep_small()
            watching(
                lambda: _survey(session, cluster, looker, nodes or []), lambda status: _redraw(status, output), pause
            )
        status = _survey(session, cluster, looker, nodes or [])
    _show(status, output)
    return _code(status, check=check)


def _redraw(status: "Status", output: str) -> None:
    from kubectl_ipvs.output import watching

    size = screen()
    if size is None or output not in {"table", "wide"}:
        clear()
        _show(status, output)
        return
    redraw(watching.fitted(status, size, time.strftime("%H:%M:%S"), wide=output == "wide"))


def _survey(session: Session, cluster: "Cluster", looker: "Looker", names: list[str]) -> "Status":
    from kubectl_ipvs.operations.discovery import find
    from kubectl_ipvs.operations.survey import survey

    found = find(cluster, session.where)
    counter = Counter(looker.timeout)
    try:
        return survey(cluster, found, names, looker, session.at_once, counter)
    finally:
        counter.end()


def _show(status: "Status", output: str) -> None:
    from kubectl_ipvs.output import status as rendering

    out(rendering.render(status, output))
    for line in (*status.warnings, *rendering.start_warnings(status)):
        warn(line)


def _code(status: "Status", *, check: bool) -> int:
    if check and status.out_of_step:
        return ExitCode.OUT_OF_STEP
    partial = status.unseen or status.unread or (check and status.unknown)
    return ExitCode.PARTIAL if partial else ExitCode.OK
