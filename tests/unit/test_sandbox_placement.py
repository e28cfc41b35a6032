"""Where a DaemonSet's pods go: what Kubernetes' scheduler says of selectors, affinity, taints and tolerations."""

from typing import Any

import pytest

from kubectl_ipvs.sandbox.nodes.placement import Placement, placement

Obj = dict[str, Any]
YES, NO = Placement(runs=True, stays=True), Placement(runs=False, stays=False)


def node(labels: Obj | None = None, *taints: Obj) -> Obj:
    """Return the node n1."""
    return {"metadata": {"name": "n1", "labels": labels or {}}, "spec": {"taints": list(taints)}}


def requiring(*terms: Obj) -> Obj:
    """Return a pod's spec with required node affinity."""
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": required}}


def expression(operator: str, *values: str, key: str = "zone") -> Obj:
    """Return a term of one expression."""
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("term", "labels", "matches"),
    [
        (expression("In", "a", "b"), {"zone": "a"}, True),
        (expression("In", "a", "b"), {"zone": "c"}, False),
        (expression("In", "a"), {}, False),
        (expression("NotIn", "a"), {"zone": "b"}, True),
        (expression("NotIn", "a"), {}, True),
        (expression("NotIn", "a"), {"zone": "a"}, False),
        (expression("Exists"), {"zone": ""}, True),
        (expression("Exists"), {}, False),
        (expression("DoesNotExist"), {}, True),
        (expression("DoesNotExist"), {"zone": ""}, False),
        (expression("Gt", "5"), {"zone": "6"}, True),
        (expression("Gt", "5"), {"zone": "5"}, False),
        (expression("Gt", "5"), {"zone": "many"}, False),
        (expression("Gt", "5"), {}, False),
        (expression("Lt", "5"), {"zone": "4"}, True),
        (expression("Lt", "5"), {"zone": "5"}, False),
        (expression("Like", "a"), {"zone": "a"}, False),
        ({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}, {}, True),
        ({"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n1"]}]}, {}, False),
        ({}, {"zone": "a"}, False),
    ],
)
def test_affinity(term: Obj, labels: Obj, matches: bool) -> None:  # noqa: FBT001 -- a table
    """Each operator, on labels that are there and that are not; a term without requirements matches nothing."""
    assert placement(requiring(term), node(labels)) == (YES if matches else NO)


def test_one_term_of_several_is_enough() -> None:
    """Terms are alternatives; the requirements of one term are not."""
    either = requiring(expression("In", "a"), expression("Exists", key="edge"))
    both = requiring(
        {"matchExpressions": [*expression("In", "a")["matchExpressions"], {"key": "edge", "operator": "Exists"}]}
    )

    assert placement(either, node({"edge": ""})) == YES
    assert placement(both, node({"edge": ""})) == NO
    assert placement(requiring(), node()) == NO


def test_node_selector() -> None:
    """Every label of it has to be there, with its value."""
    spec = {"nodeSelector": {"os": "linux", "arch": "arm64"}}

    assert placement(spec, node({"os": "linux", "arch": "arm64"})) == YES
    assert placement(spec, node({"os": "linux"})) == NO


@pytest.mark.parametrize(
    ("toleration", "runs"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"key": "gpu", "value": "yes"}, True),
        ({"key": "gpu", "value": "no"}, False),
        ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": "other", "operator": "Exists"}, False),
        ({}, False),
    ],
)
def test_tolerations(toleration: Obj, runs: bool) -> None:  # noqa: FBT001 -- a table
    """A taint keeps a pod off that does not tolerate its key, value and effect; NoSchedule ends no pod."""
    judged = placement({"tolerations": [toleration]}, node({}, {"key": "gpu", "value": "yes", "effect": "NoSchedule"}))

    assert judged == Placement(runs=runs, stays=True)


def test_what_the_controller_tolerates_by_itself() -> None:
    """A lost node ends no DaemonSet's pod; a foreign NoExecute taint does; PreferNoSchedule is a wish."""
    lost = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}

    assert placement({}, node({}, lost)) == YES
    assert placement({}, node({}, {"key": "drain", "effect": "NoExecute"})) == NO
    assert placement({}, node({}, {"key": "drain", "effect": "PreferNoSchedule"})) == YES


@pytest.mark.parametrize(("host_network", "judged"), [(True, YES), (False, Placement(runs=False, stays=True))])
def test_a_node_without_network(host_network: bool, judged: Placement) -> None:  # noqa: FBT001 -- a table
    """Only pods in the host's network start before a node has one."""
    taint = {"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"}

    assert placement({"hostNetwork": host_network}, node({}, taint)) == judged
