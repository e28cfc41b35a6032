"""Finds out which nodes' kernels have a scheduler, through `cat` in their kube-proxy pods.

Whether its module is loaded, and whether its file is there, is asked of every node by the very command that reads the
node's table (see proxy/checks/modules). What is built in, and where modules are, stands in two lists of the module
folder; they are read once for each kernel release, since modules.dep is half a megabyte.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from typing import TypeVar

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import ExecFailed
from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.look import Look
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.operations.support.fanout import fan_out
from kubectl_ipvs.proxy.checks.modules import (
    UNKNOWN,
    Folder,
    Modules,
    Probe,
    loaded,
    must_be_loaded,
    on_disk,
    on_node,
    probed,
    probes,
)

MOST = 8 * 1024 * 1024  # bytes of one file
SAMPLES = 2  # nodes of one kernel release that are tried for its module folder: one may hang
Listed = TypeVar("Listed")


def probes_of(node: ProxyNode, after: Source) -> tuple[str, ...]:
    """Return what to look for on a node whose kube-proxy will read this configuration."""
    kernel = node.node.kernel if node.node else ""
    return probes(kernel, after.scheduler or "") if after.mode == "ipvs" else ()


def probed_on(looks: Sequence[Look], after: Mapping[tuple[str, ...], Source]) -> dict[str, Probe]:
    """Return what the looks at nodes have said of their modules, by node."""
    return {
        seen.node.name: probed(
            seen.reading.said, probes_of(seen.node, after.get(seen.node.source.identity, seen.node.source))
        )
        for seen in looks
        if seen.reading.said
    }


def read_modules(
    cluster: Cluster,
    nodes: Sequence[ProxyNode],
    scheduler: str,
    version: str,
    seen: Mapping[str, Probe],
    concurrency: int,
    timeout: float,
    *,
    mute: Container[str] = (),
) -> Mapping[str, Modules]:
    """Return what is known, by node; nodes of which nothing can be read are left out.

    `seen`: what looks have said; `mute`: nodes in whose kube-proxy no command is to be run.
    """
    asked = _answering(nodes)
    samples = _samples(able := [entry for entry in asked if entry[0] not in mute])
    told = {name: loads for name, _, _ in asked if (loads := seen.get(name, UNKNOWN).loaded) is not None}
    running: dict[str, frozenset[str] | None] = {
        name: frozenset({scheduler} if loads else ()) for name, loads in told.items()
    }
    folders: dict[str, Folder | None] = {}

    def folder(kernel: str, pods: Sequence[tuple[str, Pod]]) -> None:
        folders[kernel] = _folder(cluster, pods, kernel, timeout)

    def lines(name: str, pod: Pod) -> None:
        running[name] = _listed(cluster, pod, "/proc/modules", loaded, timeout)

    at_least = {pods[0][0] for pods in samples.values()}
    calls = [partial(folder, *entry) for entry in samples.items()]
    calls += [
        partial(lines, name, pod)
        for name, _, pod in able
        if name not in told and (name in at_least or must_be_loaded(version, scheduler))
    ]
    for _ in fan_out(lambda call: call(), calls, concurrency):
        pass
    found = {
        name: on_node(
            scheduler, running.get(name), folders.get(kernel), seen.get(name, UNKNOWN), _at(folders.get(kernel), seen)
        )
        for name, kernel, _ in asked
    }
    return {name: modules for name, modules in found.items() if modules != Modules(None, None)}


def _at(folder: Folder | None, seen: Mapping[str, Probe]) -> Probe:
    """Return what the node said whose lists were read."""
    return UNKNOWN if folder is None else seen.get(folder.node, UNKNOWN)


def _answering(nodes: Sequence[ProxyNode]) -> list[tuple[str, str, Pod]]:
    """Return name, kernel and pod of the nodes that can be asked."""
    able = [(entry.name, entry.node, entry.pod) for entry in nodes if entry.ready]
    return [(name, node.kernel, pod) for name, node, pod in able if node and pod and pod.ready]


def _samples(asked: Sequence[tuple[str, str, Pod]]) -> dict[str, list[tuple[str, Pod]]]:
    """Return a few nodes of each kernel release."""
    samples: dict[str, list[tuple[str, Pod]]] = {}
    for name, kernel, pod in asked:
        if kernel and len(samples.setdefault(kernel, [])) < SAMPLES:
            samples[kernel].append((name, pod))
    return samples


def _folder(cluster: Cluster, pods: Sequence[tuple[str, Pod]], kernel: str, timeout: float) -> Folder | None:
    """Return what the module folder holds, from the first of a few nodes on which both of its lists can be read."""
    for name, pod in pods:
        built_in = _listed(cluster, pod, f"/lib/modules/{kernel}/modules.builtin", on_disk, timeout)
        if built_in is None:
            continue
        files = _listed(cluster, pod, f"/lib/modules/{kernel}/modules.dep", on_disk, timeout)
        if files is not None:
            return Folder(name, frozenset(built_in), files)
    return None


def _listed(
    cluster: Cluster, pod: Pod, path: str, listed: Callable[[str], Listed | None], timeout: float
) -> Listed | None:
    text = _cat(cluster, pod, path, timeout)
    return None if text is None else listed(text)


def _cat(cluster: Cluster, pod: Pod, path: str, timeout: float) -> str | None:
    parts: list[bytes] = []
    try:
        ended = cluster.run(pod, ("cat", path), timeout=timeout, sink=parts.append, max_output=MOST)
    except ExecFailed:
        return None
    return b"".join(parts).decode(errors="replace") if ended.code == 0 else None
