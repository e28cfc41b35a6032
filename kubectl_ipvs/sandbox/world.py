"""The simulated cluster behind the API: nodes, kernels, kubelets and controllers, wired together and filled.

Everything happens in one thread. It never opens a socket and knows nothing of HTTP.
"""

from dataclasses import replace
from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import BY_KIND, DAEMONSETS, NAMESPACES, NODES, PODS
from kubectl_ipvs.sandbox.apiserver.store import Event, Store
from kubectl_ipvs.sandbox.faults import CLUSTER, parse
from kubectl_ipvs.sandbox.given.builtin import DAY, address_of, builtin
from kubectl_ipvs.sandbox.given.cluster import Cluster, faults_of
from kubectl_ipvs.sandbox.given.complete import complete, new_node
from kubectl_ipvs.sandbox.given.files import read
from kubectl_ipvs.sandbox.nodes import virtuals
from kubectl_ipvs.sandbox.nodes.bare_pods import BarePods
from kubectl_ipvs.sandbox.nodes.daemon_sets import DaemonSets
from kubectl_ipvs.sandbox.nodes.hosts import Host, Timers
from kubectl_ipvs.sandbox.nodes.kubelets import Kubelets
from kubectl_ipvs.sandbox.nodes.layouts import layout_of
from kubectl_ipvs.sandbox.nodes.manifests import in_the_past, namespace, node_conditions, stamp
from kubectl_ipvs.sandbox.nodes.pods import Static, is_ready, mirror_pod
from kubectl_ipvs.sandbox.nodes.processes import Process
from kubectl_ipvs.sandbox.nodes.rows import is_ip
from kubectl_ipvs.sandbox.nodes.startup import container_of
from kubectl_ipvs.sandbox.nodes.wishes import Place, version_of
from kubectl_ipvs.sandbox.options import VERSION, VERSIONS, Options
from kubectl_ipvs.sandbox.troubles import Troubles

Obj = dict[str, Any]
LOOPBACK, LOOPBACK_UNTIL = "127.0.0.1", (1, 21)  # the last release that has NodePorts there
SPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


