"""Which nodes a DaemonSet's pods go to: selector, required node affinity, taints and tolerations. Pure.

Source: the DaemonSet controller's nodeShouldRunDaemonPod and the tolerations it adds; the node affinity's rules.
"""

from typing import Any, NamedTuple

Obj = dict[str, Any]
# What the controller adds to every pod's tolerations; the last one to pods in the host's network alone.
ADDED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
    ("network-unavailable", "NoSchedule"),
)


class Placement(NamedTuple):
    """Whether a pod is to be made on a node, and whether one that is there may stay."""

    runs: bool
    stays: bool


def placement(spec: Obj, node: Obj) -> Placement:
    """Judge a pod template's spec against a node, as the DaemonSet controller does."""
    if spec.get("nodeName") not in (None, "", node["metadata"]["name"]) or not _selected(spec, node):
        return Placement(runs=False, stays=False)
    tolerations = [*(spec.get("tolerations") or []), *added_tolerations(spec)]
    taints = [taint for taint in node["spec"].get("taints") or () if not _tolerated(taint, tolerations)]
    effects = {taint.get("effect") for taint in taints}
    return Placement(runs=not effects & {"NoSchedule", "NoExecute"}, stays="NoExecute" not in effects)


def added_tolerations(spec: Obj) -> list[Obj]:
    """Return the tolerations that the controller adds to a pod of this spec."""
    added = ADDED if spec.get("hostNetwork") else ADDED[:-1]
    return [{"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect} for key, effect in added]


def _selected(spec: Obj, node: Obj) -> bool:
    labels = node["metadata"].get("labels") or {}
    wanted = spec.get("nodeSelector") or {}
    if any(key not in labels or labels[key] != value for key, value in wanted.items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return any(_term(term, labels, node["metadata"]["name"]) for term in required.get("nodeSelectorTerms") or ())


def _term(term: Obj, labels: Obj, name: str) -> bool:
    """Tell whether a term matches; one without any requirement matches nothing."""
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False
    named = {"metadata.name": name}
    return all(_requirement(each, labels) for each in expressions) and all(_requirement(each, named) for each in fields)


def _requirement(wish: Obj, have: Obj) -> bool:
    key, operator, values = wish["key"], wish.get("operator", ""), wish.get("values") or []
    value = have.get(key)
    if operator in ("Exists", "DoesNotExist"):
        return (key in have) is (operator == "Exists")
    if operator in ("In", "NotIn"):
        return (key in have and value in values) is (operator == "In")
    if operator in ("Gt", "Lt"):
        return _compared(value, values, greater=operator == "Gt")
    return False


def _compared(value: object, values: list[Any], *, greater: bool) -> bool:
    try:
        have, wanted = int(str(value)), int(str(values[0]))
    except (ValueError, IndexError):
        return False
    return have > wanted if greater else have < wanted


def _tolerated(taint: Obj, tolerations: list[Obj]) -> bool:
    return any(_tolerates(each, taint) for each in tolerations)


def _tolerates(toleration: Obj, taint: Obj) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    key, operator = toleration.get("key") or "", toleration.get("operator") or "Equal"
    if not key:
        return operator == "Exists"
    if key != taint.get("key"):
        return False
    return operator == "Exists" or (toleration.get("value") or "") == (taint.get("value") or "")
