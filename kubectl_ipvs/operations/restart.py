"""Restarts kube-proxy's pods and proves each node; `set` ends with it, `restart` is it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.interrupts import interruptible
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.operations.noderun import NodeOutcome, NodeRun, Plan, Rolled, Target
from kubectl_ipvs.operations.rollout import Rollout
from kubectl_ipvs.operations.status import Place, choose, places
from kubectl_ipvs.operations.tables import Reader
from kubectl_ipvs.proxy.batches import MaxUnavailable

STATIC = "kube-proxy runs as static pods here: deleting one restarts nothing"
STATIC_HINT = "change the manifest on each node (RKE2: kube-proxy-arg in config.yaml; kops: spec.kubeProxy)"


@dataclass(frozen=True, slots=True)
class Pace:
    """How carefully to go; times in seconds."""

    max_unavailable: MaxUnavailable
    timeout: float
    settle: float


@dataclass(frozen=True, slots=True)
class Selection:
    """The nodes a restart is about, as one list of the API server had them."""

    places: tuple[Place, ...]  # nodes with a pod that can be restarted
    skipped: tuple[NodeOutcome, ...]  # nodes that are not ready: a deleted pod would not come back
    version: str
    warnings: tuple[str, ...]


def select(cluster: Cluster, located: Located, names: Sequence[str]) -> Selection:
    """Choose the nodes to restart; raises IpvsError where kube-proxy's pods cannot be restarted by deletion."""
    found, warnings, version = places(cluster, located)
    chosen = choose(found, names)
    if located.kind == "StaticPods" or any(place.pod is not None and place.pod.mirror for place in chosen):
        raise IpvsError(STATIC, hint=STATIC_HINT)
    ready = tuple(place for place in chosen if place.node is None or place.node.ready)
    skipped = tuple(_skipped(place) for place in chosen if place not in ready)
    return Selection(ready, skipped, version, warnings)


def roll(
    cluster: Cluster,
    located: Located,
    targets: Sequence[Target],
    version: str,
    pace: Pace,
    reader: Reader,
    total: int,
    observe: Callable[[NodeRun], None],
) -> Rolled:
    """Restart `targets` out of `total` nodes, a few at a time, and prove each."""
    wanted = located.scheduler if located.mode == "ipvs" else None
    plan = Plan(
        located.namespace, located.selector, wanted, pace.max_unavailable.of(total), pace.timeout, pace.settle,
    )  # fmt: skip
    rollout = Rollout(cluster, plan, reader, observe)
    with interruptible(rollout.interrupt):
        return rollout.run(targets, version)


def _skipped(place: Place) -> NodeOutcome:
    why = "the node is not ready: not restarted; run `kubectl ipvs restart` on it when it is back"
    return NodeOutcome(place.name, "skipped", place.pod.name if place.pod else "", "", why, 0.0, seen_in_kernel=False)
