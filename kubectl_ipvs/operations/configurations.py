"""The configurations that the kube-proxys of a cluster read: each ConfigMap is read once."""

from collections.abc import Iterable, Sequence
from functools import partial

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import ConfigMap, DaemonSet, Pod
from kubectl_ipvs.errors import ApiError, ConfigurationInvalid, IpvsError
from kubectl_ipvs.operations.installation import ProxyNode, Where
from kubectl_ipvs.operations.source import Source, read_source, source_of, unreadable
from kubectl_ipvs.operations.support.fanout import together
from kubectl_ipvs.proxy.process import Process, Reference


class Configurations:
    """The configurations that were met, each read once."""

    def __init__(self, cluster: Cluster, where: Where, namespace: str) -> None:
        self._cluster, self._where, self._namespace = cluster, where, namespace
        self._maps: dict[str, ConfigMap | IpvsError | None] = {}
        self._sources: dict[tuple[str, ...], Source] = {}
        self._overruled = False

    def read(self, processes: Iterable[Process | None]) -> None:
        """Read every ConfigMap that some process may read, all at once."""
        references = dict.fromkeys(entry.reference for entry in processes if entry is not None)
        named = [reference.name for reference in references if reference.kind == "config-map"]
        asked = self._where.config_map
        if asked is not None and self._where.config_map_name not in named:
            self._overruled = True  # discovery does not lead there: the user says that all read it
            named = [self._where.config_map_name]
        else:
            named += [name for reference in references for name, _ in reference.candidates]
        wanted = [name for name in dict.fromkeys(named) if name not in self._maps]
        together([partial(self._read, name) for name in wanted])

    def _read(self, name: str) -> None:
        try:
            self._maps[name] = self._cluster.config_map(self._namespace, name)
        except ApiError as error:
            self._maps[name] = error

    def of(self, found: Process | None, pod: Pod | None, owner: DaemonSet | None) -> Source:
        """Return the configuration that a process reads."""
        reference = found.reference if found is not None else Reference("unknown")
        if self._overruled:
            reference = Reference("config-map", name=self._where.config_map_name, key=self._where.config_map_key)
        static = pod is not None and pod.mirror
        runner = owner.name if owner is not None else "kube-proxy" if static else ""
        image = pod.image if pod is not None else found.image if found is not None else ""
        words = found.arguments if found is not None else ()
        made = source_of(reference, words, image, self._namespace, runner, static=static)
        if made.identity not in self._sources:
            self._sources[made.identity] = self._filled(made, reference)
        filled = self._sources[made.identity]
        if self._overruled and filled.configuration is None:  # nothing but the user's word leads there
            raise (ConfigurationInvalid if filled.invalid else IpvsError)(filled.problem, hint=filled.hint)
        return filled

    def _filled(self, made: Source, reference: Reference) -> Source:
        """Read what the reference leads to; what cannot be read is said in the source itself."""
        if reference.kind == "config-map":
            return read_source(made, reference.name, reference.key, self._maps.get(reference.name))
        readable = [
            filled
            for name, key in reference.candidates
            if isinstance(self._maps.get(name), ConfigMap)
            and (filled := read_source(made, name, key, self._maps.get(name))).configuration is not None
        ]
        if len(readable) == 1:
            return readable[0]
        return made if made.configuration is not None else unreadable(made, reference)

    def narrowed(self, nodes: Sequence[ProxyNode]) -> list[ProxyNode]:
        """With --configmap, only the nodes that read it are left."""
        if self._where.config_map is None or self._overruled:
            return list(nodes)
        name, key = self._where.config_map_name, self._where.config_map_key
        kept = [
            node
            for node in nodes
            if node.source.config_map is not None
            and node.source.config_map.name == name
            and key in {"", node.source.key}
        ]
        if kept or not nodes:
            return kept
        self._overruled = True  # the ConfigMap is read, but by that key nowhere
        self._sources.clear()
        return [node._replace(source=self.of(node.pod.process if node.pod else None, node.pod, node.daemon_set))
                for node in nodes]  # fmt: skip

    def found(self, nodes: Sequence[ProxyNode]) -> tuple[Source, ...]:
        """Return the configurations that nodes read, those of most nodes first; all, where there is no node."""
        held = list(self._sources.values())
        if not nodes:
            return tuple(held)
        counts = {source.identity: 0 for source in held}
        for node in nodes:
            counts[node.source.identity] += 1
        used = [source for source in held if counts[source.identity]]
        return tuple(sorted(used, key=lambda source: -counts[source.identity]))
