"""Services and EndpointSlices of a cluster, each listed once: what names are made of."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import ApiError
from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.support.fanout import together
from kubectl_ipvs.services.names import Names
from kubectl_ipvs.services.objects import EndpointSlice, Service


class ListedServices(NamedTuple):
    """What could be listed; an error where it could not, and then there is nothing of that kind."""

    services: Sequence[Service]
    slices: Sequence[EndpointSlice]
    no_services: ApiError | None = None
    no_slices: ApiError | None = None

    def known(self) -> Iterable[Service]:
        """Return the Services; raise why they could not be listed."""
        if self.no_services is not None:
            raise self.no_services
        return self.services

    def both(self) -> tuple[Sequence[Service], Sequence[EndpointSlice]]:
        """Return both; raise why one of them could not be listed."""
        if self.no_slices is not None and self.no_services is None:
            raise self.no_slices
        return tuple(self.known()), self.slices

    def names(self, nodes: Iterable[ProxyNode]) -> Names:
        """Make names of them and of these nodes' addresses."""
        addresses = [address for node in nodes if node.node is not None for address in node.node.addresses]
        return Names(self.services, self.slices, addresses)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is left out, and why."""
        said = []
        if self.no_services is not None:
            said.append(f"no Service and no Pod is named: Services cannot be listed: {self.no_services}")
        if self.no_slices is not None:
            said.append(f"no Pod is named: EndpointSlices cannot be listed: {self.no_slices}")
        return tuple(said)


def list_services(cluster: Cluster) -> ListedServices:
    """List both at the same time; what the API server refuses is said by the result."""
    services: list[Service] = []
    slices: list[EndpointSlice] = []
    refused: dict[str, ApiError] = {}

    def list_services() -> None:
        try:
            services.extend(cluster.services())
        except ApiError as error:
            refused["services"] = error

    def list_slices() -> None:
        try:
            slices.extend(cluster.endpoint_slices())
        except ApiError as error:
            refused["slices"] = error

    together([list_services, list_slices])
    return ListedServices(services, slices, refused.get("services"), refused.get("slices"))
