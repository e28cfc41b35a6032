"""The DaemonSet controller: it brings what happens to pods, nodes and DaemonSets to the DaemonSet it is about."""

from collections.abc import Mapping
from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import DAEMONSETS, NODES, PODS
from kubectl_ipvs.sandbox.apiserver.store import Event, Store
from kubectl_ipvs.sandbox.nodes.daemon_set import DaemonSet, Shared
from kubectl_ipvs.sandbox.nodes.hosts import Host, Timers
from kubectl_ipvs.sandbox.nodes.kubelets import Kubelets

Obj = dict[str, Any]


class DaemonSets:
    """The controllers of all DaemonSets there are."""

    def __init__(self, store: Store, timers: Timers, hosts: dict[str, Host], kubelets: Kubelets) -> None:
        self._shared = Shared(store, timers, hosts, kubelets)
        self._sets: dict[tuple[str, str], DaemonSet] = {}
        store.listen(PODS, self._pod_changed)
        store.listen(DAEMONSETS, self._set_changed)
        store.listen(NODES, self._node_changed)

    def report_instead(self, reported: Mapping[str, Obj]) -> None:
        """Let DaemonSets of these names show these fields of their status."""
        self._shared.reported = reported

    def create(self, host: Host, *, adopted: bool = False) -> None:
        """Put every pod on this node that is meant to be there; `adopted`: they have been running for long."""
        for each in tuple(self._sets.values()):
            each.create(host, adopted=adopted)

    def report(self) -> None:
        """Put the status of every DaemonSet."""
        for each in tuple(self._sets.values()):
            each.report()

    def _set_changed(self, event: Event) -> None:
        key = event.entry.key
        if event.type == "DELETED":
            self._sets.pop(key, None)  # its pods stay, as with --cascade=orphan
            return
        if key not in self._sets:
            self._sets[key] = DaemonSet(self._shared, *key)
            self._shared.timers.later(0, lambda: self._everywhere(key))
        elif event.before is not None and event.before.obj["spec"] is not event.entry.obj["spec"]:
            self._shared.timers.later(0, lambda: self._everywhere(key))
        self._sets[key].soon()

    def _everywhere(self, key: tuple[str, str]) -> None:
        if key in self._sets:
            for host in tuple(self._shared.hosts.values()):
                self._sets[key].node_changed(host)

    def _node_changed(self, event: Event) -> None:
        host = self._shared.hosts.get(event.entry.obj["metadata"]["name"])
        if host is None or event.type == "DELETED" or event.before is None:
            return  # a new node is brought by whoever makes its host
        before, after = event.before.obj, event.entry.obj
        same = before["metadata"].get("labels") == after["metadata"].get("labels")
        if not same or before["spec"].get("taints") != after["spec"].get("taints"):
            for each in tuple(self._sets.values()):
                each.node_changed(host)

    def _pod_changed(self, event: Event) -> None:
        pod = event.entry.obj
        owner = _owner_of(pod)
        node = _node_of(pod) if owner else ""
        found = self._sets.get((pod["metadata"]["namespace"], owner)) if owner and node else None
        if found is not None:
            found.pod_changed(node, pod, gone=event.type == "DELETED")


def _owner_of(pod: Obj) -> str:
    owners = pod["metadata"].get("ownerReferences") or ()
    return next((str(owner["name"]) for owner in owners if owner.get("kind") == "DaemonSet"), "")


def _node_of(pod: Obj) -> str:
    if "nodeName" in pod["spec"]:
        return str(pod["spec"]["nodeName"])
    affinity = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    fields = [field for term in affinity["nodeSelectorTerms"] for field in term.get("matchFields") or ()]
    return str(fields[0]["values"][0])
