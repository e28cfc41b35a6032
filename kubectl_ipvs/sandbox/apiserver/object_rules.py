"""What the API server refuses to store: values of the wrong type, too much data, changes of what is immutable."""

from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import CONFIGMAPS, Resource
from kubectl_ipvs.sandbox.nodes.pod_status import bad_request, invalid

Obj = dict[str, Any]
_LARGEST = 1024 * 1024  # bytes of a ConfigMap
_IMMUTABLE = "Forbidden: field is immutable when `immutable` is set"


def validate(resource: Resource, obj: Obj, current: Obj) -> None:
    """Raise what refuses `obj` in the place of `current` ({} for a creation); ConfigMaps alone are looked at."""
    if resource is not CONFIGMAPS:
        return
    name = obj["metadata"]["name"]
    for field in ("data", "binaryData"):
        if not _is_texts(obj.get(field)):
            why = f"json: cannot unmarshal into Go struct field ConfigMap.{field} of type string"
            raise bad_request(f'ConfigMap in version "v1" cannot be handled as a ConfigMap: {why}')
    if sum(len(value.encode()) for value in (obj.get("data") or {}).values()) > _LARGEST:
        raise invalid(resource, name, "[]", f"Too long: may not be more than {_LARGEST} bytes", "FieldValueTooLong")
    if current.get("immutable"):
        for field in ("immutable", "data", "binaryData"):
            if (obj.get(field) or None) != (current.get(field) or None):
                raise invalid(resource, name, field, _IMMUTABLE, "FieldValueForbidden")


def _is_texts(values: object) -> bool:
    if values is None:
        return True
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
