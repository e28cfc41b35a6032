"""Finds every kube-proxy of a cluster: what runs it, on which node, and which configuration each one reads.

From its DaemonSets and its pods together: one DaemonSet or several, static pods, both at once. What a pod reads is told
by that pod's own spec (an old pod may read another ConfigMap than its DaemonSet's template names by now), what a node
without a pod would read by the template. No distribution is known by name but OpenShift's namespace.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import ConfigMap, DaemonSet, Node, Pod, mapping
from kubectl_ipvs.cluster.paths import segment
from kubectl_ipvs.errors import ApiError, ConfigurationInvalid, IpvsError
from kubectl_ipvs.operations.source import Source, read_source, source_of, unreadable
from kubectl_ipvs.operations.support.fanout import fan_out
from kubectl_ipvs.proxy.process import Process, Reference, process, runs_kube_proxy
from kubectl_ipvs.proxy.scheduling import for_windows, keeps_off

NAMESPACE = "kube-system"
USUAL_LABELS = ("k8s-app=kube-proxy", "component=kube-proxy")  # of DaemonSets, and of static pods
OPENSHIFT = "openshift-kube-proxy"
FORBIDDEN = 403
NOT_FOUND_HINT = (
    "k3s, RKE1 and MicroK8s run kube-proxy inside another process; Cilium and Calico's eBPF mode replace it; "
    "elsewhere name it with -n, --daemonset or -l"
)


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


def recognize(spec: Mapping[str, object]) -> tuple[str, object] | None:
    """Tell the cluster's door which container of a pod is kube-proxy, and what that pod reads."""
    found = process(spec)
    return None if found is None else (found.container, found)


def find(cluster: Cluster, where: Where, *, nodes: bool = True) -> Installation:
    """Find every kube-proxy that `where` allows; `nodes` False: nodes without a pod are not looked for.

    Raises IpvsError where there is none.
    """
    for name in filter(None, (where.namespace, where.daemon_set, where.config_map_name)):
        segment(name)  # a name that would lead elsewhere: before anything is asked
    found = _Search(cluster, where, where.namespace or NAMESPACE, nodes=nodes)
    found.ask()
    if not found.anything and where.namespace is None and where.daemon_set is None and where.selector is None:
        elsewhere = _Search(cluster, where, OPENSHIFT, nodes=nodes)
        try:
            elsewhere.ask()
        except ApiError:  # no right there: then it is not where this user's kube-proxy lives
            elsewhere = found
        found = elsewhere if elsewhere.anything else found
    return found.installation()


