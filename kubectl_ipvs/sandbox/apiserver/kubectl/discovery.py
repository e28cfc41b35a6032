"""What the API server says of itself: version, groups and resources, in the old form and in the aggregated one."""

from collections.abc import Callable
from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import ALL, RESOURCES, REVIEWS, Resource
from kubectl_ipvs.sandbox.options import Options

Obj = dict[str, Any]
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def document(parts: list[str], options: Options) -> Obj | None:
    """Return what is at a path (`["apis", "apps", "v1"]`), None where nothing is."""
    plain: dict[str, Callable[[], Obj]] = {
        "version": lambda: _version(options),
        "api": _versions,
        "apis": _groups,
        "api/v1": lambda: _resources(""),
    }
    path = "/".join(parts)
    if path in plain:
        return plain[path]()
    if parts[0] != "apis" or parts[1] not in group_names():
        return None
    if len(parts) == 2:  # noqa: PLR2004 -- apis/GROUP
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(parts[1])}
    return _resources(parts[1]) if parts[2:] == ["v1"] else None


def _version(options: Options) -> Obj:
    """Return the answer of /version."""
    major, minor = options.release
    return {
        "major": str(major),
        "minor": str(minor),
        "gitVersion": options.version,
        "gitCommit": "0" * 40,
        "gitTreeState": "clean",
        "buildDate": "2025-01-01T00:00:00Z",
        "goVersion": "go1.24.0",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def group_names() -> list[str]:
    """Return the groups there are, without the core group."""
    names = {resource.group for resource in RESOURCES if resource.group} | {group for group, _, _ in REVIEWS}
    return sorted(names)


def _group(name: str) -> Obj:
    served = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [served], "preferredVersion": served}


def _groups() -> Obj:
    """Return the APIGroupList of /apis."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in group_names()]}


def _versions() -> Obj:
    """Return the APIVersions of /api."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def _resources(name: str) -> Obj:
    """Return the APIResourceList of one group."""
    items: list[Obj] = []
    for resource in (each for each in RESOURCES if each.group == name):
        item: Obj = {"name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced}
        item |= {"kind": resource.kind, "verbs": list(ALL), "shortNames": list(resource.short)}
        items.append(item | ({"categories": list(resource.categories)} if resource.categories else {}))
        for sub, kind, verbs in resource.subresources:
            part = {"name": f"{resource.plural}/{sub}", "singularName": "", "namespaced": resource.namespaced}
            items.append({**part, "kind": kind, "verbs": list(verbs)})
    for group_name, plural, kind in REVIEWS:
        if group_name == name:
            part = {"name": plural, "singularName": kind.lower(), "namespaced": False}
            items.append({**part, "kind": kind, "verbs": ["create"]})
    group_version = f"{name}/v1" if name else "v1"
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": items}


def aggregated(names: list[str]) -> Obj:
    """Return the APIGroupDiscoveryList of these groups; "" is the core group."""
    items: list[Obj] = [
        {
            "metadata": {"name": name} if name else {"creationTimestamp": None},
            "versions": [{"version": "v1", "freshness": "Current", "resources": _discovered(name)}],
        }
        for name in names
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _discovered(name: str) -> list[Obj]:
    items = [_resource(resource) for resource in RESOURCES if resource.group == name]
    for group_name, plural, kind in REVIEWS:
        if group_name == name:
            response = {"group": name, "version": "v1", "kind": kind}
            item = {"resource": plural, "responseKind": response, "scope": "Cluster", "singularResource": kind.lower()}
            items.append({**item, "verbs": ["create"]})
    return items


def _resource(resource: Resource) -> Obj:
    scope = "Namespaced" if resource.namespaced else "Cluster"
    kind = {"group": resource.group, "version": "v1", "kind": resource.kind}
    item: Obj = {"resource": resource.plural, "responseKind": kind, "scope": scope}
    item |= {"singularResource": resource.singular, "verbs": list(ALL), "shortNames": list(resource.short)}
    if resource.categories:
        item["categories"] = list(resource.categories)
    item["subresources"] = [
        {"subresource": sub, "responseKind": {**kind, "kind": sub_kind}, "verbs": list(verbs)}
        for sub, sub_kind, verbs in resource.subresources
    ]
    return item
