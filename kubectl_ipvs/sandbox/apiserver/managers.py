"""metadata.managedFields: who wrote which field last, and when. Pure.

An entry keeps its time when the same manager writes the same fields again, as the API server 1.20 was seen to do;
newer ones set it anew. Kept for the fields this project looks at: the keys of data, of labels and of annotations; of
everything else only that it was written.
"""

from typing import Any

from kubectl_ipvs.sandbox.nodes.manifests import managed

Obj = dict[str, Any]
Path = tuple[str, ...]
_BY_KEY: tuple[Path, ...] = (("data",), ("metadata", "annotations"), ("metadata", "labels"))
_WHOLE = ("spec", "status", "immutable")


def claimed(before: Obj, after: Obj, api_version: str, manager: str, subresource: str = "") -> Obj:
    """Return `after` with the fields that differ from `before` in the name of `manager`, and of nobody else."""
    changed, removed = _changes(before, after)
    entries = []
    mine: Obj = {}
    former: Obj | None = None
    for entry in before["metadata"].get("managedFields", []):
        own = (entry["manager"], entry["operation"]) == (manager, "Update") and entry.get(
            "subresource", ""
        ) == subresource
        fields = entry["fieldsV1"]
        for path in removed if own else [*changed, *removed]:
            fields = _without(fields, path)
        if own:
            mine, former = fields, entry
        elif fields:
            entries.append({**entry, "fieldsV1": fields})
    for path in changed:
        mine = _with(mine, path)
    entry = managed(manager, mine, api_version=api_version) | ({"subresource": subresource} if subresource else {})
    if former is not None and former["fieldsV1"] == entry["fieldsV1"]:
        entry = {**entry, "time": former["time"]}
    if not changed and not mine:
        return {**after, "metadata": {**after["metadata"], "managedFields": entries}}
    return {**after, "metadata": {**after["metadata"], "managedFields": [*entries, entry]}}


def _changes(before: Obj, after: Obj) -> tuple[list[Path], list[Path]]:
    changed, removed = [], []
    for path in _BY_KEY:
        old, new = _at(before, path), _at(after, path)
        changed += [(*path, key) for key in new if key not in old or old[key] != new[key]]
        removed += [(*path, key) for key in old if key not in new]
    changed += [(name,) for name in _WHOLE if before.get(name) != after.get(name)]
    return changed, removed


def _at(obj: Obj, path: Path) -> Obj:
    for name in path:
        obj = obj.get(name) or {}
    return obj


def _with(fields: Obj, path: Path) -> Obj:
    if not path:
        return fields
    key = f"f:{path[0]}"
    return {**fields, key: _with(fields.get(key, {}), path[1:])}


def _without(fields: Obj, path: Path) -> Obj:
    key = f"f:{path[0]}"
    if key not in fields:
        return fields
    rest = {name: value for name, value in fields.items() if name != key}
    if len(path) == 1:
        return rest
    inner = _without(fields[key], path[1:])
    return {**rest, key: inner} if set(inner) - {"."} else rest
