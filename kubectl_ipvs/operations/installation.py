"""Every kube-proxy of a cluster as values: what runs it, on which node, and which configuration each one reads."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.objects import DaemonSet, Node, Pod
from kubectl_ipvs.errors import ConfigurationInvalid, IpvsError
from kubectl_ipvs.operations.source import Source


class Where(NamedTuple):
    """What the user said about the place: None is "find it"."""

    namespace: str | None = None
    selector: str | None = None
    daemon_set: str | None = None
    config_map: str | None = None

    @property
    def config_map_name(self) -> str:
        """The ConfigMap's name without its key."""
        return (self.config_map or "").partition("/")[0]

    @property
    def config_map_key(self) -> str:
        """The key, "" where it is to be found."""
        return (self.config_map or "").partition("/")[2]


class PodList(NamedTuple):
    """One list of pods: its selector, the pods, and its resourceVersion, where a watch goes on."""

    selector: str
    pods: tuple[Pod, ...]
    version: str


class ProxyNode(NamedTuple):
    """A node and the kube-proxy on it; Node object and pod may each be unknown."""

    name: str
    node: Node | None
    pod: Pod | None
    daemon_set: DaemonSet | None  # None: a static pod
    source: Source

    @property
    def ready(self) -> bool:
        """The node is ready, or nobody can tell."""
        return self.node is None or self.node.ready

    @property
    def static(self) -> bool:
        """Its kube-proxy is a static pod: deleting that restarts nothing."""
        return self.pod is not None and self.pod.mirror


class Installation(NamedTuple):
    """All that runs kube-proxy, as the API server had it at one time."""

    namespace: str
    daemon_sets: tuple[DaemonSet, ...]
    sources: tuple[Source, ...]
    nodes: tuple[ProxyNode, ...]  # sorted by name
    lists: tuple[PodList, ...]
    warnings: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()  # nodes on which two kube-proxys run at the same time

    @property
    def source(self) -> Source:
        """The first configuration; the only one in most clusters."""
        return self.sources[0]

    def unreadable(self) -> IpvsError | None:
        """Return why no configuration can be read, where every one should be in a ConfigMap and none can."""
        broken = [source for source in self.sources if source.kind == "ConfigMap" and source.configuration is None]
        if not broken or len(broken) < len(self.sources):
            return None
        kind = ConfigurationInvalid if broken[0].invalid else IpvsError
        return kind(broken[0].problem, hint=broken[0].hint)

    def nodes_of(self, source: Source) -> tuple[str, ...]:
        """Names of the nodes whose kube-proxy reads this configuration."""
        return tuple(node.name for node in self.nodes if node.source is source)

    def with_sources(self, changed: Mapping[tuple[str, ...], Source]) -> "Installation":
        """Return the same installation with some configurations in another state, by their identity."""
        if not changed:
            return self
        sources = tuple(changed.get(source.identity, source) for source in self.sources)
        new = {source.identity: source for source in sources}
        nodes = tuple(node._replace(source=new.get(node.source.identity, node.source)) for node in self.nodes)
        return self._replace(sources=sources, nodes=nodes)


def choose(found: Sequence[ProxyNode], names: Sequence[str]) -> list[ProxyNode]:
    """Keep the named nodes (`node1` or `node/node1`); an unknown name is an error, not an empty row."""
    wanted = {bare(name) for name in names}
    unknown = sorted(wanted - {entry.name for entry in found}, key=natural)
    if unknown:
        raise IpvsError(f"node {', '.join(unknown)} not found, or no kube-proxy is meant to run there",
                        hint="`kubectl ipvs status` lists the nodes")  # fmt: skip
    return [entry for entry in found if not wanted or entry.name in wanted]


def bare(name: str) -> str:
    """Return a node's name as `-o name` or kubectl may have written it: without `node/`."""
    kind, slash, rest = name.partition("/")
    return rest if slash and kind in {"node", "nodes", "no"} else name


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key: node2 before node10."""
    parts: list[tuple[int, int | str]] = []
    digits = ""
    text = ""
    for letter in f"{name}\0":
        if letter.isascii() and letter.isdigit():
            parts += [(1, text)] if text else []
            text, digits = "", digits + letter
        else:
            parts += [(0, int(digits[:4000]))] if digits else []
            digits, text = "", text + letter
    return (*parts, (1, text))
