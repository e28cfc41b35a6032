"""The kube-proxy pods of every node, as a list and then a watch told of them."""

from collections.abc import Iterable

from kubectl_ipvs.cluster.cluster import PodEvent
from kubectl_ipvs.cluster.objects import Pod


class PodBook:
    """Pods by node and UID; one thread keeps it."""

    def __init__(self, pods: Iterable[Pod | None] = ()) -> None:
        self._pods: dict[str, dict[str, Pod]] = {}
        for pod in pods:
            if pod is not None:
                self._pods.setdefault(pod.node, {})[pod.uid] = pod

    def event(self, told: PodEvent) -> None:
        """Take in one event of the watch."""
        if told.pod is None:
            return
        pods = self._pods.setdefault(told.pod.node, {})
        if told.kind == "DELETED":
            pods.pop(told.pod.uid, None)
        else:
            pods[told.pod.uid] = told.pod

    def has(self, pod: Pod) -> bool:
        """Tell whether this very pod is still there."""
        return pod.uid in self._pods.get(pod.node, {})

    def stays(self, pod: Pod) -> bool:
        """Tell whether this very pod is still there and not on its way out."""
        now = self._pods.get(pod.node, {}).get(pod.uid)
        return now is not None and not now.terminating

    def up(self, node: str) -> bool:
        """Tell whether a node has a kube-proxy that is ready and stays."""
        return any(pod.ready and not pod.terminating for pod in self._pods.get(node, {}).values())

    def successor(self, node: str, old: Pod | None) -> Pod | None:
        """Return the newest pod of a node that is not `old` and not on its way out."""
        kept = self._pods.get(node, {}).values()
        fresh = [pod for pod in kept if (old is None or pod.uid != old.uid) and not pod.terminating]
        return max(fresh, key=lambda pod: pod.created, default=None)
