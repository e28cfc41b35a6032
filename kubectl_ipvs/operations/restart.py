"""Restarts kube-proxy's pods and proves each node; `set` ends with it, `restart` is it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.wire.retry import retrying
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.interrupts import Interrupts
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.operations.noderun import NodeOutcome, NodeRun, Plan, Rolled, Target
from kubectl_ipvs.operations.rollout import Rollout
from kubectl_ipvs.operations.status import Place, choose, places
from kubectl_ipvs.operations.tables import Reader
from kubectl_ipvs.proxy.max_unavailable import MaxUnavailable

CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


class Pace(NamedTuple):
    """How carefully to go; times in seconds."""

    max_unavailable: MaxUnavailable
    timeout: float
    settle: float
    canary: str = "auto"  # auto, none, or a node's name
    strategy: str = "delete"  # delete, or rollout: the DaemonSet's own rolling update
    persevere: bool = False  # go on after a node has failed: a rollback wants every node back
    reads_table: bool = True  # the kernel's table shows what is to be proved


class Selection(NamedTuple):
    """The nodes a restart is about, as one list of the API server had them."""

    places: tuple[Place, ...]  # nodes that can be restarted
    everyone: tuple[Place, ...]  # and those that cannot, because they are not ready
    skipped: tuple[NodeOutcome, ...]  # nodes that are not ready: a deleted pod would not come back
    version: str
    warnings: tuple[str, ...]


def select(cluster: Cluster, located: Located, names: Sequence[str]) -> Selection:
    """Choose the nodes to restart; raises IpvsError for a node that is not there."""
    found, warnings, version = places(cluster, located)
    chosen = choose(found, names)
    ready = tuple(place for place in chosen if place.node is None or place.node.ready)
    skipped = tuple(_skipped(place) for place in chosen if place not in ready)
    return Selection(ready, tuple(chosen), skipped, version, warnings)


def roll(
    cluster: Cluster,
    located: Located,
    targets: Sequence[Target],
    version: str,
    pace: Pace,
    reader: Reader,
    total: int,
    observe: Callable[[NodeRun], None],
    interrupts: Interrupts,
) -> Rolled:
    """Restart `targets` out of `total` nodes, a few at a time, and prove each."""
    plan = Plan(
        namespace=located.namespace,
        selector=located.selector,
        wanted=located.scheduler if located.mode == "ipvs" and pace.reads_table else None,
        max_unavailable=pace.max_unavailable.of(total),
        timeout=pace.timeout,
        settle=pace.settle,
        canary=canary(targets, pace.canary),
        outdated=lambda pod: located.older(pod.began),
        deletes=pace.strategy == "delete",
        persevere=pace.persevere,
    )
    rollout = Rollout(cluster, plan, reader, observe, interrupts.heard)
    owner = located.daemon_set
    if not plan.deletes and owner is not None and targets and not interrupts.count:
        when = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        retrying(lambda: cluster.restart_daemon_set(owner, when), pace.timeout, lambda: interrupts.count > 0)
    with interrupts.told_to(rollout.interrupt):
        return rollout.run(targets, version)


def canary(targets: Sequence[Target], wanted: str) -> str:
    """Choose the node that goes first: the named one, else the first ready worker, else the first; "" for none.

    A named one that is no target holds already (see `check_canary`): no other has to wait.
    """
    names = [target.place.name for target in targets]
    if wanted == "none" or len(names) < 2:  # noqa: PLR2004 - one node is its own canary
        return ""
    if wanted != "auto":
        return wanted if wanted in names else ""
    workers = [target.place.name for target in targets if _is_worker(target.place)]
    return (workers or names)[0]


def check_canary(chosen: Selection, wanted: str) -> None:
    """Raise IpvsError for a canary that is none of the nodes, or cannot be restarted; to be asked before any write."""
    if wanted in {"auto", "none"} or wanted in {place.name for place in chosen.places}:
        return
    known = wanted in {place.name for place in chosen.everyone}
    why = "is not ready" if known else "is none of the nodes to restart"
    raise IpvsError(f"canary {wanted} {why}: nothing was changed", hint="leave --canary out, or --canary none")


def _is_worker(place: Place) -> bool:
    labels = place.node.labels if place.node else {}
    up = place.pod is not None and place.pod.ready and not place.pod.terminating
    return up and not any(label in labels for label in CONTROL_PLANE)


def _skipped(place: Place) -> NodeOutcome:
    why = "the node is not ready: not restarted; run `kubectl ipvs restart` on it when it is back"
    return NodeOutcome(place.name, "skipped", place.pod.name if place.pod else "", "", why, 0.0, seen_in_kernel=False)
