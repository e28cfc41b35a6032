"""The controller of one DaemonSet: a pod on every node it is meant for, rolling updates, its status."""

import random
import re
from collections.abc import Mapping
from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import DAEMONSETS, NODES, PODS
from kubectl_ipvs.sandbox.apiserver.store import Store
from kubectl_ipvs.sandbox.nodes.hosts import Host, Timers
from kubectl_ipvs.sandbox.nodes.kubelets import Kubelets, marked
from kubectl_ipvs.sandbox.nodes.manifests import revision
from kubectl_ipvs.sandbox.nodes.placement import Placement, placement
from kubectl_ipvs.sandbox.nodes.pods import bound, is_ready, new_pod
from kubectl_ipvs.sandbox.nodes.startup import container_of

Obj = dict[str, Any]
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # what Kubernetes makes names of
_NOWHERE = Placement(runs=False, stays=False)
GRACE = 30


class Shared:
    """What all controllers work with. `reported`: status fields that a DaemonSet shows instead of its own, by name."""

    def __init__(self, store: Store, timers: Timers, hosts: dict[str, Host], kubelets: Kubelets) -> None:
        self.store = store
        self.timers = timers
        self.hosts = hosts
        self.kubelets = kubelets
        self.random = random.Random(1)  # noqa: S311 -- names of pods, the same every time
        self.reported: Mapping[str, Obj] = {}


