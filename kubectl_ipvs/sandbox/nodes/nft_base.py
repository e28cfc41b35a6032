"""What kube-proxy's nftables table holds without any Service: sets, hooks, the chains that they lead to. Pure."""

from collections import defaultdict
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.nodes import nft_expressions as nft
from kubectl_ipvs.sandbox.nodes.nft_expressions import DPORT, L4, MARK, NEW, Obj, concat, jump, match

TABLE = "kube-proxy"
DIRECT_SINCE = (1, 36)  # the first release that sends connections to endpoints without a chain for each of them
_HOOKS: dict[str, tuple[tuple[str, str, int], tuple[str, ...]]] = {
    "filter-prerouting-pre-dnat": (("filter", "prerouting", -110), ("firewall-check",)),
    "filter-output-pre-dnat": (("filter", "output", -110), ("firewall-check",)),
    "filter-input": (("filter", "input", 0), ("nodeport-endpoints-check", "service-endpoints-check")),
    "filter-forward": (("filter", "forward", 0), ("service-endpoints-check", "cluster-ips-check")),
    "filter-output": (("filter", "output", 0), ("service-endpoints-check", "cluster-ips-check")),
    "nat-prerouting": (("nat", "prerouting", -100), ("services",)),
    "nat-output": (("nat", "output", -100), ("services",)),
    "nat-postrouting": (("nat", "postrouting", 100), ("masquerading",)),
}
_COMMENTS = {
    "cluster-ips": "Active ClusterIPs",
    "firewall-ips": "destinations that are subject to LoadBalancerSourceRanges",
    "hairpin-connections": "service hairpin connections",
    "no-endpoint-nodeports": "vmap to drop or reject packets to service nodeports with no endpoints",
    "no-endpoint-services": "vmap to drop or reject packets to services with no endpoints",
    "nodeport-ips": "IPs that accept NodePort traffic",
    "service-ips": "ClusterIP, ExternalIP and LoadBalancer IP traffic",
    "service-nodeports": "NodePort traffic",
}


class Node(NamedTuple):
    """What of a node and its configuration counts. `addresses`: those that accept NodePort traffic, () for all."""

    name: str
    addresses: tuple[str, ...]
    cluster_cidr: str
    release: tuple[int, int]


