"""`kubectl ipvs table`."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kubectl_ipvs.cli.console import choice, out, warn
from kubectl_ipvs.cli.flags.parameters import Address, Nodes, OneService, Output
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.errors import ExitCode, IpvsError

if TYPE_CHECKING:
    from kubectl_ipvs.operations.node_tables import NodeRead, NodeTable

FORMATS = ("table", "wide", "json", "yaml", "name")


def run(
    session: Session,
    nodes: Nodes = None,
    output: Output = "table",
    service: OneService = "",
    address: Address = "",
) -> int:  # fmt: skip
    """Show every node's IPVS table, as `ipvsadm -Ln` would, with the Service and the Pod beside the addresses.

    Every row and column, in ipvsadm's order. A node that cannot be read is named below, and the exit code is 3.

    `-o wide` has one line for each real server with its virtual server in it, to be searched with grep. `-o name` names
    the nodes that have such a row. What belongs to no Service has no name; what two Services contest has both.
    How many seconds a persistence lasts /proc/net/ip_vs does not say: they are shown where a Service's affinity gives
    the kernel's clock away, else its jiffies are.

    \b
    Examples:
      kubectl ipvs table node1
      kubectl ipvs table -o wide | grep coredns
      kubectl ipvs table --service default/hello
      kubectl ipvs table --address 10.96.0.10:53
    """
    choice("-o", output, FORMATS)
    from kubectl_ipvs.cli.narrowing import check, narrow_of
    from kubectl_ipvs.cli.reading import Reading
    from kubectl_ipvs.operations.node_tables import named_tables
    from kubectl_ipvs.services.named_table import Naming

    narrow = narrow_of(service, address)
    printed = _Printed(output, narrowed=bool(service or address))
    with Reading.begun(session, nodes or []) as reading:
        check(narrow, reading.listed)
        printed.begin(node.name for node in reading.chosen)
        naming = Naming(reading.listed.names(reading.found.nodes), narrow)
        for table in named_tables(reading.looks(), reading.chosen, naming):
            if printed.shows(table):
                reading.counter.end()
            printed.add(table)
    if address and not printed.rows:
        read = sum(1 for each in printed.nodes if each.read)
        raise IpvsError(f"{address}: no virtual server and no real server is there in the tables of {read} of "
                        f"{len(printed.nodes)} nodes", hint="`kubectl ipvs table` lists all")  # fmt: skip
    printed.end(f"no virtual server of {service} there" if service and not printed.rows else "")
    for line in (*reading.found.warnings, *reading.listed.warnings):
        warn(line)
    return ExitCode.PARTIAL if any(each.unseen for each in printed.nodes) else ExitCode.OK


class _Printed:
    """What is on stdout so far: each table at once, and below them what is to be said of the nodes."""

    def __init__(self, form: str, *, narrowed: bool) -> None:
        from kubectl_ipvs.output import tables
        from kubectl_ipvs.output.documents import Stream

        self._form, self._narrowed, self._tables = form, narrowed, tables
        self._stream_of = Stream
        self._stream: Stream | None = None
        self._wide = tables.Wide(())
        self._blocks = 0
        self.nodes: list[NodeRead] = []
        self.rows = 0

    def begin(self, names: Iterable[str]) -> None:
        """Begin, with the names of all nodes."""
        self._wide = self._tables.Wide(names)
        if self._form in {"json", "yaml"}:
            self._stream = self._stream_of("Tables", "nodes", self._form, out)

    def shows(self, table: "NodeTable") -> bool:
        """Tell whether there is something to be printed of this table."""
        return bool(table.servers) or self._stream is not None

    def add(self, table: "NodeTable") -> None:
        """Print one node's table."""
        self.nodes.append(table.about)
        self.rows += len(table.servers)
        if self._stream is not None:
            self._stream.add(self._tables.entry(table))
        elif self._form == "name" and table.servers:
            out(f"node/{table.about.node}\n")
        elif self._form == "wide" and (table.servers or not self._blocks):
            out(self._wide(table))
            self._blocks += 1
        elif self._form == "table" and table.about.read and (table.servers or not self._narrowed):
            out(("\n" if self._blocks else "") + self._tables.block(table))
            self._blocks += 1

    def end(self, remark: str) -> None:
        """Print what stands below."""
        if self._stream is not None:
            self._stream.end({"summary": self._tables.summary_of(self.nodes)})
        elif self._form != "name":
            below: Sequence[str] = [*([remark] if remark else []), *self._tables.remarks(self.nodes)]
            out(("\n" if self._form == "table" and self._blocks else "") + "".join(f"{line}\n" for line in below))
