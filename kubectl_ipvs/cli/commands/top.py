"""`kubectl ipvs top`."""

import time
from typing import Annotated

import typer

from kubectl_ipvs.cli.console import choice, warn
from kubectl_ipvs.cli.flags.parameters import AllNamespaces, Interval
from kubectl_ipvs.cli.session import Session, keep_small, seconds
from kubectl_ipvs.errors import UsageError

FORMATS = ("table", "wide", "json", "yaml")
KINDS = {
    "nodes": "nodes", "node": "nodes", "no": "nodes", "services": "services", "service": "services", "svc": "services"
}  # fmt: skip
SORTS = {
    "nodes": ("connections", "packets", "bytes", "active", "inactive", "name"),
    "services": ("active", "change", "connections", "inactive", "name"),
}  # of each the first is the usual one


def run(
    session: Session,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[nodes|services] [NAME...]", help="What is shown, and these alone of it. Default: nodes.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FORMAT", help="One of: wide, json, yaml (the last two with --once).",
            show_default=False,
        ),
    ] = "table",
    sort_by: Annotated[
        str, typer.Option("--sort-by", metavar="COLUMN", help="What the rows are sorted by.", show_default=False)
    ] = "",
    once: Annotated[bool, typer.Option("--once", help="Print once, after two looks, and end.")] = False,
    interval: Interval = "2s",
    all_namespaces: AllNamespaces = False,
) -> int:  # fmt: skip
    """Show how busy nodes or Services are, the busiest first; again and again, until Ctrl-C.

    Nodes: connections, packets and bytes of a second (in both directions; -o wide: of each), by the counters of the
    kernel (/proc/net/ip_vs_stats), and the connections in the table. Services: active connections, summed over all
    nodes, and their change since the look before; where the image has ipvsadm, their connections of a second, too.

    What is counted between two looks is labelled as a difference, with the seconds between them. ~ marks the kernel's
    own estimate: of nodes at the first look, of Services always. A - is not known: the node was not read, or its
    counters went back.

    --once looks twice, --interval apart, since a difference needs two looks; it prints once and ends, with exit code 3
    where a node could not be read. -o json and -o yaml go with it.

    In `top services` -n/--namespace is the Services' namespace; kube-proxy's own is --kube-proxy-namespace.

    \b
    --sort-by:
      nodes     connections (the default), packets, bytes, active, inactive, name
      services  active (the default), change, connections, inactive, name

    \b
    Examples:
      kubectl ipvs top
      kubectl ipvs top nodes node1 node2 --sort-by bytes
      kubectl ipvs top services -n kube-system --interval 5s
      kubectl ipvs top services --once -o json
    """
    choice("-o", output, FORMATS)
    kind, names = _kind(words or [])
    sort_by = choice("--sort-by", sort_by or SORTS[kind][0], SORTS[kind])
    pause = seconds("--interval", interval)
    if output in {"json", "yaml"} and not once:
        raise UsageError(f"-o {output} goes with --once", hint="without --once it never ends")
    if all_namespaces and kind == "nodes":
        raise UsageError("--all-namespaces goes with `top services`")
    from kubectl_ipvs.cli import top_looks
    from kubectl_ipvs.cli.watch import watch

    keep_small()
    looks_of = top_looks.Nodes if kind == "nodes" else top_looks.Services
    with looks_of.begun(session, names, everywhere=all_namespaces) as looks:
        if not once:
            watch(looks.look, lambda _: looks.redraw(output, sort_by), pause)
        looks.look()
        time.sleep(pause)
        looks.look()
    looks.show(output, sort_by)
    for line in looks.warnings:
        warn(line)
    return looks.code


def _kind(words: list[str]) -> tuple[str, list[str]]:
    """Read `nodes` or `services`, as kubectl's words for them, and the names after it."""
    if not words:
        return "nodes", []
    if words[0] not in KINDS:
        raise UsageError(
            f'top shows nodes or services: there is no "{words[0]}"',
            hint="top nodes NAME, or top services NAMESPACE/NAME",
        )
    return KINDS[words[0]], words[1:]
