"""Where kube-proxy is meant to run: selectors, affinity, taints, by cases and against a plain reading."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.proxy.scheduling import keeps_off

Json = dict[str, Any]
NODE = "node1"
LABELS = {"kubernetes.io/os": "linux", "arch": "amd64", "cores": "8", "odd": "8x", "empty": ""}


class Mark(NamedTuple):
    """A taint."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


def terms(*entries: object) -> Json:
    """Give a pod with required node affinity."""
    required = {"nodeSelectorTerms": list(entries)}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def labelled(key: str, operator: str, *values: object) -> Json:
    """Give a term of one expression."""
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def named(operator: str, *values: str, key: str = "metadata.name") -> Json:
    """Give a term of one field."""
    return {"matchFields": [{"key": key, "operator": operator, "values": list(values)}]}


OFF = "node affinity"
BOTH = {**labelled("arch", "In", "amd64"), **named("In", NODE)}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ""),
        ({"affinity": None}, ""),
        ({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{}]}}}, ""),
        ({"nodeSelector": {}}, ""),
        ({"nodeSelector": {"arch": "amd64"}}, ""),
        ({"nodeSelector": {"arch": "arm64"}}, "nodeSelector arch=arm64"),
        ({"nodeSelector": {"none": "x"}}, "nodeSelector none=x"),
        ({"nodeSelector": {"none": ""}}, "nodeSelector none="),
        ({"nodeSelector": {"empty": ""}}, ""),
        ({"nodeName": NODE}, ""),
        ({"nodeName": "node2"}, "nodeName node2"),
        (terms(), OFF),
        (terms({}), OFF),
        (terms({"matchExpressions": [], "matchFields": []}), OFF),
        (terms({}, labelled("arch", "Exists")), ""),
        (terms(None), OFF),
        (terms(labelled("arch", "In", "arm64", "amd64")), ""),
        (terms(labelled("arch", "In", "arm64")), OFF),
        (terms(labelled("arch", "In")), OFF),
        (terms(labelled("none", "In", "x")), OFF),
        (terms(labelled("arch", "NotIn", "arm64")), ""),
        (terms(labelled("arch", "NotIn", "amd64")), OFF),
        (terms(labelled("none", "NotIn", "x")), ""),
        (terms(labelled("arch", "Exists")), ""),
        (terms(labelled("none", "Exists")), OFF),
        (terms(labelled("empty", "Exists")), ""),
        (terms(labelled("arch", "Exists", "x")), OFF),
        (terms(labelled("none", "DoesNotExist")), ""),
        (terms(labelled("arch", "DoesNotExist")), OFF),
        (terms(labelled("cores", "Gt", "7")), ""),
        (terms(labelled("cores", "Gt", "8")), OFF),
        (terms(labelled("cores", "Lt", "9")), ""),
        (terms(labelled("cores", "Lt", "8")), OFF),
        (terms(labelled("cores", "Gt", "-1")), ""),
        (terms(labelled("cores", "Gt", "1.5")), OFF),
        (terms(labelled("cores", "Gt", "1", "2")), OFF),
        (terms(labelled("cores", "Gt")), OFF),
        (terms(labelled("odd", "Gt", "1")), OFF),
        (terms(labelled("none", "Gt", "1")), OFF),
        (terms(labelled("none", "Lt", "1")), OFF),
        (terms(labelled("cores", "Gt", "9223372036854775808")), OFF),
        (terms(labelled("cores", "Lt", "9223372036854775808")), OFF),
        (terms(labelled("arch", "in", "amd64")), OFF),
        (terms(labelled("arch", "")), OFF),
        (terms(labelled("arch", "In", 5)), OFF),
        (terms({"matchExpressions": "x"}), OFF),
        (terms({"matchExpressions": [None]}), OFF),
        (terms(labelled("arch", "In", "arm64"), labelled("cores", "Exists")), ""),
        (terms({"matchExpressions": [*labelled("arch", "Exists")["matchExpressions"],
                                     *labelled("none", "Exists")["matchExpressions"]]}), OFF),
        (terms(named("In", NODE)), ""),
        (terms(named("In", "node2")), OFF),
        (terms(named("NotIn", "node2")), ""),
        (terms(named("NotIn", NODE)), OFF),
        (terms(named("In", NODE, "node2")), OFF),
        (terms(named("Exists")), OFF),
        (terms(named("In", NODE, key="metadata.uid")), OFF),
        (terms(BOTH), ""),
        (terms({**BOTH, **named("In", "node2")}), OFF),
        ({**terms(labelled("arch", "Exists")), "nodeSelector": {"arch": "arm64"}}, "nodeSelector arch=arm64"),
    ],
)  # fmt: skip
def test_selectors(spec: Json, expected: str) -> None:
    """The node selector and one term at least must match; a term with all that it asks, and an empty one never."""
    assert keeps_off(spec, NODE, LABELS, ()) == expected


