"""DaemonSets, as the API's JSON has them (apps/v1)."""

from collections.abc import Mapping
from typing import NamedTuple

from kubectl_ipvs.cluster.objects.json_values import NOTHING, Json, items, managers, mapping, number, strings, text


class DaemonSet(NamedTuple):
    """A DaemonSet: `selector` in the API's own string form, `template` the pod template's JSON."""

    namespace: str
    name: str
    selector: str
    template: Json
    strategy: str
    generation: int
    observed_generation: int
    desired: int
    updated: int
    annotations: Mapping[str, str] = NOTHING
    labels: Mapping[str, str] = NOTHING
    managers: tuple[str, ...] = ()


def daemon_set(raw: object) -> DaemonSet:
    """Read a DaemonSet."""
    meta, spec, status = (mapping(mapping(raw).get(part)) for part in ("metadata", "spec", "status"))
    return DaemonSet(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        selector=selector(mapping(spec.get("selector"))),
        template=mapping(spec.get("template")),
        strategy=text(mapping(spec.get("updateStrategy")).get("type")) or "RollingUpdate",
        generation=number(meta.get("generation")),
        observed_generation=number(status.get("observedGeneration")),
        desired=number(status.get("desiredNumberScheduled")),
        updated=number(status.get("updatedNumberScheduled")),
        annotations=strings(meta.get("annotations")),
        labels=strings(meta.get("labels")),
        managers=managers(meta),
    )


def selector(raw: Json) -> str:
    """Write a LabelSelector as the API's list calls take it: `a=b,c in (d,e),!f`."""
    terms = [f"{key}={value}" for key, value in sorted(strings(raw.get("matchLabels")).items())]
    for entry in items(raw.get("matchExpressions")):
        key, operator = text(entry.get("key")), text(entry.get("operator"))
        listed = entry.get("values")
        values = ",".join(value for value in listed if text(value)) if isinstance(listed, list) else ""
        terms.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }.get(operator, key)
        )
    return ",".join(terms)
