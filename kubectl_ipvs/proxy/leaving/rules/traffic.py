"""Rules about Services: who reaches them from where, and what the first sync costs."""

from collections.abc import Callable, Iterator

from kubectl_ipvs.proxy.leaving.facts import Facts
from kubectl_ipvs.proxy.leaving.findings import Leaving, Level, Seen
from kubectl_ipvs.proxy.release import parse_kernel, parse_version
from kubectl_ipvs.services.objects import Service

ZERO = ("0.0.0.0/0", "::/0")
ALL = (1, 37)  # the release that has the words `all` and `localhost` in nodePortAddresses
SMALL, LARGE = (1_000, 5_000), (5_000, 50_000)  # Services, endpoints
QUICKER, QUICK_KERNEL = (1, 37), (6, 12)


def node_ports(facts: Facts) -> Iterator[Leaving]:
    """IPVS107: without nodePortAddresses IPVS mode serves NodePorts on all addresses, nftables on primary ones."""
    empty = [entry for entry, read in facts.before if not read.node_port_addresses]
    found = _seen(facts, lambda each: any(port.node_port for port in each.ports))
    if not empty or not found:
        return
    several = {name for entry in empty for name in entry.nodes}
    nodes = tuple(node.name for node in facts.leaving if node.name in several and len(node.addresses) > 1)
    number = parse_version(facts.version)
    keep = '["all"]' if number is not None and number >= ALL else '["0.0.0.0/0", "::/0"]'
    yield Leaving(
        "IPVS107",
        "warning",
        "NodePorts will answer on the nodes' primary addresses alone, no longer on every local address",
        f"to keep them: nodePortAddresses: {keep}",
        nodes,
        found,
    )


def forward_policy(facts: Facts) -> Iterator[Leaving]:
    """IPVS108: IPVS mode accepted traffic that it had marked; nftables mode accepts nothing for others."""
    if facts.leaving and _seen(facts, lambda each: any(port.node_port for port in each.ports)):
        yield Leaving(
            "IPVS108",
            "info",
            "cannot be seen from here: where the FORWARD policy is DROP and the CNI "
            "accepts nothing, NodePorts to other nodes' pods will be dropped",
            "on a node: iptables -S FORWARD | head -1",
        )


def external_local(facts: Facts) -> Iterator[Leaving]:
    """IPVS109: without a local detector pods no longer reach such a Service from nodes that have no endpoint of it."""
    blind = _blind(facts)
    found = _seen(facts, lambda each: each.external_local and _is_external(each))
    if blind and found:
        yield Leaving(
            "IPVS109",
            "error",
            "externalTrafficPolicy Local, and kube-proxy cannot make out pods' traffic: from "
            "pods and nodes without a local endpoint, external addresses will be dropped",
            "set clusterCIDR, or another detectLocalMode",
            objects=(*blind, *found),
        )


def internal_local(facts: Facts) -> Iterator[Leaving]:
    """IPVS110: where no endpoint is on the node IPVS mode has another answer than a drop."""
    if facts.services is None or facts.slices is None:
        return
    names = [node.name for node in facts.leaving]
    at: dict[tuple[str, str], set[str]] = {}
    for piece in facts.slices:
        ready = {each.node for each in piece.endpoints if each.ready is not False}
        at.setdefault((piece.namespace, piece.service), set()).update(ready)
    answers: tuple[tuple[bool, Level, str], ...] = (
        (True, "warning", "IPVS mode goes to endpoints elsewhere, nftables mode drops"),
        (False, "info", "IPVS mode refuses at once, nftables mode drops"),
    )
    for external, level, words in answers:
        far = [
            each
            for each in facts.served
            if each.internal_local
            and _is_external(each) is external
            and (here := at.get((each.namespace, each.name)))
            and set(names) - here
        ]
        lacking = {name for each in far for name in names if name not in at[each.namespace, each.name]}
        if far:
            yield Leaving(
                "IPVS110",
                level,
                f"internalTrafficPolicy Local without an endpoint on the node: {words}",
                "run an endpoint on every node, or set internalTrafficPolicy: Cluster",
                tuple(name for name in names if name in lacking),
                tuple(map(_service, far)),
            )


