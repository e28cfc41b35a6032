"""`top`: how busy nodes and Services are, as rows with a label for what is a difference, and in the schema."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kubectl_ipvs.ipvs.stats import Rates, summed
from kubectl_ipvs.operations.installation import natural
from kubectl_ipvs.operations.node_tables import NodeRead
from kubectl_ipvs.operations.top import NodeLoad, PortLoad, ServicesLoad
from kubectl_ipvs.output.documents import document
from kubectl_ipvs.output.printable import cell
from kubectl_ipvs.output.reasons import count_of, reasons, state_words
from kubectl_ipvs.output.tables import Cells, drawn, owner_entry, remarks, summary_of, widths

UNKNOWN = "-"
ESTIMATE = "~"
NODES = ("NODE", "CONNS/S", "PACKETS/S", "BYTES/S", "ACTIVE", "INACTIVE")
NODES_WIDE = (
    "NODE", "CONNS/S", "PACKETS-IN/S", "PACKETS-OUT/S", "BYTES-IN/S", "BYTES-OUT/S", "ACTIVE", "INACTIVE", "SOURCE",
    "STATE",
)  # fmt: skip
SERVICES = ("NAMESPACE", "NAME", "PORT", "ACTIVE", "CHANGE", "INACTIVE")
RATED, RATED_WIDE = ("CONNS/S",), ("CONNS/S", "PACKETS-IN/S", "PACKETS-OUT/S", "BYTES-IN/S", "BYTES-OUT/S")
FIELDS = {
    "connections": "connections", "packets_in": "packetsIn", "packets_out": "packetsOut", "bytes_in": "bytesIn",
    "bytes_out": "bytesOut",
}  # fmt: skip
Key = Callable[[Any], Any]
_SPARE: Final = 3  # lines of a screen: time and sum, what is left out, and the line where the cursor stands
_SHORTEST: Final = 8  # characters that are left of a name


class Frame(NamedTuple):
    """What is shown of one look: rows, headers first; the `name` column may be shortened; `labels` say what is what."""

    summary: str
    labels: Sequence[str]
    rows: Sequence[Cells]
    name: int
    reasons: Sequence[str]


def _rate(pick: Callable[[Rates], float]) -> Key:
    return lambda each: (each.rates is None, -pick(each.rates) if each.rates else 0.0)


SORTS: Final[Mapping[str, Mapping[str, Key]]] = {
    "nodes": {
        "connections": _rate(lambda rates: rates.connections),
        "packets": _rate(lambda rates: rates.packets_in + rates.packets_out),
        "bytes": _rate(lambda rates: rates.bytes_in + rates.bytes_out),
        "active": lambda each: (not each.now.about.counts, -each.now.active),
        "inactive": lambda each: (not each.now.about.counts, -each.now.inactive),
        "name": lambda each: not each.now.about.counts,
    },
    "services": {
        "active": lambda each: -each.total.active,
        "change": lambda each: (each.change is None, -abs(each.change or 0)),
        "connections": _rate(lambda rates: rates.connections),
        "inactive": lambda each: -each.total.inactive,
        "name": lambda _: 0,
    },
}


def nodes_frame(loads: Sequence[NodeLoad], sort_by: str, *, wide: bool) -> Frame:
    """Lay nodes out: the busiest first, those without an answer last; equal ones by name."""
    ordered = _nodes_in_order(loads, sort_by)
    seconds = [each.seconds for each in loads if each.rates and each.seconds]
    labels = [f"rates: difference of two looks, {sum(seconds) / len(seconds):.1f}s apart"] if seconds else []
    if any(each.estimated for each in loads):
        labels.append(f"{ESTIMATE}: the kernel's own estimate, smoothed over some seconds")
    *unread, read = remarks([each.now.about for each in ordered])
    said = [*unread, *reasons([(each.now.about.node, each.remark) for each in ordered if each.remark])]
    counted = [each for each in loads if each.now.about.counts]
    rates = [each.rates for each in counted if each.rates]
    sign = ESTIMATE if any(each.estimated for each in counted) else ""
    parts = [f"{sign}{_number(summed(rates).connections)} connections/s"] if rates else []
    parts += [f"{sum(each.now.active for each in counted)} active"] if counted else []
    rows = [NODES_WIDE if wide else NODES, *(_node_row(each, wide=wide) for each in ordered)]
    return Frame(", ".join([read, *parts]), ["; ".join(labels)] if labels else [], rows, 0, said)


def services_frame(load: ServicesLoad, chosen: Sequence[PortLoad], sort_by: str, *, wide: bool) -> Frame:
    """Lay Service ports out."""
    if load.seconds is None:
        labels = ["CHANGE: known from the second look on"]
    elif not load.comparable:
        labels = ["CHANGE: not known, the two looks read different nodes"]
    else:
        labels = [f"CHANGE: of active connections, difference of two looks, {load.seconds:.1f}s apart"]
    tables = len(load.now.counted)
    if load.now.rated:
        of = f"{load.now.rated} of {count_of(tables, 'node', 'nodes')}"
        labels.append(f"{ESTIMATE}: the kernel's own estimate (ipvsadm --rate), of {of}")
    more = (RATED_WIDE if wide else RATED) if load.now.rated else ()
    ordered = _services_in_order(chosen, sort_by)
    rows = [(*SERVICES, *more), *(_service_row(each, len(more)) for each in ordered)]
    *unread, read = remarks(load.now.nodes)
    unread += [] if chosen else ["no Service with a virtual server there"]
    return Frame(f"{read}, {sum(each.total.active for each in chosen)} active", labels, rows, 1, unread)


def plain(frame: Frame) -> str:
    """Write a frame as one block: the table, and below it what is to be said."""
    lines = [*frame.labels, *map(cell, frame.reasons), frame.summary]
    return drawn(frame.rows, widths(frame.rows)) + "".join(f"{line}\n" for line in lines)


def fitted(frame: Frame, size: tuple[int, int], time: str) -> str:
    """Return at most as many lines as the terminal has, none wider; `size` is its width and height.

    A name gives way before a number does. Why nodes were not read has a quarter of the lines at most.
    """
    width, height = size
    said = list(map(cell, frame.reasons[: max(1, height // 4)]))
    room = max(1, height - _SPARE - len(frame.labels) - len(said) - 1)
    left = len(frame.rows) - 1 - room
    rows = _narrowed(frame.rows[: room + 1], frame.name, width)
    lines = [f"{time}  {frame.summary}", *frame.labels, *drawn(rows, widths(rows)).splitlines()]
    lines += [f"... and {left} more"] if left > 0 else []
    return "".join(f"{line[:width]}\n" for line in [*lines, *said][: height - 1])


def nodes_document(loads: Sequence[NodeLoad], sort_by: str, form: str) -> str:
    """Write nodes as `json` or `yaml`."""
    ordered = _nodes_in_order(loads, sort_by)
    content = {
        "nodes": [_node_entry(each) for each in ordered], "summary": summary_of([each.now.about for each in ordered])
    }  # fmt: skip
    return document("TopNodes", content, form)


def services_document(load: ServicesLoad, chosen: Sequence[PortLoad], sort_by: str, form: str) -> str:
    """Write Service ports as `json` or `yaml`."""
    content = {
        "seconds": load.seconds if load.comparable else None,
        "services": [_service_entry(each) for each in _services_in_order(chosen, sort_by)],
        "nodes": [_read_entry(each) for each in load.now.nodes],
        "summary": {**summary_of(load.now.nodes), "counted": len(load.now.counted), "rated": load.now.rated},
    }
    return document("TopServices", content, form)


def _nodes_in_order(loads: Sequence[NodeLoad], sort_by: str) -> list[NodeLoad]:
    return sorted(sorted(loads, key=lambda each: natural(each.now.about.node)), key=SORTS["nodes"][sort_by])


def _services_in_order(loads: Sequence[PortLoad], sort_by: str) -> list[PortLoad]:
    def by_name(each: PortLoad) -> tuple[Any, ...]:
        owner = each.total.owner
        return owner.namespace, natural(owner.service), owner.port, owner.protocol

    return sorted(sorted(loads, key=by_name), key=SORTS["services"][sort_by])


def _node_row(load: NodeLoad, *, wide: bool) -> Cells:
    now, sign = load.now, ESTIMATE if load.estimated else ""
    about, rates = now.about, load.rates
    connections = (now.active, now.inactive) if about.counts else (UNKNOWN, UNKNOWN)
    more = (about.source or UNKNOWN, state_words(about.state)) if wide else ()
    if wide or rates is None:
        told = _rates(rates, sign, 5 if wide else 3)
    else:
        packets, size = rates.packets_in + rates.packets_out, rates.bytes_in + rates.bytes_out
        told = (f"{sign}{_number(rates.connections)}", f"{sign}{_number(packets)}", f"{sign}{_bytes(size)}")
    return (cell(about.node), *told, *map(str, connections), *more)


def _rates(rates: Rates | None, sign: str, count: int) -> Cells:
    """Write the first `count` of them: numbers, then bytes."""
    if rates is None:
        return (UNKNOWN,) * count
    texts = (*map(_number, rates[:3]), *map(_bytes, rates[3:]))
    return tuple(f"{sign}{text}" for text in texts[:count])


def _service_row(load: PortLoad, rated: int) -> Cells:
    owner, total = load.total.owner, load.total
    change = UNKNOWN if load.change is None else f"{load.change:+d}" if load.change else "0"
    return (
        cell(owner.namespace), cell(owner.service), f"{owner.port}/{owner.protocol}", str(total.active), change,
        str(total.inactive), *_rates(load.rates, ESTIMATE, rated),
    )  # fmt: skip


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 10 and value != int(value) else f"{value:.0f}"  # noqa: PLR2004 - two digits are enough


def _bytes(value: float) -> str:
    """Write bytes as kubectl does: 1.5Ki, 12Mi."""
    for suffix in ("", "Ki", "Mi", "Gi"):
        if value < 1024:  # noqa: PLR2004
            return f"{_number(value)}{suffix}"
        value /= 1024
    return f"{_number(value)}Ti"


def _narrowed(rows: Sequence[Cells], name: int, width: int) -> Sequence[Cells]:
    """Shorten a column of names, where the rows are wider than the screen."""
    wide = widths(rows)
    over = sum(wide) + 3 * (len(wide) - 1) - width
    if over <= 0:
        return rows
    most = max(_SHORTEST, wide[name] - over)
    return [(*row[:name], _shortened(row[name], most), *row[name + 1 :]) for row in rows]


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _read_entry(about: NodeRead) -> dict[str, Any]:
    return {"node": about.node, "source": about.source, "state": about.state, "reason": about.reason}


def _rates_entry(rates: Rates | None) -> dict[str, float] | None:
    return None if rates is None else {FIELDS[key]: round(value, 3) for key, value in rates._asdict().items()}


def _node_entry(load: NodeLoad) -> dict[str, Any]:
    now, counts = load.now, load.now.about.counts
    stats = now.stats if counts else None
    return {
        **_read_entry(now.about),
        "seconds": round(load.seconds, 3) if load.seconds is not None and load.rates else None,
        "rates": None if load.estimated else _rates_entry(load.rates),
        "kernelEstimate": _rates_entry(now.estimate if counts else None),
        "counted": dict(zip(FIELDS.values(), stats.totals, strict=True)) if stats else None,
        "activeConnections": now.active if counts else None,
        "inactiveConnections": now.inactive if counts else None, "remark": load.remark,
    }  # fmt: skip


def _service_entry(load: PortLoad) -> dict[str, Any]:
    owner, total = load.total.owner, load.total
    return {
        **owner_entry(owner), "protocol": owner.protocol, "activeConnections": total.active, "change": load.change,
        "inactiveConnections": total.inactive, "kernelEstimate": _rates_entry(load.rates),
    }  # fmt: skip
