"""The kube-proxy pods of every node, as lists and then watches tell of them."""

from collections.abc import Iterable, Iterator

from kubectl_ipvs.cluster.cluster import PodEvent
from kubectl_ipvs.cluster.objects import Pod

ByNode = dict[str, dict[str, Pod]]


class Pods:
    """Pods by selector, node and UID; one thread keeps it."""

    def __init__(self) -> None:
        self._lists: dict[str, ByNode] = {}

    def listed(self, selector: str, pods: Iterable[Pod]) -> None:
        """Take in a whole list: what is not in it is gone."""
        held: ByNode = {}
        for pod in pods:
            held.setdefault(pod.node, {})[pod.uid] = pod
        self._lists[selector] = held

    def event(self, selector: str, told: PodEvent) -> None:
        """Take in one event of a selector's watch."""
        if told.pod is None:
            return
        held = self._lists.setdefault(selector, {}).setdefault(told.pod.node, {})
        if told.kind == "DELETED":
            held.pop(told.pod.uid, None)
        else:
            held[told.pod.uid] = told.pod

    def has(self, pod: Pod) -> bool:
        """Tell whether this very pod is still there."""
        return any(entry.uid == pod.uid for entry in self._of(pod.node))

    def stays(self, pod: Pod) -> bool:
        """Tell whether this very pod is still there and not on its way out."""
        return any(entry.uid == pod.uid and not entry.terminating for entry in self._of(pod.node))

    def up(self, node: str) -> bool:
        """Tell whether a node has a kube-proxy that is ready and stays."""
        return any(pod.ready and not pod.terminating for pod in self._of(node))

    def successor(self, node: str, old: Pod | None) -> Pod | None:
        """Return the newest pod of a node that is not `old` and not on its way out."""
        fresh = [pod for pod in self._of(node) if (old is None or pod.uid != old.uid) and not pod.terminating]
        return max(fresh, key=lambda pod: pod.created, default=None)

    def _of(self, node: str) -> Iterator[Pod]:
        """Give a node's pods; one that two selectors match comes twice, which changes no answer."""
        for held in self._lists.values():
            yield from held.get(node, {}).values()
