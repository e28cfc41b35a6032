"""What holds for any JSON in an object's place, and in any place of an object."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.cluster.objects import config_map, daemon_set, node, pod, service

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["Ready", "True", "2024-01-01T12:00:00Z", "0001-01-01T00:00:00", "In"]),
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
TIME = "2024-01-01T12:00:00Z"
META: dict[str, Any] = {
    "namespace": "n", "name": "x", "uid": "u", "resourceVersion": "1", "generation": 1, "creationTimestamp": TIME,
    "deletionTimestamp": None, "labels": {"l": "v"}, "annotations": {"a": "v"},
    "ownerReferences": [{"kind": "DaemonSet", "name": "d", "controller": True}],
    "managedFields": [{
        "manager": "m", "operation": "Update", "time": "2024-01-02T12:00:00Z",
        "fieldsV1": {"f:data": {"f:k": {}}, "f:metadata": {"f:annotations": {"f:a": {}}}},
    }],
}  # fmt: skip
EXPRESSION = {"key": "k", "operator": "In", "values": ["v"]}
WHOLE: dict[str, Any] = {
    "metadata": META,
    "data": {"k": "v"},
    "immutable": False,
    "spec": {
        "nodeName": "n",
        "containers": [{"name": "c", "image": "i"}],
        "selector": {"matchLabels": {"a": "b"}, "matchExpressions": [EXPRESSION]},
        "template": {"spec": {}},
        "updateStrategy": {"type": "OnDelete"},
        "taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}],
        "clusterIPs": ["10.96.0.1"],
        "ports": [{"protocol": "TCP", "port": 80, "nodePort": 30080}],
    },
    "status": {
        "phase": "Running",
        "startTime": TIME,
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        "loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]},
        "conditions": [{"type": "Ready", "status": "True"}],
        "nodeInfo": {"kernelVersion": "5", "kubeletVersion": "v1"},
        "containerStatuses": [
            {
                "name": "c",
                "restartCount": 1,
                "state": {"running": {"startedAt": TIME}, "waiting": {"reason": "r"}},
            }
        ],
        "observedGeneration": 1,
        "desiredNumberScheduled": 1,
        "updatedNumberScheduled": 1,
    },
}
Path = tuple[str | int, ...]
READERS: tuple[Callable[[object], Any], ...] = (node, pod, config_map, daemon_set, service)


def places(value: object, at: Path = ()) -> Iterator[Path]:
    """Yield the path of every value in a document."""
    yield at
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*at, key))


def put(value: Any, at: Path, new: object) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Return a document with another value at one path."""
    if not at:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = put(value[at[0]], at[1:], new)
    return copy


def shape(value: NamedTuple) -> dict[str, type]:
    """Give the types of a value's fields."""
    return {name: type(field) for name, field in value._asdict().items()}


def documented(read: Callable[[object], Any]) -> dict[str, set[type]]:
    """Give the types that each field may have: those of a whole object, and of an empty one."""
    whole, empty = shape(read(WHOLE)), shape(read({}))
    return {name: {whole[name], empty[name]} for name in whole}


@pytest.mark.parametrize("read", READERS)
@given(new=ANYTHING, data=st.data())
def test_any_value_in_any_place(read: Callable[[object], Any], new: object, data: st.DataObject) -> None:
    """One value of a whole object is another: a value of the documented types comes out, never an exception."""
    at = data.draw(st.sampled_from(list(places(WHOLE))))
    found = shape(read(put(WHOLE, at, new)))
    allowed = documented(read)
    assert {name: kind for name, kind in found.items() if kind not in allowed[name]} == {}


@pytest.mark.parametrize("read", READERS)
def test_a_document_of_one_type_throughout(read: Callable[[object], Any]) -> None:
    """Each place in turn holds each type of JSON."""
    values: tuple[object, ...] = (None, True, 0, 1.5, "x", [], [None, "x", [], {}], {}, {"": None})
    odd = [
        (at, new)
        for at in places(WHOLE)
        for new in values
        if any(kind not in documented(read)[name] for name, kind in shape(read(put(WHOLE, at, new))).items())
    ]
    assert odd == []
