"""On which addresses a node has its NodePort rows (facts: leaving-ipvs E5)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final, Literal, NamedTuple, TypeAlias

from kubectl_ipvs.ipvs.address import plain
from kubectl_ipvs.ipvs.cidr import parse_address, parse_cidr
from kubectl_ipvs.ipvs.local_addresses import KUBE_IPVS0, LocalAddress
from kubectl_ipvs.services.eras import Era

Family: TypeAlias = Literal["IPv4", "IPv6"]
IP: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

FAMILIES: Final[tuple[Family, ...]] = ("IPv4", "IPv6")
PRIMARY, LOCALHOST, ALL = "primary", "localhost", "all"  # keywords of nodePortAddresses


class Node(NamedTuple):
    """One node: `zone` is its label topology.kubernetes.io/zone, `internal_ips` those of its status.

    `ipv4`, `ipv6`: its local addresses (ipvs/local_addresses.py), None where they are not known.
    """

    name: str
    zone: str = ""
    internal_ips: tuple[str, ...] = ()
    ipv4: Sequence[LocalAddress] | None = None
    ipv6: Sequence[LocalAddress] | None = None

    def local(self, family: Family) -> Sequence[LocalAddress] | None:
        """Return the addresses of a family, None where they are not known."""
        return self.ipv4 if family == "IPv4" else self.ipv6


class NodePortAddresses(NamedTuple):
    """The addresses of one family that have NodePort rows, as `10.0.0.1` or `[fd00::1]`.

    `required`: these. `likely`: these as well, but one with other rows and no NodePort row is on kube-ipvs0 alone.
    `possible`: where one NodePort row is, all are. `networks`: every other address that a NodePort row is on counts
    too where it is inside; None: no other one does.
    """

    required: frozenset[str] = frozenset()
    likely: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()
    networks: tuple[Network, ...] | None = None

    def may_have(self, address: str, *, cluster_ip: bool) -> bool:
        """Tell whether NodePort rows on this address would be right although they are not asked for.

        A cluster IP is on kube-ipvs0 alone: it has them where nodePortAddresses names a range that it is in.
        """
        if address in self.possible:
            return True
        if cluster_ip and self.networks in _EVERY.values():
            return False
        return self.networks is not None and _within(address, self.networks)


_EVERY: Final[Mapping[Family, tuple[Network, ...]]] = {
    "IPv4": (IPv4Network("0.0.0.0/0"),),
    "IPv6": (IPv6Network("::/0"),),
}
_FAMILY: Final[Mapping[int, Family]] = {4: "IPv4", 6: "IPv6"}
_LOOPBACK = ("127.", "[::1]")
_LINK_LOCAL = ("[fe8", "[fe9", "[fea", "[feb")  # of IPv4 it counts: 169.254.x of node-local-dns


def host(text: str) -> str | None:
    """Return an address of the API as values have it: `10.0.0.1`, `[fd00::1]`; None where it is none."""
    ip = parse_address(text)
    return None if ip is None else plain(ip)


def family_of(address: str) -> Family:
    """Return the family of an address as values have it, with a port or without."""
    return "IPv6" if address.startswith("[") else "IPv4"


def node_port_addresses(
    family: Family, node: Node, configured: Sequence[str], era: Era, served: frozenset[str]
) -> NodePortAddresses:
    """Return where a node has NodePort rows.

    `configured`: nodePortAddresses; `served`: every address that Services have, which kube-proxy binds to kube-ipvs0.
    """
    inside = frozenset(address for address in map(host, node.internal_ips) if address and family_of(address) == family)
    networks = _networks(family, tuple(configured), inside, era)
    every = networks == _EVERY[family]
    local = node.local(family)
    if networks is None or (every and family == "IPv6" and era.route_addresses):
        return NodePortAddresses(networks=_EVERY[family])  # localhost alone; routes whose source is not in /proc
    if local is None:
        required = inside if every else frozenset(each for each in inside if _within(each, networks))
        return NodePortAddresses(required, networks=networks)
    usable = [each for each in local if era.loopback or not each.address.startswith(_LOOPBACK)]
    if not every:
        return NodePortAddresses(frozenset(each.address for each in usable if _within(each.address, networks)))
    return _all_but_served(usable, inside, era, served)


def _all_but_served(
    usable: Iterable[LocalAddress], inside: frozenset[str], era: Era, served: frozenset[str]
) -> NodePortAddresses:
    """Leave out link-local IPv6 and what is on kube-ipvs0; without names of interfaces that is what Services have.

    An address of a Service that is the node's own as well counts from 1.27 on; before, not if kube-proxy has bound it.
    """
    here = [each for each in usable if not each.address.startswith(_LINK_LOCAL)]
    unnamed = frozenset(each.address for each in here if not each.interface)
    bound = frozenset(each.address for each in here if each.interface == KUBE_IPVS0)
    named = frozenset(each.address for each in here if each.interface not in {"", KUBE_IPVS0})
    sure = unnamed & inside if era.shared_addresses else (unnamed & inside) - served
    return NodePortAddresses(
        required=sure | (named if era.shared_addresses else named - bound),
        likely=unnamed - sure - served,
        possible=(unnamed & served) - sure,
    )


def _networks(
    family: Family, configured: Iterable[str], inside: frozenset[str], era: Era
) -> tuple[Network, ...] | None:
    """Return what nodePortAddresses comes to in a family, None where that is not known: `localhost` alone."""
    found: list[Network] = []
    localhost = False
    for word in configured:
        if word == PRIMARY and era.primary:
            found += [ip_network(ip) for ip in map(_ip, sorted(inside)) if ip is not None]
        elif word == ALL and era.all_keyword:
            found += _EVERY[family]
        elif word == LOCALHOST and era.all_keyword:
            localhost = True
        else:
            cidr = parse_cidr(word)
            found += [cidr] if cidr is not None and _FAMILY[cidr.version] == family else []
    if any(network.prefixlen == 0 for network in found):
        return _EVERY[family]
    return tuple(found) or (None if localhost else _EVERY[family])


@lru_cache(maxsize=65536)
def _ip(address: str) -> IP | None:
    return parse_address(address.strip("[]"))


def _within(address: str, networks: Iterable[Network]) -> bool:
    ip = _ip(address)
    return ip is not None and any(ip in network for network in networks)
