"""One cluster on its way out of IPVS mode: asks all that the rules need, and has them judge it."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import DaemonSet, items, mapping, text
from kubectl_ipvs.errors import ApiError, ConfigurationInvalid, IpvsError
from kubectl_ipvs.operations.discovery import find
from kubectl_ipvs.operations.doctor.questions import Questions
from kubectl_ipvs.operations.doctor.surroundings import Asking, Surroundings, workload
from kubectl_ipvs.operations.doctor.tables import Nodes, mode_of, node_fact
from kubectl_ipvs.operations.installation import Installation, Where
from kubectl_ipvs.operations.look import Looker
from kubectl_ipvs.operations.rollout.pace import first_of
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.proxy.checks.config_owners import Owner, owners
from kubectl_ipvs.proxy.leaving.diagnosis import Diagnosis, diagnose
from kubectl_ipvs.proxy.leaving.facts import ConfigurationFact, Facts, NodeFact, Workload
from kubectl_ipvs.proxy.leaving.findings import Seen
from kubectl_ipvs.proxy.leaving.settings import Settings, settings
from kubectl_ipvs.proxy.leaving.steps import Place
from kubectl_ipvs.services.names import Names
from kubectl_ipvs.services.objects import Service

MODULES = "/lib/modules"
Looking = Callable[[Callable[[], Iterable[Service]]], AbstractContextManager[Looker]]
Progress = Callable[[int, int, Sequence[str]], None]


class Report(NamedTuple):
    """What was made out; `place`: where kube-proxy lives, None where it has no DaemonSet with a ConfigMap."""

    diagnosis: Diagnosis
    place: Place | None


def examine(cluster: Cluster, where: Where, looking: Looking, concurrency: int, seen: Progress) -> Report:
    """Ask everything once; raises IpvsError where the API server is not reached, or where no kube-proxy is found.

    `looking` gives what looks at nodes, for these Services.
    """
    questions = Questions()
    try:
        version = cluster.version()
    except ApiError as error:
        version = ""
        questions.note("the API server's version", str(error))
    found = _found(cluster, where, questions)
    around = Asking(cluster, found, questions)()
    nodes: list[NodeFact] = []
    if found is not None:
        with looking(partial(_known, around)) as looker:
            nodes = _nodes(cluster, found, looker, concurrency, seen, around, questions)
    facts = Facts(
        version=version,
        nodes=nodes,
        configurations=[_configuration(source, found, questions) for source in found.sources] if found else (),
        **around._replace(workloads=_with_static(cluster, around.workloads, nodes, questions))._asdict(),
    )
    diagnosis = diagnose(facts, questions.unknown)
    return Report(diagnosis, _place(found) if found else None)


def _known(around: Surroundings) -> Iterable[Service]:
    if around.services is None:
        raise IpvsError("Services cannot be listed")
    return around.services


def _found(cluster: Cluster, where: Where, questions: Questions) -> Installation | None:
    """Find kube-proxy; to be forbidden to look for it is one more thing that is not known."""
    try:
        found = find(cluster, where)
    except ApiError as error:
        questions.note("kube-proxy", str(error))
        return None
    for warning in found.warnings:
        questions.note("nodes and DaemonSets", warning)
    return found


def _nodes(
    cluster: Cluster,
    found: Installation,
    looker: Looker,
    concurrency: int,
    seen: Progress,
    around: Surroundings,
    questions: Questions,
) -> list[NodeFact]:
    addresses = [address for node in found.nodes if node.node for address in node.node.addresses]
    names = None if around.services is None else Names(around.services, (), addresses)
    asking = Nodes(cluster, looker, names, questions, concurrency)
    looks = asking.look(found.nodes, seen)
    later = None
    if any(each.why == "no service" for entry in looks.values() for each in entry.foreign or ()):
        again = questions.ask("Services", cluster.services)  # a Service may have been made meanwhile
        later = None if again is None else Names(again, (), addresses)
    nft = asking.nft([node for node in found.nodes if mode_of(looks[node.name].look) in {"ipvs", ""}])
    return [node_fact(looks[node.name], nft, later, questions) for node in found.nodes]


def _with_static(
    cluster: Cluster, workloads: Sequence[Workload] | None, nodes: Sequence[NodeFact], questions: Questions
) -> Sequence[Workload] | None:
    """Add what runs on a node with foreign rows without a DaemonSet (kube-vip is a static pod as a rule)."""
    node = next((node.name for node in nodes if node.foreign_count), "")
    if not node:
        return workloads
    pods = questions.ask(f"the pods on {node}", lambda: cluster.lists.pods_on(node)) or []
    alone = [workload(Seen("Pod", pod.namespace, pod.name), pod.spec) for pod in pods
             if pod.owner != "DaemonSet"]  # fmt: skip
    return [*(workloads or ()), *alone]


def _configuration(source: Source, found: Installation, questions: Questions) -> ConfigurationFact:
    read: Settings | None = None
    if source.configuration is not None:
        try:
            read = settings(source.configuration, source.text if source.config_map else "", source.arguments)
        except ConfigurationInvalid as error:
            questions.note("kube-proxy's configuration", str(error))
    else:
        questions.note("kube-proxy's configuration", source.problem)
    name = source.config_map.name if source.config_map else source.name or source.path
    kind = "ConfigMap" if source.config_map else source.kind
    return ConfigurationFact(
        Seen(kind, source.namespace, name), source.kind, read, found.nodes_of(source), _owners(source, found)
    )


def _owners(source: Source, found: Installation) -> tuple[Owner, ...]:
    """Return who writes the ConfigMap or one of the DaemonSets back."""
    objects = [each for each in (source.config_map, *found.daemon_sets) if each is not None]
    known = [owners({**each.labels, **each.annotations}, each.managers, each.namespace) for each in objects]
    return tuple(dict.fromkeys(owner for several in known for owner in several))


def _place(found: Installation) -> Place | None:
    source = found.source
    if not found.daemon_sets or not source.writable or source.config_map is None:
        return None
    owner = found.daemon_sets[0]
    spec = mapping(owner.template.get("spec"))
    volumes = items(spec.get("volumes"))
    name = source.config_map.name
    volume = next(
        (text(each.get("name")) for each in volumes if mapping(each.get("configMap")).get("name") == name), ""
    )
    first = first_of(found.nodes)
    if not volume or not first:
        return None
    pod = next((node.pod for node in found.nodes if node.pod), None)
    return Place(found.namespace, owner.name, name, owner.selector, pod.container if pod else "kube-proxy", volume,
                 _modules(owner), first)  # fmt: skip


def _modules(owner: DaemonSet) -> tuple[str, str]:
    """Return the volume of the host's /lib/modules and where it is mounted."""
    spec = mapping(owner.template.get("spec"))
    for volume in items(spec.get("volumes")):
        if text(mapping(volume.get("hostPath")).get("path")).rstrip("/") == MODULES:
            mounts = [mount for each in items(spec.get("containers")) for mount in items(each.get("volumeMounts"))]
            name = text(volume.get("name"))
            return name, next((text(each.get("mountPath")) for each in mounts if each.get("name") == name), "")
    return "", ""
