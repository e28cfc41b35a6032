"""ConfigMaps, as the API's JSON has them (core/v1), and when each of their keys was written."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from kubectl_ipvs.cluster.objects.json_values import NOTHING, Json, epoch, items, managers, mapping, strings, text

MANAGER = "kubectl-ipvs"
# API servers of 1.20 leave the time of a manager's entry as it is when it writes the same fields again: we would not
# know when the configuration was written. So two names take turns at it.
MANAGER_AGAIN = "kubectl-ipvs-again"
OWN = frozenset({MANAGER, MANAGER_AGAIN})  # they write annotations together with the text, never alone
LAST_APPLIED = "f:kubectl.kubernetes.io/last-applied-configuration"  # client-side apply writes it with the text


class ConfigMap(NamedTuple):
    """A ConfigMap; `changed` and `writers`: when and by whom each key was last written, as managedFields say.

    Their time is of a manager's whole entry. `certain` is False for a key whose time an edit of something else may have
    moved: of a label, of an annotation.
    """

    namespace: str
    name: str
    version: str  # resourceVersion
    data: Mapping[str, str]
    immutable: bool
    annotations: Mapping[str, str]
    labels: Mapping[str, str]
    managers: tuple[str, ...]
    changed: Mapping[str, float]
    writers: Mapping[str, str] = NOTHING
    certain: Mapping[str, bool] = MappingProxyType({})
    uid: str = ""


def config_map(raw: object) -> ConfigMap:
    """Read a ConfigMap."""
    whole = mapping(raw)
    meta = mapping(whole.get("metadata"))
    written = _written(meta)
    return ConfigMap(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        version=text(meta.get("resourceVersion")),
        data=strings(whole.get("data")),
        immutable=whole.get("immutable") is True,
        annotations=strings(meta.get("annotations")),
        labels=strings(meta.get("labels")),
        managers=managers(meta),
        changed={key: entry.when for key, entry in written.items()},
        writers={key: entry.who for key, entry in written.items()},
        certain={key: entry.certain for key, entry in written.items()},
        uid=text(meta.get("uid")),
    )


class _Written(NamedTuple):
    when: float
    who: str
    certain: bool


def _written(meta: Json) -> dict[str, _Written]:
    """Return when and by whom each key of `data` was last written: the newest entry of managedFields that owns it."""
    found: dict[str, _Written] = {}
    created = epoch(meta.get("creationTimestamp"))
    for entry in items(meta.get("managedFields")):
        when = epoch(entry.get("time"))
        if when is None:
            continue
        as_created = created is not None and when <= created  # nothing has moved it since
        written = _Written(when, text(entry.get("manager")), as_created or _of_data_alone(entry))
        for name in mapping(mapping(entry.get("fieldsV1")).get("f:data")):
            key = name.removeprefix("f:")
            if key != ".":  # the data itself
                found[key] = max(written, found.get(key, written))
    return found


def _of_data_alone(entry: Json) -> bool:
    """Tell whether an entry's time can only be that of a write of its data."""
    if entry.get("operation") == "Apply" or text(entry.get("manager")) in OWN:
        return True
    owned = mapping(mapping(entry.get("fieldsV1")).get("f:metadata"))
    annotations = set(mapping(owned.get("f:annotations"))) - {".", LAST_APPLIED}
    return not annotations and not set(owned) - {".", "f:annotations"}
