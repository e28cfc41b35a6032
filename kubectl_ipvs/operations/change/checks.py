"""Gathers what preflight evaluates: configurations, rights, nodes, kernels, owners - all before any write."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import DaemonSet, mapping
from kubectl_ipvs.errors import ConfigurationInvalid, IpvsError
from kubectl_ipvs.operations.change.coverage import Coverage
from kubectl_ipvs.operations.change.edits import Change, sources_in_the_way
from kubectl_ipvs.operations.change.rights import missing_rights
from kubectl_ipvs.operations.installation import Installation, ProxyNode
from kubectl_ipvs.operations.kernel_modules import probed_on, read_modules
from kubectl_ipvs.operations.look import Look
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.operations.survey import place
from kubectl_ipvs.operations.tables.reader import NO_TOOLS
from kubectl_ipvs.operations.tables.ways import SOURCE as HELPER
from kubectl_ipvs.proxy.checks.config_owners import Owner, owners
from kubectl_ipvs.proxy.checks.facts import Facts, NodeFact
from kubectl_ipvs.proxy.checks.findings import Finding, some
from kubectl_ipvs.proxy.checks.lifecycle import standing
from kubectl_ipvs.proxy.checks.registry import findings, rollout_under_way
from kubectl_ipvs.proxy.checks.startup import startup, unreadable
from kubectl_ipvs.proxy.config.configuration import read
from kubectl_ipvs.proxy.process import Reference, process
from kubectl_ipvs.proxy.release import version_of_image

if TYPE_CHECKING:
    from kubectl_ipvs.operations.change.plan import Plan

REST, PAUSE = 2.0, 0.3  # seconds a DaemonSet is given to come to rest, and between two looks at it
PLACES = {"ConfigMap": "ConfigMap", "DaemonSet": "Flags", "Pod": "StaticPods"}
REFERENCES = {"File": "host-file", "Rendered": "rendered"}
EARLY = frozenset({"IPVS001", "IPVS013", "IPVS015", "IPVS025", "IPVS027", "IPVS034"})


def early(change: Change) -> list[Finding]:
    """Return what refuses the change whatever the nodes are like: nothing has to be read for that."""
    found = change.found
    blocked = sources_in_the_way(found) if change.values else []
    if found.nodes and all(node.static for node in found.nodes):
        return findings(Facts(values=change.values, place="StaticPods", restarts=False))
    if not change.values:
        return []
    if found.doubled and change.edits:
        words = f"two kube-proxys run on {some(found.doubled)}"
        return findings(Facts(values={}, in_the_way={words: "--daemonset NAME"}, restarts=False))
    blocked = [*blocked, *(source for source in found.sources if source.mode not in {"ipvs", None})]
    if blocked and len(blocked) < len(found.sources):
        return findings(Facts(values={}, in_the_way=_in_the_way(found, blocked), restarts=False))
    made = [_source_facts(source, source, change) for source in found.sources]
    if not any(entry.code == "IPVS001" for facts in made for entry in findings(facts)):
        made = [replace(facts, startup=()) for facts in made]  # the text may be what this change mends
    wrong = [entry for facts in made for entry in findings(facts) if entry.code in EARLY]
    if not (wrong or change.edits):
        first = found.source
        raise (ConfigurationInvalid if first.invalid else IpvsError)(first.problem, hint=first.hint)
    return list(dict.fromkeys(wrong))


def mends_start(change: Change) -> bool:
    """Tell whether kube-proxy cannot start with the text as it is, and can with the new one."""
    return any(_errors(entry.source) and not _errors(entry.after) for entry in change.edits if entry.changes_text)


def check(
    cluster: Cluster, plan: "Plan", covered: Coverage, looks: Sequence[Look], concurrency: int, timeout: float
) -> list[Finding]:
    """Gather the facts and evaluate them, for each configuration; what is said of several is said once."""
    change, options, restarts = plan.change, plan.options, bool(plan.targets)
    after = {source.identity: source for source in change.after.sources}
    rights, unknown, warnings = missing_rights(cluster, plan, concurrency)
    busy = _rollouts(cluster, plan) if restarts else {}
    services = _services(cluster, change)
    seen = probed_on(looks, after)
    found: list[Finding] = []
    for source, nodes in _readers(plan):
        facts = _source_facts(source, after[source.identity]._replace(version=source.version), change)
        owner = next((node.daemon_set for node in nodes if node.daemon_set is not None), None)
        facts = replace(
            facts, nodes=[_node(node, covered) for node in nodes], restarts=restarts,
            strategy=options.pace.strategy, on_delete=owner is not None and owner.strategy == "OnDelete",
            namespace=source.namespace, daemon_set=owner.name if owner else "kube-proxy",
            rollout=busy.get(owner.name, "") if owner else "", services=services,
        )  # fmt: skip
        if facts.scheduler and facts.mode == "ipvs":
            modules = read_modules(
                cluster, nodes, facts.scheduler, source.version, seen, concurrency, timeout, mute=_mute(looks)
            )
            known = [entry._replace(modules=modules.get(entry.name)) for entry in facts.nodes]
            facts = replace(facts, nodes=known)
        found += findings(facts)
    found += findings(_run_facts(plan, covered, rights, unknown))
    found += [Finding("IPVS012", "warning", words) for words in warnings]
    return list(dict.fromkeys(found))


def _mute(looks: Sequence[Look]) -> set[str]:
    """Name the nodes whose kube-proxy has no cat, or was not to be asked by a command."""
    return {seen.node.name for seen in looks if seen.reading.failure == NO_TOOLS or seen.reading.source == HELPER}


def _readers(plan: "Plan") -> list[tuple[Source, list[ProxyNode]]]:
    """Return each configuration with the nodes that will read it, once for each version of kube-proxy on them.

    A pod that is replaced comes back as its DaemonSet's template has it, be it of another version than now. Where
    nothing is restarted now, those are all that read it at their next start. Static pods are never ours.
    """
    found = plan.nodes or plan.change.found.nodes
    templates = (
        {owner.name: _template_version(owner) for owner in plan.change.found.daemon_sets} if plan.targets else {}
    )
    readers: dict[tuple[tuple[str, ...], str], tuple[Source, list[ProxyNode]]] = {}
    for node in found:
        if node.static:
            continue
        version = templates.get(node.daemon_set.name, "") if node.daemon_set is not None else ""
        if not version:
            version = version_of_image(node.pod.image) if node.pod is not None else node.source.version
        source = node.source._replace(version=version)
        readers.setdefault((source.identity, version), (source, []))[1].append(node)
    return list(readers.values()) or [(source, []) for source in plan.change.found.sources]


def _template_version(owner: DaemonSet) -> str:
    found = process(mapping(owner.template.get("spec")))
    return version_of_image(found.image) if found is not None else ""


def _services(cluster: Cluster, change: Change) -> Mapping[str, Sequence[str]]:
    """Return the addresses of Services where some may be excluded; nothing where they cannot be listed."""
    if not change.changes_text or not change.values.get("excludeCIDRs"):
        return {}
    try:
        return {f"{entry.namespace}/{entry.name}": entry.addresses for entry in cluster.services()}
    except IpvsError:
        return {}


def _run_facts(plan: "Plan", covered: Coverage, rights: Sequence[str], unknown: str) -> Facts:
    """Gather what concerns the run as a whole, not one configuration."""
    away = {node.name for node in plan.nodes if not node.ready}
    left_out = {
        name: reason for name, reason in covered.reasons.items() if name not in away and name not in covered.unreadable
    }
    nodes = [NodeFact(node.name, node.ready) for node in plan.nodes if node.name not in left_out and node.ready]
    return Facts(
        mode="", nodes=nodes, unreadable=covered.unreadable, left_out=left_out, missing_rights=rights,
        unknown_rights=unknown, restarts=plan.options.restart,
    )  # fmt: skip


def _source_facts(source: Source, after: Source, change: Change) -> Facts:
    read, found = source.configuration, source.config_map
    return Facts(
        values=change.values,
        before={} if read is None else read.effective(),
        mode=after.mode or "ipvs",
        version=source.version,
        place=PLACES.get(source.kind, "ConfigMap"),
        immutable=found is not None and found.immutable,
        reference=_reference(source),
        startup=start_problems(after, being_set=tuple(change.values)),
        owners=_owners(source),
    )


def _reference(source: Source) -> Reference:
    kind = REFERENCES.get(source.kind)
    if kind is None:
        return Reference("config-map")
    found = source.config_map
    held = ((found.name, source.key),) if found is not None else ()
    return Reference(
        "host-file" if kind == "host-file" else "rendered", source.path, candidates=held or source.candidates
    )


def start_problems(source: Source, *, being_set: Sequence[str] = ()) -> list[Finding]:
    """Return what a kube-proxy that starts with this configuration does: exits, or ignores something."""
    if source.configuration is None:
        return [unreadable(source.problem)] if source.invalid else []
    by_flags = source.kind in {"DaemonSet", "Pod"}
    arguments = () if by_flags else source.arguments
    # one text may be for several versions of kube-proxy, and each reads it in its own way
    configuration = read(source.text, source.version) if source.text else source.configuration
    return startup(configuration, source.version, arguments=arguments, being_set=being_set)


def source_findings(source: Source) -> list[Finding]:
    """Return what is to be known of a configuration as it stands, whatever is done: its start, its mode's future."""
    stands = standing(source.version, source.mode or "")
    return [*start_problems(source), *([stands] if stands is not None else [])]


