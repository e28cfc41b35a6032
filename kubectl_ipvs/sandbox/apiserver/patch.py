"""The three kinds of patch, pure: a document and a patch in, a new document out; the document is never changed.

Sources: RFC 6902, RFC 7386, and Kubernetes' own strategic merge patch, whose merge keys come from the types'
patchStrategy tags.
"""

from typing import Any

Obj = dict[str, Any]


class PatchError(Exception):
    """The patch cannot be applied to this document."""


class MalformedPatch(Exception):
    """The patch is none at all."""


# Lists of objects that merge by a key; every other list is replaced as a whole.
_MERGE_KEYS = {
    "addresses": ("type",),
    "conditions": ("type",),
    "containerStatuses": (),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port"),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
_PRIMITIVE_SETS = ("finalizers",)


def json_patch(document: Obj, operations: object) -> Obj:
    """Apply a JSON Patch (RFC 6902); raise PatchError where a test fails or a path is not there."""
    if not isinstance(operations, list):
        raise MalformedPatch("a JSON patch is a list of operations")
    root: Any = {"": _fresh(document)}
    for operation in operations:
        if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
            raise MalformedPatch("an operation has an op and a path")
        _operate(root, operation)
    result = root[""]
    if not isinstance(result, dict):
        raise PatchError("the result is no object")
    return result


def _operate(root: Obj, operation: Obj) -> None:
    op, path = operation.get("op"), _pointer(operation["path"])
    if op in ("add", "replace", "test") and "value" not in operation:
        raise MalformedPatch(f"{op} without a value")
    if op == "test":
        if not _same(_look(root, path), operation["value"]):
            raise PatchError(f"testing value {operation['path']} failed")
    elif op == "add":
        _add(root, path, _fresh(operation["value"]))
    elif op == "replace":
        _take(root, path)
        _add(root, path, _fresh(operation["value"]))
    elif op == "remove":
        _take(root, path)
    elif op == "move":
        _add(root, path, _take(root, _pointer(operation.get("from"))))
    elif op == "copy":
        _add(root, path, _fresh(_look(root, _pointer(operation.get("from")))))
    else:
        raise MalformedPatch(f"unknown operation {op!r}")


def _pointer(text: object) -> list[str]:
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise MalformedPatch(f"{text!r} is no JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")]


def _look(node: Any, path: list[str]) -> Any:  # noqa: ANN401 -- a JSON value of any kind
    for name in path:
        if isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        else:
            raise PatchError(f"doc is missing path: {'/'.join(path)}")
    return node


def _add(root: Obj, path: list[str], value: Any) -> None:  # noqa: ANN401 -- a JSON value of any kind
    parent, last = _look(root, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and last == "-":
        parent.append(value)
    elif isinstance(parent, list) and last.isdigit() and int(last) <= len(parent):
        parent.insert(int(last), value)
    else:
        raise PatchError(f"add operation does not apply: {'/'.join(path)}")


def _take(root: Obj, path: list[str]) -> Any:  # noqa: ANN401 -- a JSON value of any kind
    value, parent = _look(root, path), _look(root, path[:-1])
    del parent[int(path[-1]) if isinstance(parent, list) else path[-1]]
    return value


def _same(left: object, right: object) -> bool:
    """Equality as JSON has it: True is not 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _fresh(value: Any) -> Any:  # noqa: ANN401 -- a JSON value of any kind
    if isinstance(value, dict):
        return {key: _fresh(item) for key, item in value.items()}
    return [_fresh(item) for item in value] if isinstance(value, list) else value


def merge_patch(document: Any, patch: Any) -> Any:  # noqa: ANN401 -- a JSON value of any kind
    """Apply a JSON Merge Patch (RFC 7386): null takes a key away, a list replaces a list."""
    if not isinstance(patch, dict):
        return _fresh(patch)
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def strategic_merge(document: Obj, patch: Obj) -> Obj:
    """Apply a strategic merge patch: as merge_patch, but lists of named objects merge item by item.

    Directives: `$patch: replace|delete|merge`, `$retainKeys`, `$deleteFromPrimitiveList/KEY`;
    `$setElementOrder/KEY` is accepted and has no effect.
    """
    if patch.get("$patch") == "replace":
        return {key: _fresh(value) for key, value in patch.items() if key != "$patch"}
    if patch.get("$patch") == "delete":
        return {}
    result = dict(document)
    if isinstance(patch.get("$retainKeys"), list):
        result = {key: value for key, value in result.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            result[name] = [item for item in result.get(name) or [] if item not in value]
        elif not key.startswith("$"):
            _merge_key(result, key, value)
    return result


def _merge_key(result: Obj, key: str, value: Any) -> None:  # noqa: ANN401 -- a JSON value of any kind
    if value is None:
        result.pop(key, None)
    elif isinstance(value, dict):
        have = result.get(key)
        result[key] = strategic_merge(have if isinstance(have, dict) else {}, value)
    elif isinstance(value, list):
        result[key] = _merge_list(key, result.get(key) or [], value)
    else:
        result[key] = value


def _merge_list(key: str, have: list[Any], patch: list[Any]) -> list[Any]:
    if key in _PRIMITIVE_SETS:
        return [*have, *(item for item in patch if item not in have)]
    if not all(isinstance(item, dict) for item in [*have, *patch]):
        return _fresh_list(patch)
    if any(item.get("$patch") == "replace" for item in patch):
        return _fresh_list([item for item in patch if "$patch" not in item])
    named = [item for item in [*have, *patch] if set(item) != {"$patch"}]
    names = [name for name in _MERGE_KEYS.get(key, ()) if all(name in item for item in named)]
    if not names:
        return _fresh_list(patch)
    return _merge_named(names[0], have, patch)


def _fresh_list(items: list[Any]) -> list[Any]:
    return [_fresh(item) for item in items]


def _merge_named(name: str, have: list[Obj], patch: list[Obj]) -> list[Obj]:
    result = {item[name]: item for item in have}
    for item in patch:
        if item.get("$patch") == "delete":
            result.pop(item[name], None)
        else:
            result[item[name]] = strategic_merge(result.get(item[name], {}), item)
    return list(result.values())
