"""What kube-proxy leaves in a node's network beside the IPVS table: kube-ipvs0, ipsets, nftables tables.

Source: kube-proxy's platformCleanup and its proxiers from 1.20 to 1.37, as they were seen on real nodes.
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from kubectl_ipvs.sandbox.nodes import nftables
from kubectl_ipvs.sandbox.nodes.kernel import Kernel
from kubectl_ipvs.sandbox.nodes.nft_base import TABLE, Node
from kubectl_ipvs.sandbox.nodes.virtuals import ServicePort

Obj = dict[str, Any]
DUMMY = "kube-ipvs0"
LONGEST_NAME = 31  # characters of an ipset's name; what is longer is cut
CLEANS_SINCE = (1, 31)  # the first release that removes what other modes left when it starts
NEEDS_MODPROBE_SINCE = (1, 34)  # from then on IPVS is left alone where `modprobe ip_vs` fails in the container
_SETS = (
    "LOOP-BACK", "CLUSTER-IP", "EXTERNAL-IP", "EXTERNAL-IP-LOCAL", "LOAD-BALANCER", "LOAD-BALANCER-LOCAL",
    "LOAD-BALANCER-FW", "LOAD-BALANCER-SOURCE-CIDR", "LOAD-BALANCER-SOURCE-IP", "NODE-PORT-TCP", "NODE-PORT-LOCAL-TCP",
    "NODE-PORT-UDP", "NODE-PORT-LOCAL-UDP", "NODE-PORT-SCTP-HASH", "NODE-PORT-LOCAL-SCTP-HASH",
    "HEALTH-CHECK-NODE-PORT", "IPVS-IPS",
)  # fmt: skip
IPSETS = {prefix: tuple(f"{prefix}{name}"[:LONGEST_NAME] for name in _SETS) for prefix in ("KUBE-", "KUBE-6-")}
_RECEIVED = "bytes    packets errs drop fifo frame compressed multicast"
_SENT = "bytes    packets errs drop fifo colls carrier compressed"
_DEVICES = f"Inter-|   {'Receive':48}|  Transmit\n face |{_RECEIVED}|{_SENT}\n"


class Network:
    """One node's network. `nft`: for what kube-proxy's nftables tables were made, None while there are none."""

    def __init__(self, kernel: Kernel, local: tuple[str, ...]) -> None:
        self.kernel = kernel
        self.local = local
        self.inside: tuple[str, ...] = local  # the node's InternalIPs
        self.ports: tuple[ServicePort, ...] = ()
        self.has_dummy = False
        self.used_ipvs = False  # its sysctls are set, for good
        self.ipsets: tuple[str, ...] = ()
        self.nft: Node | None = None

    def clean(self, mode: str, release: tuple[int, int], *, modprobe: bool, nft: bool) -> None:
        """Remove what other modes left, as a kube-proxy does that starts in this mode.

        `modprobe`, `nft`: its image has the program (and the modules to load); iptables mode cleans nothing of IPVS.
        """
        if release < CLEANS_SINCE or not mode:
            return
        if mode != "nftables" and nft:
            self.nft = None
        if mode == "nftables" and (modprobe or release < NEEDS_MODPROBE_SINCE):
            self.kernel.flush()
            self.has_dummy = False
            self.ipsets = tuple(name for name in self.ipsets if name not in IPSETS["KUBE-"])

    def use_ipvs(self) -> None:
        """Make what ipvs mode needs beside the table."""
        self.has_dummy = self.used_ipvs = True
        self.ipsets = (*IPSETS["KUBE-"], *IPSETS["KUBE-6-"])

    def serve_nftables(self, document: Mapping[str, Any], node: str, release: tuple[int, int]) -> None:
        """Make the tables of nftables mode, by this configuration."""
        networks = [each for each in document.get("nodePortAddresses") or () if each != "primary"]
        addresses = tuple(each for each in self.local if any(_within(each, network) for network in networks))
        if not networks:
            addresses = self.inside
        elif any(network.endswith("/0") for network in networks):
            addresses = ()
        self.nft = Node(node, addresses, str(document.get("clusterCIDR") or ""), release)

    @property
    def dummies(self) -> tuple[str, ...]:
        """Addresses on kube-ipvs0: those of the Services, while kube-proxy's virtual servers are there."""
        if not self.has_dummy:
            return ()
        found = (each for port in self.ports for each in (*port.inside, *port.outside) if each not in self.local)
        return tuple(dict.fromkeys(found))

    def nft_listing(self, words: list[str]) -> Obj | None:
        """Return what `nft -j list WORDS` shows; None where there is no such table or map."""
        families = nftables.FAMILIES if self.nft else ()
        if words == ["tables"]:
            return nftables.listed([nftables.header(family) for family in families])
        if words == ["ruleset"]:
            return nftables.listed([each for family in families for each in self._objects(family)])
        if len(words) < 3 or words[1] not in families or words[2] != TABLE:  # noqa: PLR2004 -- KIND FAMILY TABLE
            return None
        objects = self._objects(words[1])
        if words[0] == "table":
            return nftables.listed(objects)
        found = [each for each in objects if (each.get(words[0]) or {}).get("name") == " ".join(words[3:])]
        return nftables.listed(found) if found else None

    def _objects(self, family: str) -> list[Obj]:
        return nftables.objects_of(family, self.ports, self.nft) if self.nft else []

    def devices_text(self) -> str:
        """Return what /proc/net/dev holds."""
        names = ["lo", "eth0", *([DUMMY] if self.has_dummy else [])]
        return _DEVICES + "".join(f"{name:>6}: {' '.join(['0'] * 16)}\n" for name in names)

    def routes_text(self) -> str:
        """Return what /proc/net/fib_trie holds, flat: every local IPv4 address."""
        found = {ip_address(each) for each in (*self.local, *self.dummies, "127.0.0.1") if ":" not in each}
        leaves = "".join(f"     |-- {each}\n        /32 host LOCAL\n" for each in sorted(found, key=int))
        return "".join(f"{name}:\n  +-- 0.0.0.0/0 3 0 5\n{leaves}" for name in ("Main", "Local"))

    def addresses_text(self) -> str:
        """Return what /proc/net/if_inet6 holds: every local IPv6 address with its device."""
        return "".join(
            f"{ip_address(address).exploded.replace(':', '')} {number:02x} {length:02x} {scope:02x} 80 {device:>8}\n"
            for address, device, number, length, scope in self._sixes()
        )

    def _sixes(self) -> Iterator[tuple[str, str, int, int, int]]:
        """Yield address, device, its number, prefix length, scope."""
        yield "::1", "lo", 1, 128, 0x10
        for address in self.local:
            if ":" in address:
                yield address, "eth0", 2, 64, 0
        for address in self.dummies:
            if ":" in address:
                yield address, DUMMY, 3, 128, 0


def _within(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return False
