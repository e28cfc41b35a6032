"""The `Table` form of lists, which kubectl prints as it comes: columns and cells as the real API server has them."""

import time
from calendar import timegm
from collections.abc import Callable
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.apiserver.resources import Resource
from kubectl_ipvs.sandbox.wire.exchange import Request

Obj = dict[str, Any]
Cells = list[Any]
_NONE, _UNKNOWN = "<none>", "<unknown>"
_SHOWN = 3  # addresses of Endpoints
_DAY = 86400
# Below this many seconds an age is in this unit of so many seconds, its rest in that one of so many.
_AGES = (
    (120, "s", 1, "", 1),
    (600, "m", 60, "s", 1),
    (3 * 3600, "m", 60, "", 1),
    (8 * 3600, "h", 3600, "m", 60),
    (48 * 3600, "h", 3600, "", 1),
    (8 * _DAY, "d", _DAY, "h", 3600),
)


class Column(NamedTuple):
    """A column; `wide` ones show with -o wide alone."""

    name: str
    kind: str = "string"
    wide: bool = False

    def definition(self) -> Obj:
        """Its columnDefinition."""
        style = "name" if self.name == "Name" else ""
        return {
            "name": self.name,
            "type": self.kind,
            "format": style,
            "description": self.name,
            "priority": int(self.wide),
        }


class Shape(NamedTuple):
    """How a request wants a resource as a table."""

    resource: Resource
    include: str  # Metadata, Object or None

    def table(self, objects: list[Obj], metadata: Obj) -> Obj:
        """Return a Table of these objects."""
        columns, cells = _TABLES.get(self.resource.plural, (_PLAIN, _plain))
        return {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "columnDefinitions": [column.definition() for column in columns],
            "rows": [{"cells": self._cells(cells, obj), "object": self._object(obj)} for obj in objects],
        }

    @staticmethod
    def _cells(cells: Callable[[Obj], Cells], obj: Obj) -> Cells:
        return cells(obj) if "name" in obj["metadata"] else []  # a bookmark has none

    def _object(self, obj: Obj) -> Obj | None:
        if self.include == "None":
            return None
        if self.include == "Object":
            return obj
        return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def shape_of(request: Request, resource: Resource) -> Shape | None:
    """Return how the table is wanted, None where plain objects are."""
    first = request.header("accept").partition(",")[0].replace(" ", "")
    parameters = dict(part.partition("=")[::2] for part in first.split(";")[1:])
    if parameters.get("as") != "Table":
        return None
    include = next(iter(request.query.get("includeObject", ())), "") or "Metadata"
    return Shape(resource, include)


def duration(seconds: float) -> str:
    """Seconds as kubectl prints an age: 45s, 3m20s, 34m, 5h3m, 30h, 3d4h, 12d."""
    whole = max(int(seconds), 0)
    for limit, unit, size, rest, rest_size in _AGES:
        if whole < limit:
            more = whole % size // rest_size if rest else 0
            return f"{whole // size}{unit}" + (f"{more}{rest}" if more else "")
    return f"{whole // _DAY}d"


