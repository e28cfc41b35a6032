"""Rules about what else runs in the cluster and looks at kube-proxy's mode, or at kube-ipvs0."""

import re
from collections.abc import Iterator, Mapping

from kubectl_ipvs.proxy.leaving.facts import Facts, Workload
from kubectl_ipvs.proxy.leaving.findings import Leaving, Level
from kubectl_ipvs.proxy.release import parse_version, version_of_image

DEVICE = "kube-ipvs0"
LINK_LOCAL = "169.254."
CALICO = ("calico-node", "calico/node")
BY_HAND, AUTO = (3, 30), (3, 32)  # the first Calico that has nftablesMode, and the first that looks for itself
FLANNEL = ("kube-flannel", "kube-flannel-ds", "flannel/flannel", "flannel")
OWN_CHAINS = ("weave-net", "canal", "azure-npm", "kube-router")
CILIUM, ISTIO = ("cilium", "cilium/cilium"), ("istio-cni-node", "istio-cni", "istio/install-cni", "ztunnel")
NODE_LOCAL_DNS = ("node-local-dns", "k8s-dns-node-cache", "dns/k8s-dns-node-cache")
BALANCERS = ("kube-vip", "kube-vip-ds", "keepalived", "speaker", "metallb-speaker")
# Whose ConfigMaps are looked into.
CONCERNED = (*CALICO, *FLANNEL, *OWN_CHAINS, *CILIUM, *ISTIO, *NODE_LOCAL_DNS, *BALANCERS)
NFTABLES = re.compile(r'"EnableNFTables"\s*:\s*true')
REPLACEMENT = re.compile(r"^kube-proxy-replacement: *\"?(\w+)", re.MULTILINE)


def device(facts: Facts) -> Iterator[Leaving]:
    """IPVS116: the Services' addresses will be on no device."""
    found = [each.seen for each in facts.config_maps or () if DEVICE in each.text]
    found += [
        each.seen
        for each in facts.workloads or ()
        if any(DEVICE in word for word in (*each.words, *each.environment.values()))
    ]
    if facts.leaving and found:
        yield Leaving(
            "IPVS116",
            "warning",
            "kube-ipvs0 is named here; it will be gone, and no Service's address is a local one then",
            "look whether its addresses are read or announced there; to exclude it is harmless",
            objects=tuple(found),
        )


def node_local_dns(facts: Facts) -> Iterator[Leaving]:
    """IPVS118: the form for IPVS mode goes on working; the one for iptables mode is unsure."""
    found = facts.workload(*NODE_LOCAL_DNS)
    if found is None or not facts.leaving:
        return
    addresses = _value(found, "-localip").split(",")
    alone = all(address.startswith(LINK_LOCAL) for address in filter(None, addresses))
    words = (
        "only on 169.254.x, as for IPVS mode: it goes on working as it is"
        if alone
        else ("also on a Service's address, the form for iptables mode: under nftables nobody has said that it works")
    )
    yield Leaving(
        "IPVS118", "info", f"node-local-dns listens {words}", "" if alone else "try a node first", objects=(found.seen,)
    )


def _value(found: Workload, flag: str) -> str:
    """Return the value of a flag with one dash or two, in one word or in two."""
    for word, after in zip(found.words, (*found.words[1:], ""), strict=True):
        name, equals, value = word.partition("=")
        if name.lstrip("-") == flag.lstrip("-"):
            return value if equals else after
    return ""


def calico(facts: Facts) -> Iterator[Leaving]:
    """IPVS119: Felix and kube-proxy must write to the same kind of tables."""
    found = facts.workload(*CALICO)
    if found is None or not facts.leaving:
        return
    version = next(filter(None, map(version_of_image, found.images)), "")
    network = (facts.installation or {}).get("calicoNetwork")
    plane = str(network.get("linuxDataplane") or "") if isinstance(network, dict) else ""
    level, words, hint = _calico(version, facts.felix or {}, plane)
    yield Leaving("IPVS119", level, f"Calico {version or '(version unknown)'} {words}", hint, objects=(found.seen,))


