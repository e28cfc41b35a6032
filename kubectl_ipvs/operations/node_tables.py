"""Every node's whole table, as it arrives: with names, node after node, or folded into sums of Services."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kubectl_ipvs.operations.installation import ProxyNode, natural
from kubectl_ipvs.operations.look import Look
from kubectl_ipvs.proxy.verdict import UNSEEN
from kubectl_ipvs.services.named_table import NamedServer, Naming
from kubectl_ipvs.services.totals import Totals


class NodeRead(NamedTuple):
    """How the reading of one node went: `state` and `reason` are those of `status`.

    `read`: there is a table; `source`: which program printed it. `unparsed`: lines of it that nobody understood.
    """

    node: str
    source: str
    state: str
    reason: str
    read: bool
    unparsed: tuple[str, ...] = ()
    unparsed_lines: int = 0
    kernel_seen: bool = True

    @property
    def counts(self) -> bool:
        """There is a table, and kube-proxy keeps it."""
        return self.read and self.state != "not-ipvs"

    @property
    def unseen(self) -> bool:
        """Its kernel could not be seen, or not as it will stay."""
        return self.state in UNSEEN or not self.kernel_seen

    @property
    def named(self) -> bool:
        """Its state is said below the tables; what else there is `status` compares."""
        return self.unseen or self.state == "not-ipvs"


class NodeTable(NamedTuple):
    """One node's table, with names; `servers` are those that were asked for."""

    about: NodeRead
    servers: Sequence[NamedServer]


def about(look: Look) -> NodeRead:
    """Say how the reading of a node went."""
    summary, reading = look.reading.summary, look.reading
    return NodeRead(
        look.node.name, reading.source, look.verdict.state, look.verdict.reason, summary is not None,
        summary.unparsed if summary else (), summary.unparsed_lines if summary else 0,
        look.verdict.kernel_seen,
    )  # fmt: skip


def named_tables(looks: Iterable[Look], chosen: Sequence[ProxyNode], naming: Naming) -> Iterator[NodeTable]:
    """Yield each node's table in the order of the nodes' names, as soon as all before it are there."""
    waiting = iter(sorted((node.name for node in chosen), key=natural))
    arrived: dict[str, Look] = {}
    awaited = next(waiting, "")
    for look in looks:
        arrived[look.node.name] = look
        while awaited in arrived:
            yield _named(arrived.pop(awaited), naming)
            awaited = next(waiting, "")


def _named(look: Look, naming: Naming) -> NodeTable:
    rows = look.reading.rows
    return NodeTable(about(look), naming.named(rows, look.node.source.excluded) if rows is not None else ())


def fold(looks: Iterable[Look], totals: Totals) -> list[NodeRead]:
    """Add every table to the sums when it arrives; return how the reading of each node went, by name.

    What is left in the kernel of a node whose kube-proxy is in another mode is no part of the sums.
    """
    seen = []
    for look in looks:
        node = about(look)
        if node.counts and look.reading.rows is not None:
            totals.add(node.node, look.reading.rows, look.node.source.excluded)
        seen.append(node)
    return sorted(seen, key=lambda each: natural(each.node))
