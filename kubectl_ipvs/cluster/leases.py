"""Leases (coordination.k8s.io/v1): who is at work. Every write is guarded by the resourceVersion that was read."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from kubectl_ipvs.cluster.objects import mapping, number, text
from kubectl_ipvs.cluster.wire.rest import Rest
from kubectl_ipvs.errors import ApiError

NOT_FOUND = 404


class Lease(NamedTuple):
    """A lease; `version` is its resourceVersion, which every renewal changes; `since` as the holder wrote it.

    `seconds` is how long one who waits has to look on before it may be taken (API reference: leaseDurationSeconds);
    0 where the holder did not say.
    """

    namespace: str
    name: str
    uid: str
    version: str
    holder: str
    since: str
    seconds: int


class Leases:
    """Reads and writes leases; raises ApiError 409 where another was quicker."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def read(self, namespace: str, name: str) -> Lease | None:
        """Return a lease, None where there is none."""
        try:
            return _lease(self._rest.get(_path(namespace, name)))
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def create(self, namespace: str, name: str, holder: str, when: str, seconds: int) -> Lease:
        """Take a lease that nobody has."""
        body = _body({"name": name, "namespace": namespace}, holder, when, when, seconds)
        return _lease(self._rest.post(_path(namespace), body))

    def update(self, lease: Lease, holder: str, since: str, when: str, seconds: int) -> Lease:
        """Take over or renew a lease that still is as we read it."""
        meta = {"name": lease.name, "namespace": lease.namespace, "resourceVersion": lease.version, "uid": lease.uid}
        return _lease(self._rest.put(_path(lease.namespace, lease.name), _body(meta, holder, since, when, seconds)))

    def delete(self, lease: Lease) -> None:
        """Give a lease up, provided that it still is ours as we wrote it."""
        guard = {"uid": lease.uid, "resourceVersion": lease.version}
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": guard}
        self._rest.delete(_path(lease.namespace, lease.name), body)


def _path(namespace: str, name: str = "") -> str:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{quote(namespace, safe='')}/leases"
    return f"{path}/{quote(name, safe='')}" if name else path


def _body(meta: Mapping[str, str], holder: str, since: str, when: str, seconds: int) -> dict[str, Any]:
    spec = {"holderIdentity": holder, "acquireTime": since, "renewTime": when, "leaseDurationSeconds": seconds}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": dict(meta), "spec": spec}


def _lease(raw: Mapping[str, Any]) -> Lease:
    meta, spec = mapping(raw.get("metadata")), mapping(raw.get("spec"))
    return Lease(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        uid=text(meta.get("uid")),
        version=text(meta.get("resourceVersion")),
        holder=text(spec.get("holderIdentity")),
        since=text(spec.get("acquireTime")),
        seconds=number(spec.get("leaseDurationSeconds")),
    )
