"""What runs beside kube-proxy, and what others registered: the lists that `doctor` asks for, a request a page."""

from collections.abc import Mapping
from typing import Any

from kubectl_ipvs.cluster import paths
from kubectl_ipvs.cluster.objects import (
    ConfigMap,
    DaemonSet,
    Json,
    PodSpec,
    config_map,
    daemon_set,
    endpoint_slice,
    mapping,
    pod_spec,
)
from kubectl_ipvs.cluster.wire.rest import Rest
from kubectl_ipvs.errors import ApiError
from kubectl_ipvs.services.objects import EndpointSlice

NOT_FOUND = 404


class Lists:
    """Lists of one cluster; safe to use from many threads."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def daemon_sets(self, namespace: str = "") -> list[DaemonSet]:
        """List the DaemonSets of a namespace, or of all."""
        path = paths.daemon_sets(namespace) if namespace else "/apis/apps/v1/daemonsets"
        return self._rest.collect(path, daemon_set)[0]

    def config_maps(self, namespace: str) -> list[ConfigMap]:
        """List the ConfigMaps of a namespace with their texts."""
        return self._rest.collect(paths.config_maps(namespace), config_map)[0]

    def pods_on(self, node: str) -> list[PodSpec]:
        """List what the pods on a node run, those of all namespaces."""
        return self._rest.collect("/api/v1/pods", pod_spec, {"fieldSelector": f"spec.nodeName={node}"})[0]

    def endpoint_slices(self) -> list[EndpointSlice]:
        """List the EndpointSlices of all namespaces; of v1beta1 where the API server is older than 1.21."""
        try:
            return self._rest.collect("/apis/discovery.k8s.io/v1/endpointslices", endpoint_slice)[0]
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
        return self._rest.collect("/apis/discovery.k8s.io/v1beta1/endpointslices", endpoint_slice)[0]

    def custom(self, group: str, version: str, plural: str) -> list[Json] | None:
        """List custom resources as their JSON, those of all namespaces; None where no such resource is registered."""
        try:
            return self._rest.collect(f"/apis/{group}/{version}/{plural}", mapping)[0]
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def custom_spec(self, group: str, version: str, plural: str, name: str) -> Mapping[str, Any]:
        """Return the spec of one custom resource that is in no namespace, {} where there is none."""
        try:
            found = self._rest.get(f"/apis/{group}/{version}/{plural}/{paths.segment(name)}")
        except ApiError as error:
            if error.status == NOT_FOUND:
                return {}
            raise
        return mapping(found.get("spec"))
