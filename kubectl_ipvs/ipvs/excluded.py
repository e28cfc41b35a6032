"""The addresses that kube-proxy leaves alone: `excludeCIDRs` of its configuration."""

from collections.abc import Iterable

from kubectl_ipvs.ipvs.address import ip_of
from kubectl_ipvs.ipvs.cidr import parse_cidr


class Excluded:
    """Ranges of virtual servers that belong to somebody else (keepalived, kube-vip ...).

    What is no CIDR is ignored.
    """

    def __init__(self, cidrs: Iterable[str]) -> None:
        self._networks = tuple(
            (cidr, network) for cidr, network in ((cidr, parse_cidr(cidr)) for cidr in cidrs) if network is not None
        )

    def __bool__(self) -> bool:
        return bool(self._networks)

    def range_of(self, address: bytes) -> str:
        """Give the first range, as it is configured, that this virtual server's address is inside; else nothing.

        The address is as either format prints it.
        """
        ip = ip_of(address) if self._networks else None
        return next((cidr for cidr, network in self._networks if ip in network), "") if ip is not None else ""
