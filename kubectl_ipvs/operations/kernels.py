"""Reads which schedulers the nodes' kernels have, through `cat` in their kube-proxy pods.

The module folder is the same on all nodes of one kernel release: it is read once a release (modules.dep is half a
megabyte). What is loaded differs node by node, and is asked of each only where this kube-proxy looks at it.
"""

from collections.abc import Mapping, Sequence

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import ExecFailed
from kubectl_ipvs.operations.fanout import fan_out
from kubectl_ipvs.operations.status import Place
from kubectl_ipvs.proxy.modules import Modules, loaded, must_be_loaded, on_disk

MOST = 8 * 1024 * 1024  # bytes of one file


def read_modules(
    cluster: Cluster, places: Sequence[Place], scheduler: str, version: str, concurrency: int, timeout: float
) -> Mapping[str, Modules]:
    """Return what is known, by node; nodes of which nothing can be read are left out."""
    asked = [
        (place.name, place.node.kernel, place.pod) for place in places if _answers(place) and place.node and place.pod
    ]
    samples = {kernel: pod for _, kernel, pod in asked if kernel}

    def folder(entry: tuple[str, Pod]) -> tuple[str, frozenset[str] | None]:
        return entry[0], _available(cluster, entry[1], entry[0], timeout)

    def lines(entry: tuple[str, str, Pod]) -> tuple[str, frozenset[str] | None]:
        return entry[0], _loaded(cluster, entry[2], timeout)

    available = dict(fan_out(folder, list(samples.items()), concurrency))
    everyone = must_be_loaded(version, scheduler)
    sampled = {pod.uid for pod in samples.values()}
    running = dict(fan_out(lines, [entry for entry in asked if everyone or entry[2].uid in sampled], concurrency))
    found = {name: Modules(running.get(name), available.get(kernel)) for name, kernel, _ in asked}
    return {
        name: modules for name, modules in found.items() if modules.loaded is not None or modules.available is not None
    }


def _answers(place: Place) -> bool:
    return place.pod is not None and place.pod.ready and (place.node is None or place.node.ready)


def _available(cluster: Cluster, pod: Pod, kernel: str, timeout: float) -> frozenset[str] | None:
    """Return what the module folder holds; None unless both of its lists can be read."""
    texts = [
        _cat(cluster, pod, f"/lib/modules/{kernel}/{name}", timeout) for name in ("modules.builtin", "modules.dep")
    ]
    known = [on_disk(text) for text in texts if text is not None]
    return frozenset().union(*known) if len(known) == len(texts) else None


def _loaded(cluster: Cluster, pod: Pod, timeout: float) -> frozenset[str] | None:
    text = _cat(cluster, pod, "/proc/modules", timeout)
    return None if text is None else loaded(text)


def _cat(cluster: Cluster, pod: Pod, path: str, timeout: float) -> str | None:
    parts: list[bytes] = []
    try:
        ended = cluster.run(pod, ("cat", path), timeout=timeout, sink=parts.append, max_output=MOST)
    except ExecFailed:
        return None
    return b"".join(parts).decode(errors="replace") if ended.code == 0 else None
