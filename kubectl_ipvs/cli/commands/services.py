"""`kubectl ipvs services`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_ipvs.cli.console import choice, out, warn
from kubectl_ipvs.cli.flags.parameters import AllNamespaces, Output
from kubectl_ipvs.cli.service_names import chosen_of, name_of, unknown_of
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.errors import ExitCode, IpvsError

if TYPE_CHECKING:
    from kubectl_ipvs.cli.reading import Reading
    from kubectl_ipvs.operations.node_tables import NodeRead
    from kubectl_ipvs.services.names import Names
    from kubectl_ipvs.services.totals import PortTotal, Totals

FORMATS = ("table", "wide", "json", "yaml", "name")
SORTS = ("name", "active", "skew")


def run(
    session: Session,
    services: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAMESPACE/]NAME...", help="These Services alone.", show_default=False),
    ] = None,
    output: Output = "table",
    sort_by: Annotated[
        str, typer.Option("--sort-by", metavar="active|skew|name", help="What the rows are sorted by.")
    ] = "name",
    all_namespaces: AllNamespaces = False,
) -> int:
    """Show each Service port, summed over the tables of all nodes: connections, weights, and how even they are.

    Here -n/--namespace is the Services' namespace; kube-proxy's own is --kube-proxy-namespace.

    \b
    Columns:
      SCHEDULER  where nodes differ: how many have which
      NODES      how many have a virtual server of it, of those whose table was read
      READY      endpoints with a weight above 0 on every node that has them
      WEIGHT-0   endpoints with weight 0 on some node: they get no new connections there
      MISSING    endpoints that are ready, and that a node lacks which should have them
      SKEW       the busiest ready endpoint's active connections against the mean of the ready ones; 1.00 is even

    `-o wide` has one row for each endpoint: its Pod and node, its weight (where nodes differ: WEIGHT:NODES), its
    connections and their share. A node that cannot be read is named below, and the exit code is 3.

    \b
    Examples:
      kubectl ipvs services --sort-by skew
      kubectl ipvs services -n kube-system
      kubectl ipvs services default/hello -o wide
    """
    choice("-o", output, FORMATS)
    choice("--sort-by", sort_by, SORTS)
    namespace, session = session.of_services(everywhere=all_namespaces)
    wanted = [name_of(word, namespace) for word in services or []]
    from kubectl_ipvs.cli.reading import Reading
    from kubectl_ipvs.output import services as rendering

    with Reading.begun(session, []) as reading:
        reading.listed.known()
        names = reading.listed.names(reading.found.nodes)
        unknown = unknown_of(wanted, names)
        if wanted and len(unknown) == len(set(wanted)):
            raise IpvsError("; ".join(unknown))
        totals, nodes = _summed(reading, names)
    chosen = chosen_of(totals.ports(), wanted, namespace)
    outside = [each for each in totals.outside if not (wanted or namespace) or _concerns(each.owners, chosen)]
    shown = rendering.Services(rendering.in_order(chosen, sort_by), nodes, outside, reading.listed.no_slices is None)
    out(rendering.render(shown, output))
    if not chosen:
        warn(f"no Service with a virtual server in namespace {namespace}" if namespace else "no Service at all")
    for line in (*reading.found.warnings, *reading.listed.warnings):
        warn(line)
    if unknown:
        raise IpvsError("; ".join(unknown))
    return ExitCode.PARTIAL if any(each.unseen for each in nodes) else ExitCode.OK


def _summed(reading: "Reading", names: "Names") -> "tuple[Totals, list[NodeRead]]":
    """Read every node's table into the sums."""
    from kubectl_ipvs.operations.node_tables import fold
    from kubectl_ipvs.services.totals import Totals

    totals = Totals(names, slices_known=reading.listed.no_slices is None)
    return totals, fold(reading.looks(), totals)


def _concerns(owners: Sequence[object], chosen: Sequence["PortTotal"]) -> bool:
    return bool({each.owner for each in chosen}.intersection(owners))
