"""The table of every node, side by side with what the configuration asks for. One bad node is a row, never an end."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Node, Pod, mapping
from kubectl_ipvs.errors import ApiError, IpvsError
from kubectl_ipvs.operations.fanout import fan_out
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.operations.tables import Reader, Reading
from kubectl_ipvs.proxy.release import version_of_image
from kubectl_ipvs.proxy.verdict import FAILED, OUT_OF_STEP, NodeFacts, judge


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
    source: str
    kernel: str
    version: str
    pod_age: int | None  # seconds
    foreign: int = 0
    unparsed: tuple[str, ...] = ()
    unparsed_lines: int = 0


class Status(NamedTuple):
    """All rows, sorted by node name, and what they are measured against."""

    wanted: str
    mode: str
    nodes: tuple[NodeStatus, ...]
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many nodes are in each state, most first."""
        return dict(Counter(row.state for row in self.nodes).most_common())

    @property
    def out_of_step(self) -> bool:
        """Some node does not do what the configuration asks for; a kernel without IPVS in mode ipvs is one, too."""
        odd = OUT_OF_STEP | {"not-ipvs"} if self.mode == "ipvs" else OUT_OF_STEP
        return any(row.state in odd for row in self.nodes)

    @property
    def failed(self) -> bool:
        """Some node could not be asked."""
        return any(row.state in FAILED for row in self.nodes)


class Place(NamedTuple):
    """A node and the kube-proxy pod on it; either may be unknown."""

    name: str
    node: Node | None
    pod: Pod | None


def survey(
    cluster: Cluster,
    located: Located,
    names: Sequence[str],
    reader: Reader,
    concurrency: int,
    seen: Callable[[int, int], None] | None = None,
) -> Status:
    """Ask every node (or `names` alone); `seen(done, total)` is called after each answer."""
    found, warnings, _ = places(cluster, located)
    chosen = choose(found, names)
    cluster.let_go()  # every node's exec opens a connection of its own: no more are open than run together
    now = time.time()
    rows: list[NodeStatus] = []
    for row in fan_out(lambda place: look(place, located, reader, now), chosen, concurrency):
        rows.append(row)
        if seen is not None:
            seen(len(rows), len(chosen))
    ordered = tuple(sorted(rows, key=lambda row: row.node))
    return Status(located.scheduler, located.mode, ordered, warnings)


def places(cluster: Cluster, located: Located) -> tuple[list[Place], tuple[str, ...], str]:
    """List nodes and kube-proxy pods (both at once) and pair them; without the right to list nodes, pods alone.

    Returns them sorted by name, warnings, and the pod list's resourceVersion.
    """
    nodes: list[Node] = []
    pods: list[Pod] = []
    warnings: list[str] = []
    version: list[str] = []

    def list_nodes() -> None:
        try:
            nodes.extend(cluster.nodes())
        except ApiError as error:
            warnings.append(f"nodes without a kube-proxy pod are not shown: {error}")

    def list_pods() -> None:
        listed, at = cluster.pods(located.namespace, located.selector)
        pods.extend(listed)
        version.append(at)

    for _ in fan_out(lambda ask: ask(), (list_nodes, list_pods, cluster.ready_to_run), 3):
        pass
    return _pair(located, nodes, pods), tuple(warnings), version[0]


def _pair(located: Located, nodes: Sequence[Node], pods: Sequence[Pod]) -> list[Place]:
    by_node: dict[str, Pod] = {}
    for pod in pods:
        if pod.node and (pod.node not in by_node or _newer(pod, by_node[pod.node])):
            by_node[pod.node] = pod
    known = {node.name: node for node in nodes}
    meant = {name for name, node in known.items() if runs_proxy(located, node)}
    return [Place(name, known.get(name), by_node.get(name)) for name in sorted(meant | by_node.keys())]


def choose(found: Sequence[Place], names: Sequence[str]) -> list[Place]:
    """Keep the named nodes; an unknown name is an error, not an empty row."""
    unknown = sorted(set(names) - {place.name for place in found})
    if unknown:
        raise IpvsError(f"node {', '.join(unknown)} not found, or no kube-proxy is meant to run there",
                        hint="`kubectl ipvs status` without a name lists them all")  # fmt: skip
    return [place for place in found if not names or place.name in names]


def runs_proxy(located: Located, node: Node) -> bool:
    """Tell whether kube-proxy is meant to run on a node: the pod template's nodeSelector, and never on Windows."""
    if node.labels.get("kubernetes.io/os", "linux") != "linux":
        return False
    template = mapping(located.daemon_set.template.get("spec")) if located.daemon_set else {}
    return all(node.labels.get(key) == value for key, value in mapping(template.get("nodeSelector")).items())


def look(place: Place, located: Located, reader: Reader, now: float) -> NodeStatus:
    """Read one node's table and judge it."""
    reading = Reading(None) if place.pod is None else reader.read(place.pod)
    state, reason = judge(facts(place, located, reading))
    return row(place, reading, state, reason, now)


def facts(place: Place, located: Located, reading: Reading) -> NodeFacts:
    """Gather what the judgement needs."""
    pod = place.pod
    return NodeFacts(
        wanted=located.scheduler, mode=located.mode, has_pod=pod is not None,
        pod_ready=pod is not None and pod.ready and not pod.terminating,
        pod_reason="" if pod is None else describe_pod(pod),
        node_ready=place.node is None or place.node.ready,
        stale=pod is not None and located.older(started(pod)),
        schedulers=None if reading.summary is None else reading.summary.schedulers,
        failure=reading.failure, reason=reading.reason,
    )  # fmt: skip


def started(pod: Pod) -> float:
    """Return when kube-proxy in this pod started, seconds since the epoch."""
    return max(pod.created, pod.started or 0.0)


def describe_pod(pod: Pod) -> str:
    """Say in what way a pod is not ready."""
    what = "terminating" if pod.terminating else pod.waiting or pod.phase or "unknown"
    return f"pod {pod.name} is not ready: {what}" + (f", restarted {pod.restarts} times" if pod.restarts else "")


def row(place: Place, reading: Reading, state: str, reason: str, now: float) -> NodeStatus:
    """Write one node's row."""
    pod, summary = place.pod, reading.summary
    return NodeStatus(
        node=place.name, pod=pod.name if pod else "", state=state, reason=reason, source=reading.source,
        schedulers=summary.schedulers if summary else {},
        virtual_servers=summary.virtual_servers if summary else 0,
        real_servers=summary.real_servers if summary else 0,
        active=summary.active if summary else 0, inactive=summary.inactive if summary else 0,
        kernel=place.node.kernel if place.node else "", version=version_of_image(pod.image) if pod else "",
        pod_age=max(0, int(now - pod.created)) if pod and pod.created else None,
        foreign=summary.foreign if summary else 0, unparsed=summary.unparsed if summary else (),
        unparsed_lines=summary.unparsed_lines if summary else 0,
    )  # fmt: skip


def _newer(pod: Pod, than: Pod) -> bool:
    return (not pod.terminating, pod.ready, pod.created) > (not than.terminating, than.ready, than.created)