class _Search:
    """The lists of one namespace, asked for together, and what follows from them."""

    def __init__(self, cluster: Cluster, where: Where, namespace: str, *, nodes: bool) -> None:
        self._cluster, self._where, self._namespace, self._wants_nodes = cluster, where, namespace, nodes
        self._daemon_sets: list[DaemonSet] = []
        self._lists: dict[str, PodList] = {}
        self._nodes: list[Node] = []
        self._warnings: list[str] = []
        self._unlisted = False  # no right to list DaemonSets: those of the pods are asked for by name

    @property
    def anything(self) -> bool:
        """Something here runs kube-proxy."""
        return bool(self._daemon_sets or self._pods())

    def ask(self) -> None:
        """Ask for everything at once; pods by another label than the usual ones take a second round."""
        calls: list[Callable[[], None]] = [self._list_daemon_sets]
        calls += [self._cluster.ready_to_run, self._list_nodes] if self._wants_nodes else []  # nodes are asked
        first = (self._where.selector,) if self._where.selector else USUAL_LABELS
        calls += [partial(self._list_pods, selector) for selector in first]
        _together(calls)
        if self._unlisted:
            owners = {pod.owner for entry in self._lists.values() for pod in entry.pods if pod.process is not None}
            names = {owner.partition("/")[2] for owner in owners if owner.startswith("DaemonSet/")}
            _together([partial(self._get_daemon_set, name) for name in sorted(names or {"kube-proxy"})])
        self._keep_named()
        further = dict.fromkeys(entry.selector for entry in self._daemon_sets if not self._is_listed(entry))
        _together([partial(self._list_pods, selector) for selector in further])

    def _list_daemon_sets(self) -> None:
        name = self._where.daemon_set
        if name is not None:
            found = self._cluster.daemon_set(self._namespace, name)
            if found is None:
                raise IpvsError(f"daemonset {self._namespace}/{name} not found", hint="try another -n or --daemonset")
            if process(mapping(found.template.get("spec"))) is None:
                raise IpvsError(f"daemonset {found.namespace}/{found.name} runs no kube-proxy",
                                hint="name another with --daemonset")  # fmt: skip
            self._daemon_sets = [found]
            return
        try:
            listed = self._cluster.daemon_sets(self._namespace)
        except ApiError as error:
            if error.status != FORBIDDEN:
                raise
            self._warnings.append(f"DaemonSets that have no pod are not looked at: {error}")
            self._unlisted = True
            return
        self._daemon_sets = [entry for entry in listed if _is_ours(entry)]

    def _get_daemon_set(self, name: str) -> None:
        found = self._cluster.daemon_set(self._namespace, name)
        if found is not None and _is_ours(found):
            self._daemon_sets.append(found)

    def _list_nodes(self) -> None:
        try:
            self._nodes = self._cluster.nodes()
        except ApiError as error:
            self._warnings.append(f"nodes without a kube-proxy pod are not shown: {error}")

    def _list_pods(self, selector: str) -> None:
        pods, version = self._cluster.pods(self._namespace, selector)
        self._lists[selector] = PodList(selector, tuple(pods), version)

    def _keep_named(self) -> None:
        """With -l, only the DaemonSets that own one of those pods count."""
        if self._where.selector is None or self._where.daemon_set is not None:
            return
        pods = self._lists[self._where.selector].pods
        if not pods:
            words = f'no pod in {self._namespace} matches the selector "{self._where.selector}"'
            raise IpvsError(words, hint="try another -l or -n; -l selects kube-proxy's pods, not nodes")
        owners = {pod.owner for pod in pods}
        self._daemon_sets = [entry for entry in self._daemon_sets if f"DaemonSet/{entry.name}" in owners]

    def _is_listed(self, entry: DaemonSet) -> bool:
        """Tell whether a list by fewer labels has this DaemonSet's pods as well."""
        if self._where.selector is not None and self._where.daemon_set is None:
            return True
        own = set(entry.selector.split(","))
        return any(set(selector.split(",")) <= own for selector in self._lists)

    def _pods(self) -> list[Pod]:
        """Every pod that runs kube-proxy, once; with --daemonset that DaemonSet's alone."""
        found = {pod.uid: pod for entry in self._lists.values() for pod in entry.pods if pod.process is not None}
        names = {f"DaemonSet/{entry.name}" for entry in self._daemon_sets}
        named, chosen = self._where.daemon_set is not None, self._where.selector is not None
        windows = {node.name for node in self._nodes if node.windows}
        # Beside the DaemonSets' pods those of a node's own files count, and whatever the user selects by -l.
        return [
            pod
            for pod in found.values()
            if pod.node not in windows and (pod.owner in names or (not named and (pod.mirror or chosen)))
        ]

    def installation(self) -> Installation:
        """Pair nodes with pods, pods with configurations."""
        pods = self._pods()
        if not self._daemon_sets and not pods:
            raise self._nothing()
        books = _Sources(self._cluster, self._where, self._namespace)
        paired = self._pair(pods)
        books.read(reference for _, _, _, reference in paired)
        nodes = [
            ProxyNode(name, node, pod, owner, books.of(found, pod, owner)) for (name, node), pod, owner, found in paired
        ]
        if not nodes:  # no node at all: the configurations are still there to be shown
            templates = [(process(mapping(entry.template.get("spec"))), entry) for entry in self._daemon_sets]
            books.read(found for found, _ in templates)
            for found, entry in templates:
                books.of(found, None, entry)
        kept = books.narrowed(nodes)
        owners = [entry for entry in self._daemon_sets if not kept or any(node.daemon_set is entry for node in kept)]
        return Installation(
            self._namespace, tuple(owners), books.found(kept), tuple(kept), tuple(self._lists.values()),
            tuple(self._warnings),
        )  # fmt: skip

    def _pair(
        self, pods: Sequence[Pod]
    ) -> list[tuple[tuple[str, Node | None], Pod | None, DaemonSet | None, Process | None]]:
        known = {node.name: node for node in self._nodes}
        owners = {f"DaemonSet/{entry.name}": entry for entry in self._daemon_sets}
        here: dict[str, Pod] = {}
        for entry in pods:
            if entry.node and (entry.node not in here or _newer(entry, here[entry.node])):
                here[entry.node] = entry
        meant = {node.name: owner for node in self._nodes for owner in self._meant(node)}
        paired: list[tuple[tuple[str, Node | None], Pod | None, DaemonSet | None, Process | None]] = []
        for name in sorted(meant.keys() | here.keys(), key=natural):
            pod = here.get(name)
            owner = owners.get(pod.owner) if pod is not None else meant.get(name)
            spec = mapping(owner.template.get("spec")) if pod is None and owner is not None else {}
            found = pod.process if pod is not None else process(spec)
            paired.append(((name, known.get(name)), pod, owner, found))
        return paired

    def _meant(self, node: Node) -> Iterable[DaemonSet]:
        """Return the DaemonSet that means to run kube-proxy on a node, if any does."""
        for entry in self._daemon_sets:
            spec = mapping(entry.template.get("spec"))
            if not keeps_off(spec, node.name, node.labels, node.taints, node.os):
                yield entry
                return

    def _nothing(self) -> IpvsError:
        labels = " or ".join((self._where.selector,) if self._where.selector else USUAL_LABELS)
        looked = (
            f"a daemonset of {self._namespace} that runs kube-proxy, and pods labelled {labels} there (static pods)"
        )
        return IpvsError(f"no kube-proxy found: looked for {looked}", hint=NOT_FOUND_HINT)