def _calico(version: str, felix: Mapping[str, object], plane: str) -> tuple[Level, str, str]:
    """Judge by Felix's settings and the data plane of the operator's Installation; return level, reason, hint."""
    number, mode = parse_version(version), str(felix.get("nftablesMode") or "Auto")
    if felix.get("bpfEnabled") is True or plane == "BPF":
        words = "in eBPF mode serves Services itself, and what is left of IPVS breaks it"
        return "warning", words, "remove kube-proxy instead, and reboot the nodes"
    if number is not None and number < BY_HAND:
        words = "has no nftables data plane: its rules and kube-proxy's clash"
        return "error", words, "upgrade Calico to 3.30 or newer first"
    if mode == "Enabled" or plane == "Nftables":
        return "info", "is set to nftables", ""
    if number is not None and number >= AUTO and mode == "Auto" and plane in {"", "Auto"}:
        return "info", "finds kube-proxy's tables itself", ""
    where = "linuxDataplane of Installation default" if plane else "nftablesMode of FelixConfiguration default"
    return "warning", "must go to nftables together with kube-proxy", f"switch {where} as each node goes"


def policies(facts: Facts) -> Iterator[Leaving]:
    """IPVS120: who else writes rules; flannel has a switch for it."""
    if not facts.leaving:
        return
    flannel = facts.workload(*FLANNEL)
    if flannel is not None and facts.config_maps is not None:
        texts = [each for each in facts.config_maps if "net-conf.json" in each.text and "Backend" in each.text]
        if not any(NFTABLES.search(each.text) for each in texts):
            seen = (flannel.seen, *(each.seen for each in texts))
            yield Leaving(
                "IPVS120",
                "warning",
                "flannel writes iptables rules",
                'set "EnableNFTables": true in net-conf.json, and restart its pods',
                objects=seen,
            )
    other = [each.seen for each in facts.workloads or () if each.name in OWN_CHAINS]
    if other:
        yield Leaving(
            "IPVS120",
            "info",
            "network policies by iptables chains of their own: they should go on working",
            "look at the first node that goes",
            objects=tuple(other),
        )


def cilium(facts: Facts) -> Iterator[Leaving]:
    """IPVS121: Cilium may serve Services itself; then kube-proxy is not needed at all."""
    found = facts.workload(*CILIUM)
    if found is None or not facts.leaving:
        return
    texts = [each for each in facts.config_maps or () if each.seen.name == "cilium-config"]
    value = next((match[1] for each in texts if (match := REPLACEMENT.search(each.text))), "")
    if value == "true":
        words, hint = "Cilium serves Services itself (kube-proxy-replacement true)", "kube-proxy can go altogether"
    else:
        words, hint = f"Cilium with kube-proxy-replacement {value or 'not known'}: host ports may go by iptables", ""
    yield Leaving("IPVS121", "info", words, hint, objects=(found.seen, *(each.seen for each in texts)))


def istio(facts: Facts) -> Iterator[Leaving]:
    """IPVS122: in ambient mode Istio writes rules on the host; elsewhere only inside pods."""
    found = facts.workload(*ISTIO)
    if found is not None and facts.leaving:
        yield Leaving(
            "IPVS122",
            "info",
            "Istio's CNI may write rules on the host (ambient mode) by a newer nft than kube-proxy's image has",
            "look at the first node that goes (IPVS103)",
            objects=(found.seen,),
        )


def monitoring(facts: Facts) -> Iterator[Leaving]:
    """IPVS132: node_exporter's IPVS metrics go."""
    found = tuple(each.seen for each in facts.rules or () if "node_ipvs" in each.text)
    if facts.leaving and found:
        yield Leaving(
            "IPVS132",
            "info",
            "these rules read node_ipvs_* metrics, which will be gone",
            "kubeproxy_sync_proxy_rules_nftables_* are new",
            objects=found,
        )


RULES = (device, node_local_dns, calico, policies, cilium, istio, monitoring)