def _since(text: str) -> str:
    return duration(time.time() - timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")))


def _age(obj: Obj) -> str:
    return _since(obj["metadata"]["creationTimestamp"]) if "creationTimestamp" in obj["metadata"] else _UNKNOWN


def _pairs(labels: Obj | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or _NONE


def _plain(obj: Obj) -> Cells:
    return [obj["metadata"]["name"], _age(obj)]


def _node(obj: Obj) -> Cells:
    status, info = obj["status"], obj["status"]["nodeInfo"]
    ready = next((each["status"] for each in status["conditions"] if each["type"] == "Ready"), "Unknown")
    words = ["Ready" if ready == "True" else "NotReady"]
    words += ["SchedulingDisabled"] if obj["spec"].get("unschedulable") else []
    prefix = "node-role.kubernetes.io/"
    roles = [key.removeprefix(prefix) for key in obj["metadata"].get("labels", {}) if key.startswith(prefix)]
    addresses = {each["type"]: each["address"] for each in status["addresses"]}
    cells = [obj["metadata"]["name"], ",".join(words), ",".join(roles) or _NONE, _age(obj), info["kubeletVersion"]]
    cells += [addresses.get("InternalIP", _NONE), addresses.get("ExternalIP", _NONE)]
    return [*cells, info["osImage"], info["kernelVersion"], info["containerRuntimeVersion"]]


def _pod(obj: Obj) -> Cells:
    status, spec = obj["status"], obj["spec"]
    containers = status.get("containerStatuses", [])
    reason = status.get("reason") or status.get("phase", _UNKNOWN)
    for each in containers:
        state = each["state"]
        reason = state.get("waiting", {}).get("reason") or state.get("terminated", {}).get("reason") or reason
    if "deletionTimestamp" in obj["metadata"]:
        reason = "Terminating"
    restarts = str(sum(each["restartCount"] for each in containers))
    ended = [
        each["lastState"]["terminated"]["finishedAt"] for each in containers if each["lastState"].get("terminated")
    ]
    restarts += f" ({_since(max(ended))} ago)" if ended and restarts != "0" else ""
    ready = f"{sum(each['ready'] for each in containers)}/{len(spec['containers'])}"
    cells = [obj["metadata"]["name"], ready, reason, restarts, _age(obj)]
    return [*cells, status.get("podIP", _NONE), spec.get("nodeName", _NONE), _NONE, _NONE]


def _daemon_set(obj: Obj) -> Cells:
    status, spec = obj["status"], obj["spec"]["template"]["spec"]
    names = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    cells: Cells = [obj["metadata"]["name"], *(status.get(name, 0) for name in names)]
    cells += [_pairs(spec.get("nodeSelector")), _age(obj)]
    containers = spec["containers"]
    cells += [",".join(each["name"] for each in containers), ",".join(each["image"] for each in containers)]
    return [*cells, _pairs(obj["spec"]["selector"].get("matchLabels"))]


def _service(obj: Obj) -> Cells:
    spec = obj["spec"]
    ports = [
        f"{each['port']}{':' + str(each['nodePort']) if 'nodePort' in each else ''}/{each['protocol']}"
        for each in spec["ports"]
    ]
    cells = [obj["metadata"]["name"], spec["type"], spec["clusterIP"], _NONE, ",".join(ports), _age(obj)]
    return [*cells, _pairs(spec.get("selector"))]


def _endpoints(obj: Obj) -> Cells:
    pairs = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets", [])
        for port in subset["ports"]
        for address in subset["addresses"]
    ]
    text = ",".join(pairs[:_SHOWN]) + (f" + {len(pairs) - _SHOWN} more..." if len(pairs) > _SHOWN else "")
    return [obj["metadata"]["name"], text or _NONE, _age(obj)]


def _config_map(obj: Obj) -> Cells:
    return [obj["metadata"]["name"], len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), _age(obj)]


def _namespace(obj: Obj) -> Cells:
    return [obj["metadata"]["name"], obj["status"]["phase"], _age(obj)]


def _columns(text: str) -> tuple[Column, ...]:
    """`Name`, `Ready#` (a number), `IP+` (wide)."""
    names = text.split("|")
    return tuple(Column(name.strip("#+"), "integer" if "#" in name else "string", "+" in name) for name in names)


_PLAIN = _columns("Name|Age")
_NODE = "Name|Status|Roles|Age|Version|Internal-IP+|External-IP+|OS-Image+|Kernel-Version+|Container-Runtime+"
_POD = "Name|Ready|Status|Restarts|Age|IP+|Node+|Nominated Node+|Readiness Gates+"
_DAEMON_SET = "Name|Desired#|Current#|Ready#|Up-to-date#|Available#|Node Selector|Age|Containers+|Images+|Selector+"
_TABLES: dict[str, tuple[tuple[Column, ...], Callable[[Obj], Cells]]] = {
    "nodes": (_columns(_NODE), _node),
    "pods": (_columns(_POD), _pod),
    "daemonsets": (_columns(_DAEMON_SET), _daemon_set),
    "services": (_columns("Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector+"), _service),
    "endpoints": (_columns("Name|Endpoints|Age"), _endpoints),
    "configmaps": (_columns("Name|Data#|Age"), _config_map),
    "namespaces": (_columns("Name|Status|Age"), _namespace),
}
