"""`table`: the nodes' tables row by row, as they come, in every format.

A table may have a hundred thousand rows: each node's is drawn at once and by itself, in columns as wide as it needs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from kubectl_ipvs.ipvs.table import RealServer
from kubectl_ipvs.operations.node_tables import NodeRead, NodeTable
from kubectl_ipvs.output.printable import cell
from kubectl_ipvs.output.reasons import count_of, not_understood, reasons, state_words
from kubectl_ipvs.services.named_table import Layout, NamedServer
from kubectl_ipvs.services.names import Owner

COLUMNS = ("PROT", "ADDRESS", "SCHEDULER", "FLAGS", "FORWARD", "WEIGHT", "ACTIVE", "INACTIVE", "SERVICE/POD")
WIDE = (
    "NODE", "PROT", "ADDRESS", "SCHEDULER", "FLAGS", "SERVICE", "REAL-SERVER", "FORWARD", "WEIGHT", "ACTIVE",
    "INACTIVE", "POD",
)  # fmt: skip
NONE = "<none>"
LEFT = "->"
PROGRAMS = {"ipvsadm": "ipvsadm -Ln", "proc": "/proc/net/ip_vs", "helper": "/proc/net/ip_vs, by a helper pod"}
Cells = tuple[str, ...]


def block(table: NodeTable) -> str:
    """Draw one node's table, as ipvsadm prints it, with names; a line above it says whose it is."""
    about, count = table.about, count_of(len(table.servers), "virtual server", "virtual servers")
    total = sum(len(each.weights) for each in table.servers)
    real_servers = count_of(total, "real server", "real servers")
    head = f"{cell(about.node)}: {count}, {real_servers} ({PROGRAMS.get(about.source, about.source)})\n"
    if not table.servers:
        return head
    texts = [(each.server.protocol, _server(each), each.server.scheduler, flags(each)) for each in table.servers]
    wide = [
        max(len(title), *map(len, column)) for title, column in zip(COLUMNS, zip(*texts, strict=True), strict=False)
    ]
    wide[1] = max(wide[1], *(_widest(each.layout) for each in table.servers))
    methods = {method for each in table.servers for method in each.forwarding}
    wide.append(max(map(len, (COLUMNS[4], *methods))))
    counts = ([getattr(each, name) for each in table.servers] for name in ("weights", "active", "inactive"))
    wide += [max(len(title), _digits(column)) for title, column in zip(COLUMNS[5:8], counts, strict=True)]
    form = "   ".join(f"%-{width}s" for width in wide) + "   %s\n"
    lines = [form % COLUMNS]
    for each, text in zip(table.servers, texts, strict=True):
        lines.append((form % (*text, "", "", "", "", service(each.owners))).rstrip() + "\n")
        lines.append(_below(each.layout, form) % _interleaved(each))
    return head + "".join(lines)


@lru_cache(maxsize=1 << 15)
def _below(layout: Layout, form: str) -> str:
    """Return the lines of a virtual server's real servers, with a place for each number."""
    parts = form.rstrip("\n").split("   ")
    lines = [
        "   ".join([parts[0] % LEFT, parts[1] % _shown(address), parts[2] % "", parts[3] % ""]).replace("%", "%%")
        + "   "
        + "   ".join(parts[4:8])
        + "   "
        + _pod(pod).replace("%", "%%")
        + "\n"
        for address, pod in zip(layout.addresses, layout.pods, strict=True)
    ]
    return "".join(lines)


def _interleaved(each: NamedServer) -> tuple[object, ...]:
    return tuple(chain.from_iterable(zip(each.forwarding, each.weights, each.active, each.inactive, strict=True)))


@lru_cache(maxsize=1 << 15)
def _widest(layout: Layout) -> int:
    return max((len(_shown(address)) for address in layout.addresses), default=0)


def _digits(columns: Sequence[Sequence[int]]) -> int:
    """Return how wide the widest of these numbers is."""
    filled = [column for column in columns if column]
    ends = (max(map(max, filled)), min(map(min, filled))) if filled else (0,)
    return max(len(str(number)) for number in ends)


class Wide:
    """One line for each real server with its virtual server in it; one for a virtual server without any.

    Columns get wider while tables come, never narrower: `nodes` are all names, so that the first column stays.
    """

    def __init__(self, nodes: Iterable[str]) -> None:
        self._widths = widths([WIDE, *((cell(node), *[""] * (len(WIDE) - 1)) for node in nodes)])
        self._begun = False

    def __call__(self, table: NodeTable) -> str:
        """Draw one node's lines; the first time with the headers."""
        rows = [*([] if self._begun else [WIDE]), *_wide_rows(table)]
        self._begun = True
        self._widths = [max(pair) for pair in zip(self._widths, widths(rows), strict=True)]
        return drawn(rows, self._widths)


def _wide_rows(table: NodeTable) -> Iterator[Cells]:
    node = cell(table.about.node)
    for each in table.servers:
        left = (node, each.server.protocol, _server(each), each.server.scheduler, flags(each) or NONE,
                service(each.owners) or NONE)  # fmt: skip
        for real, pod in zip(each.real_servers, each.pods, strict=True):
            yield (*left, _shown(real.address), *_counts(real), _pod(pod))
        if not each.real_servers:
            yield (*left, *[NONE] * (len(WIDE) - len(left)))