ALL = {"operator": "Exists"}


@pytest.mark.parametrize(
    ("toleration", "taint", "expected"),
    [
        (None, Mark("a"), "taint a:NoSchedule"),
        (None, Mark("a", "x", "NoExecute"), "taint a=x:NoExecute"),
        (None, Mark("a", effect="PreferNoSchedule"), ""),
        (ALL, Mark("a", "x"), ""),
        (ALL, Mark("a", "x", "NoExecute"), ""),
        ({**ALL, "effect": "NoExecute"}, Mark("a"), "taint a:NoSchedule"),
        ({**ALL, "effect": "NoSchedule"}, Mark("a"), ""),
        ({**ALL, "key": "a"}, Mark("a", "x"), ""),
        ({**ALL, "key": "b"}, Mark("a"), "taint a:NoSchedule"),
        ({"key": "a", "value": "x"}, Mark("a", "x"), ""),
        ({"key": "a", "value": "x", "operator": "Equal"}, Mark("a", "x"), ""),
        ({"key": "a", "value": "x"}, Mark("a", "y"), "taint a=y:NoSchedule"),
        ({"key": "a"}, Mark("a"), ""),
        ({"key": "a", "value": None}, Mark("a"), ""),
        ({"value": "x"}, Mark("a", "x"), "taint a=x:NoSchedule"),
        ({"key": "a", "operator": "exists"}, Mark("a"), "taint a:NoSchedule"),
        ({"key": "a", "value": "x", "effect": "NoExecute"}, Mark("a", "x"), "taint a=x:NoSchedule"),
        ("no object", Mark("a"), "taint a:NoSchedule"),
    ],
)
def test_tolerations(toleration: object, taint: Mark, expected: str) -> None:
    """NoSchedule and NoExecute keep off, unless key, value and effect are tolerated; what is left out means any."""
    assert keeps_off({"tolerations": [toleration]}, NODE, LABELS, [taint]) == expected


@pytest.mark.parametrize(
    ("host", "key", "effect", "meant"),
    [
        (False, "not-ready", "NoExecute", True),
        (False, "not-ready", "NoSchedule", True),
        (False, "unreachable", "NoExecute", True),
        (False, "unreachable", "NoSchedule", True),
        (False, "disk-pressure", "NoSchedule", True),
        (False, "memory-pressure", "NoSchedule", True),
        (False, "pid-pressure", "NoSchedule", True),
        (False, "unschedulable", "NoSchedule", True),
        (False, "unschedulable", "NoExecute", False),
        (False, "network-unavailable", "NoSchedule", False),
        (True, "network-unavailable", "NoSchedule", True),
        (True, "out-of-service", "NoExecute", False),
    ],
)
def test_tolerations_of_the_controller(host: bool, key: str, effect: str, meant: bool) -> None:  # noqa: FBT001 - columns
    """The DaemonSet controller adds its own; a node that is away is still meant to run kube-proxy."""
    taint = Mark(f"node.kubernetes.io/{key}", effect=effect)
    assert (keeps_off({"hostNetwork": host}, NODE, LABELS, [taint]) == "") is meant