def masquerading(facts: Facts) -> Iterator[Leaving]:
    """IPVS111: IPVS mode masquerades what comes from a Service's own address, nftables mode what is not local."""
    blind = [entry.seen for entry, read in facts.before if not read.finds_local and not read.masquerade_all]
    if blind:
        yield Leaving(
            "IPVS111",
            "warning",
            "neither clusterCIDR nor a detectLocalMode: traffic from outside the "
            "cluster to a ClusterIP, and from hosts, will not be masqueraded",
            "set clusterCIDR to the pods' range",
            objects=tuple(blind),
        )


def affinity(facts: Facts) -> Iterator[Leaving]:
    """IPVS113: affinity is lost at the switch, and from then on is one for all of a Service port's addresses."""
    found = _seen(facts, lambda each: each.affinity is not None)
    if facts.leaving and found:
        yield Leaving(
            "IPVS113",
            "info",
            "session affinity is lost once at the switch; from then on it is one for all addresses of a Service port",
            objects=found,
        )


def unallocated(facts: Facts) -> Iterator[Leaving]:
    """IPVS124: addresses of the Services' range that belong to no Service."""
    if facts.leaving:
        yield Leaving(
            "IPVS124",
            "info",
            "addresses of the Services' range that no Service has will be dropped, other ports of a ClusterIP refused",
        )


def external_ips(facts: Facts) -> Iterator[Leaving]:
    """IPVS126: the feature goes away, in every mode."""
    found = _seen(facts, lambda each: bool(each.external_ips))
    if facts.leaving and found:
        yield Leaving(
            "IPVS126",
            "info",
            "externalIPs are behind the feature gate AllowServiceExternalIPs since 1.36 and are to go in every mode",
            "use load balancer addresses instead",
            objects=found,
        )


def source_ranges(facts: Facts) -> Iterator[Leaving]:
    """IPVS127: both modes know the ranges; IPVS mode since 1.29 shuts the node itself out where it is not listed."""
    found = _seen(facts, lambda each: bool(each.source_ranges))
    if facts.leaving and found:
        yield Leaving(
            "IPVS127",
            "info",
            "loadBalancerSourceRanges work in both modes; the node itself, which IPVS "
            "mode shuts out where it is not listed, may get in",
            objects=found,
        )


def first_sync(facts: Facts) -> Iterator[Leaving]:
    """IPVS135: until the first sync has ended a node has no rule for new connections."""
    if not facts.leaving or facts.services is None or facts.slices is None:
        return
    services, endpoints = len(facts.served), sum(len(piece.endpoints) for piece in facts.slices)
    size = f"{services:,} Services with {endpoints:,} endpoints"
    if services < SMALL[0] and endpoints < SMALL[1]:
        yield Leaving("IPVS135", "info", f"first sync: some seconds a node ({size})")
        return
    if services < LARGE[0] and endpoints < LARGE[1]:
        yield Leaving("IPVS135", "info", f"first sync: up to a minute or two a node ({size})")
        return
    quick = all(
        (parse_kernel(node.kernel) or (0, 0)) >= QUICK_KERNEL and (parse_version(node.version) or (0, 0)) >= QUICKER
        for node in facts.leaving
    )
    hint = "" if quick else "kernel 6.12 and kube-proxy 1.37 are quicker"
    yield Leaving(
        "IPVS135",
        "warning",
        f"first sync: minutes a node, without rules for new connections ({size}; "
        "10,000 Services were seen to take three, 5,000 with 250,000 endpoints two to thirteen)",
        hint,
    )


def _blind(facts: Facts) -> tuple[Seen, ...]:
    return tuple(entry.seen for entry, read in facts.before if not read.finds_local)


def _is_external(service: Service) -> bool:
    """Tell whether a Service is to be reached from outside the cluster."""
    return bool(service.external_ips or service.ingress or any(port.node_port for port in service.ports))


def _seen(facts: Facts, wanted: Callable[[Service], bool]) -> tuple[Seen, ...]:
    return tuple(_service(each) for each in facts.served if wanted(each))


def _service(each: Service) -> Seen:
    return Seen("Service", each.namespace, each.name)


RULES = (
    node_ports,
    forward_policy,
    external_local,
    internal_local,
    masquerading,
    affinity,
    unallocated,
    external_ips,
    source_ranges,
    first_sync,
)
