"""Connections of each node's kernel that still go to endpoints which are gone: `verify --connections`.

kube-proxy takes a UDP real server out at once, and a client that keeps its port stays on its connection until
udpTimeout ends without a packet: DNS that times out after a rolling update, on one node alone.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import ExecFailed
from kubectl_ipvs.ipvs.connections import Connections, Pair
from kubectl_ipvs.operations.installation import ProxyNode, natural
from kubectl_ipvs.operations.support.fanout import fan_out
from kubectl_ipvs.operations.tables.reader import NO_TOOLS, Reader, Reading
from kubectl_ipvs.services.names import Names, Owner

FILE = "/proc/net/ip_vs_conn"


class OldConnections(NamedTuple):
    """What still goes to one endpoint that is gone; `expires`: seconds until the last ends if no packet comes."""

    pair: Pair
    service: Owner
    pod: tuple[str, str] | None
    number: int
    expires: int


class NodeConnections(NamedTuple):
    """One node: how many connections it has, and those that go to nobody; `reason`: why they could not be read."""

    node: str
    total: int = 0
    old: tuple[OldConnections, ...] = ()
    reason: str = ""


def old_connections(
    reader: Reader, nodes: Iterable[ProxyNode], names: Names, relisted: Callable[[], Names], concurrency: int
) -> tuple[NodeConnections, ...]:
    """Read every node's connections, and name those to endpoints that are gone by both lists, before and after."""

    def read(node: ProxyNode) -> NodeConnections:
        found = Connections()
        reason = "no kube-proxy pod runs on this node" if node.pod is None else _read(reader, node.pod, found)
        return NodeConnections(node.name, found.total, _gone(found, names, node.source.excluded), reason)

    seen = sorted(fan_out(read, tuple(nodes), concurrency), key=lambda each: natural(each.node))
    if not any(each.old for each in seen):
        return tuple(seen)
    behind = relisted().behind
    return tuple(
        each._replace(old=tuple(old for old in each.old if old.pair.real_server not in behind.get(old.service, {})))
        for each in seen
    )


def _read(reader: Reader, pod: Pod, found: Connections) -> str:
    """Read the file as it arrives; return why that failed, "" where it did not."""
    deadline = time.monotonic() + reader.timeout

    def by_exec(target: Pod) -> Reading:
        left = max(deadline - time.monotonic(), 0.001)
        try:
            ended = reader.cluster.run(
                target, ("cat", FILE), timeout=left, sink=found.feed, max_output=reader.max_output
            )
        except ExecFailed as error:
            return Reading(None, failure=error.kind, reason=str(error))
        if ended.code == 0:
            return Reading(None)
        failure = NO_TOOLS if ended.missing else "unreadable"
        return Reading(None, failure=failure, reason=ended.stderr.strip() or ended.problem or "cat failed")

    reading = reader.ways.read(pod, by_exec)
    found.finish()
    if reading.failure:
        return f"{FILE} was not read: {reading.reason}"
    return f"{found.unparsed} lines of {FILE} not understood" if found.unparsed else ""


def _gone(found: Connections, names: Names, exclude: Sequence[str]) -> tuple[OldConnections, ...]:
    gone = []
    for pair, (number, expires) in found.pairs.items():
        owners = names.of(pair.protocol, pair.virtual_server, tuple(exclude))
        if len(owners) == 1 and pair.real_server not in names.behind[owners[0]]:
            endpoint = names.endpoint(owners, pair.protocol, pair.real_server)
            gone.append(OldConnections(pair, owners[0], endpoint.pod if endpoint else None, number, expires))
    return tuple(sorted(gone, key=lambda each: (-each.number, each.pair)))
