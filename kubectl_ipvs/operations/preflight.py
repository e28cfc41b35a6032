"""Gathers what preflight weighs: rights, nodes, pods, kernels, owners - everything asked at once, before any write."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Access, Cluster
from kubectl_ipvs.cluster.objects import DaemonSet, Pod
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.fanout import fan_out
from kubectl_ipvs.operations.kernels import read_modules
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.operations.status import Place
from kubectl_ipvs.proxy.checks.config_owners import Owner, owners
from kubectl_ipvs.proxy.checks.facts import Facts, NodeFact
from kubectl_ipvs.proxy.checks.findings import Finding
from kubectl_ipvs.proxy.checks.registry import findings, rollout_under_way
from kubectl_ipvs.proxy.checks.startup import startup
from kubectl_ipvs.proxy.config.fields import Value

REST, PAUSE = 2.0, 0.3  # seconds a DaemonSet is given to come to rest, and between two looks at it


class Intent(NamedTuple):
    """What the run is going to do."""

    values: Mapping[str, Value]
    writes: bool
    restarts: bool
    strategy: str = "delete"
    proves: bool = True  # looks at the kernels' tables
    rollback: bool = False  # takes itself back where it fails, which deletes pods whatever the strategy


def preflight(
    cluster: Cluster, located: Located, intent: Intent, places: Sequence[Place], concurrency: int, timeout: float
) -> list[Finding]:
    """Gather the facts and weigh them; every question is asked before the first write."""
    facts = _facts(located, intent, places)
    missing, unknown = _rights(cluster, located, intent, concurrency)
    rollout = _rollout(cluster, located, places) if intent.restarts else ""
    facts = replace(facts, missing_rights=missing, unknown_rights=unknown, rollout=rollout)
    if facts.scheduler:
        modules = read_modules(cluster, places, facts.scheduler, located.version, concurrency, timeout)
        nodes = [node._replace(modules=modules.get(node.name)) for node in facts.nodes]
        facts = replace(facts, nodes=nodes)
    return findings(facts)


def _facts(located: Located, intent: Intent, places: Sequence[Place]) -> Facts:
    found, owner = located.config_map, located.daemon_set
    return Facts(
        values=intent.values,
        before={name: setting.effective for name, setting in located.configuration.ipvs.items()},
        mode=located.mode,
        version=located.version,
        place=located.kind,
        immutable=found is not None and found.immutable,
        startup=startup(located.configuration, located.version, being_set=intent.values),
        owners=_owners(located),
        nodes=[_node(place) for place in places],
        restarts=intent.restarts,
        static_pods=any(place.pod is not None and place.pod.mirror for place in places),
        on_delete=owner is not None and owner.strategy == "OnDelete",
        strategy=intent.strategy,
    )


def _node(place: Place) -> NodeFact:
    node, pod = place.node, place.pod
    crashing = _crash(pod) if pod is not None and pod.crashed and not pod.ready else ""
    return NodeFact(place.name, node is None or node.ready, node.kernel if node else "", crashing)


def _crash(pod: Pod) -> str:
    return f"pod {pod.name} {pod.waiting or pod.phase}, restarted {pod.restarts} times"


def _owners(located: Located) -> tuple[Owner, ...]:
    found = located.config_map
    if found is None:
        return ()
    return owners({**found.labels, **found.annotations}, found.managers, located.namespace)


def _rollout(cluster: Cluster, located: Located, places: Sequence[Place]) -> str:
    """Say what the DaemonSet is in the middle of, "" if it rests.

    A pod that is gone for a moment, after a run of ours was killed for example, looks the same: so ask again first.
    """
    owner, deadline = located.daemon_set, time.monotonic() + REST
    away = sum(place.node is not None and not place.node.ready for place in places)
    said = _unfinished(owner, away)
    while said and owner is not None and time.monotonic() < deadline:
        time.sleep(PAUSE)
        try:
            owner = cluster.daemon_set(owner.namespace, owner.name)
        except IpvsError:
            break
        said = _unfinished(owner, away)
    return said


def _unfinished(owner: DaemonSet | None, away: int) -> str:
    if owner is None or owner.strategy == "OnDelete":
        return ""
    return rollout_under_way(owner.desired, owner.updated, owner.observed_generation, owner.generation, away)


def _rights(cluster: Cluster, located: Located, intent: Intent, concurrency: int) -> tuple[tuple[str, ...], str]:
    """Ask for every right that the run needs; return those that are missing, and why they are not known."""
    needed = _needed(located, intent)

    def ask(access: Access) -> tuple[Access, bool | None, str]:
        try:
            return access, cluster.allowed(access), ""
        except IpvsError as error:
            return access, None, str(error)

    answers = list(fan_out(ask, needed, min(concurrency, len(needed))))
    missing = tuple(sorted(str(access) for access, allowed, _ in answers if allowed is False))
    return missing, next((why for _, allowed, why in answers if allowed is None), "")


def _needed(located: Located, intent: Intent) -> list[Access]:
    here = located.namespace
    needed = [Access("list", "pods", namespace=here)]
    if intent.restarts and intent.proves:
        needed.append(Access("create", "pods", subresource="exec", namespace=here))
    if intent.writes and located.config_map is not None:
        needed.append(Access("patch", "configmaps", namespace=here, name=located.config_map.name))
    if intent.restarts and intent.strategy == "rollout":
        needed.append(Access("patch", "daemonsets", group="apps", namespace=here, name=located.name))
    if intent.restarts and (intent.strategy == "delete" or (intent.rollback and intent.writes)):
        needed.append(Access("delete", "pods", namespace=here))
    return needed
