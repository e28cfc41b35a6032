"""What we keep of a Kubernetes object: frozen values, made from the API's JSON.

A field that is missing, null or of another type than the API documents becomes the value that means "not known":
an object that some webhook or old server made is never a crash. Times are seconds since the epoch (UTC).
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

Json = Mapping[str, Any]
NOTHING: Mapping[str, str] = MappingProxyType({})
MIRROR = "kubernetes.io/config.mirror"


class Node(NamedTuple):
    """A node: `ready` is its Ready condition, `kernel` as `uname -r` prints it."""

    name: str
    ready: bool
    kernel: str
    version: str
    labels: Mapping[str, str]


class Pod(NamedTuple):
    """A pod as kube-proxy's rollout needs it; `restarts` and `started` are those of its first container."""

    namespace: str
    name: str
    uid: str
    node: str
    image: str
    container: str
    ready: bool
    terminating: bool
    phase: str
    waiting: str
    restarts: int
    created: float
    started: float | None
    mirror: bool
    owner: str

    @property
    def crashed(self) -> bool:
        """The container has ended at least once: whatever its Ready condition says now."""
        return self.restarts > 0 or self.waiting in {
            "CrashLoopBackOff",
            "RunContainerError",
            "CreateContainerError",
        }


class ConfigMap(NamedTuple):
    """A ConfigMap; `changed` and `writers`: when and by whom each key was last written, as managedFields say."""

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


def mapping(value: object) -> Mapping[str, Any]:
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list, else nothing."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return `value` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int:
    """Return `value` if it is a whole number, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def epoch(value: object) -> float | None:
    """Turn an RFC 3339 time into seconds; None where there is none (one without a zone is none)."""
    try:
        read = datetime.fromisoformat(text(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return None if read.tzinfo is None else read.timestamp()


def strings(value: object) -> dict[str, str]:
    """Keep the string values of an object (labels, annotations, data)."""
    return {key: entry for key, entry in mapping(value).items() if isinstance(entry, str)}


def condition(status: Json, kind: str) -> bool:
    """Tell whether a condition is True."""
    return any(entry.get("type") == kind and entry.get("status") == "True" for entry in items(status.get("conditions")))


def node(raw: object) -> Node:
    """Read a Node."""
    meta, status = (mapping(mapping(raw).get(part)) for part in ("metadata", "status"))
    info = mapping(status.get("nodeInfo"))
    return Node(
        name=text(meta.get("name")),
        ready=condition(status, "Ready"),
        kernel=text(info.get("kernelVersion")),
        version=text(info.get("kubeletVersion")),
        labels=strings(meta.get("labels")),
    )


def pod(raw: object) -> Pod:
    """Read a Pod."""
    meta, spec, status = (mapping(mapping(raw).get(part)) for part in ("metadata", "spec", "status"))
    container = next(iter(items(spec.get("containers"))), {})
    states = items(status.get("containerStatuses"))  # in an order of their own
    state = next((entry for entry in states if entry.get("name") == container.get("name")), {})
    owner = next((entry for entry in items(meta.get("ownerReferences")) if entry.get("controller")), {})
    current = mapping(state.get("state"))
    return Pod(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        uid=text(meta.get("uid")),
        node=text(spec.get("nodeName")),
        image=text(container.get("image")),
        container=text(container.get("name")),
        ready=condition(status, "Ready"),
        terminating=meta.get("deletionTimestamp") is not None,
        phase=text(status.get("phase")),
        waiting=text(mapping(current.get("waiting")).get("reason")),
        restarts=number(state.get("restartCount")),
        created=epoch(meta.get("creationTimestamp")) or 0.0,
        started=epoch(mapping(current.get("running")).get("startedAt")),
        mirror=MIRROR in mapping(meta.get("annotations")),
        owner=f"{text(owner.get('kind'))}/{text(owner.get('name'))}" if owner else "",
    )


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
        managers=_managers(meta),
        changed={key: when for key, (when, _) in written.items()},
        writers={key: who for key, (_, who) in written.items()},
    )


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
        managers=_managers(meta),
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


def _managers(meta: Json) -> tuple[str, ...]:
    names = [text(entry.get("manager")) for entry in items(meta.get("managedFields"))]
    return tuple(dict.fromkeys(name for name in names if name))


def _written(meta: Json) -> dict[str, tuple[float, str]]:
    """Return when and by whom each key of `data` was last written: the newest entry of managedFields that owns it."""
    times: dict[str, tuple[float, str]] = {}
    for entry in items(meta.get("managedFields")):
        when = epoch(entry.get("time"))
        if when is None:
            continue
        for name in mapping(mapping(entry.get("fieldsV1")).get("f:data")):
            key = name.removeprefix("f:")
            if key != ".":  # the data itself
                entry_of = (when, text(entry.get("manager")))
                times[key] = max(entry_of, times.get(key, entry_of))
    return times
