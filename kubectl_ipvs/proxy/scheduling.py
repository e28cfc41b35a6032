"""Whether kube-proxy is meant to run on a node, as the DaemonSet controller and the scheduler decide it.

Rules: nodeSelector and required node affinity (k8s.io/component-helpers scheduling/corev1/nodeaffinity), taints and
tolerations (k8s.io/api core/v1 toleration.go), and the tolerations that the DaemonSet controller adds by itself
(pkg/controller/daemon/util). Whether the node has room, or answers, is not asked: a node that is away is still meant.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

Json = Mapping[str, Any]

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
# Every pod of a DaemonSet has them, with any effect: the node controller sets the first two on a node that is away,
# and a pod that is there already stays.
_ADDED = frozenset(
    {
        NOT_READY,
        UNREACHABLE,
        "node.kubernetes.io/disk-pressure",
        "node.kubernetes.io/memory-pressure",
        "node.kubernetes.io/pid-pressure",
        "node.kubernetes.io/unschedulable",
    }
)
_ADDED_FOR_HOST_NETWORK = frozenset({"node.kubernetes.io/network-unavailable"})
_ANY_EFFECT = frozenset({NOT_READY, UNREACHABLE})
_KEEPING_OFF = frozenset({"NoSchedule", "NoExecute"})
_OS = ("kubernetes.io/os", "beta.kubernetes.io/os")
_INTEGER = re.compile(r"[-+]?[0-9]{1,19}")  # what strconv.ParseInt takes, with base 10 and 64 bits


class Taint(Protocol):
    """A taint of a node."""

    @property
    def key(self) -> str:
        """Its name."""

    @property
    def value(self) -> str:
        """Its value, "" where it has none."""

    @property
    def effect(self) -> str:
        """NoSchedule, PreferNoSchedule or NoExecute."""


def for_windows(pod_spec: Json) -> bool:
    """Tell whether a pod is made for Windows nodes alone, where kube-proxy has no IPVS (kube-proxy-windows)."""
    system = pod_spec.get("os")
    if isinstance(system, dict) and system.get("name") == "windows":
        return True
    selector = pod_spec.get("nodeSelector")
    return isinstance(selector, dict) and any(selector.get(key) == "windows" for key in _OS)


def keeps_off(pod_spec: Json, name: str, labels: Mapping[str, str], taints: Iterable[Taint], os: str = "") -> str:
    """Return what keeps kube-proxy off a node, in a few words; "" where it is meant to run there.

    `os` is what the node itself reports, for nodes without the label.
    """
    system = next((labels[key] for key in _OS if labels.get(key)), os)
    if system.lower() == "windows":
        return "Windows"
    wanted = pod_spec.get("nodeName")
    if isinstance(wanted, str) and wanted not in {"", name}:
        return f"nodeName {wanted}"
    return _selector(pod_spec, labels) or _affinity(pod_spec, name, labels) or _taint(pod_spec, taints)


def _selector(pod_spec: Json, labels: Mapping[str, str]) -> str:
    selector = pod_spec.get("nodeSelector")
    for key, value in selector.items() if isinstance(selector, dict) else ():
        if labels.get(key) != value:
            return f"nodeSelector {key}={value}"
    return ""


def _affinity(pod_spec: Json, name: str, labels: Mapping[str, str]) -> str:
    required: object = pod_spec
    for step in ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"):
        required = required.get(step) if isinstance(required, Mapping) else None
    if not isinstance(required, Mapping):
        return ""
    terms = _objects(required.get("nodeSelectorTerms"))
    return "" if any(_term(term, name, labels) for term in terms) else "node affinity"


def _term(term: Json, name: str, labels: Mapping[str, str]) -> bool:
    """Tell whether a term matches: all its expressions do, and it has one at least."""
    expressions, fields = term.get("matchExpressions"), term.get("matchFields")
    if not expressions and not fields:
        return False
    return _all(expressions, labels, _expression) and _all(fields, {"metadata.name": name}, _field)


def _all(given: object, values: Mapping[str, str], matches: Callable[[Json, Mapping[str, str]], bool]) -> bool:
    if not given:
        return True
    entries = _objects(given)
    return isinstance(given, list) and len(entries) == len(given) and all(matches(entry, values) for entry in entries)


def _expression(expression: Json, labels: Mapping[str, str]) -> bool:
    key, operator, values = expression.get("key"), expression.get("operator"), _texts(expression.get("values"))
    if not isinstance(key, str) or not isinstance(operator, str) or values is None:
        return False
    found = labels.get(key)
    if operator in {"Exists", "DoesNotExist"}:
        return not values and (found is not None) is (operator == "Exists")
    if operator in {"In", "NotIn"}:
        return bool(values) and (found in values) is (operator == "In")
    return operator in {"Gt", "Lt"} and _compares(found, operator, values)


def _compares(found: str | None, operator: str, values: Sequence[str]) -> bool:
    if found is None or len(values) != 1:
        return False
    have, bound = _integer(found), _integer(values[0])
    if have is None or bound is None:
        return False
    return have > bound if operator == "Gt" else have < bound


def _integer(text: str) -> int | None:
    number = int(text) if _INTEGER.fullmatch(text) else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def _field(expression: Json, fields: Mapping[str, str]) -> bool:
    """Tell whether a field matches: metadata.name is the only one, In and NotIn with one value the only operators."""
    values = _texts(expression.get("values"))
    key, operator = expression.get("key"), expression.get("operator")
    if not isinstance(key, str) or key not in fields or values is None or len(values) != 1:
        return False
    return operator in {"In", "NotIn"} and (fields[key] == values[0]) is (operator == "In")


def _taint(pod_spec: Json, taints: Iterable[Taint]) -> str:
    tolerations = _objects(pod_spec.get("tolerations"))
    added = _ADDED | _ADDED_FOR_HOST_NETWORK if pod_spec.get("hostNetwork") is True else _ADDED
    for taint in taints:
        if taint.effect not in _KEEPING_OFF or _is_added(taint, added):
            continue
        if not any(_tolerates(toleration, taint) for toleration in tolerations):
            value = f"={taint.value}" if taint.value else ""
            return f"taint {taint.key}{value}:{taint.effect}"
    return ""


def _is_added(taint: Taint, added: frozenset[str]) -> bool:
    return taint.key in added and (taint.effect == "NoSchedule" or taint.key in _ANY_EFFECT)


def _tolerates(toleration: Json, taint: Taint) -> bool:
    key, operator, effect = (toleration.get(part) or "" for part in ("key", "operator", "effect"))
    if effect not in {"", taint.effect} or key not in {"", taint.key}:
        return False
    if operator == "Exists":
        return True
    return operator in {"", "Equal"} and key != "" and (toleration.get("value") or "") == taint.value


def _objects(value: object) -> list[Json]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _texts(value: object) -> list[str] | None:
    """Return a list of texts, empty where there is none; None for anything else."""
    if value is None:
        return []
    return value if isinstance(value, list) and all(isinstance(entry, str) for entry in value) else None
