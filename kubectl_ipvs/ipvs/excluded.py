"""The addresses that kube-proxy leaves alone: `excludeCIDRs` of its configuration."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from kubectl_ipvs.ipvs.address import ip_of


class Excluded:
    """Ranges of virtual servers that belong to somebody else (keepalived, kube-vip ...).

    Read as Go's net.ParseCIDR does (cleanLegacyService in pkg/proxy/ipvs/proxier.go): host bits may be set, a
    prefix length must be there. What is no CIDR is ignored.
    """

    def __init__(self, cidrs: Iterable[str]) -> None:
        self._networks = tuple(
            (cidr, network) for cidr, network in ((cidr, _network(cidr)) for cidr in cidrs) if network is not None
        )

    def __bool__(self) -> bool:
        return bool(self._networks)

    def range_of(self, address: bytes) -> str:
        """Give the first range, as it is configured, that this virtual server's address is inside; else nothing.

        The address is as either format prints it.
        """
        ip = ip_of(address) if self._networks else None
        return next((cidr for cidr, network in self._networks if ip in network), "") if ip is not None else ""


def _network(cidr: str) -> IPv4Network | IPv6Network | None:
    address, _, length = cidr.partition("/")
    if not length.isdecimal():  # ip_network() would also take a netmask, or nothing at all
        return None
    try:
        return ip_network(f"{address}/{length}", strict=False)
    except ValueError:
        return None
