"""`verify`: what the nodes' tables differ in, in every format; what many nodes have alike is said once."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from kubectl_ipvs.operations.verify.old_connections import NodeConnections
from kubectl_ipvs.operations.verify.run import NodeVerified, Verification
from kubectl_ipvs.output.columns import table
from kubectl_ipvs.output.documents import document
from kubectl_ipvs.output.printable import cell
from kubectl_ipvs.output.reasons import count_of, reasons, state_words
from kubectl_ipvs.output.tables import owner_entry, pod_entry, split
from kubectl_ipvs.proxy.checks.findings import some
from kubectl_ipvs.services.findings import KINDS, Finding
from kubectl_ipvs.services.names import with_port
from kubectl_ipvs.services.port_rows import Origin

COLUMNS = ("node", "state", "version", "virtual-servers", "findings")
WIDE = ("node", "finding", "prot", "address", "service", "real-server", "pod", "since", "detail")
MOST = 10  # of one kind in the text; all are in -o wide and -o json
MOST_NODES = 20  # that are named in one command
RESTART = "kubectl ipvs restart "
ORDER = {kind: place for place, kind in enumerate(KINDS)}


class Group(NamedTuple):
    """One finding and the nodes that have it; `alike`: in the same words. `addresses`: how many it is on."""

    finding: Finding
    nodes: tuple[NodeVerified, ...]
    alike: bool
    addresses: int


def render(verified: Verification, form: str) -> str:
    """Write it as `table`, `wide`, `json`, `yaml`, or `name`, which names the nodes that differ."""
    if form == "name":
        return "".join(f"node/{node.node}\n" for node in verified.nodes if node.differs)
    if form in {"json", "yaml"}:
        return document("Verification", _content(verified), form)
    below = "".join(f"{line}\n" for line in _remarks(verified))
    if form == "wide":
        rows = [_wide(node, each) for node in verified.nodes for each in node.findings]
        return (table(WIDE, rows) if rows else "") + below
    return table(COLUMNS, [_row(node) for node in verified.nodes]) + "".join(_said(verified)) + below


def found(count: int, nodes: int) -> str:
    """Write `3 findings on 2 nodes`."""
    return f"{count_of(count, 'finding', 'findings')} on {count_of(nodes, 'node', 'nodes')}"


def _row(node: NodeVerified) -> tuple[str, ...]:
    counts = (str(node.rows), str(len(node.findings))) if node.judged else ("-", "-")
    return node.node, state_words(node.state), node.version, *counts


def _wide(node: NodeVerified, each: Finding) -> tuple[str, ...]:
    return (
        node.node, each.kind, each.protocol, _address(each), str(each.service or ""), each.real_server,
        "/".join(each.pod) if each.pod else "", _clock(node.since), each.detail,
    )  # fmt: skip


def _address(each: Finding) -> str:
    return each.address if each.protocol == "FWM" else with_port(each.address, each.port)


def _groups(verified: Verification) -> list[Group]:
    """Put together what several nodes have; NodePort rows, on each node's own addresses, count as the same."""
    having: defaultdict[tuple[object, ...], list[tuple[NodeVerified, Finding]]] = defaultdict(list)
    for node in verified.nodes:
        for each in node.findings:
            on_node = each.service is not None and each.service.kind == "nodePort"
            where = "" if on_node else each.address
            key = (each.kind, each.protocol, where, each.port, each.service, each.real_server, each.pod)
            having[key].append((node, each))
    groups = [
        Group(
            members[0][1],
            tuple({node.node: node for node, _ in members}.values()),
            len({each.detail for _, each in members}) == 1,
            len({each.address for _, each in members}),
        )
        for members in having.values()
    ]
    return sorted(
        groups, key=lambda group: (not group.finding.is_difference, ORDER[group.finding.kind], -len(group.nodes))
    )


def _said(verified: Verification) -> Iterator[str]:
    """Yield the findings as text, with a blank line before each."""
    shown: Counter[str] = Counter()
    groups = _groups(verified)
    for group in groups:
        shown[group.finding.kind] += 1
        if shown[group.finding.kind] <= MOST:
            yield "\n" + "".join(f"{line}\n" for line in _text(group))
    more = [f"{count - MOST} more {kind}" for kind, count in shown.items() if count > MOST]
    if more:
        yield f"\nand {', '.join(more)}: see -o wide or -o json\n"
    if groups:
        yield "\n"


def _text(group: Group) -> Iterator[str]:
    each = group.finding
    parts = [each.kind, each.protocol, cell(_address(each))]
    parts += [f"and {group.addresses - 1} more"] if group.addresses > 1 else []
    parts += [cell(str(each.service))] if each.service else []
    parts += [f"-> {cell(each.real_server)}"] if each.real_server else []
    parts += [f"({cell('/'.join(each.pod))})"] if each.pod else []
    yield " ".join(parts)
    names = tuple(node.node for node in group.nodes)
    one = "" if group.alike else f"on {names[0]} "
    yield f"  {some(names)}: {one}{cell(each.detail)}; seen since {_clock(min(n.since for n in group.nodes))}"
    if each.issues:
        yield f"  looks like: {some(each.issues)}"
    if each.help:
        yield f"  try: {_help(each, names)}"