class Bare:
    """A table without any Service: what is there whatever the Services are; `chains` and `rules` as they are listed."""

    def __init__(self, family: str, node: Node) -> None:
        self.family, self.node = family, node
        self.is_six = family == "ip6"
        self.cidr = node.cluster_cidr if node.cluster_cidr and self.is_ours(node.cluster_cidr) else ""
        self.is_direct = node.release >= DIRECT_SINCE
        self.elements: defaultdict[str, list[Any]] = defaultdict(list)
        self.affinity: list[Obj] = []
        self.chains: list[Obj] = []
        self.rules: list[Obj] = []
        self.elements["nodeport-ips"] = [each for each in node.addresses if self.is_ours(each)]
        self._base()

    def sets(self) -> list[Obj]:
        """Return the sets and maps, those of session affinity last."""
        address, ends = "ipv6_addr" if self.is_six else "ipv4_addr", ["inet_proto", "inet_service"]
        made = [self._set("hairpin-connections", [address, address, *ends])] if self.is_direct else []
        made.append(self._set("cluster-ips", address))
        made += [self._set("nodeport-ips", address)] if self.elements["nodeport-ips"] else []
        kinds = {"no-endpoint-services": 1, "no-endpoint-nodeports": 0, "firewall-ips": 1, "service-ips": 1}
        for name, has_address in {**kinds, "service-nodeports": 0}.items():
            made.append(self._set(name, [address] * has_address + ends, verdicts=True))
        return [*made, *self.affinity]

    def _base(self) -> None:
        """Make the chains that are there whatever the Services are."""
        where = concat(self.payload("daddr"), L4, DPORT)
        for name, (hook, targets) in _HOOKS.items():
            new = [NEW] if hook[0] == "filter" else []
            fields = dict(zip(("type", "hook", "prio"), hook, strict=True))
            self.chain(name, *([*new, jump(each)] for each in targets), **fields, policy="accept")
        to_node, to_port = self._to_node(), concat(L4, DPORT)
        self.chain("nodeport-endpoints-check", [to_node[-1], nft.vmap(to_port, "@no-endpoint-nodeports")])
        self.chain("service-endpoints-check", [nft.vmap(where, "@no-endpoint-services")])
        self.chain("firewall-check", [nft.vmap(where, "@firewall-ips")])
        self.chain("services")
        to_cluster = match("==", self.payload("daddr"), "@cluster-ips")
        if self.cidr and self.is_direct:
            outside = match("!=", self.payload("saddr"), nft.prefix(self.cidr))
            words = "masquerade clusterIP traffic from outside cluster"
            self.rule("services", to_cluster, outside, *self.masquerade(), comment=words)
        self.rule("services", nft.vmap(where, "@service-ips"))
        self.rule("services", *to_node, nft.vmap(to_port, "@service-nodeports"))
        self._masquerading()
        reject = {"reject": {"type": "icmpv6" if self.is_six else "icmp", "expr": "port-unreachable"}}
        self.chain("cluster-ips-check")
        self.rule("cluster-ips-check", to_cluster, reject, comment="Reject traffic to invalid ports of ClusterIPs")
        self.chain("reject-chain", [reject])

    def _to_node(self) -> list[Obj]:
        """Return what is true of traffic to an address that accepts NodePort traffic."""
        if self.elements["nodeport-ips"]:
            return [match("==", self.payload("daddr"), "@nodeport-ips")]
        loopback: object = "::1" if self.is_six else nft.prefix("127.0.0.0/8")
        return [nft.is_local("daddr"), match("!=", self.payload("daddr"), loopback)]

    def _masquerading(self) -> None:
        """Masquerade what is marked, and what comes from an endpoint and goes to it."""
        if not self.is_direct:
            unmarked = match("==", {"&": [{"meta": {"key": "mark"}}, nft.MASQUERADE]}, 0)
            self.chain("masquerading", [unmarked, {"return": None}], [nft.UNMARK], [nft.RANDOM])
            self.chain("mark-for-masquerade", [MARK])
            return
        both = concat(self.payload("saddr"), self.payload("daddr"), L4, DPORT)
        translated = match("in", {"ct": {"key": "status"}}, "dnat")
        to_itself = [translated, match("==", both, "@hairpin-connections"), nft.RANDOM]
        self.chain("masquerading", [nft.MARKED, nft.UNMARK, nft.RANDOM], to_itself)

    def masquerade(self) -> list[Obj]:
        """Return what marks a packet to be masqueraded."""
        return [MARK] if self.is_direct else [jump("mark-for-masquerade")]

    def is_ours(self, address: str) -> bool:
        """Tell whether an address or network is of this family."""
        return (":" in address) is self.is_six

    def payload(self, field: str) -> Obj:
        """Return saddr or daddr of a packet."""
        return {"payload": {"protocol": self.family, "field": field}}

    def made(self, kind: str, **fields: object) -> Obj:
        """Return an object of the table."""
        return {kind: {"family": self.family, "table": TABLE, **fields}}

    def _set(self, name: str, kind: object, *, verdicts: bool = False) -> Obj:
        more = {"map": "verdict"} if verdicts else {}
        elements = self.elements[name]
        fields = {"name": name, "type": kind, "comment": _COMMENTS[name], **more}
        return self.made("map" if verdicts else "set", **fields, **({"elem": elements} if elements else {}))

    def chain(self, name: str, *rules: list[Obj], **fields: object) -> None:
        """Add a chain with these rules."""
        self.chains.append(self.made("chain", name=name, **fields))
        for rule in rules:
            self.rule(name, *rule)

    def rule(self, chain: str, *expressions: Obj, comment: str = "") -> None:
        """Add a rule to a chain."""
        said = {"comment": comment} if comment else {}
        self.rules.append(self.made("rule", chain=chain, **said, expr=list(expressions)))
