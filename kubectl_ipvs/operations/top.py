"""How busy nodes and Services are: looks, and what two of them come to. A difference is never made up.

Counters that went back, nodes that one of two looks did not read: what cannot be told is None, and why is said.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from kubectl_ipvs.ipvs.stats import NOTHING, Rates, Stats, per_second, summed
from kubectl_ipvs.operations.look import Look
from kubectl_ipvs.operations.node_tables import NodeRead, about, fold
from kubectl_ipvs.services.names import Names, Owner
from kubectl_ipvs.services.totals import PortTotal, Totals

WENT_BACK = "its counters went back between the two looks: rebooted, ip_vs loaded anew, or zeroed"
NO_COUNTERS = "its counters were not read (/proc/net/ip_vs_stats)"


class NodeLook(NamedTuple):
    """One look at a node. `at`: monotonic seconds; `estimate`: the kernel's own, of a second."""

    about: NodeRead
    at: float
    active: int
    inactive: int
    stats: Stats | None
    estimate: Rates | None


class NodeLoad(NamedTuple):
    """One node now. `seconds`: between the two looks that `rates` were counted between; None: estimates.

    `remark`: why there are no rates although the node was read.
    """

    now: NodeLook
    rates: Rates | None
    seconds: float | None
    remark: str = ""

    @property
    def estimated(self) -> bool:
        """The rates are the kernel's own."""
        return self.rates is not None and self.seconds is None


class ServicesLook(NamedTuple):
    """One look at all Services. `rates`: of each Service port, summed over the `rated` nodes that have ipvsadm."""

    at: float
    ports: Sequence[PortTotal]
    nodes: Sequence[NodeRead]
    rates: Mapping[Owner, Rates]
    rated: int

    @property
    def counted(self) -> frozenset[str]:
        """The nodes whose tables are in the sums."""
        return frozenset(each.node for each in self.nodes if each.counts)


class PortLoad(NamedTuple):
    """One Service port now. `change`: of its active connections since the look before, None where not known."""

    total: PortTotal
    change: int | None
    rates: Rates | None


class ServicesLoad(NamedTuple):
    """All Services now. `seconds`: since the look before, None without; `comparable`: both read the same nodes."""

    now: ServicesLook
    ports: Sequence[PortLoad]
    seconds: float | None
    comparable: bool


def node_looks(looks: Iterable[Look]) -> dict[str, NodeLook]:
    """Take what is needed of each look, by node."""
    return {look.node.name: _node_look(look) for look in looks}


def _node_look(look: Look) -> NodeLook:
    reading, summary = look.reading, look.reading.summary
    rows = reading.rates if reading.stats is None else None  # all of ipvsadm's, where there is no cat
    estimate = reading.stats.estimate if reading.stats else None
    return NodeLook(
        about(look), reading.at, summary.active if summary else 0, summary.inactive if summary else 0, reading.stats,
        summed(each.rates for each in rows) if rows is not None else estimate,
    )  # fmt: skip


def node_loads(before: Mapping[str, NodeLook], now: Mapping[str, NodeLook]) -> list[NodeLoad]:
    """Compare two looks; of the first one `before` is empty."""
    return [_load(before.get(name), look) for name, look in now.items()]


def _load(before: NodeLook | None, now: NodeLook) -> NodeLoad:
    if not now.about.counts:
        return NodeLoad(now, None, None)
    if before is None or before.stats is None or now.stats is None:
        return NodeLoad(now, now.estimate, None, "" if now.estimate else NO_COUNTERS)
    seconds = now.at - before.at
    rates = per_second(before.stats, now.stats, seconds)
    return NodeLoad(now, rates, seconds, "" if rates else WENT_BACK)


def services_look(looks: Iterable[Look], names: Names, *, slices_known: bool) -> ServicesLook:
    """Sum one look at every node up."""
    rates: dict[Owner, Rates] = {}
    rated: list[str] = []
    totals = Totals(names, slices_known=slices_known)
    nodes = fold(_rating(looks, names, rates, rated), totals)
    return ServicesLook(time.monotonic(), list(totals.ports()), nodes, rates, len(rated))


def _rating(looks: Iterable[Look], names: Names, rates: dict[Owner, Rates], rated: list[str]) -> Iterator[Look]:
    """Pass the looks on, and add their rates to those of the Service ports."""
    for look in looks:
        if look.reading.rates is not None and about(look).counts:
            rated.append(look.node.name)
            excluded = tuple(look.node.source.excluded)
            for row in look.reading.rates:
                owners = names.of(row.protocol, row.address, excluded)
                if len(owners) == 1:
                    rates[owners[0]] = summed((rates.get(owners[0], NOTHING), row.rates))
        yield look


def services_load(before: ServicesLook | None, now: ServicesLook) -> ServicesLoad:
    """Compare two looks at the same nodes; a node that one of them did not read would be taken for a change."""
    comparable = before is not None and before.counted == now.counted
    was = {each.owner: each.active for each in before.ports} if before is not None and comparable else {}
    loads = [
        PortLoad(
            each,
            each.active - was[each.owner] if each.owner in was else None,
            now.rates.get(each.owner, NOTHING) if now.rated else None,
        )
        for each in now.ports
    ]
    return ServicesLoad(now, loads, None if before is None else now.at - before.at, comparable)