def _help(each: Finding, nodes: Sequence[str]) -> str:
    """Return the command for all of these nodes."""
    if not each.help.startswith(RESTART):
        return each.help
    return RESTART + " ".join(nodes) if len(nodes) <= MOST_NODES else RESTART.strip()


def _remarks(verified: Verification) -> list[str]:
    """Return what stands below: why a node was not judged, what changed meanwhile, and how many are verified."""
    lines = reasons(
        [(node.node, f"{state_words(node.state)}: {node.reason}") for node in verified.nodes if node.reason]
    )
    lines += _connections(verified.connections or ())
    if verified.changing:
        lines.append(f"not judged, changed meanwhile: {some(tuple(map(cell, verified.changing)))}")
    total, good = len(verified.nodes), sum(node.state == "verified" for node in verified.nodes)
    if not total:
        return [*lines, "no node was looked at: nothing is verified"]
    rest = Counter(node.state for node in verified.nodes if node.state != "verified")
    looks = "one look" if verified.looks == 1 else f"two looks, {round(verified.seconds, 1):g}s apart"
    parts = [
        f"{good} of {count_of(total, 'node', 'nodes')} verified",
        *(f"{n} {_states(state, n)}" for state, n in rest.items()),
    ]
    return [*lines, f"{', '.join(parts)} ({looks})"]


def _connections(nodes: Sequence[NodeConnections]) -> Iterator[str]:
    """Yield what is said of the nodes' connections."""
    for each in nodes:
        if each.reason:
            yield f"{each.node}: {cell(each.reason)}"
        for old in each.old[:MOST]:
            pair, many = old.pair, count_of(old.number, "connection", "connections")
            yield (
                f"{each.node}: {many} of {pair.protocol} {pair.virtual_server} {cell(str(old.service))} still to "
                f"{pair.real_server}, which is gone; without a packet the last ends in {old.expires}s"
            )
        if len(each.old) > MOST:
            yield f"{each.node}: connections to {len(each.old) - MOST} more endpoints that are gone: see -o json"
    clean = sum(not each.reason and not each.old for each in nodes)
    if nodes:
        yield f"{clean} of {count_of(len(nodes), 'node', 'nodes')} without a connection to an endpoint that is gone"


def _states(state: str, count: int) -> str:
    return "differ" if state == "differs" and count > 1 else state_words(state)


def _clock(moment: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(moment))


def _content(verified: Verification) -> dict[str, Any]:
    findings = [each for node in verified.nodes for each in node.findings]
    return {
        "nodes": [
            {
                "node": node.node, "state": node.state, "reason": node.reason, "version": node.version,
                "source": node.source, "virtualServers": node.rows,
                "findings": [_entry(node, each) for each in node.findings],
            }
            for node in verified.nodes
        ],
        "connections": None if verified.connections is None else list(map(_connections_entry, verified.connections)),
        "looks": verified.looks, "secondsApart": round(verified.seconds, 1),
        "changedMeanwhile": list(verified.changing),
        "summary": {
            "nodes": len(verified.nodes), **Counter(node.state for node in verified.nodes),
            "findings": len(findings), "differences": sum(each.is_difference for each in findings),
        },
    }  # fmt: skip


def _entry(node: NodeVerified, each: Finding) -> dict[str, Any]:
    mark = each.protocol == "FWM"
    host, port = split(each.real_server)
    since = datetime.fromtimestamp(node.since, timezone.utc)
    return {
        "kind": each.kind, "difference": each.is_difference, "protocol": each.protocol,
        "address": "" if mark else each.address, "port": None if mark else each.port,
        "mark": int(each.address) if mark else None, "service": _service(each.service),
        "realServer": {"address": host, "port": port} if each.real_server else None, "pod": pod_entry(each.pod),
        "detail": each.detail, "connections": each.connections, "since": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "issues": list(each.issues), "help": each.help,
    }  # fmt: skip


def _connections_entry(each: NodeConnections) -> dict[str, Any]:
    return {
        "node": each.node, "reason": each.reason, "connections": each.total,
        "gone": [
            {
                "protocol": old.pair.protocol, "address": split(old.pair.virtual_server)[0],
                "port": split(old.pair.virtual_server)[1], "service": owner_entry(old.service),
                "realServer": dict(zip(("address", "port"), split(old.pair.real_server), strict=True)),
                "pod": pod_entry(old.pod), "connections": old.number, "expiresSeconds": old.expires,
            }
            for old in each.old
        ],
    }  # fmt: skip


def _service(origin: Origin | None) -> dict[str, Any] | None:
    if origin is None:
        return None
    return {
        "namespace": origin.namespace, "name": origin.name, "port": origin.number, "portName": origin.port,
        "address": origin.kind,
    }  # fmt: skip
