"""The sandbox's patches do what RFC 6902, RFC 7386 and Kubernetes' strategic merge say."""

import pytest

from kubectl_ipvs.sandbox.apiserver.patch import (
    MalformedPatch,
    Obj,
    PatchError,
    json_patch,
    merge_patch,
    strategic_merge,
)


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([{"op": "add", "path": "/b", "value": 2}], {"a": {"x/y": 1, "l": [1, 2]}, "b": 2}),
        ([{"op": "replace", "path": "/a/x~1y", "value": 3}], {"a": {"x/y": 3, "l": [1, 2]}}),
        ([{"op": "add", "path": "/a/l/1", "value": 9}], {"a": {"x/y": 1, "l": [1, 9, 2]}}),
        ([{"op": "add", "path": "/a/l/-", "value": 9}], {"a": {"x/y": 1, "l": [1, 2, 9]}}),
        ([{"op": "remove", "path": "/a/l/0"}], {"a": {"x/y": 1, "l": [2]}}),
        ([{"op": "move", "from": "/a/l", "path": "/l"}], {"a": {"x/y": 1}, "l": [1, 2]}),
        ([{"op": "copy", "from": "/a/l/0", "path": "/c"}], {"a": {"x/y": 1, "l": [1, 2]}, "c": 1}),
        ([{"op": "test", "path": "/a/l", "value": [1, 2]}], {"a": {"x/y": 1, "l": [1, 2]}}),
    ],
)
def test_json_patch(operations: list[Obj], expected: Obj) -> None:
    """Each operation does what the RFC says, and the document itself stays as it was."""
    document: Obj = {"a": {"x/y": 1, "l": [1, 2]}}

    assert json_patch(document, operations) == expected
    assert document == {"a": {"x/y": 1, "l": [1, 2]}}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "test", "path": "/a", "value": True},
        {"op": "test", "path": "/b", "value": None},
        {"op": "replace", "path": "/b", "value": 1},
        {"op": "remove", "path": "/b"},
        {"op": "add", "path": "/b/c", "value": 1},
    ],
)
def test_json_patch_that_does_not_fit(operation: Obj) -> None:
    """A test that fails and a path that is not there refuse the patch."""
    with pytest.raises(PatchError):
        json_patch({"a": 1}, [operation])


@pytest.mark.parametrize(
    "patch", [{}, [1], [{"op": "add", "path": "/a"}], [{"op": "x", "path": "/a"}], [{"op": "add"}]]
)
def test_malformed_json_patch(patch: object) -> None:
    """What is no JSON Patch is told apart from one that does not fit."""
    with pytest.raises(MalformedPatch):
        json_patch({"a": 1}, patch)


def test_merge_patch() -> None:
    """Null takes away, objects merge, lists replace."""
    document = {"a": {"b": 1, "c": 2}, "l": [1, 2], "s": "x"}

    assert merge_patch(document, {"a": {"b": None, "d": {"e": None, "f": 1}}, "l": [3], "s": {"t": 1}}) == {
        "a": {"c": 2, "d": {"f": 1}},
        "l": [3],
        "s": {"t": 1},
    }


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (
            {"containers": [{"name": "b", "image": "3"}]},
            [{"name": "a", "image": "1"}, {"name": "b", "image": "3", "x": 1}],
        ),
        (
            {"containers": [{"name": "c"}]},
            [{"name": "a", "image": "1"}, {"name": "b", "image": "2", "x": 1}, {"name": "c"}],
        ),
        ({"containers": [{"name": "a", "$patch": "delete"}]}, [{"name": "b", "image": "2", "x": 1}]),
        ({"containers": [{"name": "c"}, {"$patch": "replace"}]}, [{"name": "c"}]),
        ({"containers": [{"name": "b", "x": None}]}, [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]),
    ],
)
def test_strategic_merge_of_named_objects(patch: Obj, expected: list[Obj]) -> None:
    """Containers merge by name; directives delete and replace."""
    document: Obj = {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2", "x": 1}]}

    assert strategic_merge(document, patch) == {"containers": expected}


def test_strategic_merge_of_everything_else() -> None:
    """Maps merge, lists without a merge key are replaced, finalizers are a set, null takes away."""
    document = {"m": {"a": 1, "b": 2}, "tolerations": [{"key": "x"}], "finalizers": ["p"], "n": 1}
    patch = {"m": {"b": None, "c": 3}, "tolerations": [{"key": "y"}], "finalizers": ["q", "p"], "n": None}

    assert strategic_merge(document, patch) == {
        "m": {"a": 1, "c": 3},
        "tolerations": [{"key": "y"}],
        "finalizers": ["p", "q"],
    }
