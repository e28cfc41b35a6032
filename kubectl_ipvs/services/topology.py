"""Which ready endpoints a node may use by their hints (facts: leaving-ipvs E4, the table of the topology filter)."""

from collections.abc import Sequence

from kubectl_ipvs.services.eras import Era
from kubectl_ipvs.services.objects import Endpoint, Service

_AUTO = frozenset({"Auto", "auto"})
_OFF = frozenset({"", "Disabled", "disabled"})


def reads_hints(service: Service, era: Era) -> bool:
    """Tell whether this kube-proxy looks at the hints of this Service's endpoints.

    1.21 to 1.26: an annotation switches them on; 1.27 to 1.30: it may have either name; then the hints are enough.
    """
    if era.hints == "annotation":
        return service.topology_hints in _AUTO
    if era.hints == "mode":  # the old name comes first where both are there
        return (service.topology_hints or service.topology_mode) not in _OFF
    return era.hints == "hints"


def hinted(ready: Sequence[Endpoint], node: str, zone: str, era: Era) -> Sequence[Endpoint]:
    """Return the ready endpoints for a node; all of them where a hint is missing, or none names it.

    From 1.34 on hints of nodes come first; hints of zones are read in every release that reads any.
    """
    if not ready:
        return ready
    if era.node_hints and all(endpoint.nodes for endpoint in ready):
        here = [endpoint for endpoint in ready if node in endpoint.nodes]
        if here:
            return here
    if zone and all(endpoint.zones for endpoint in ready):
        return [endpoint for endpoint in ready if zone in endpoint.zones] or ready
    return ready
