"""The live sum of a rollout: how long it still takes."""

from collections.abc import Callable

import pytest

from kubectl_ipvs.operations.change.edits import Change
from kubectl_ipvs.operations.change.options import ChangeOptions
from kubectl_ipvs.operations.change.plan import Plan
from kubectl_ipvs.operations.installation import Installation, ProxyNode, Where
from kubectl_ipvs.operations.rollout.node import NodeRun, Target
from kubectl_ipvs.operations.rollout.pace import Pace
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.output.progress import Live
from kubectl_ipvs.proxy.max_unavailable import MaxUnavailable

SOURCE = Source("ConfigMap", "kube-system", "", "v1.34.0")
TARGETS = tuple(Target(ProxyNode(f"node{n}", None, None, None, SOURCE), None) for n in range(1, 201))


def live(say: Callable[[str], None] = print) -> Live:
    """Make the table of a run over two hundred nodes."""
    options = ChangeOptions(Pace(MaxUnavailable(10, percent=True), 120.0, 5.0))
    change = Change(Installation("kube-system", (), (SOURCE,), (), ()), (), {})
    return Live(say, Plan(Where(), change, options, targets=TARGETS, at_once=20, seconds=54.0))


@pytest.mark.parametrize(
    ("done", "now", "said"),
    [
        (0, 3.0, "about 54s left"),
        (1, 10.0, "about 54s left"),  # the first goes alone: ten seconds for one are not half an hour for all
        (41, 19.0, "about 43s left"),
        (81, 28.0, "about 28s left"),  # from here on as fast as it went: eighty nodes in nineteen seconds
    ],
)
def test_time_left(done: int, now: float, said: str) -> None:
    """The plan's estimate until a whole batch is done, then what was measured, the first node apart."""
    shown = live()
    for number, target in enumerate(TARGETS[:done]):
        run = NodeRun.of(target)
        run.phase, run.ended = "verified", 9.0 if number == 0 else now
        shown(run)

    assert shown.screen(now)[-1].endswith(said)


def test_a_failure_ends_the_run_but_no_rollback() -> None:
    """A node that fails keeps others from being started; while rolling back all are restarted, whoever fails."""
    said: list[str] = []
    shown = live(said.append)
    failed, going = NodeRun.of(TARGETS[0]), NodeRun.of(TARGETS[1])
    failed.phase, failed.reason, going.phase = "failed", "it crashed", "starting"
    shown(going)
    shown(failed)
    shown.rolls_back(2)
    shown(going)
    shown(failed)

    assert said == ["node1: failed: it crashed; no further node is started, 1 in progress finish",
                    "node1: failed: it crashed"]  # fmt: skip
