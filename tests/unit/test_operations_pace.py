"""How carefully to go: who goes first, who cannot, and about how long it takes."""

import pytest

from kubectl_ipvs.cluster.objects import Node
from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.rollout.node import Target
from kubectl_ipvs.operations.rollout.pace import CONTROL_PLANE, Pace, canary_problem, first_node, seconds
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.proxy.max_unavailable import MaxUnavailable
from tests.unit.pods import READY

SOURCE = Source("ConfigMap", "kube-system", "", "v1.34.0")


def target(name: str, kind: str) -> Target:
    """Give a target: c and m of a control plane, w a worker, d a worker that is down, t one whose pod terminates."""
    label = {"c": CONTROL_PLANE[0], "m": CONTROL_PLANE[1]}.get(kind)
    node = Node(name, ready=True, kernel="", version="", labels={label: ""} if label else {})
    pod = READY._replace(ready=kind != "d", terminating=kind == "t")
    return Target(ProxyNode(name, node, pod, None, SOURCE), pod)


@pytest.mark.parametrize(
    ("kinds", "wanted", "expected"),
    [
        ("cww", "auto", "n2"),
        ("mcw", "auto", "n3"),
        ("cdw", "auto", "n3"),
        ("ctw", "auto", "n3"),
        ("cmd", "auto", "n1"),  # no ready worker: the first
        ("w", "auto", "n1"),
        ("", "auto", ""),
        ("cww", "none", ""),
        ("cww", "n3", "n3"),
        ("cww", "n1", "n1"),
        ("cww", "n9", ""),  # it needs no restart: nobody has to wait
        ("w", "n1", "n1"),
    ],
)
def test_first_node(kinds: str, wanted: str, expected: str) -> None:
    """The named node, else the first ready worker, else the first of all."""
    targets = [target(f"n{number}", kind) for number, kind in enumerate(kinds, start=1)]
    assert first_node(targets, wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "left_out", "expected"),
    [
        ("auto", ["n1", "n2"], ""),
        ("none", [], ""),
        ("n1", ["n2"], ""),
        ("n2", ["n2"], "--canary n2 is left out"),
        ("n3", [], "--canary n3 is not among the nodes to restart"),
    ],
)
def test_canary_problem(wanted: str, left_out: list[str], expected: str) -> None:
    """A named canary that cannot go first is said, not passed over."""
    nodes = [target(name, "w").node for name in ("n1", "n2")]
    assert canary_problem(nodes, left_out, wanted) == expected


@pytest.mark.parametrize(
    ("count", "at_once", "canary", "expected"),
    [
        (0, 1, False, 0.0),
        (1, 1, False, 10.0),
        (2, 1, True, 20.0),  # the canary alone, then the other
        (3, 1, True, 20.0),  # two together: one comes up while the other is watched
        (10, 1, False, 50.0),
        (101, 10, True, 60.0),
    ],
)
def test_seconds(count: int, at_once: int, canary: bool, expected: float) -> None:  # noqa: FBT001 - a table
    """The canary takes its time alone, then twice as many go together as may be down: 4 s to start, 6 to settle."""
    pace = Pace(MaxUnavailable(at_once, percent=False), 120.0, 6.0)
    assert seconds(count, at_once, pace, canary=canary) == expected
