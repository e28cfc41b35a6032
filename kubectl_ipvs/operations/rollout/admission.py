"""Which nodes may start now: at most `at_once` are down because of us, at most twice that many are in progress."""

import time
from collections.abc import Collection, Iterable

from kubectl_ipvs.operations.rollout.node import DOWN, IN_PROGRESS, NodeRun
from kubectl_ipvs.operations.rollout.pods import Pods


def may_start(runs: Collection[NodeRun], pods: Pods, at_once: int, canary: str) -> list[NodeRun]:
    """Return the nodes to start, in their order; the canary alone until it is verified."""
    pending = [run for run in runs if run.phase == "pending"]
    down = [run for run in pending if not pods.up(run.node)]  # down already: to start them takes nothing away
    up = [run for run in pending if pods.up(run.node)]
    room = max(0, at_once - count(runs, DOWN))
    free = max(0, 2 * at_once - count(runs, IN_PROGRESS))
    first = _canary(runs, canary)
    if first is not None:
        return _before_the_others(first, down, room, free)
    return (down + up[: max(0, room - len(down))])[:free]


def _before_the_others(canary: NodeRun, down: list[NodeRun], room: int, free: int) -> list[NodeRun]:
    """Start the canary; where nodes that are just coming up leave no room for it, those come first.

    A node that crashes does not come up by itself: it waits for the canary, as the others do.
    """
    if canary.phase != "pending":
        return []
    coming = [run for run in down if run.old is None or not run.old.crashed]
    return [canary] if canary in down or len(coming) < room else coming[:free]


def count(runs: Collection[NodeRun], phases: frozenset[str]) -> int:
    """Count the nodes in some phases."""
    return sum(run.phase in phases for run in runs)


def until_next(runs: Iterable[NodeRun], longest: float) -> float:
    """Return the seconds until a node in progress is to be looked at again."""
    now = time.monotonic()
    due = [run.next_try for run in runs if run.phase in IN_PROGRESS and not run.busy and run.next_try > now]
    return min([longest, *(moment - now for moment in due)])


def _canary(runs: Collection[NodeRun], canary: str) -> NodeRun | None:
    """Return the canary while the others have to wait for it."""
    return next((run for run in runs if run.node == canary and run.phase != "verified"), None)