def test_every_taint_counts() -> None:
    """One that is tolerated hides none that is not."""
    spec = {"tolerations": [{"key": "a", "operator": "Exists"}]}
    assert keeps_off(spec, NODE, LABELS, [Mark("a"), Mark("b", "x")]) == "taint b=x:NoSchedule"


@pytest.mark.parametrize(
    ("labels", "os", "expected"),
    [
        ({"kubernetes.io/os": "windows"}, "", "Windows"),
        ({"beta.kubernetes.io/os": "windows"}, "", "Windows"),
        ({}, "windows", "Windows"),
        ({}, "Windows", "Windows"),
        ({"kubernetes.io/os": "linux"}, "windows", ""),
        ({}, "linux", ""),
        ({}, "", ""),
    ],
)
def test_windows(labels: dict[str, str], os: str, expected: str) -> None:
    """kube-proxy of a Windows node has no IPVS; the label says it, and where there is none the node itself."""
    assert keeps_off({}, NODE, labels, (), os) == expected


KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["1", "2", "x", ""])
EXPRESSIONS = st.fixed_dictionaries(
    {
        "key": KEYS,
        "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]),
        "values": st.lists(VALUES, max_size=2),
    }
)


def matches(expression: Json, labels: dict[str, str]) -> bool:
    """Read one expression as the API's documentation has it."""
    key, operator, values = expression["key"], expression["operator"], expression["values"]
    if operator == "In":
        return bool(values) and key in labels and labels[key] in values
    if operator == "NotIn":
        return bool(values) and not (key in labels and labels[key] in values)
    if operator in {"Exists", "DoesNotExist"}:
        return not values and (key in labels) == (operator == "Exists")
    if len(values) != 1 or not values[0].isdigit() or not labels.get(key, "").isdigit():
        return False
    return int(labels[key]) > int(values[0]) if operator == "Gt" else int(labels[key]) < int(values[0])


@given(st.lists(st.lists(EXPRESSIONS, max_size=3), max_size=3), st.dictionaries(KEYS, VALUES))
def test_affinity_against_a_plain_reading(wanted: list[list[Json]], labels: dict[str, str]) -> None:
    """Terms are alternatives, expressions are conditions, whatever they are."""
    spec = terms(*({"matchExpressions": expressions} for expressions in wanted))
    meant = any(term and all(matches(entry, labels) for entry in term) for term in wanted)
    assert (keeps_off(spec, NODE, labels, ()) == "") is meant


EFFECTS = st.sampled_from(["NoSchedule", "NoExecute", "PreferNoSchedule"])
TOLERATIONS = st.fixed_dictionaries(
    {}, optional={"key": KEYS, "operator": st.sampled_from(["Exists", "Equal"]), "value": VALUES, "effect": EFFECTS}
)


def tolerates(toleration: Json, taint: Mark) -> bool:
    """Read one toleration as the API's documentation has it."""
    if "effect" in toleration and toleration["effect"] != taint.effect:
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in {None, taint.key}
    return (toleration.get("key"), toleration.get("value", "")) == (taint.key, taint.value)


@given(st.lists(TOLERATIONS, max_size=3), st.lists(st.builds(Mark, KEYS, VALUES, EFFECTS), max_size=3))
def test_taints_against_a_plain_reading(tolerations: list[Json], taints: list[Mark]) -> None:
    """Each taint that keeps off needs a toleration."""
    keeping = [taint for taint in taints if taint.effect != "PreferNoSchedule"]
    meant = all(any(tolerates(entry, taint) for entry in tolerations) for taint in keeping)
    assert (keeps_off({"tolerations": tolerations}, NODE, LABELS, taints) == "") is meant
