"""What stands between a cluster and nftables mode: a stable code, a level, why, what to do, where it was seen.

docs/leaving-ipvs.md has a paragraph for each code.
"""

from typing import Literal, NamedTuple

Level = Literal["blocks", "error", "warning", "info"]
LEVELS: tuple[Level, ...] = ("blocks", "error", "warning", "info")  # the gravest first


class Seen(NamedTuple):
    """An object that a finding was seen in; `namespace` is "" for one that has none."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`Service default/web`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Leaving(NamedTuple):
    """One finding; `nodes` and `objects` are all that it was seen on and in, () where it is about the cluster."""

    code: str
    level: Level
    reason: str
    hint: str = ""
    nodes: tuple[str, ...] = ()
    objects: tuple[Seen, ...] = ()


# Each code once, with its meaning in a few words: the documentation and the tests are checked against this table.
CODES = {
    "IPVS101": "a kernel older than 5.13",
    "IPVS102": "a kube-proxy too old for nftables mode",
    "IPVS103": "nft in the image older than the node's",
    "IPVS104": "no nft in the image",
    "IPVS105": "kernel modules of nftables",
    "IPVS106": "a host without ip_tables and ip_set",
    "IPVS107": "NodePorts on primary addresses alone",
    "IPVS108": "NodePorts and a FORWARD policy of DROP",
    "IPVS109": "externalTrafficPolicy Local without a local detector",
    "IPVS110": "internalTrafficPolicy Local without a local endpoint",
    "IPVS111": "masquerading without a local detector",
    "IPVS112": "the scheduler has no successor",
    "IPVS113": "session affinity works otherwise",
    "IPVS114": "ipvs timeouts have no effect",
    "IPVS115": "resets of packets that conntrack calls invalid",
    "IPVS116": "something reads kube-ipvs0",
    "IPVS117": "strictARP's sysctls stay",
    "IPVS118": "node-local-dns",
    "IPVS119": "Calico's data plane must match",
    "IPVS120": "network policies and CNI by iptables",
    "IPVS121": "Cilium",
    "IPVS122": "Istio's rules on the host",
    "IPVS124": "addresses and ports of no Service",
    "IPVS126": "externalIPs",
    "IPVS127": "loadBalancerSourceRanges",
    "IPVS129": "settings of other sections do not carry over",
    "IPVS130": "somebody else's rows in the IPVS table",
    "IPVS131": "rules of iptables-legacy",
    "IPVS132": "monitoring reads IPVS metrics",
    "IPVS135": "the first sync",
    "IPVS140": "IPVS is not gone from a node",
}
