"""Reads which schedulers the nodes' kernels have, through `cat` in their kube-proxy pods.

The module folder is the same on all nodes of one kernel release: it is read once a release (modules.dep is half a
megabyte). What is loaded differs node by node, and is asked of each only where this kube-proxy looks at it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import ExecFailed
from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.support.fanout import fan_out
from kubectl_ipvs.proxy.checks.modules import Modules, loaded, must_be_loaded, on_disk

MOST = 8 * 1024 * 1024  # bytes of one file
SAMPLES = 2  # nodes of one kernel release that are tried for its module folder: one may hang


class _Folder(NamedTuple):
    """The schedulers of one kernel release's module folder; what is built in needs no loading."""

    built_in: frozenset[str]
    files: frozenset[str]


def read_modules(
    cluster: Cluster, nodes: Sequence[ProxyNode], scheduler: str, version: str, concurrency: int, timeout: float
) -> Mapping[str, Modules]:
    """Return what is known, by node; nodes of which nothing can be read are left out."""
    asked = [
        (entry.name, entry.node.kernel, entry.pod) for entry in nodes if _answers(entry) and entry.node and entry.pod
    ]
    samples: dict[str, list[Pod]] = {}
    for _, kernel, pod in asked:
        if kernel and len(samples.setdefault(kernel, [])) < SAMPLES:
            samples[kernel].append(pod)
    sampled = {pod.uid for pods in samples.values() for pod in pods[:1]}
    everyone = must_be_loaded(version, scheduler)
    folders: dict[str, _Folder | None] = {}
    running: dict[str, frozenset[str] | None] = {}

    def folder(kernel: str, pods: Sequence[Pod]) -> None:
        folders[kernel] = _folder(cluster, pods, kernel, timeout)

    def lines(name: str, pod: Pod) -> None:
        running[name] = _schedulers(cluster, pod, "/proc/modules", loaded, timeout)

    calls = [partial(folder, *entry) for entry in samples.items()]
    calls += [partial(lines, name, pod) for name, _, pod in asked if everyone or pod.uid in sampled]
    for _ in fan_out(lambda call: call(), calls, concurrency):
        pass
    found = {name: _modules(running.get(name), folders.get(kernel)) for name, kernel, _ in asked}
    return {name: modules for name, modules in found.items() if modules != Modules(None, None)}


def _modules(running: frozenset[str] | None, folder: _Folder | None) -> Modules:
    if folder is None:
        return Modules(running, None)
    return Modules(None if running is None else running | folder.built_in, folder.built_in | folder.files)


def _answers(entry: ProxyNode) -> bool:
    return entry.pod is not None and entry.pod.ready and entry.ready


def _folder(cluster: Cluster, pods: Sequence[Pod], kernel: str, timeout: float) -> _Folder | None:
    """Return what the module folder holds, from the first of a few nodes on which both of its lists can be read."""
    for pod in pods:
        built_in = _schedulers(cluster, pod, f"/lib/modules/{kernel}/modules.builtin", on_disk, timeout)
        if built_in is None:
            continue
        files = _schedulers(cluster, pod, f"/lib/modules/{kernel}/modules.dep", on_disk, timeout)
        if files is not None:
            return _Folder(built_in, files)
    return None


def _schedulers(
    cluster: Cluster, pod: Pod, path: str, listed: Callable[[str], frozenset[str] | None], timeout: float
) -> frozenset[str] | None:
    text = _cat(cluster, pod, path, timeout)
    return None if text is None else listed(text)


def _cat(cluster: Cluster, pod: Pod, path: str, timeout: float) -> str | None:
    parts: list[bytes] = []
    try:
        ended = cluster.run(pod, ("cat", path), timeout=timeout, sink=parts.append, max_output=MOST)
    except ExecFailed:
        return None
    return b"".join(parts).decode(errors="replace") if ended.code == 0 else None
