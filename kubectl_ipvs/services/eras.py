"""What differs by release of kube-proxy, 1.20 to 1.37, in the table that ipvs mode makes: all of it is decided here.

Source: facts leaving-ipvs E2 to E5. A feature gate counts as the configuration sets it, else as its release has it.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

Version: TypeAlias = tuple[int, int, int]
Hints: TypeAlias = Literal["none", "annotation", "mode", "hints"]

NEWEST: Final = (1, 37, 0)

# Each gate with the releases from which on it is on or off by itself; before the first it does not exist.
GATES: Final[Mapping[str, tuple[tuple[tuple[int, int], bool], ...]]] = {
    "ServiceTopology": (((1, 17), False),),
    "ServiceInternalTrafficPolicy": (((1, 21), False), ((1, 22), True)),
    "TopologyAwareHints": (((1, 21), False), ((1, 24), True)),
    "ProxyTerminatingEndpoints": (((1, 22), False), ((1, 26), True)),
    "LoadBalancerIPMode": (((1, 29), False), ((1, 30), True)),
    "ServiceTrafficDistribution": (((1, 30), False), ((1, 31), True)),
    "PreferSameTrafficDistribution": (((1, 33), False), ((1, 34), True)),
    "AllowServiceExternalIPs": (((1, 36), True),),
}


class Era(NamedTuple):
    """The rules of one kube-proxy; two with equal rules make equal tables.

    `any_headless`: the label `headless` on a Service leaves it out, `service-proxy-name` on a slice leaves that out.
    `ip_mode`: a load balancer's address of ipMode Proxy has no row. `external_ips`: external IPs have rows.
    `internal_policy`: internalTrafficPolicy is read. `fall_back`: a row of policy Local without local endpoints gets
    those of the cluster. `internal_everywhere`: internalTrafficPolicy Local limits the external rows as well, unless
    externalTrafficPolicy is Local. `external_cluster_ip`: externalTrafficPolicy counts for a ClusterIP Service with
    external IPs. `terminating`: those that terminate and serve stand in where none is ready. `hints`: what makes zone
    hints count, `node_hints`: hints of nodes come first. `topology_keys`: an endpoint is chosen by labels that are not
    read here. `last_wins`: of the endpoints at one ip:port one that does not terminate replaces, else a local one.
    `one_per_ip`: doubles are those with one IP, whatever their ports. `loopback`: NodePort rows on 127.0.0.1.
    `route_addresses`: a node's addresses are those of its routes.
    `shared_addresses`: an address on kube-ipvs0 and on another interface is one of the node's. `primary`: a keyword of
    nodePortAddresses; `all_keyword`: `all` and `localhost` as well. `hash_port`: mh gets the flag mh-port.
    """

    any_headless: bool
    ip_mode: bool
    external_ips: bool
    internal_policy: bool
    internal_everywhere: bool
    fall_back: bool
    external_cluster_ip: bool
    terminating: bool
    hints: Hints
    node_hints: bool
    topology_keys: bool
    last_wins: bool
    one_per_ip: bool
    loopback: bool
    route_addresses: bool
    shared_addresses: bool
    primary: bool
    all_keyword: bool
    hash_port: bool


def era_of(version: Version, gates: Mapping[str, bool]) -> Era:
    """Return the rules of a kube-proxy; releases before 1.20 count as 1.20, those after 1.37 as 1.37."""
    release = version[:2]
    return Era(
        any_headless=release <= (1, 31),
        ip_mode=_is_on("LoadBalancerIPMode", release, gates),
        external_ips=release < (1, 36) or _is_on("AllowServiceExternalIPs", release, gates),
        internal_policy=_is_on("ServiceInternalTrafficPolicy", release, gates),
        internal_everywhere=release <= (1, 23),
        fall_back=release >= (1, 24),
        external_cluster_ip=release >= (1, 24),
        terminating=_is_on("ProxyTerminatingEndpoints", release, gates),
        hints=_hints(release, gates),
        node_hints=_is_on("PreferSameTrafficDistribution", release, gates),
        topology_keys=release <= (1, 21) and _is_on("ServiceTopology", release, gates),
        last_wins=release >= (1, 36),
        one_per_ip=release <= (1, 20),
        loopback=release <= (1, 21),
        route_addresses=release <= (1, 22),
        shared_addresses=release >= (1, 27),
        primary=release >= (1, 31),
        all_keyword=release >= (1, 37),
        hash_port=release >= (1, 27),
    )


def possible_versions(version: Version | None) -> tuple[Version, ...]:
    """Return the version, or one of each release between 1.20 and 1.37 where it is not known, the newest first."""
    return (version,) if version is not None else tuple((1, minor, 0) for minor in range(NEWEST[1], 19, -1))


def distinct(versions: Iterable[Version], gates: Mapping[str, bool]) -> tuple[Version, ...]:
    """Return the first version of each set of rules."""
    first: dict[Era, Version] = {}
    for version in versions:
        first.setdefault(era_of(version, gates), version)
    return tuple(first.values())


def _hints(release: tuple[int, ...], gates: Mapping[str, bool]) -> Hints:
    if not _is_on("TopologyAwareHints", release, gates):
        return "none"
    if _is_on("ServiceTrafficDistribution", release, gates):
        return "hints"
    return "mode" if release >= (1, 27) else "annotation"


def _is_on(gate: str, release: tuple[int, ...], gates: Mapping[str, bool]) -> bool:
    by_itself = [on for since, on in GATES[gate] if release >= since]
    return gates.get(gate, by_itself[-1]) if by_itself else False