class _Sources:
    """The configurations that were met, each read once."""

    def __init__(self, cluster: Cluster, where: Where, namespace: str) -> None:
        self._cluster, self._where, self._namespace = cluster, where, namespace
        self._maps: dict[str, ConfigMap | IpvsError | None] = {}
        self._sources: dict[tuple[str, ...], Source] = {}
        self._overruled = False

    def read(self, processes: Iterable[Process | None]) -> None:
        """Read every ConfigMap that some process may read, all at once."""
        references = dict.fromkeys(entry.reference for entry in processes if entry is not None)
        named = [reference.name for reference in references if reference.kind == "config-map"]
        asked = self._where.config_map
        if asked is not None and self._where.config_map_name not in named:
            self._overruled = True  # discovery does not lead there: the user says that all read it
            named = [self._where.config_map_name]
        else:
            named += [name for reference in references for name, _ in reference.candidates]
        wanted = [name for name in dict.fromkeys(named) if name not in self._maps]
        _together([partial(self._read, name) for name in wanted])

    def _read(self, name: str) -> None:
        try:
            self._maps[name] = self._cluster.config_map(self._namespace, name)
        except ApiError as error:
            self._maps[name] = error

    def of(self, found: Process | None, pod: Pod | None, owner: DaemonSet | None) -> Source:
        """Return the configuration that a process reads."""
        reference = found.reference if found is not None else Reference("unknown")
        if self._overruled:
            reference = Reference("config-map", name=self._where.config_map_name, key=self._where.config_map_key)
        static = pod is not None and pod.mirror
        runner = owner.name if owner is not None else "kube-proxy" if static else ""
        image = pod.image if pod is not None else found.image if found is not None else ""
        words = found.arguments if found is not None else ()
        made = source_of(reference, words, image, self._namespace, runner, static=static)
        if made.identity not in self._sources:
            self._sources[made.identity] = self._filled(made, reference)
        filled = self._sources[made.identity]
        if self._overruled and filled.configuration is None:  # nothing but the user's word leads there
            raise (ConfigurationInvalid if filled.invalid else IpvsError)(filled.problem, hint=filled.hint)
        return filled

    def _filled(self, made: Source, reference: Reference) -> Source:
        """Read what the reference leads to; what cannot be read is said in the source itself."""
        if reference.kind == "config-map":
            return read_source(made, reference.name, reference.key, self._maps.get(reference.name))
        readable = [
            filled
            for name, key in reference.candidates
            if isinstance(self._maps.get(name), ConfigMap)
            and (filled := read_source(made, name, key, self._maps.get(name))).configuration is not None
        ]
        if len(readable) == 1:
            return readable[0]
        return made if made.configuration is not None else unreadable(made, reference)

    def narrowed(self, nodes: Sequence[ProxyNode]) -> list[ProxyNode]:
        """With --configmap, only the nodes that read it are left."""
        if self._where.config_map is None or self._overruled:
            return list(nodes)
        name, key = self._where.config_map_name, self._where.config_map_key
        kept = [
            node
            for node in nodes
            if node.source.config_map is not None
            and node.source.config_map.name == name
            and key in {"", node.source.key}
        ]
        if kept or not nodes:
            return kept
        self._overruled = True  # the ConfigMap is read, but by that key nowhere
        self._sources.clear()
        return [node._replace(source=self.of(node.pod.process if node.pod else None, node.pod, node.daemon_set))
                for node in nodes]  # fmt: skip

    def found(self, nodes: Sequence[ProxyNode]) -> tuple[Source, ...]:
        """Return the configurations that nodes read, those of most nodes first; all, where there is no node."""
        held = list(self._sources.values())
        if not nodes:
            return tuple(held)
        counts = {source.identity: 0 for source in held}
        for node in nodes:
            counts[node.source.identity] += 1
        used = [source for source in held if counts[source.identity]]
        return tuple(sorted(used, key=lambda source: -counts[source.identity]))


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


def _is_ours(entry: DaemonSet) -> bool:
    """Tell whether a DaemonSet runs kube-proxy, and not on Windows."""
    spec = mapping(entry.template.get("spec"))
    return runs_kube_proxy(spec) and not for_windows(spec)


def _newer(pod: Pod, than: Pod) -> bool:
    return (not pod.terminating, pod.ready, pod.created) > (not than.terminating, than.ready, than.created)


def _together(calls: Sequence[Callable[[], object]]) -> None:
    """Make calls at the same time; the first failure is raised."""
    if len(calls) == 1:
        calls[0]()
        return
    for _ in fan_out(lambda call: call(), calls, max(1, len(calls))):
        pass
