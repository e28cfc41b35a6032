"""The kube-proxy pods of every node, as a list and a watch told of them."""

from kubectl_ipvs.cluster.cluster import PodEvent
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.operations.rollout.pods import Pods
from tests.unit.pods import READY

OLD = READY._replace(name="kube-proxy-a", uid="old", node="node1", created=100.0)
NEW = OLD._replace(uid="new", created=200.0, ready=False)
NEWEST = NEW._replace(uid="newest", created=300.0)
GOING = OLD._replace(terminating=True)


APP = "k8s-app=kube-proxy"


def listed(*pods: Pod) -> Pods:
    """Give what a list tells."""
    made = Pods()
    made.listed(APP, pods)
    return made


def told(*events: tuple[str, Pod | None]) -> Pods:
    """Give what is known after a list with OLD and these events."""
    made = listed(OLD)
    for kind, pod in events:
        made.event(APP, PodEvent(kind, pod, "1"))
    return made


def seen(pods: Pods) -> tuple[bool, bool, bool, bool, Pod | None]:
    """Say of the pods: OLD is there, it stays, NEW is there, the node is up, who comes after OLD."""
    return pods.has(OLD), pods.stays(OLD), pods.has(NEW), pods.up("node1"), pods.successor("node1", OLD)


def test_a_restart_step_by_step() -> None:
    """The old pod goes, a new one comes, becomes ready, and the old one is gone."""
    ready = NEW._replace(ready=True)
    steps: list[tuple[str, Pod | None]] = [
        ("BOOKMARK", None),
        ("MODIFIED", GOING),
        ("ADDED", NEW),
        ("DELETED", GOING),
        ("DELETED", GOING),
        ("MODIFIED", ready),
    ]
    assert [seen(told(*steps[:count])) for count in range(len(steps) + 1)] == [
        (True, True, False, True, None),
        (True, True, False, True, None),
        (True, False, False, False, None),
        (True, False, True, False, NEW),
        (False, False, True, False, NEW),
        (False, False, True, False, NEW),
        (False, False, True, True, ready),
    ]


def test_the_successor_is_the_newest_that_stays() -> None:
    """Not the old one, none on its way out; without an old one, any."""
    pods = listed(NEWEST, NEW, OLD._replace(uid="x", created=900.0, terminating=True))
    assert (pods.successor("node1", NEWEST), pods.successor("node1", None), pods.successor("node1", NEW)) == (
        NEW,
        NEWEST,
        NEWEST,
    )


def test_an_unknown_node() -> None:
    """Nothing is known of it."""
    pods = Pods()
    said = pods.has(OLD), pods.stays(OLD), pods.up("node1"), pods.successor("node1", None)
    assert said == (False, False, False, None)


def test_nodes_are_apart() -> None:
    """A pod of one node says nothing of another."""
    pods = told(("ADDED", NEW._replace(node="node2", ready=True)))
    assert (pods.up("node2"), pods.successor("node1", OLD), pods.successor("node2", OLD)) == (
        True,
        None,
        NEW._replace(node="node2", ready=True),
    )


def test_a_list_replaces_what_was_known() -> None:
    """After a watch was lost a list is whole: what is not in it is gone, whatever the events before said."""
    pods = told(("ADDED", NEW))
    pods.listed(APP, [NEWEST])
    assert (pods.has(OLD), pods.has(NEW), pods.successor("node1", OLD)) == (False, False, NEWEST)


def test_two_selectors() -> None:
    """A list of one selector says nothing of the pods of another; a pod that both match goes with both."""
    pods = listed(OLD)
    pods.listed("component=kube-proxy", [OLD, NEW._replace(ready=True)])
    pods.event(APP, PodEvent("DELETED", OLD, "2"))
    still = pods.has(OLD)
    pods.listed("component=kube-proxy", [NEW])
    assert (still, pods.has(OLD), pods.successor("node1", OLD)) == (True, False, NEW)
