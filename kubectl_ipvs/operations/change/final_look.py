"""The last look of a run: the configuration is read again, the nodes are listed again, each is judged.

Whoever changed something meanwhile is noticed here: a text that was put back (Argo CD, an operator, a colleague), a
node that joined, a pod that somebody replaced after it was verified, a node that went away.
"""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.wire.retry import retrying
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.change.coverage import YOUNG
from kubectl_ipvs.operations.discovery import find
from kubectl_ipvs.operations.installation import Installation, ProxyNode, Where
from kubectl_ipvs.operations.look import Look, Looker
from kubectl_ipvs.operations.rollout.node import NodeOutcome
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.operations.support.fanout import fan_out

PATIENCE = 15.0  # seconds in which an API server that is away may come back
COMING, AGAIN = 8.0, 0.5  # seconds that a kube-proxy which just started is given at most, and between two looks


class Glance(NamedTuple):
    """What the last look found. `reverted`: texts that are no longer what they were; `nodes`: who is not well."""

    reverted: tuple[str, ...] = ()
    nodes: Mapping[str, str] = {}
    unknown: str = ""  # why nobody could look

    @property
    def clean(self) -> bool:
        """Everything is as the run left it."""
        return not (self.reverted or self.nodes or self.unknown)


def final_look(
    cluster: Cluster,
    where: Where,
    expected: Installation,
    outcomes: Sequence[NodeOutcome],
    looker: Looker,
    concurrency: int,
    *,
    restarts_all: bool,
    patience: float = 0.0,
) -> Glance:
    """Look once more. `expected` is the installation as this run left it; nodes that it left out are not judged.

    `restarts_all`: the run covers every node, so one that joined has to be in sync, too. A kube-proxy that has only
    just started is looked at again within `patience` seconds: it is ready before its table is there.
    """
    end = time.monotonic() + min(patience, COMING)
    while True:
        try:
            found = retrying(lambda: find(cluster, where), PATIENCE)
        except IpvsError as error:
            return Glance(unknown=f"the cluster could not be looked at again: {error}")
        reverted = tuple(_name(source) for source in expected.sources if _is_other(source, found))
        suspects, gone = _suspects(found, outcomes, restarts_all=restarts_all)
        looks = fan_out(looker.look, suspects, concurrency)
        ill = [(seen.node, words) for seen in looks if (words := _trouble(seen))]
        coming = any(_is_coming(node, cluster.now()) for node, _ in ill)
        if reverted or not coming or time.monotonic() >= end:
            return Glance(reverted, {**gone, **{node.name: words for node, words in ill}}, _unread(expected, found))
        time.sleep(AGAIN)


def _is_coming(node: ProxyNode, now: float) -> bool:
    """Tell whether a node's kube-proxy may be in sync in a moment."""
    pod = node.pod
    return node.ready and (pod is None or (not pod.crashed and now - pod.began < YOUNG))


def _is_other(source: Source, found: Installation) -> bool:
    """Tell whether the text of a configuration that was written or read is another one by now."""
    if source.config_map is None:
        return False
    now = [entry for entry in found.sources if entry.config_map and entry.identity == source.identity]
    return any(entry.text != source.text for entry in now)


def _suspects(
    found: Installation, outcomes: Sequence[NodeOutcome], *, restarts_all: bool
) -> tuple[list[ProxyNode], dict[str, str]]:
    """Return the nodes that have to be looked at again, and those that went away."""
    known = {entry.node: entry for entry in outcomes}
    suspects, here = [], set()
    for node in found.nodes:
        here.add(node.name)
        before = known.get(node.name)
        if before is None:
            suspects += [node] if restarts_all else []
        elif before.outcome == "verified" and not _is_same(node, before):
            suspects.append(node)
    gone = {
        name: "it is no longer there"
        for name, entry in known.items()
        if name not in here and entry.outcome == "verified"
    }
    return suspects, gone


def _is_same(node: ProxyNode, before: NodeOutcome) -> bool:
    """Tell whether the pod that was verified is still the node's, is ready, and has read the present text."""
    pod = node.pod
    if pod is None or not pod.ready or pod.terminating or pod.name != (before.new_pod or before.old_pod):
        return False
    return node.source.age(pod.began) == "current"


def _trouble(seen: Look) -> str:
    """Say what is wrong with a node; "" where nothing is, be it that its image or its mode shows no table."""
    verdict = seen.verdict
    other_mode = verdict.state == "not-ipvs" and seen.node.source.mode != "ipvs"
    if other_mode or verdict.state in {"in-sync", "no-ipvsadm", "unknown"}:
        return ""
    return verdict.reason or verdict.state.replace("-", " ")


def _unread(expected: Installation, found: Installation) -> str:
    """Say why a configuration that this run has read or written cannot be read again."""
    known = {source.identity for source in expected.sources if source.config_map}
    lost = [source for source in found.sources if source.identity in known and source.config_map is None]
    return lost[0].problem if lost else ""


def _name(source: Source) -> str:
    found = source.config_map
    return f"configmap {found.namespace}/{found.name}, key {source.key}" if found else ""
