"""The simulated cluster behind the API: nodes, kernels, kubelets and controllers, wired together and filled.

Everything happens in one thread. It never opens a socket and knows nothing of HTTP.
"""

from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import (
    CONFIGMAPS,
    DAEMONSETS,
    ENDPOINTS,
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
)
from kubectl_ipvs.sandbox.apiserver.store import Event, Store
from kubectl_ipvs.sandbox.faults import parse
from kubectl_ipvs.sandbox.nodes.daemon_sets import DaemonSets
from kubectl_ipvs.sandbox.nodes.hosts import Host, Timers
from kubectl_ipvs.sandbox.nodes.kubelets import Kubelets, Process
from kubectl_ipvs.sandbox.nodes.layouts import layout_of
from kubectl_ipvs.sandbox.nodes.manifests import (
    config_map,
    daemon_set,
    in_the_past,
    namespace,
    node,
    node_conditions,
    stamp,
)
from kubectl_ipvs.sandbox.nodes.pods import is_ready, mirror_pod, template
from kubectl_ipvs.sandbox.nodes.services import services_of
from kubectl_ipvs.sandbox.options import Options

Obj = dict[str, Any]
DAY = 86400.0


class World:
    """The cluster. `most_down`: the most nodes there ever were without a Ready kube-proxy, of those that had one."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.layout = layout_of(options)
        self.store = Store(options.history)
        self.timers = Timers()
        self.services = services_of(options, "172.18.0.2")
        self.hosts = {host.name: host for host in (Host(i + 1, options, self.services) for i in range(options.nodes))}
        unknown = set(options.faults) - set(self.hosts)
        if unknown:
            raise ValueError(f"faults: no such node: {', '.join(sorted(unknown))}")
        self.kubelets = Kubelets(options, self.layout, self.store, self.timers)
        self.kubelets.recreate = self._mirror_again
        self.daemon_sets = DaemonSets(self.layout, self.store, self.timers, self.hosts, self.kubelets)
        self.most_down = 0
        self._ready: dict[str, set[str]] = {}  # node that had a Ready pod -> UIDs of its Ready pods
        self._down: set[str] = set()
        self.store.listen(PODS, self._count)
        with in_the_past(3 * DAY):
            source = self._populate()
        with in_the_past(2 * DAY):
            self._populate_nodes(source)
        self.daemon_sets.report()
        for name in self._down:
            del self._ready[name]
        self._down.clear()
        self.most_down = 0

    def _populate(self) -> Obj:
        spaces = ("default", "kube-node-lease", "kube-public", "kube-system")
        for space in dict.fromkeys((*spaces, self.layout.namespace)):
            self.store.put(NAMESPACES, namespace(space))
        shared = tuple(virtual for service in self.services for virtual in service.virtuals())
        for service in self.services:
            made, behind = service.objects()
            self.store.put(SERVICES, made)
            self.store.put(ENDPOINTS, behind)
        if self.layout.config_map:
            self.store.put(CONFIGMAPS, config_map(self.layout, self.options))
        source = template(self.layout, self.options)
        if self.layout.daemon_set:
            self.store.put(DAEMONSETS, daemon_set(self.layout, self.options, source))
        for host in self.hosts.values():
            host.kernel.shared = shared
        return source

    def _populate_nodes(self, source: Obj) -> None:
        for index, host in enumerate(self.hosts.values()):
            windows = "windows" in host.faults
            made = node(host.name, host.address, self.options, control_plane=index == 0, windows=windows)
            self._pod_of(host, self.store.put(NODES, made), source)
            if not host.reachable:
                self._set_ready(host)

    def _pod_of(self, host: Host, made: Obj, source: Obj) -> None:
        if self.layout.static and host.wants_pod:
            pod = self.store.put(PODS, mirror_pod(made, source, self.layout.namespace))
            self.kubelets.adopt(pod, host)
        elif self.layout.daemon_set:
            self.daemon_sets.create(host, adopted=True)

    def _mirror_again(self, process: Process) -> None:
        """Bring back the mirror of a static pod; its process never noticed."""

        def act() -> None:
            entry = self.store.get(NODES, "", process.host.name)
            if entry is not None:
                pod = mirror_pod(entry.obj, template(self.layout, self.options), process.namespace)
                self.kubelets.move(self.store.put(PODS, pod), process)

        self.timers.later(self.options.start, act)

    def fault(self, name: str, kinds: str) -> None:
        """Break something on a node, from now on."""
        for kind, parameter in parse(kinds).items():
            self.hosts[name].add(kind, parameter)
            self._follow(self.hosts[name], kind)

    def heal(self, name: str, kinds: str = "") -> None:
        """Mend these faults of a node, or all."""
        host = self.hosts[name]
        for kind in parse(kinds) if kinds else list(host.faults):
            host.remove(kind)
            self._follow(host, kind)

    def _follow(self, host: Host, kind: str) -> None:
        if kind in ("not-ready", "stuck"):
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
        taints = [taint for taint in entry.obj["spec"].get("taints", []) if "unreachable" not in taint["key"]]
        if not host.reachable:
            key = "node.kubernetes.io/unreachable"
            taints += [{"key": key, "effect": effect, "timeAdded": stamp()} for effect in ("NoSchedule", "NoExecute")]
        status = {**entry.obj["status"], "conditions": node_conditions(ready=host.reachable)}
        self.store.put(NODES, {**entry.obj, "spec": {**entry.obj["spec"], "taints": taints}, "status": status})
        self.kubelets.reconnect(host)

    def config_text(self) -> str:
        """Return the configuration's text now, "" where there is none."""
        entry = self.store.get(CONFIGMAPS, self.layout.namespace, self.layout.config_map)
        return str((entry.obj.get("data") or {}).get(self.layout.key, "")) if entry else ""

    def _count(self, event: Event) -> None:
        """Keep `most_down`."""
        pod = event.entry.obj
        name, uid = pod["spec"].get("nodeName", ""), pod["metadata"]["uid"]
        if event.type != "DELETED" and is_ready(pod):
            self._ready.setdefault(name, set()).add(uid)
            self._down.discard(name)
        elif uid in self._ready.get(name, ()):
            self._ready[name].discard(uid)
            if not self._ready[name]:
                self._down.add(name)
                self.most_down = max(self.most_down, len(self._down))