class DaemonSet:
    """The controller of the DaemonSet of this namespace and name."""

    def __init__(self, shared: Shared, namespace: str, name: str) -> None:
        self._shared = shared
        self._store = shared.store
        self._where = (namespace, name)
        self.pods: dict[str, dict[str, Obj]] = {}  # node -> UID -> pod
        self._placed: dict[str, tuple[Obj, Obj, Placement]] = {}  # node -> what it was judged by, and the verdict
        self._revision: tuple[Obj, str] | None = None  # a template, and its hash
        self._seen: set[str] = set()  # nodes that had a pod
        self._due = False

    def _owner(self) -> Obj | None:
        entry = self._store.get(DAEMONSETS, *self._where)
        return entry.obj if entry else None

    def _hash(self, owner: Obj) -> str:
        template = owner["spec"]["template"]
        if self._revision is None or self._revision[0] is not template:
            self._revision = (template, revision(template))
        return self._revision[1]

    def _placement(self, owner: Obj, host: Host) -> Placement:
        """Judge a node; anew where the template or the node's labels or taints are no longer the same."""
        entry = self._store.get(NODES, "", host.name)
        if entry is None:
            return _NOWHERE
        spec, node = owner["spec"]["template"]["spec"], entry.obj
        before = self._placed.get(host.name)
        if before is None or before[0] is not spec or before[1] is not node:
            before = self._placed[host.name] = (spec, node, placement(spec, node))
        return before[2] if host.wants_pod else _NOWHERE

    def _wanted(self, owner: Obj) -> list[str]:
        return [host.name for host in self._shared.hosts.values() if self._placement(owner, host).runs]

    def create(self, host: Host, *, adopted: bool = False) -> None:
        """Put a pod on this node, if one is meant to be there; `adopted`: it has been running for long."""
        owner = self._owner()
        if owner is None or self.pods.get(host.name) or not self._placement(owner, host).runs:
            return
        source = owner["spec"]["template"]
        if host.name in self._seen and container_of(source["spec"]) is not None:
            host.restarts += 1
        self._seen.add(host.name)
        pod = self._store.put(PODS, new_pod(self._name(), owner, source, self._hash(owner), host.name))
        self.pods.setdefault(host.name, {})[pod["metadata"]["uid"]] = pod
        if adopted:
            pod = self._store.put(PODS, bound(pod, host.name))
            self._shared.kubelets.adopt(pod, host)
        else:
            self._shared.timers.later(0, lambda: self._bind(pod, host))

    def _bind(self, pod: Obj, host: Host) -> None:
        entry = self._store.get(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        if entry is not None and entry.obj["metadata"]["uid"] == pod["metadata"]["uid"]:
            self._shared.kubelets.run(self._store.put(PODS, bound(entry.obj, host.name)), host)

    def _name(self) -> str:
        namespace, own = self._where
        while True:
            name = f"{own}-{''.join(self._shared.random.choices(_LETTERS, k=5))}"
            if self._store.get(PODS, namespace, name) is None:
                return name

    def pod_changed(self, node: str, pod: Obj, *, gone: bool) -> None:
        """Take note of a change of one of its pods."""
        uid = pod["metadata"]["uid"]
        if not gone:
            self.pods.setdefault(node, {})[uid] = pod
        elif self.pods.get(node, {}).pop(uid, None) and node in self._shared.hosts:
            self._shared.timers.later(0, lambda: self.create(self._shared.hosts[node]))
        self.soon()

    def node_changed(self, host: Host) -> None:
        """Take note of a node that is new or was changed: make its pod, or end one that may no longer be there."""
        owner = self._owner()
        if owner is None:
            return
        judged = self._placement(owner, host)
        if not judged.stays and host.wants_pod:
            for pod in tuple(self.pods.get(host.name, {}).values()):
                self._delete(pod)
        if judged.runs and not self.pods.get(host.name):
            self._shared.timers.later(0, lambda: self.create(host))
        self.soon()

    def soon(self) -> None:
        """Look at everything in a moment, once for many changes."""
        if not self._due:
            self._due = True
            pause = max(0.02, len(self._shared.hosts) * 5e-5)  # seconds between two looks at everything
            self._shared.timers.later(pause, self._look)

    def _look(self) -> None:
        self._due = False
        owner = self._owner()
        if owner is not None:
            self._roll(owner)
            self.report()

    def _roll(self, owner: Obj) -> None:
        """One step of a rolling update: delete old pods, never more than maxUnavailable down at a time."""
        strategy = owner["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        wanted = self._wanted(owner)
        most = _most((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), len(wanted))
        new, down, old = self._hash(owner), 0, []
        for node in wanted:
            living = [pod for pod in self.pods.get(node, {}).values() if "deletionTimestamp" not in pod["metadata"]]
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
        if "deletionTimestamp" not in pod["metadata"]:
            self._store.put(PODS, marked(pod, GRACE))

    def report(self) -> None:
        """Put the DaemonSet's status, if it has changed."""
        owner = self._owner()
        if owner is None:
            return
        new, wanted = self._hash(owner), self._wanted(owner)
        pods = [next(iter(self.pods.get(node, {}).values()), None) for node in wanted]
        there = [pod for pod in pods if pod is not None]
        ready = sum(map(is_ready, there))
        updated = sum(pod["metadata"]["labels"].get("controller-revision-hash") == new for pod in there)
        status: Obj = {"currentNumberScheduled": len(there), "desiredNumberScheduled": len(wanted)}
        meant = set(wanted)
        misplaced = sum(bool(pods) for node, pods in self.pods.items() if node not in meant)
        status |= {"numberMisscheduled": misplaced, "numberReady": ready}
        optional = {
            "numberAvailable": ready,
            "numberUnavailable": len(wanted) - ready,
            "updatedNumberScheduled": updated,
        }
        status |= {name: number for name, number in optional.items() if number}
        status["observedGeneration"] = owner["metadata"]["generation"]
        status |= self._shared.reported.get(self._where[1], {})
        if status != owner["status"]:
            self._store.put(DAEMONSETS, {**owner, "status": status})


def _most(wish: object, count: int) -> int:
    """Return how many pods of `count` may be down at once; one where the wish makes no sense."""
    found = re.fullmatch(r"(\d+)(%?)", str(wish))
    if found is None:
        return 1
    return -(-count * int(found[1]) // 100) if found[2] else int(found[1])