def _errors(source: Source) -> bool:
    return any(entry.severity == "error" for entry in start_problems(source))


def _in_the_way(found: Installation, blocked: Sequence[Source]) -> Mapping[str, str]:
    """Name each configuration that cannot be edited, its nodes, and the flags that leave it out."""
    flags = [f"--configmap {place(source)}" for source in found.sources if source not in blocked]
    return {
        f"{place(source)} of {some(found.nodes_of(source)) or source.name}": flags[position % len(flags)]
        for position, source in enumerate(blocked)
    }


def _node(node: ProxyNode, covered: Coverage) -> NodeFact:
    pod = node.pod
    crashing = ""
    if pod is not None and pod.crashed and not pod.ready and node.name not in covered.reasons:
        times = "once" if pod.restarts == 1 else f"{pod.restarts} times"
        crashing = f"pod {pod.name} {pod.waiting or pod.phase}, restarted {times}"
    return NodeFact(node.name, node.ready, node.node.kernel if node.node else "", crashing)


def _owners(source: Source) -> tuple[Owner, ...]:
    found = source.config_map
    return () if found is None else owners({**found.labels, **found.annotations}, found.managers, source.namespace)


def _rollouts(cluster: Cluster, plan: "Plan") -> dict[str, str]:
    """Say which DaemonSets are in the middle of a rollout.

    A pod that is gone for a moment, after a run of ours was killed for example, looks the same: so ask again first.
    """
    owners_here = {node.daemon_set.name: node.daemon_set for node in plan.nodes if node.daemon_set is not None}
    said = {name: _unfinished(owner, plan.change.found.nodes) for name, owner in owners_here.items()}
    deadline = time.monotonic() + REST
    while any(said.values()) and time.monotonic() < deadline:
        time.sleep(PAUSE)
        for name in [name for name, words in said.items() if words]:
            try:
                owner = cluster.daemon_set(owners_here[name].namespace, name)
            except IpvsError:
                return said
            said[name] = "" if owner is None else _unfinished(owner, plan.change.found.nodes)
    return said


def _unfinished(owner: DaemonSet, nodes: Sequence[ProxyNode]) -> str:
    if owner.strategy == "OnDelete":
        return ""
    away = sum(not node.ready and node.daemon_set is not None and node.daemon_set.name == owner.name for node in nodes)
    return rollout_under_way(owner.desired, owner.updated, owner.observed_generation, owner.generation, away)
