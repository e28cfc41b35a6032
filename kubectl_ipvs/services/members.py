"""The real servers of one Service port in one family, on a node of a given name and zone (facts: leaving-ipvs E4)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kubectl_ipvs.services.eras import Era
from kubectl_ipvs.services.objects import Endpoint, Service
from kubectl_ipvs.services.topology import hinted, reads_hints

WEIGHT, FORWARDING = 1, "Masq"  # of every real server that kube-proxy means to have
_EXTERNAL_TYPES = frozenset({"LoadBalancer", "NodePort"})


class Members(NamedTuple):
    """Real servers: `pods` has the Pod of each by `ip:port`, None where its endpoint names none.

    `shape`: address, forwarding and weight of each, to compare with. `unsure`: those that may or may not be there.
    """

    pods: Mapping[str, tuple[str, str] | None]
    shape: frozenset[tuple[str, str, int]]
    unsure: frozenset[str] = frozenset()


class PortMembers(NamedTuple):
    """The real servers of a Service port's rows: those on its cluster IP, and those on every other address."""

    internal: Members
    external: Members


class Policies(NamedTuple):
    """A Service's traffic policies as one kube-proxy reads them; `is_external`: the port has an outside address."""

    internal_local: bool
    external_local: bool
    is_external: bool


def policies_of(service: Service, era: Era, *, is_external: bool) -> Policies:
    """Read both policies; externalTrafficPolicy counts where the Service can be reached from outside."""
    reachable = service.type in _EXTERNAL_TYPES or (era.external_cluster_ip and bool(service.external_ips))
    return Policies(
        internal_local=service.internal_local and era.internal_policy,
        external_local=service.external_local and reachable,
        is_external=is_external,
    )


class Endpoints:
    """The endpoints of one Service port in one family; `endpoints` have `ip:port` as their addresses."""

    def __init__(self, service: Service, policies: Policies, endpoints: Iterable[Endpoint], era: Era) -> None:
        self._policies, self._era = policies, era
        self._reads_hints = reads_hints(service, era)
        self._groups: dict[str, list[Endpoint]] = {}
        for endpoint in endpoints:
            same = endpoint.address.rpartition(":")[0] if era.one_per_ip else endpoint.address
            self._groups.setdefault(same, []).append(endpoint)
        self._nodes, self._zones = self._named()

    @property
    def is_alike(self) -> bool:
        """Every node has the same real servers."""
        return not self._nodes and not self._zones

    def key(self, node: str, zone: str) -> tuple[str, str]:
        """Return the same for all nodes that have the same real servers: no endpoint and no hint is about them."""
        return node if node in self._nodes else "", zone if zone in self._zones else ""

    def on(self, node: str, zone: str) -> PortMembers:
        """Return what a node has."""
        every, unsure = self._without_doubles(node)
        ready = [endpoint for endpoint in every if endpoint.ready is not False]
        leaving = [endpoint for endpoint in every if _is_leaving(endpoint)] if self._era.terminating else []
        if self._era.topology_keys:
            unsure = frozenset(endpoint.address for endpoint in every)
        rule = self._by_policy if self._era.fall_back else self._by_old_policy
        internal, external = rule(ready, leaving, node, zone)
        return PortMembers(_members(internal, unsure), _members(external, unsure))

    def _named(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return the nodes and zones for which the result may be another one."""
        every = [endpoint for group in self._groups.values() for endpoint in group]
        nodes, zones = set[str](), set[str]()
        if self._policies.internal_local or self._policies.external_local:
            nodes.update(endpoint.node for endpoint in every)
        if self._reads_hints:
            zones.update(zone for endpoint in every for zone in endpoint.zones)
            if self._era.node_hints:
                nodes.update(node for endpoint in every for node in endpoint.nodes)
        if not self._era.last_wins:
            nodes.update(endpoint.node for group in self._groups.values() if len(group) > 1 for endpoint in group)
        return frozenset(nodes - {""}), frozenset(zones - {""})

    def _by_policy(
        self, ready: Sequence[Endpoint], leaving: Sequence[Endpoint], node: str, zone: str
    ) -> tuple[Sequence[Endpoint], Sequence[Endpoint]]:
        """1.24 and later: a row of policy Local has local endpoints, else those that any row of the cluster has."""
        internal_local, external_local, is_external = self._policies
        cluster: Sequence[Endpoint] = ()
        if not internal_local or is_external:
            cluster = self._hinted(ready, node, zone) or leaving
        near = (_local(ready, node) or _local(leaving, node)) or cluster
        return near if internal_local else cluster, near if external_local else cluster

    def _by_old_policy(
        self, ready: Sequence[Endpoint], leaving: Sequence[Endpoint], node: str, zone: str
    ) -> tuple[Sequence[Endpoint], Sequence[Endpoint]]:
        """Up to 1.23: local endpoints or none. From 1.22 on internalTrafficPolicy limits external rows as well."""
        internal_local, external_local, _ = self._policies
        if external_local:
            near = _local(ready, node) or _local(leaving, node)
            return near if internal_local else ready, near
        found = _local(ready, node) if internal_local else self._hinted(ready, node, zone)
        return found, found

    def _hinted(self, ready: Sequence[Endpoint], node: str, zone: str) -> Sequence[Endpoint]:
        return hinted(ready, node, zone, self._era) if self._reads_hints else ready

    def _without_doubles(self, node: str) -> tuple[list[Endpoint], frozenset[str]]:
        """Return one endpoint for each address, and those whose doubles do not agree: which one wins is chance."""
        found: list[Endpoint] = []
        unsure: set[str] = set()
        for group in self._groups.values():
            among: Sequence[Endpoint] = group
            if len(group) > 1:
                if self._era.last_wins:
                    among = [endpoint for endpoint in group if not endpoint.terminating] or group
                else:
                    among = _local(group, node) or group
                if len({_read(endpoint) for endpoint in among}) > 1:
                    unsure.update(endpoint.address for endpoint in among)
            found.append(among[0])
        return found, frozenset(unsure)


def _read(endpoint: Endpoint) -> tuple[object, ...]:
    """Return what decides about an endpoint."""
    ready, serving = endpoint.ready is not False, endpoint.serving is not False
    return endpoint.address, ready, serving, endpoint.terminating, endpoint.zones, endpoint.nodes


def _is_leaving(endpoint: Endpoint) -> bool:
    return endpoint.terminating and endpoint.serving is not False


def _local(endpoints: Sequence[Endpoint], node: str) -> list[Endpoint]:
    return [endpoint for endpoint in endpoints if endpoint.node == node] if node else []


def _members(endpoints: Sequence[Endpoint], unsure: frozenset[str]) -> Members:
    return Members(
        {endpoint.address: endpoint.pod for endpoint in endpoints},
        frozenset((endpoint.address, FORWARDING, WEIGHT) for endpoint in endpoints),
        unsure,
    )