class World:
    """The cluster. `most_down`: the most nodes there ever were without a Ready kube-proxy, of those that had one."""

    def __init__(self, options: Options) -> None:
        self.given = builtin(options) if options.world is None else complete(read(options.world), options)
        self.options = _versioned(options, self.given)
        self.store = Store(options.history)
        self.timers = Timers()
        self.hosts: dict[str, Host] = {}
        self.kubelets = Kubelets(self.options, self.store, self.timers)
        self.kubelets.recreate = self._mirror_again
        self.kubelets.tools = self.given.settings.tools
        self.daemon_sets = DaemonSets(self.store, self.timers, self.hosts, self.kubelets)
        self.daemon_sets.report_instead(self.given.settings.ds_status)
        self.bare_pods = BarePods(self.store, self.timers, self.hosts, self.kubelets)
        self.troubles = Troubles(self.store, self.timers)
        self.most_down = 0
        self._ready: dict[str, set[str]] = {}  # node that had a Ready pod -> UIDs of its Ready pods
        self._down: set[str] = set()
        self.store.listen(PODS, self._count)
        with in_the_past(3 * DAY):
            self._populate()
        self._populate_nodes()
        self.daemon_sets.report()
        for name in self._down:
            del self._ready[name]
        self._down.clear()
        self.most_down = 0

    def _populate(self) -> None:
        objects = self.given.objects
        named = {each["metadata"]["name"] for each in objects["Namespace"]}
        used = [each["metadata"].get("namespace", "") for kind in objects.values() for each in kind]
        used += [each.namespace for several in self.given.static.values() for each in several]
        spaces = dict.fromkeys((*SPACES, layout_of(self.options).namespace, *filter(None, used)))
        for space in [each for each in spaces if each not in named]:
            self.store.put(NAMESPACES, namespace(space))
        for kind, several in objects.items():
            for obj in several if kind != "Node" else ():
                self.store.put(BY_KIND[kind.lower()], obj)
        kinds = objects["Service"], objects["EndpointSlice"], objects["Endpoints"]
        self._service_ports = virtuals.service_ports(*kinds)
        self._frontends = virtuals.frontends(self._service_ports)
        self._shared = virtuals.shared(self._frontends)

    def _populate_nodes(self) -> None:
        settings = self.given.settings
        faults = {name: list(kinds) for name, kinds in settings.faults.items()}
        for name, kinds in faults_of(self.options.faults).items():
            faults.setdefault(name, []).extend(kinds)
        cluster = faults.pop(CLUSTER, [])
        unknown = sorted(name for name, kinds in faults.items() if kinds and name not in self.given.nodes)
        if unknown:
            raise ValueError(f"faults: no such node: {', '.join(unknown)}")
        self._faults = {name: parse(kinds) for name, kinds in faults.items()}
        for node in self.given.objects["Node"]:
            name = node["metadata"]["name"]
            host = self._host(node)
            age = self.given.ages.get(name, 2 * DAY) if settings.pod_age is None else settings.pod_age
            with in_the_past(age):
                self._fill(host, node)
            if name in settings.initial and host.kernel.has_ipvs:
                host.kernel.scheduler = settings.initial[name]
        self.troubles.begin(parse(cluster, cluster=True))

    def _host(self, node: Obj) -> Host:
        """Make a node's machine: its addresses, its faults, its kernel's table."""
        name, settings = node["metadata"]["name"], self.given.settings
        number = len(self.hosts) + 1
        listed = (node.get("status") or {}).get("addresses") or ()
        inside = [each["address"] for each in listed if each["type"] == "InternalIP"]
        local = tuple(filter(is_ip, inside)) or (address_of(number),)
        if self.options.world is None:
            local = (*local, f"10.244.{number % 256}.1")
        host = self.hosts[name] = Host(node, self.options, local)
        host.files = dict(settings.files.get(name, {}))
        host.network.ports, host.network.inside = self._service_ports, tuple(filter(is_ip, inside)) or local[:1]
        host.kernel.shared = self._shared
        own = (*local, LOOPBACK) if self.options.release <= LOOPBACK_UNTIL else local
        host.kernel.own = virtuals.own(self._frontends, name, own)
        host.kernel.beside, host.kernel.whole = settings.extra.get(name, ()), settings.only.get(name)
        for kind, parameter in self._faults.get(name, {}).items():
            host.add(kind, parameter)
        if name in self.given.ill:
            ((kind, parameter),) = parse([self.given.ill[name]]).items()
            host.add(kind, parameter)
            host.from_start.add(kind)
        return host

    def _fill(self, host: Host, node: Obj) -> None:
        """Store a node, and the pods that have been running on it for long."""
        made = self.store.put(NODES, node)
        for static in self.given.static.get(host.name, ()):
            pod = self.store.put(PODS, mirror_pod(made, static))
            self.kubelets.adopt(pod, host, static)
        self.daemon_sets.create(host, adopted=True)
        if not host.reachable:
            self._set_ready(host)

    def add_node(self, name: str, labels: Obj, taints: list[Obj]) -> None:
        """Let a node join."""
        if name in self.hosts:
            raise ValueError(f"there is a node {name} already")
        node = new_node(
            {"name": name, "labels": labels, "taints": taints}, address_of(len(self.hosts) + 1), self.options
        )
        host = self._host(node)
        self.store.put(NODES, node)
        self.daemon_sets.create(host)

    def _mirror_again(self, process: Process, static: Static) -> None:
        """Bring back the mirror of a static pod; its process never noticed."""

        def act() -> None:
            entry = self.store.get(NODES, "", process.host.name)
            if entry is not None:
                self.kubelets.move(self.store.put(PODS, mirror_pod(entry.obj, static)), process)

        self.timers.later(self.options.start, act)

    def fault(self, name: str, kinds: str) -> None:
        """Break something on a node, or in the whole cluster, from now on."""
        if name == CLUSTER and CLUSTER not in self.hosts:
            self.troubles.begin(parse(kinds, cluster=True))
            return
        for kind, parameter in parse(kinds).items():
            self.hosts[name].add(kind, parameter)
            self._take_effect(self.hosts[name], kind)
            self.bare_pods.fault(self.hosts[name], kind)

    def heal(self, name: str, kinds: str = "") -> None:
        """Mend these faults of a node or of the cluster, or all."""
        if name == CLUSTER and CLUSTER not in self.hosts:
            self.troubles.end(parse(kinds, cluster=True) if kinds else None)
            return
        host = self.hosts[name]
        for kind in parse(kinds) if kinds else tuple(host.faults):
            host.remove(kind)
            self._take_effect(host, kind)

    def _take_effect(self, host: Host, kind: str) -> None:
        if kind in ("not-ready", "stuck", "kubeedge", "pending"):
            self._set_ready(host)
        elif kind in ("no-pod", "windows"):
            pods = [entry.obj for entry in self.store.entries(PODS) if entry.obj["spec"].get("nodeName") == host.name]
            for pod in pods if not host.wants_pod else ():
                self.store.remove(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
            if host.wants_pod:
                self.daemon_sets.create(host)

    def _set_ready(self, host: Host) -> None:
        """Let the Node object and its pods say whether the kubelet reports."""
        entry = self.store.get(NODES, "", host.name)
        if entry is None:  # somebody has deleted the Node
            return
        taints = [taint for taint in entry.obj["spec"].get("taints") or () if "unreachable" not in taint["key"]]
        if not host.reachable:
            key = "node.kubernetes.io/unreachable"
            taints += [{"key": key, "effect": effect, "timeAdded": stamp()} for effect in ("NoSchedule", "NoExecute")]
        status = {**entry.obj["status"], "conditions": node_conditions(ready=host.reachable)}
        self.store.put(NODES, {**entry.obj, "spec": {**entry.obj["spec"], "taints": taints}, "status": status})
        self.kubelets.reconnect(host)

    def places(self) -> list[Place]:
        """Return the ConfigMaps' keys that kube-proxies read, in the order of DaemonSets and static pods."""
        sources = [(entry.obj, entry.obj["spec"]["template"]) for entry in self.store.entries(DAEMONSETS)]
        owned = [
            {"metadata": {"namespace": obj["metadata"]["namespace"], "ownerReferences": [_reference(obj)]}, **source}
            for obj, source in ((obj, {"spec": template["spec"]}) for obj, template in sources)
        ]
        static = [each for several in self.given.static.values() for each in several]
        owned += [{"metadata": {"namespace": each.namespace}, "spec": each.source["spec"]} for each in static]
        found = [self.kubelets.wishes.place(each) for each in owned if container_of(each["spec"]) is not None]
        return list(dict.fromkeys(place for place in found if place is not None))

    def first_place(self) -> Place | None:
        """Return the first of them; in the built-in cluster the layout's own, whatever became of the DaemonSet."""
        layout = layout_of(self.options)
        if self.options.world is None and layout.config_map:
            return Place(layout.namespace, layout.config_map, layout.key)
        return next(iter(self.places()), None)

    def _count(self, event: Event) -> None:
        """Keep `most_down`."""
        pod = event.entry.obj
        name, uid = pod["spec"].get("nodeName", ""), pod["metadata"]["uid"]
        if event.type != "DELETED" and is_ready(pod):
            process = self.kubelets.process(uid)
            if process is not None and process.is_proxy:
                self._ready.setdefault(name, set()).add(uid)
                self._down.discard(name)
        elif uid in self._ready.get(name, ()):
            self._ready[name].discard(uid)
            if not self._ready[name]:
                self._down.add(name)
                self.most_down = max(self.most_down, len(self._down))


def _reference(obj: Obj) -> Obj:
    return {"kind": "DaemonSet", "name": obj["metadata"]["name"]}


def _versioned(options: Options, given: Cluster) -> Options:
    """Return the options with the version that was asked for, or else the one that the objects tell."""
    if options.world is None or options.version != VERSION:
        return options
    told = [given.settings.version]
    kubelets = [(each["status"].get("nodeInfo") or {}).get("kubeletVersion") for each in given.objects["Node"]]
    templates = [each["spec"]["template"]["spec"] for each in given.objects["DaemonSet"]]
    sources = [*templates, *(each.source["spec"] for several in given.static.values() for each in several)]
    images = [version_of(container) for container in map(container_of, sources) if container]
    versions = (each for each in (*told, *images, *kubelets) if each and (each in told or VERSIONS.fullmatch(each)))
    return replace(options, version=next(versions, VERSION))
