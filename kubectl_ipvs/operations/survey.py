"""Every node's table, side by side with what its configuration asks for. One bad node is a row, never an end."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.ipvs.summary import ForeignRow, Row, Summary
from kubectl_ipvs.operations.installation import Installation, ProxyNode, choose, natural
from kubectl_ipvs.operations.look import Look, Looker
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.operations.support.fanout import fan_out
from kubectl_ipvs.operations.tables.configz import SOURCE, ask
from kubectl_ipvs.proxy.release import version_of_image
from kubectl_ipvs.proxy.served import Running
from kubectl_ipvs.proxy.verdict import OUT_OF_STEP, UNSEEN

Seen: TypeAlias = Callable[[int, int, Sequence[str]], None]


class NodeStatus(NamedTuple):
    """One node's row. `unparsed`: lines of its table that nobody understood (the first few)."""

    node: str
    pod: str
    schedulers: Mapping[str, int]
    virtual_servers: int
    real_servers: int
    active: int
    inactive: int
    state: str
    reason: str
    source: str  # which program told the table
    kernel: str
    version: str
    pod_age: int | None  # seconds
    wanted: str = ""
    mode: str = ""  # the mode that kube-proxy is in as far as can be told
    remark: str = ""
    differing: tuple[Row, ...] = ()
    foreign: int = 0
    foreign_rows: tuple[ForeignRow, ...] = ()
    unparsed: tuple[str, ...] = ()
    unparsed_lines: int = 0
    configuration: str = ""  # the ConfigMap and key, where there are several
    running: Running | None = None  # what kube-proxy itself said that it runs with, where it was asked
    kernel_seen: bool = True  # or nobody could look at the kernel, and the state is by what kube-proxy says


class Status(NamedTuple):
    """All rows, sorted by node name, and the configurations that they are measured against."""

    sources: tuple[Source, ...]
    nodes: tuple[NodeStatus, ...]
    warnings: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """The scheduler that is asked for, where all configurations ask for the same; "" otherwise."""
        return _same([source.scheduler or "" for source in self.sources])

    @property
    def mode(self) -> str:
        """The configured mode, where all configurations agree; "" otherwise."""
        return _same([source.mode or "" for source in self.sources])

    @property
    def counts(self) -> Mapping[str, int]:
        """How many nodes are in each state, most first."""
        return dict(Counter(row.state for row in self.nodes).most_common())

    @property
    def out_of_step(self) -> bool:
        """Some node does not do what the configuration asks for; a kernel without IPVS in mode ipvs is one, too."""
        return any(
            row.state in OUT_OF_STEP or (row.state == "not-ipvs" and row.mode in {"", "ipvs"}) for row in self.nodes
        )

    @property
    def unseen(self) -> bool:
        """Some node could not be asked, or its kernel not be looked at."""
        return any(row.state in UNSEEN or not row.kernel_seen for row in self.nodes)

    @property
    def unread(self) -> bool:
        """Some configuration that the API server has could not be read, so nothing was compared with it."""
        return any(source.kind == "ConfigMap" and source.configuration is None for source in self.sources)

    @property
    def unknown(self) -> bool:
        """Something is not known: a node that could not be asked or compared, or no node at all."""
        return not self.nodes or self.unseen or any(row.state == "unknown" for row in self.nodes)


def survey(
    cluster: Cluster,
    found: Installation,
    names: Sequence[str],
    looker: Looker,
    concurrency: int,
    seen: Seen | None = None,
) -> Status:
    """Ask every node (or `names` alone); `seen(done, total, waiting)` is called after each answer."""
    chosen = choose(found.nodes, names)
    now = time.time()
    several = len(found.sources) > 1
    rows = [row(look, now, several=several) for look in looks(cluster, chosen, looker, concurrency, seen)]
    used = [source for source in found.sources if any(node.source is source for node in chosen)]
    ordered = tuple(sorted(rows, key=lambda entry: natural(entry.node)))
    return Status(tuple(used) or found.sources, ordered, found.warnings)


def told(cluster: Cluster, found: Installation, timeout: float, concurrency: int) -> dict[str, Running | None]:
    """Ask every kube-proxy what it runs with, by node; None: it did not say. `timeout`: seconds for each."""
    nodes = [node for node in found.nodes if node.pod is not None]
    cluster.let_go()

    def call(node: ProxyNode) -> tuple[str, Running | None]:
        return node.name, ask(cluster, node.pod, node.source.metrics_port, timeout).running if node.pod else None

    return dict(fan_out(call, nodes, concurrency))


def looks(
    cluster: Cluster,
    chosen: Sequence[ProxyNode],
    looker: Looker,
    concurrency: int,
    seen: Seen | None = None,
    look_for: Sequence[str] = (),
) -> Iterator[Look]:
    """Yield a look at each of these nodes, in the order in which they answer; `look_for`: see the reader."""
    cluster.let_go()  # every node's exec opens a connection of its own: no more are open than run together
    waiting = {node.name: None for node in chosen}
    call = partial(looker.look, look_for=look_for)
    for done, look in enumerate(fan_out(call, chosen, concurrency), 1):
        waiting.pop(look.node.name, None)
        if seen is not None:
            seen(done, len(chosen), tuple(waiting))
        yield look


def row(seen: Look, now: float, *, several: bool = False) -> NodeStatus:
    """Write one node's row."""
    node, verdict, reading = seen.node, seen.verdict, seen.reading
    pod, source = node.pod, node.source
    summary: Summary | None = reading.summary
    return NodeStatus(
        node=node.name, pod=pod.name if pod else "", state=verdict.state, reason=verdict.reason,
        source=reading.source if verdict.kernel_seen else SOURCE, schedulers=summary.schedulers if summary else {},
        virtual_servers=summary.virtual_servers if summary else 0,
        real_servers=summary.real_servers if summary else 0,
        active=summary.active if summary else 0, inactive=summary.inactive if summary else 0,
        kernel=node.node.kernel if node.node else "", version=version_of_image(pod.image) if pod else "",
        pod_age=max(0, int(now - pod.created)) if pod and pod.created else None,
        wanted=source.scheduler or "", mode=verdict.mode, remark=verdict.remark, differing=verdict.differing,
        foreign=summary.foreign if summary else 0, foreign_rows=summary.foreign_rows if summary else (),
        unparsed=summary.unparsed if summary else (), unparsed_lines=summary.unparsed_lines if summary else 0,
        configuration=place(source) if several else "", running=seen.told.running, kernel_seen=verdict.kernel_seen,
    )  # fmt: skip


def place(source: Source) -> str:
    """Name a configuration in a few words: `kube-proxy/config.conf`, `flags of kube-proxy`, `/etc/x on the node`."""
    if source.config_map is not None:
        return f"{source.config_map.name}/{source.key}"
    if source.kind in {"DaemonSet", "Pod"}:
        return f"flags of {source.name}"
    return f"{source.path or 'a file'} on the node"


def _same(values: Sequence[str]) -> str:
    return values[0] if values and len(set(values)) == 1 else ""
