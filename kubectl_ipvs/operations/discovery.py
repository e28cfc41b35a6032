"""Finds every kube-proxy of a cluster: what runs it, on which node, and which configuration each one reads.

From its DaemonSets and its pods together: one DaemonSet or several, static pods, both at once. What a pod reads is told
by that pod's own spec (an old pod may read another ConfigMap than its DaemonSet's template names by now), what a node
without a pod would read by the template. No distribution is known by name but OpenShift's namespace.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import DaemonSet, Node, Pod, mapping
from kubectl_ipvs.cluster.paths import segment
from kubectl_ipvs.errors import ApiError, IpvsError
from kubectl_ipvs.operations.configurations import Configurations
from kubectl_ipvs.operations.installation import Installation, PodList, ProxyNode, Where, natural
from kubectl_ipvs.operations.support.fanout import together
from kubectl_ipvs.proxy.process import Process, process, runs_kube_proxy
from kubectl_ipvs.proxy.scheduling import for_windows, keeps_off

NAMESPACE = "kube-system"
USUAL_LABELS = ("k8s-app=kube-proxy", "component=kube-proxy")  # of DaemonSets, and of static pods
OPENSHIFT = "openshift-kube-proxy"
FORBIDDEN = 403
NOT_FOUND_HINT = (
    "k3s, RKE1 and MicroK8s run kube-proxy inside another process; Cilium and Calico's eBPF mode replace it; "
    "elsewhere name it with -n, --daemonset or -l"
)


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
        together(calls)
        if self._unlisted:
            owners = {pod.owner for entry in self._lists.values() for pod in entry.pods if pod.process is not None}
            names = {owner.partition("/")[2] for owner in owners if owner.startswith("DaemonSet/")}
            together([partial(self._get_daemon_set, name) for name in sorted(names or {"kube-proxy"})])
        self._keep_named()
        further = dict.fromkeys(entry.selector for entry in self._daemon_sets if not self._is_listed(entry))
        together([partial(self._list_pods, selector) for selector in further])

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
        books = Configurations(self._cluster, self._where, self._namespace)
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
            tuple(self._warnings), self._doubled(pods),
        )  # fmt: skip

    @staticmethod
    def _doubled(pods: Sequence[Pod]) -> tuple[str, ...]:
        """Name the nodes with ready pods of more than one DaemonSet: both change the same table."""
        owners: dict[str, set[str]] = {}
        for pod in pods:
            if pod.ready and not pod.terminating:
                owners.setdefault(pod.node, set()).add(pod.owner)
        return tuple(sorted((name for name, held in owners.items() if len(held) > 1), key=natural))

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


def _newer(pod: Pod, than: Pod) -> bool:
    return (not pod.terminating, pod.ready, pod.created) > (not than.terminating, than.ready, than.created)


def _is_ours(entry: DaemonSet) -> bool:
    """Tell whether a DaemonSet runs kube-proxy, and not on Windows."""
    spec = mapping(entry.template.get("spec"))
    return runs_kube_proxy(spec) and not for_windows(spec)
