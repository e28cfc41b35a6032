"""The JSON Patches that we send."""

import pytest

from kubectl_ipvs.cluster.objects import ConfigMap
from kubectl_ipvs.cluster.patches import Step, annotate_patch, pointer, swap_patch


def config_map(**annotations: str) -> ConfigMap:
    """Give a ConfigMap of one key."""
    return ConfigMap(
        namespace="kube-system",
        name="kube-proxy",
        version="7",
        data={"a/b": "old"},
        immutable=False,
        annotations=annotations,
        labels={},
        managers=(),
        changed={},
    )


def test_swap() -> None:
    """The old text is a test before the new one is put in its place."""
    assert swap_patch(config_map(), "a/b", "new") == [
        {"op": "test", "path": "/data/a~1b", "value": "old"},
        {"op": "replace", "path": "/data/a~1b", "value": "new"},
    ]


PLACE = "/metadata/annotations"
GUARD: list[Step] = [
    {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
    {"op": "add", "path": PLACE, "value": {}},
]


@pytest.mark.parametrize(
    ("now", "wanted", "expected"),
    [
        ({}, {}, []),
        ({"x": "1"}, {}, []),
        ({}, {"x": None}, []),
        ({}, {"x/y": "1"}, [*GUARD, {"op": "add", "path": f"{PLACE}/x~1y", "value": "1"}]),
        ({}, {"x": "", "z": None}, [*GUARD, {"op": "add", "path": f"{PLACE}/x", "value": ""}]),
        (
            {"x": "1"},
            {"x": None, "y": "2", "z": None},
            [{"op": "remove", "path": f"{PLACE}/x"}, {"op": "add", "path": f"{PLACE}/y", "value": "2"}],
        ),
    ],
)
def test_annotate(now: dict[str, str], wanted: dict[str, str | None], expected: list[Step]) -> None:
    """Only what changes; what is not there is not taken away; the first annotation is guarded by the version."""
    assert annotate_patch(config_map(**now), wanted) == expected


@pytest.mark.parametrize(("key", "expected"), [("a", "a"), ("a/b~c", "a~1b~0c"), ("~1", "~01")])
def test_pointer(key: str, expected: str) -> None:
    """Tilde first, then slash (RFC 6901)."""
    assert pointer(key) == expected