def widths(rows: Sequence[Cells]) -> list[int]:
    """Return how wide each column has to be."""
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def drawn(rows: Sequence[Cells], wide: Sequence[int]) -> str:
    """Draw rows, left-aligned, three blanks between the columns."""
    form = "   ".join(f"%-{width}s" for width in wide[:-1]) + "   %s"
    return "".join([(form % row).rstrip() + "\n" for row in rows])


def entry(table: NodeTable) -> dict[str, Any]:
    """Return one node's facts as the schema has them."""
    about = table.about
    return {
        "node": about.node, "source": about.source, "state": about.state, "reason": about.reason,
        "virtualServers": [_entry(each) for each in table.servers],
        "unparsedLines": about.unparsed_lines, "unparsed": list(about.unparsed),
    }  # fmt: skip


def summary_of(nodes: Sequence[NodeRead]) -> dict[str, int]:
    """Count the nodes, and those in each state."""
    return {"nodes": len(nodes), **Counter(each.state for each in nodes)}


def remarks(nodes: Sequence[NodeRead]) -> list[str]:
    """Return what belongs below the tables: who could not be read and why, what was not understood, how many were."""
    said = [(each.node, f"{state_words(each.state)}: {each.reason}") for each in nodes if each.named]
    lines = reasons(said)
    lines += [not_understood(each.node, each.unparsed, each.unparsed_lines) for each in nodes if each.unparsed_lines]
    rest = Counter(state_words(each.state) if each.kernel_seen else "kernel not seen" for each in nodes if each.named)
    read = sum(each.read for each in nodes)
    parts = [f"{read} of {count_of(len(nodes), 'node', 'nodes')} read", *(f"{n} {what}" for what, n in rest.items())]
    return [*lines, ", ".join(parts)]


def _entry(each: NamedServer) -> dict[str, Any]:
    server, mark = each.server, each.server.protocol == "FWM"
    host, port = ("", None) if mark else split(server.address)
    owners = [owner_entry(owner) for owner in each.owners]
    return {
        "protocol": server.protocol, "address": host, "port": port, "mark": int(server.address) if mark else None,
        "family": "IPv6" if server.ipv6 else "IPv4", "scheduler": server.scheduler, "flags": list(server.flags),
        "persistent": server.persistent, "persistentSeconds": each.seconds, "netmask": server.netmask,
        "persistenceEngine": server.persistence_engine, "onePacket": server.one_packet,
        "service": owners[0] if len(owners) == 1 else None, "contested": owners if len(owners) > 1 else [],
        "realServers": [_real_entry(*pair) for pair in zip(each.real_servers, each.pods, strict=True)],
    }  # fmt: skip


def _real_entry(real: RealServer, pod: tuple[str, str] | None) -> dict[str, Any]:
    host, port = split(real.address)
    return {
        "address": host, "port": port, "forwarding": real.forwarding, "weight": real.weight,
        "activeConnections": real.active, "inactiveConnections": real.inactive, "pod": pod_entry(pod),
    }  # fmt: skip


def owner_entry(owner: Owner) -> dict[str, Any]:
    """Return a Service port's name as the schema has it."""
    return {"namespace": owner.namespace, "name": owner.service, "port": owner.port, "portName": owner.port_name}


def pod_entry(pod: tuple[str, str] | None) -> dict[str, str] | None:
    """Return a Pod's name as the schema has it."""
    return {"namespace": pod[0], "name": pod[1]} if pod else None


@lru_cache(maxsize=1 << 16)
def split(address: str) -> tuple[str, int | None]:
    """Split an address as a table has it into host and port; what has no port number is the host."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        return address, None
    return host.removeprefix("[").removesuffix("]"), int(port)


def flags(each: NamedServer) -> str:
    """Write a virtual server's flags, persistence and the like in one word; "" for none."""
    server = each.server
    if not (server.flags or server.persistent or server.one_packet):
        return ""
    words = [*server.flags]
    if server.persistent:
        unknown = f"{each.layout.head.jiffies}jiffies" if each.layout.head.jiffies is not None else "?"
        words.append(f"persistent={unknown if each.seconds is None else f'{each.seconds}s'}")
        words += [f"mask={server.netmask}"] if server.netmask else []
        words += [f"pe={server.persistence_engine}"] if server.persistence_engine else []
    return cell(",".join([*words, *(["ops"] if server.one_packet else [])]))


@lru_cache(maxsize=1 << 14)
def service(owners: tuple[Owner, ...]) -> str:
    """Write whose a virtual server is: `default/web:http`; "" for nobody's; all who contest it."""
    names = ",".join(map(str, owners))
    return cell(f"contested:{names}" if len(owners) > 1 else names)


def _server(each: NamedServer) -> str:
    six = each.server.protocol == "FWM" and each.server.ipv6
    return _shown(f"{each.server.address} IPv6" if six else each.server.address)


@lru_cache(maxsize=1 << 16)
def _shown(address: str) -> str:
    return cell(address)


@lru_cache(maxsize=1 << 16)
def _pod(pod: tuple[str, str] | None) -> str:
    return cell("/".join(pod)) if pod else NONE


def _counts(real: RealServer) -> Cells:
    return real.forwarding, str(real.weight), str(real.active), str(real.inactive)
