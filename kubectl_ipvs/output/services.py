"""`services`: one row for each Service port, summed over the nodes, in every format."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kubectl_ipvs.operations.installation import natural
from kubectl_ipvs.operations.node_tables import NodeRead
from kubectl_ipvs.output.documents import document
from kubectl_ipvs.output.printable import cell
from kubectl_ipvs.output.reasons import count_of
from kubectl_ipvs.output.tables import NONE, Cells, drawn, owner_entry, pod_entry, remarks, split, summary_of, widths
from kubectl_ipvs.services.totals import EndpointTotal, PortTotal, Stray

COLUMNS = (
    "NAMESPACE", "NAME", "PORT", "SCHEDULER", "NODES", "READY", "WEIGHT-0", "MISSING", "ACTIVE", "INACTIVE", "SKEW",
    "AFFINITY",
)  # fmt: skip
WIDE = ("NAMESPACE", "NAME", "PORT", "POD", "ENDPOINT", "NODE", "WEIGHT", "ACTIVE", "INACTIVE", "SHARE")
UNKNOWN = "<unknown>"
STRAYS = 5  # that are named below the table; all that are known are in -o json
SORTS: Final[Mapping[str, Callable[[PortTotal], Any]]] = {
    "active": lambda each: -each.active,
    "skew": lambda each: (each.skew is None, -(each.skew or 0.0)),
    "name": lambda _: 0,
}


class Services(NamedTuple):
    """What is shown: rows in order, how the reading of each node went, virtual servers of no Service or of several.

    `strays` counts those in all tables together, `outside` has them by address. `slices_known`: Pods and missing
    endpoints are known.
    """

    ports: Sequence[PortTotal]
    nodes: Sequence[NodeRead]
    outside: Sequence[Stray]
    slices_known: bool

    @property
    def tables(self) -> int:
        """How many nodes' tables were read, of kernels that have one for kube-proxy."""
        return sum(1 for each in self.nodes if each.counts)


def in_order(ports: Sequence[PortTotal], sort_by: str) -> list[PortTotal]:
    """Sort rows; what is equal stays in the order of its name."""
    return sorted(sorted(ports, key=_by_name), key=SORTS[sort_by])


def render(shown: Services, form: str) -> str:
    """Write the rows as `table`, `wide`, `json`, `yaml` or `name`."""
    if form == "name":
        names = dict.fromkeys(f"{each.owner.namespace}/{each.owner.service}\n" for each in shown.ports)
        return "".join(names)
    if form in {"json", "yaml"}:
        return document("Services", _content(shown), form)
    if form == "wide":
        rows = [WIDE, *(line for port in shown.ports for line in _wide(port))]
    else:
        rows = [COLUMNS, *(_row(port, shown) for port in shown.ports)]
    below = [*_outside(shown), *remarks(shown.nodes)]
    return drawn(rows, widths(rows)) + "".join(f"{line}\n" for line in below)


def _by_name(port: PortTotal) -> tuple[Any, ...]:
    owner = port.owner
    return (owner.namespace, natural(owner.service), owner.port, owner.protocol)


def _named(port: PortTotal) -> Cells:
    owner = port.owner
    return cell(owner.namespace), cell(owner.service), f"{owner.port}/{owner.protocol}"


def _row(port: PortTotal, shown: Services) -> Cells:
    return (
        *_named(port), _schedulers(port), f"{port.nodes}/{shown.tables}", str(port.ready), str(port.drained),
        str(port.missing) if shown.slices_known and port.nodes else UNKNOWN, str(port.active), str(port.inactive),
        "-" if port.skew is None else f"{port.skew:.2f}", NONE if port.affinity is None else f"{port.affinity}s",
    )  # fmt: skip


def _schedulers(port: PortTotal) -> str:
    if len(port.schedulers) < 2:  # noqa: PLR2004 - one is named by itself
        return next(iter(port.schedulers), NONE)
    return ",".join(f"{name}:{count}" for name, count in port.schedulers.items())


def _wide(port: PortTotal) -> list[Cells]:
    named = _named(port)
    ordered = sorted(port.endpoints, key=lambda each: (-each.active, each.address))
    rows = [
        (*named, cell("/".join(each.pod)) if each.pod else NONE, cell(each.address), cell(each.node) or NONE,
         _weight(each), str(each.active), str(each.inactive), "-" if each.share is None else f"{each.share:.0%}")
        for each in ordered
    ]  # fmt: skip
    return list(rows) or [(*named, *[NONE] * (len(WIDE) - len(named)))]


def _weight(endpoint: EndpointTotal) -> str:
    """Write an endpoint's weight; where nodes differ, on how many of them it has each."""
    parts = [f"{weight}:{count}" for weight, count in endpoint.weights.items()]
    parts += [f"missing:{endpoint.missing}"] if endpoint.missing else []
    if len(parts) > 1 or not endpoint.weights:
        return ",".join(parts) or NONE
    return str(next(iter(endpoint.weights)))


def _outside(shown: Services) -> list[str]:
    """Name the virtual servers that are counted for no Service: of none, and of several."""
    lines = []
    nobodys = [each for each in shown.outside if not each.owners]
    if nobodys:
        named = ", ".join(f"{each.protocol} {cell(each.address)} ({_where(each)})" for each in nobodys[:STRAYS])
        more = f" and {len(nobodys) - STRAYS} more" if len(nobodys) > STRAYS else ""
        lines.append(f"{count_of(len(nobodys), 'virtual server', 'virtual servers')} of no Service: {named}{more}")
    for each in shown.outside:
        if each.owners:
            several = " and ".join(map(str, each.owners))
            lines.append(f"{each.protocol} {cell(each.address)} is contested by {cell(several)}: counted for neither")
    return lines


def _where(stray: Stray) -> str:
    return stray.nodes[0] if len(stray.nodes) == 1 else f"{len(stray.nodes)} nodes"


def _content(shown: Services) -> dict[str, Any]:
    return {
        "services": [_entry(port, shown) for port in shown.ports],
        "outside": [
            {
                "protocol": each.protocol, "address": split(each.address)[0], "port": split(each.address)[1],
                "scheduler": each.scheduler, "contested": [owner_entry(owner) for owner in each.owners],
                "nodes": list(each.nodes),
            }
            for each in shown.outside
        ],
        "nodes": [
            {
                "node": each.node, "source": each.source, "state": each.state, "reason": each.reason,
                "counted": each.counts,
            }
            for each in shown.nodes
        ],
        "summary": {**summary_of(shown.nodes), "counted": shown.tables},
    }  # fmt: skip


def _entry(port: PortTotal, shown: Services) -> dict[str, Any]:
    owner = port.owner
    return {
        **owner_entry(owner), "protocol": owner.protocol, "schedulers": dict(port.schedulers), "nodes": port.nodes,
        "endpoints": [_endpoint(each, shown) for each in port.endpoints],
        "activeConnections": port.active, "inactiveConnections": port.inactive, "skew": port.skew,
        "affinitySeconds": port.affinity,
    }  # fmt: skip


def _endpoint(each: EndpointTotal, shown: Services) -> dict[str, Any]:
    host, port = split(each.address)
    return {
        "address": host, "port": port, "pod": pod_entry(each.pod), "node": each.node or None,
        "weights": {str(weight): count for weight, count in each.weights.items()},
        "activeConnections": each.active, "inactiveConnections": each.inactive, "share": each.share,
        "missing": each.missing if shown.slices_known else None,
    }  # fmt: skip
