"""`kubectl ipvs verify`."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_ipvs.cli.console import ADVICE, choice, out, say, warn
from kubectl_ipvs.cli.flags.parameters import Address, Nodes, OneService, Output
from kubectl_ipvs.cli.session import Session, seconds
from kubectl_ipvs.errors import ExitCode, IpvsError, worst

if TYPE_CHECKING:
    from kubectl_ipvs.cli.reading import Reading
    from kubectl_ipvs.operations.listed_services import ListedServices
    from kubectl_ipvs.operations.verify.old_connections import NodeConnections
    from kubectl_ipvs.operations.verify.run import Verification
    from kubectl_ipvs.services.named_table import Narrow
    from kubectl_ipvs.services.names import Names

FORMATS = ("table", "wide", "json", "yaml", "name")


def run(
    session: Session,
    nodes: Nodes = None,
    output: Output = "table",
    service: OneService = "",
    address: Address = "",
    once: Annotated[bool, typer.Option("--once", help="Look once, whatever is found.")] = False,
    apart: Annotated[
        str, typer.Option("--apart", metavar="TIME", help="How long to wait before a node is looked at again.")
    ] = "30s",
    connections: Annotated[
        bool,
        typer.Option("--connections", help="Name connections that still go to endpoints that are gone (a long file)."),
    ] = False,
) -> int:  # fmt: skip
    """Compare every node's table with what its kube-proxy, of its release, makes of Services and EndpointSlices.

    Where the first look finds something the node is looked at again --apart later (30s: kube-proxy's syncPeriod), and
    what both looks have counts. What concerns a Service that changed meanwhile is not judged.

    \b
    What is found:
      missing-virtual-server   an address and port of a Service has no row
      missing-real-server      an endpoint is not among a row's real servers
      weight-zero              an endpoint has weight 0: it gets no new connections
      extra-real-server        a real server that is no endpoint gets connections
      stuck                    one that is no endpoint any more stays, without a connection (needs --apart 2m)
      stale-virtual-server     a row as kube-proxy makes them is on no address and port of a Service
      foreign                  somebody else made a row or a real server
      wrong-scheduler, wrong-persistence   the row has another one than it should have
      draining, contested, and foreign rows that kube-proxy leaves alone are said, and are no difference

    --connections reads /proc/net/ip_vs_conn of each node, too: a UDP client stays with an endpoint that is gone until
    udpTimeout ends, as with DNS that times out on one node after a rolling update. They are no difference.

    Exit code: 0 every node is verified; 3 some node, or what changed meanwhile, is not; 5 some node differs.

    \b
    Examples:
      kubectl ipvs verify
      kubectl ipvs verify node1 --once
      kubectl ipvs verify --service default/hello --apart 2m
      kubectl ipvs verify -o wide | grep coredns
    """
    choice("-o", output, FORMATS)
    pause = None if once else seconds("--apart", apart)
    from kubectl_ipvs.cli.narrowing import check, narrow_of
    from kubectl_ipvs.cli.reading import Reading
    from kubectl_ipvs.operations.verify.inputs import FILES

    narrow = narrow_of(service, address)
    with Reading.begun(session, nodes or [], FILES) as reading:
        reading.listed.both()
        check(narrow, reading.listed)
        verified = _verified(reading, narrow, pause)
        if connections:
            verified = verified._replace(connections=_connections(reading, verified))
    if address and verified.empty:
        raise IpvsError(f"{address}: no virtual server and no real server is there, or should be",
                        hint="`kubectl ipvs table` lists all")  # fmt: skip
    _show(verified, output)
    for line in reading.found.warnings:
        warn(line)
    incomplete = ExitCode.PARTIAL if verified.incomplete or verified.changing else ExitCode.OK
    return worst(incomplete, ExitCode.OUT_OF_STEP if verified.differs else ExitCode.OK)


def _verified(reading: "Reading", narrow: "Narrow", pause: float | None) -> "Verification":
    """Look at the nodes; `pause`: seconds before those with findings are looked at again, None: never."""
    from kubectl_ipvs.operations.listed_services import list_services
    from kubectl_ipvs.operations.verify.run import Run
    from kubectl_ipvs.output.verification import found

    def wait(count: int, where: int) -> None:
        reading.counter.end()
        say(f"{found(count, where)}: looking again in {pause:g}s")
        time.sleep(pause or 0)

    verifying = Run(
        reading.looker, reading.session.at_once, lambda: list_services(reading.cluster),
        None if pause is None else wait, narrow, reading.counter,
    )  # fmt: skip
    return verifying.verify(reading.chosen, reading.listed)


def _connections(reading: "Reading", verified: "Verification") -> "tuple[NodeConnections, ...]":
    """Read the connections of the nodes that were judged."""
    from kubectl_ipvs.operations.listed_services import list_services
    from kubectl_ipvs.operations.verify.old_connections import old_connections

    def names(listed: "ListedServices") -> "Names":
        listed.both()
        return listed.names(reading.found.nodes)

    judged = {node.node for node in verified.nodes if node.judged}
    nodes = [node for node in reading.chosen if node.name in judged]
    return old_connections(
        reading.looker.reader, nodes, names(list_services(reading.cluster)),
        lambda: names(list_services(reading.cluster)), reading.session.at_once,
    )  # fmt: skip


def _show(verified: "Verification", output: str) -> None:
    """Print it; commands in it get the flags that say which cluster this is about."""
    from kubectl_ipvs.output.verification import render

    text = render(verified, output)
    out(text if output in {"json", "yaml"} else "".join(map(ADVICE, text.splitlines(keepends=True))))
