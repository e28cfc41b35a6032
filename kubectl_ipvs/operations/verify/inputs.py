"""What the expected table of a node depends on beside Services: its release, its settings, its addresses, its zone."""

from kubectl_ipvs.ipvs.local_addresses import parse_fib_trie, parse_if_inet6
from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.operations.tables.kept_text import KeptText
from kubectl_ipvs.proxy.config.configuration import Configuration
from kubectl_ipvs.proxy.release import parse_patch, parse_version, version_of_image
from kubectl_ipvs.services.eras import Version
from kubectl_ipvs.services.expected import Settings
from kubectl_ipvs.services.node_addresses import Node

FIB_TRIE, IF_INET6 = "/proc/net/fib_trie", "/proc/net/if_inet6"
FILES = (FIB_TRIE, IF_INET6)  # read by the same `cat` as the table
ZONE = "topology.kubernetes.io/zone"


def version_of(node: ProxyNode) -> Version | None:
    """Return the release of the node's kube-proxy, by the tag of its image; None where that has none.

    The kubelet's release is no sign of it: the two may be a few releases apart.
    """
    version = version_of_image(node.pod.image) if node.pod is not None else ""
    release = parse_version(version)
    return parse_patch(version) or ((*release, 0) if release is not None else None)


def settings_of(source: Source, read: Configuration) -> Settings:
    """Return what of the node's own configuration decides about its table."""
    return Settings(
        scheduler=source.scheduler or "",
        node_port_addresses=read.node_port_addresses,
        exclude_cidrs=tuple(source.excluded),
        gates=tuple(sorted(read.feature_gates.items())),
    )


def node_of(node: ProxyNode, text: KeptText | None, said: str) -> Node:
    """Return the node with its addresses; `text` and `said`: what was read of its files, and the errors of that.

    A node without IPv6 has no if_inet6; where no addresses came at all, they are not known.
    """
    before = b"" if text is None else text.before
    ipv4 = parse_fib_trie(before) or None
    known = node.node
    return Node(
        name=node.name,
        zone=known.labels.get(ZONE, "") if known else "",
        internal_ips=known.internal if known else (),
        ipv4=ipv4,
        ipv6=parse_if_inet6(before) if ipv4 is not None or IF_INET6 in said else None,
    )
