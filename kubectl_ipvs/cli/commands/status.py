"""`kubectl ipvs status`."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_ipvs.cli.console import Counter, choice, out, say, warn
from kubectl_ipvs.cli.console import clear as empty_screen
from kubectl_ipvs.cli.session import Session, seconds
from kubectl_ipvs.errors import ExitCode

if TYPE_CHECKING:
    from kubectl_ipvs.cluster.cluster import Cluster
    from kubectl_ipvs.operations.status import Status

FORMATS = ("table", "wide", "json", "yaml", "name")


def run(
    session: Session,
    nodes: Annotated[
        list[str] | None,
        typer.Argument(metavar="NODE...", help="These nodes alone.", show_default=False),
    ] = None,
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FORMAT", help="One of: wide, json, yaml, name.", show_default=False),
    ] = "table",
    check: Annotated[
        bool, typer.Option("--check", help="Exit 5 when a node is out of step, 3 when one cannot be asked.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again and again, until Ctrl-C.")] = False,
    interval: Annotated[
        str, typer.Option("--interval", metavar="TIME", help="How long to wait between two looks.")
    ] = "2s",
) -> int:
    """Show what every node's kernel does: its IPVS table in sum, next to what the configuration asks for.

    One row per node; a node that cannot be asked is a row too, with its reason below the table.

    \b
    STATE is one of:
      in sync          the kernel has the configured scheduler on every virtual server of kube-proxy
      restart needed   kube-proxy runs since before the configuration was changed
      out of step      kube-proxy has seen the configuration, the kernel does something else
      not ipvs         kube-proxy is in another mode, or the kernel has no IPVS
      no pod, not ready, forbidden, timeout, unreachable, no ipvsadm, unreadable: see the reason

    \b
    Examples:
      kubectl ipvs status
      kubectl ipvs status node1 node2 -o wide
      kubectl ipvs status --check && echo all nodes follow
      kubectl ipvs status --watch --interval 5s
    """
    choice("-o", output, FORMATS)
    pause = seconds("--interval", interval)
    if watch:
        _keep_small()
    cluster = session.cluster()  # once: a credential plugin is not asked at every redraw
    while True:
        status = _survey(session, cluster, nodes or [])
        _show(status, output, clear=watch)
        if not watch:
            return _code(status, check=check)
        time.sleep(pause)


def _keep_small() -> None:
    """Have glibc keep two heaps instead of eight a core, each of which keeps the most that its threads ever held.

    Python's lock leaves more no use; without this the watch of 500 nodes doubles its memory in its first minutes.
    Elsewhere nothing happens. Source: mallopt(3); the number is M_ARENA_MAX in malloc.h.
    """
    import ctypes

    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(-8, 2)


def _survey(session: Session, cluster: "Cluster", names: list[str]) -> "Status":
    from kubectl_ipvs.operations.locate import locate
    from kubectl_ipvs.operations.status import survey

    located = locate(cluster, session.where)
    reader = session.reader(cluster, tuple(located.excluded))
    return survey(cluster, located, names, reader, session.at_once, Counter("nodes"))


def _show(status: "Status", output: str, *, clear: bool) -> None:
    from kubectl_ipvs.output import status as rendering

    if clear:
        empty_screen()
    out(rendering.render(status, output))
    if output in {"table", "wide"}:
        for line in rendering.remarks(status):
            say(line)
        say(rendering.summary(status))
    for line in status.warnings:
        warn(line)


def _code(status: "Status", *, check: bool) -> int:
    if check and status.out_of_step:
        return ExitCode.OUT_OF_STEP
    return ExitCode.PARTIAL if status.failed else ExitCode.OK
