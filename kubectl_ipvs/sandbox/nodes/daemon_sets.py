"""The DaemonSet controller: a pod on every node that wants one, rolling updates, the DaemonSet's status."""

import random
from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import DAEMONSETS, PODS
from kubectl_ipvs.sandbox.apiserver.store import Event, Store
from kubectl_ipvs.sandbox.nodes.hosts import Host, Timers
from kubectl_ipvs.sandbox.nodes.kubelets import Kubelets, marked
from kubectl_ipvs.sandbox.nodes.layouts import Layout
from kubectl_ipvs.sandbox.nodes.manifests import revision
from kubectl_ipvs.sandbox.nodes.pods import bound, is_ready, new_pod

Obj = dict[str, Any]
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # what Kubernetes makes names of
GRACE = 30


class DaemonSets:
    """The controller of the one DaemonSet there is."""

    def __init__(
        self, layout: Layout, store: Store, timers: Timers, hosts: dict[str, Host], kubelets: Kubelets
    ) -> None:
        self._layout = layout
        self._store = store
        self._timers = timers
        self._hosts = hosts
        self._kubelets = kubelets
        self._random = random.Random(1)  # noqa: S311 -- names of pods, the same every time
        self._pods: dict[str, dict[str, Obj]] = {name: {} for name in hosts}  # node -> UID -> pod
        self._due = False
        self._pause = max(0.02, len(hosts) * 5e-5)  # seconds between two looks at everything
        store.listen(PODS, self._pod_changed)
        store.listen(DAEMONSETS, lambda _: self._soon())

    def _owner(self) -> Obj | None:
        entry = self._store.get(DAEMONSETS, self._layout.namespace, self._layout.daemon_set)
        return entry.obj if entry else None

    def create(self, host: Host, *, adopted: bool = False) -> None:
        """Put a pod on this node; `adopted`: it has been running for long."""
        owner = self._owner()
        if owner is None or not host.wants_pod or self._pods[host.name]:
            return
        if host.had_pod:
            host.restarts += 1
        host.had_pod = True
        source = owner["spec"]["template"]
        pod = self._store.put(PODS, new_pod(self._name(), owner, source, revision(source), host.name))
        self._pods[host.name][pod["metadata"]["uid"]] = pod
        if adopted:
            pod = self._store.put(PODS, bound(pod, host.name))
            self._kubelets.adopt(pod, host)
        else:
            self._timers.later(0, lambda: self._bind(pod, host))

    def _bind(self, pod: Obj, host: Host) -> None:
        entry = self._store.get(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        if entry is not None and entry.obj["metadata"]["uid"] == pod["metadata"]["uid"]:
            self._kubelets.run(self._store.put(PODS, bound(entry.obj, host.name)), host)

    def _name(self) -> str:
        while True:
            name = f"{self._layout.daemon_set}-{''.join(self._random.choices(_LETTERS, k=5))}"
            if self._store.get(PODS, self._layout.namespace, name) is None:
                return name

    def _pod_changed(self, event: Event) -> None:
        pod = event.entry.obj
        node, uid = self._node_of(pod), pod["metadata"]["uid"]
        if node not in self._pods:
            return
        if event.type == "DELETED":
            if self._pods[node].pop(uid, None):
                self._timers.later(0, lambda: self.create(self._hosts[node]))
        else:
            self._pods[node][uid] = pod
        self._soon()

    def _node_of(self, pod: Obj) -> str:
        owners = pod["metadata"].get("ownerReferences", [])
        if not owners or owners[0]["kind"] != "DaemonSet":
            return ""
        if "nodeName" in pod["spec"]:
            return str(pod["spec"]["nodeName"])
        affinity = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        return str(affinity["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])

    def _soon(self) -> None:
        """Look at everything in a moment, once for many changes."""
        if not self._due:
            self._due = True
            self._timers.later(self._pause, self._look)

    def _look(self) -> None:
        self._due = False
        owner = self._owner()
        if owner is not None:
            self._roll(owner)
            self.report()

    def _roll(self, owner: Obj) -> None:
        """One step of a rolling update: delete old pods, never more than maxUnavailable down at a time."""
        strategy = owner["spec"].get("updateStrategy", {})
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        wanted = [host.name for host in self._hosts.values() if host.wants_pod]
        wish = strategy.get("rollingUpdate", {}).get("maxUnavailable", 1)
        most = -(-len(wanted) * int(wish[:-1]) // 100) if isinstance(wish, str) else int(wish)
        new, down, old = revision(owner["spec"]["template"]), 0, []
        for node in wanted:
            living = [pod for pod in self._pods[node].values() if "deletionTimestamp" not in pod["metadata"]]
            is_down = not any(map(is_ready, living))
            down += is_down
            outdated = [pod for pod in living if pod["metadata"]["labels"].get("controller-revision-hash") != new]
            if outdated and is_down:
                self._delete(outdated[0])
            elif outdated:
                old.append(outdated[0])
        for pod in old[: max(0, most - down)]:
            self._delete(pod)

    def _delete(self, pod: Obj) -> None:
        self._store.put(PODS, marked(pod, GRACE))

    def report(self) -> None:
        """Put the DaemonSet's status, if it has changed."""
        owner = self._owner()
        if owner is None:
            return
        new = revision(owner["spec"]["template"])
        wanted = [host.name for host in self._hosts.values() if host.wants_pod]
        pods = [next(iter(self._pods[node].values()), None) for node in wanted]
        there = [pod for pod in pods if pod is not None]
        ready = sum(map(is_ready, there))
        updated = sum(pod["metadata"]["labels"].get("controller-revision-hash") == new for pod in there)
        status: Obj = {"currentNumberScheduled": len(there), "desiredNumberScheduled": len(wanted)}
        status |= {"numberMisscheduled": 0, "numberReady": ready}
        optional = {
            "numberAvailable": ready,
            "numberUnavailable": len(wanted) - ready,
            "updatedNumberScheduled": updated,
        }
        status |= {name: number for name, number in optional.items() if number}
        status["observedGeneration"] = owner["metadata"]["generation"]
        if status != owner["status"]:
            self._store.put(DAEMONSETS, {**owner, "status": status})
