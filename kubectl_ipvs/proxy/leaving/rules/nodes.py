"""Rules about the machines: kernel, kube-proxy's version, nft, operating system."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from kubectl_ipvs.proxy.leaving.facts import Facts, NodeFact
from kubectl_ipvs.proxy.leaving.findings import Leaving, Level
from kubectl_ipvs.proxy.leaving.schedule import NFTABLES, NFTABLES_BETA, NFTABLES_STABLE
from kubectl_ipvs.proxy.release import parse_kernel, parse_patch, parse_version

KERNEL, NO_RESETS = (5, 13), (6, 1)
GOOD = ((1, 33, 6), (1, 34, 2))  # the first without the bugs that lose traffic, of each release that had them
NFT_IN_IMAGE = ((1, 36, 3), (1, 37, 0))  # official images whose nft reads what newer ones wrote
UPGRADE = "upgrade kube-proxy to 1.33.6, 1.34.2 or newer first"
_EL10 = r"(?:Red Hat Enterprise Linux|AlmaLinux|Rocky Linux|CentOS|Oracle Linux)\D*10\b"
LIKE_EL10 = re.compile(_EL10)
NEW_NFT = re.compile(rf"{_EL10}|Fedora\D*(?:4[0-9]|[5-9][0-9])\b|Bottlerocket|Debian GNU/Linux (?:1[3-9]|trixie)")


def kernels(facts: Facts) -> Iterator[Leaving]:
    """IPVS101: kube-proxy refuses older kernels, and only after it has removed the rules of IPVS mode."""
    old = [node for node in facts.leaving if (parse_kernel(node.kernel) or KERNEL) < KERNEL]
    if old:
        found = _values(node.kernel for node in old)
        yield Leaving(
            "IPVS101",
            "blocks",
            f"nftables mode needs Linux 5.13; the kernel is {found}: kube-proxy removes "
            "the old rules, then refuses to start",
            "upgrade these nodes, or leave them in IPVS mode",
            nodes=_names(old),
        )


def versions(facts: Facts) -> Iterator[Leaving]:
    """IPVS102: releases in which nftables mode is not there, not on, or loses traffic."""
    by_why: dict[str, list[NodeFact]] = defaultdict(list)
    for node in facts.leaving:
        by_why[_too_old(node.version)].append(node)
    for why, nodes in by_why.items():
        if why:
            found = _values(node.version for node in nodes)
            level: Level = (
                "error" if all((parse_version(node.version) or (0, 0)) >= (1, 34) for node in nodes) else "blocks"
            )
            yield Leaving("IPVS102", level, f"kube-proxy {found}: {why}", UPGRADE, nodes=_names(nodes))


def _too_old(version: str) -> str:
    release, patch = parse_version(version), parse_patch(version)
    if release is None:
        return ""
    if release < NFTABLES:
        return "it has no nftables mode"
    if release < NFTABLES_BETA:
        return "nftables mode is alpha, behind a feature gate"
    if release < NFTABLES_STABLE:
        return "nftables mode is beta, and its check of the kernel does the opposite"
    first = next((good for good in GOOD if good[:2] == release), None)
    if first is None or patch is None or patch >= first:
        return ""
    return "its nftables mode loses traffic that later patch releases do not"


def old_nft(facts: Facts) -> Iterator[Leaving]:
    """IPVS103: rules of a newer nft on the host can crash the one in the image: then nothing is synced at all."""
    nodes = [node for node in facts.leaving if NEW_NFT.search(node.os_image) and not _reads_new(node)]
    if nodes:
        found = _values(node.os_image for node in nodes)
        yield Leaving(
            "IPVS103",
            "warning",
            f"{found} may have rules (firewalld, Podman, Istio) that crash the older "
            "nft in kube-proxy's image: then it writes no rule",
            'let such a node go first, and look for "segmentation fault" in its log; 1.36.3 and 1.37 have a newer nft',
            nodes=_names(nodes),
        )


def _reads_new(node: NodeFact) -> bool:
    """Tell whether the nft in kube-proxy's image is good: as it says itself, or as the official images are."""
    if node.nft:
        number = tuple(map(int, node.nft.split(".")))
        return number >= (1, 1, 2) or (1, 0, 6, 1) <= number < (1, 0, 7)
    patch = parse_patch(node.version)
    return patch is not None and (patch >= NFT_IN_IMAGE[1] or (patch[:2] == (1, 36) and patch >= NFT_IN_IMAGE[0]))


def no_nft(facts: Facts) -> Iterator[Leaving]:
    """IPVS104: without nft in its image kube-proxy cannot start in nftables mode."""
    nodes = [node for node in facts.leaving if node.nft == ""]
    if nodes:
        yield Leaving(
            "IPVS104",
            "blocks",
            "kube-proxy's image has no nft: it removes the old rules, then does not start",
            "use an image that has it: the official ones do from 1.29 on",
            nodes=_names(nodes),
        )


def modules(facts: Facts) -> Iterator[Leaving]:
    """IPVS105: a kernel that was built without them shows it at the first sync alone."""
    if facts.leaving:
        yield Leaving(
            "IPVS105",
            "info",
            "cannot be seen from here: whether each kernel has the modules nft_fib, nft_numgen and nft_masq",
            "on a node: modprobe -a nft_fib_ipv4 nft_numgen nft_masq && echo good",
        )


def no_ip_tables(facts: Facts) -> Iterator[Leaving]:
    """IPVS106: hosts on which the other modes do not work, so that there is no way back."""
    nodes = [node for node in facts.leaving if LIKE_EL10.search(node.os_image)]
    if nodes:
        yield Leaving(
            "IPVS106",
            "info",
            f"{_values(node.os_image for node in nodes)} may lack ip_tables and ip_set: "
            "nftables is then the only mode that starts, and there is no way back",
            nodes=_names(nodes),
        )


def resets(facts: Facts) -> Iterator[Leaving]:
    """IPVS115: old kernels call packets of long connections invalid, and answer them with a reset."""
    strict = {name for entry, read in facts.before if not read.tcp_be_liberal for name in entry.nodes}
    nodes = [
        node
        for node in facts.leaving
        if node.name in strict
        and (parse_kernel(node.kernel) or KERNEL) < NO_RESETS
        and parse_kernel(node.kernel) is not None
    ]
    if nodes:
        yield Leaving(
            "IPVS115",
            "info",
            "on kernels before 6.1 packets that conntrack calls invalid may end long connections",
            "conntrack.tcpBeLiberal: true",
            nodes=_names(nodes),
        )


def legacy(facts: Facts) -> Iterator[Leaving]:
    """IPVS131: rules that another iptables than the image's wrote are not found, and stay."""
    if facts.leaving:
        yield Leaving(
            "IPVS131",
            "info",
            "cannot be seen from here: rules that IPVS mode wrote by iptables-legacy stay "
            "where the new kube-proxy uses iptables-nft",
            "on the first node, afterwards: iptables-legacy-save | grep -c KUBE-",
        )


def _names(nodes: Iterable[NodeFact]) -> tuple[str, ...]:
    return tuple(node.name for node in nodes)


def _values(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))


RULES = (kernels, versions, old_nft, no_nft, modules, no_ip_tables, resets, legacy)
