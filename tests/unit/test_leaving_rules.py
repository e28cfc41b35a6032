"""Each difference between IPVS mode and nftables mode: a cluster that has it, and one beside it that has not."""

import re
from pathlib import Path

import pytest

from kubectl_ipvs.ipvs.rows import ForeignRow, Row
from kubectl_ipvs.proxy.leaving.diagnosis import RULES
from kubectl_ipvs.proxy.leaving.facts import Facts, Leftovers
from kubectl_ipvs.proxy.leaving.findings import CODES, LEVELS
from kubectl_ipvs.services.objects import Endpoint
from tests.unit.leaving import (
    ALWAYS,
    CONFIG_MAP,
    configuration,
    daemon_set,
    facts,
    found,
    node,
    outside,
    piece,
    read,
    service,
    settled,
    text,
)

DOCS = Path(__file__).parents[2] / "docs" / "leaving-ipvs.md"
ALMA, FEDORA = "AlmaLinux 10.1 (Heliotrope Lion)", "Fedora Linux 42 (Server Edition)"
VIP = ForeignRow(Row("TCP", "192.0.2.200:6443", "rr"), "forwarding", "Local")
MARK = ForeignRow(Row("FWM", "77", "wlc"), "firewall mark")
KUBE_VIP = daemon_set("kube-vip-ds", "ghcr.io/kube-vip/kube-vip:v0.8.0", lb_enable="true")
CALICO = "docker.io/calico/node:{}"
FLANNEL = daemon_set("kube-flannel-ds", "ghcr.io/flannel-io/flannel:v0.27.0")
NET_CONF = 'net-conf.json: {"Network": "10.244.0.0/16", "EnableNFTables": %s, "Backend": {"Type": "vxlan"}}'
CILIUM = daemon_set("cilium", "quay.io/cilium/cilium:v1.17.0")
DNS = "registry.k8s.io/dns/k8s-dns-node-cache:1.25.0"


def calico(version: str, **felix: object) -> Facts:
    """Give a cluster with this Calico."""
    return facts(workloads=[daemon_set("calico-node", CALICO.format(version))], felix=felix)


def local_dns(addresses: str) -> Facts:
    """Give a cluster with node-local-dns on these addresses."""
    return facts(workloads=[daemon_set("node-local-dns", DNS, words=("-localip", addresses))])


def left(mode: str = "nftables", **more: object) -> Facts:
    """Give a cluster in another mode on which this is left of IPVS."""
    return facts(nodes=[node(mode=mode, left=Leftovers(0, device=False, sets=(), sysctls={})._replace(**more))])  # type: ignore[arg-type]


def rows(*entries: ForeignRow, **more: object) -> Facts:
    """Give a cluster with foreign rows on its node."""
    return facts(nodes=[node(foreign=entries, foreign_count=len(entries))], **more)


CASES: dict[str, tuple[Facts, list[str]]] = {
    "kernel 5.12": (facts(nodes=[node(kernel="5.12.19")]), ["IPVS101 blocks", "IPVS115 info"]),
    "kernel 5.13": (facts(nodes=[node(kernel="5.13.0")]), ["IPVS115 info"]),
    "kernel 4.18 of EL8": (facts(nodes=[node(kernel="4.18.0-553.el8")]), ["IPVS101 blocks", "IPVS115 info"]),
    "kernel unknown": (facts(nodes=[node(kernel="")]), []),
    "kernel 6.0": (facts(nodes=[node(kernel="6.0.9")]), ["IPVS115 info"]),
    "kernel 6.0, liberal": (
        facts(nodes=[node(kernel="6.0.9")], configurations=[configuration(settings=read(tcp_be_liberal=True))]),
        [],
    ),
    **{
        f"kube-proxy {version}": (facts(nodes=[node(version=version)]), expected)
        for version, expected in {
            "v1.28.9": ["IPVS102 blocks"],
            "v1.29.0": ["IPVS102 blocks"],
            "v1.32.9": ["IPVS102 blocks"],
            "v1.33.5": ["IPVS102 blocks"],
            "v1.33.6": [],
            "v1.34.1": ["IPVS102 error"],
            "v1.34.2": [],
            "v1.34.2-eks-abc": [],
            "v1.35.0": [],
            "v1.37.2": [],
            "": [],
        }.items()
    },
    "AlmaLinux 10, old nft": (
        facts(nodes=[node(os_image=ALMA, nft="1.0.6")]),
        ["IPVS103 warning", "IPVS106 info"],
    ),
    "AlmaLinux 10, mended nft": (facts(nodes=[node(os_image=ALMA, nft="1.0.6.1")]), ["IPVS106 info"]),
    "AlmaLinux 9": (facts(nodes=[node(os_image="AlmaLinux 9.5 (Teal Serval)", nft="1.0.6")]), []),
    "Fedora 42, new nft": (facts(nodes=[node(os_image=FEDORA, nft="1.1.3")]), []),
    "Fedora 42, nft unknown, 1.36.2": (
        facts(nodes=[node(os_image=FEDORA, nft=None, version="v1.36.2")]),
        ["IPVS103 warning"],
    ),
    "Fedora 42, nft unknown, 1.36.3": (facts(nodes=[node(os_image=FEDORA, nft=None)]), []),
    "Debian 13": (facts(nodes=[node(os_image="Debian GNU/Linux 13 (trixie)", nft="1.0.9")]), ["IPVS103 warning"]),
    "no nft": (facts(nodes=[node(nft="")]), ["IPVS104 blocks"]),
    "nft unknown": (facts(nodes=[node(nft=None)]), []),
    "NodePorts, every address": (
        facts(configurations=[configuration(settings=read(node_port_addresses=()))], services=[outside()]),
        ["IPVS107 warning", "IPVS108 info"],
    ),
    "NodePorts, primary": (facts(services=[outside()]), ["IPVS108 info"]),
    "every address, no NodePort": (settled(node_port_addresses=()), []),
    "external Local, blind": (
        facts(configurations=[configuration(settings=read(cluster_cidr="", masquerade_all=True))],
              services=[outside(external_local=True)]),
        ["IPVS108 info", "IPVS109 error"],
    ),
    "external Local, clusterCIDR": (facts(services=[outside(external_local=True)]), ["IPVS108 info"]),
    "external Local, NodeCIDR": (
        facts(configurations=[configuration(settings=read(cluster_cidr="", detect_local_mode="NodeCIDR"))],
              services=[outside(external_local=True)]),
        ["IPVS108 info"],
    ),
    "internal Local, NodePort, elsewhere": (
        facts(services=[outside(internal_local=True)], slices=[piece("web", "node2")]),
        ["IPVS108 info", "IPVS110 warning"],
    ),
    "internal Local, elsewhere": (
        facts(services=[service(internal_local=True)], slices=[piece("web", "node2")]),
        ["IPVS110 info"],
    ),
    "internal Local, here": (facts(services=[service(internal_local=True)]), []),
    "internal Local, nowhere": (facts(services=[service(internal_local=True)], slices=[]), []),
    "blind": (settled(cluster_cidr=""), ["IPVS111 warning"]),
    "blind, masqueradeAll": (settled(cluster_cidr="", masquerade_all=True), []),
    "scheduler lc": (settled(scheduler="lc"), ["IPVS112 warning"]),
    "scheduler sh": (settled(scheduler="sh"), ["IPVS112 warning"]),
    "affinity": (facts(services=[service(affinity=10800)]), ["IPVS113 info"]),
    "timeouts": (settled(timeouts={"tcpTimeout": "2h"}), ["IPVS114 info"]),
    "a ConfigMap names kube-ipvs0": (
        facts(config_maps=[text("ConfigMap", "bird", "interface kube-ipvs0")]),
        ["IPVS116 warning"],
    ),
    "a DaemonSet names kube-ipvs0": (
        facts(workloads=[daemon_set("speaker", words=("--skip=kube-ipvs0",))]),
        ["IPVS116 warning"],
    ),
    "strictARP": (settled(strict_arp=True), ["IPVS117 info"]),
    "node-local-dns on 169.254": (local_dns("169.254.20.10"), ["IPVS118 info"]),
    "node-local-dns on a VIP": (local_dns("169.254.20.10,10.96.0.10"), ["IPVS118 info"]),
    "Calico 3.29": (calico("v3.29.9"), ["IPVS119 error"]),
    "Calico 3.30": (calico("v3.30.0"), ["IPVS119 warning"]),
    "Calico 3.31 by hand": (calico("v3.31.0", nftablesMode="Enabled"), ["IPVS119 info"]),
    "Calico 3.32": (calico("v3.32.0"), ["IPVS119 info"]),
    "Calico 3.32 disabled": (calico("v3.32.0", nftablesMode="Disabled"), ["IPVS119 warning"]),
    "Calico 3.32, Iptables by the operator": (
        facts(workloads=[daemon_set("calico-node", CALICO.format("v3.32.0"))],
              installation={"calicoNetwork": {"linuxDataplane": "Iptables"}}),
        ["IPVS119 warning"],
    ),
    "Calico 3.30, Nftables by the operator": (
        facts(workloads=[daemon_set("calico-node", CALICO.format("v3.30.0"))],
              installation={"calicoNetwork": {"linuxDataplane": "Nftables"}}),
        ["IPVS119 info"],
    ),
    "Calico eBPF": (calico("v3.32.0", bpfEnabled=True), ["IPVS119 warning"]),
    "Calico, unknown version": (calico("latest"), ["IPVS119 warning"]),
    "flannel, iptables": (
        facts(workloads=[FLANNEL], config_maps=[text("ConfigMap", "kube-flannel-cfg", NET_CONF % "false")]),
        ["IPVS120 warning"],
    ),
    "flannel, nftables": (
        facts(workloads=[FLANNEL], config_maps=[text("ConfigMap", "kube-flannel-cfg", NET_CONF % "true")]),
        [],
    ),
    "Weave": (facts(workloads=[daemon_set("weave-net")]), ["IPVS120 info"]),
    "Cilium": (facts(workloads=[CILIUM]), ["IPVS121 info"]),
    "Istio": (facts(workloads=[daemon_set("istio-cni-node", "docker.io/istio/install-cni:1.27")]), ["IPVS122 info"]),
    "externalIPs": (facts(services=[service(external_ips=("192.0.2.1",))]), ["IPVS126 info"]),
    "source ranges": (facts(services=[service(source_ranges=("192.0.2.0/24",))]), ["IPVS127 info"]),
    "a masquerade bit": (settled(masquerade_bit="14"), ["IPVS129 info"]),
    "a sync period": (settled(periods={"syncPeriod": "10s"}), ["IPVS129 info"]),
    "a foreign row": (rows(VIP), ["IPVS130 error"]),
    "kube-vip with lb_enable": (facts(workloads=[KUBE_VIP]), ["IPVS130 error"]),
    "kube-vip without": (facts(workloads=[daemon_set("kube-vip-ds", "ghcr.io/kube-vip/kube-vip:v0.8.0")]), []),
    "kube-router serves": (
        facts(workloads=[daemon_set("kube-router", words=("--run-service-proxy=true",))]),
        ["IPVS120 info", "IPVS130 error"],
    ),
    "a rule reads node_ipvs": (
        facts(rules=[text("PrometheusRule", "ipvs", "rate(node_ipvs_x[5m])")]),
        ["IPVS132 info"],
    ),
    "nothing left": (left(), []),
    "rows left": (left(rows=13), ["IPVS140 warning"]),
    "rows left in iptables mode": (left("iptables", rows=13), ["IPVS140 warning"]),
    "kube-ipvs0 left": (left(device=True), ["IPVS140 warning"]),
    "ipsets left": (left(sets=("KUBE-6-CLUSTER-IP",)), ["IPVS140 warning"]),
    "sysctls left": (left(sysctls={"ipv4/vs/conntrack": 1, "ipv4/conf/all/arp_ignore": 0}), ["IPVS140 info"]),
    "good": (facts(), []),
    "Cilium, nothing known": (facts(config_maps=None, workloads=None, services=None, slices=None, rules=None), []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_rules_find_what_is_there_and_nothing_else(name: str) -> None:
    """Every case is found by exactly its rules, at its level."""
    given, expected = CASES[name]

    assert sorted(f"{each.code} {each.level}" for each in found(given)) == expected


def test_every_cluster_in_ipvs_mode_is_told_what_no_fact_decides() -> None:
    """What always differs, or cannot be seen, is said at the level of information; in another mode it is not."""
    here = [each for rule in RULES for each in rule(facts())]

    assert {(each.code, each.level) for each in here} == {(code, "info") for code in ALWAYS}
    assert [each for rule in RULES for each in rule(facts(nodes=[node(mode="nftables")]))] == []


@pytest.mark.parametrize(
    ("services", "endpoints", "kernel", "expected"),
    [
        (999, 4_999, "6.1.0", ("info", "some seconds")),
        (1_000, 10, "6.1.0", ("info", "a minute or two")),
        (10, 5_000, "6.1.0", ("info", "a minute or two")),
        (5_000, 10, "6.1.0", ("warning", "minutes a node, without rules")),
        (10, 50_000, "6.12.0", ("warning", "minutes a node, without rules")),
    ],
)
def test_first_sync_is_told_by_size(services: int, endpoints: int, kernel: str, expected: tuple[str, str]) -> None:
    """Services times endpoints decide how long; a quicker kernel and kube-proxy take the hint away."""
    many = piece()._replace(endpoints=(Endpoint("10.244.0.1", node="node1"),) * endpoints)
    cluster = facts(nodes=[node(kernel=kernel, version="v1.37.2")], services=[service()] * services, slices=[many])

    said = next(each for rule in RULES for each in rule(cluster) if each.code == "IPVS135")

    assert (said.level, expected[1] in said.reason) == (expected[0], True), said.reason
    assert bool(said.hint) is (said.level == "warning" and kernel == "6.1.0")


def test_finding_names_where_it_was_seen() -> None:
    """Nodes and objects are all there: of a Local Service the lacking nodes, of a scheduler the ConfigMap."""
    two = [node(), node("node2"), node("node3", mode="nftables")]
    local = facts(nodes=two, services=[service(internal_local=True)])
    lc = settled(scheduler="lc")

    assert [(each.nodes, [str(seen) for seen in each.objects]) for each in found(local)] == [
        (("node2",), ["Service default/web"])
    ]
    assert found(lc)[0].objects == (CONFIG_MAP,)


def test_sticky_schedulers_name_services_without_affinity() -> None:
    """Users of sh and mh need session affinity where they have none."""
    several = [service("plain"), service("sticky", affinity=60)]
    cluster = facts(configurations=[configuration(settings=read(scheduler="mh"))], services=several)

    (hashes,) = (each for each in found(cluster) if each.code == "IPVS112")

    assert [str(seen) for seen in hashes.objects] == ["ConfigMap kube-system/kube-proxy", "Service default/plain"]


@pytest.mark.parametrize(
    ("given", "owner"),
    [
        (rows(VIP, workloads=[KUBE_VIP]), "kube-vip's"),
        (rows(VIP), "kube-vip, keepalived or k0s's"),
        (rows(VIP, workloads=[daemon_set("keepalived")]), "keepalived's"),
        (rows(MARK, workloads=[KUBE_VIP]), "keepalived or kube-router's"),
        (rows(MARK, workloads=[daemon_set("kube-router")]), "kube-router's"),
    ],
)
def test_foreign_rows_have_a_probable_owner(given: Facts, owner: str) -> None:
    """Who is in the cluster and makes such rows, else who makes them anywhere; the row and the node are named."""
    (said,) = (each for each in found(given) if each.code == "IPVS130")

    assert (f"probably {owner}" in said.reason, "node1: " in said.reason, said.nodes) == (True, True, ("node1",))


def test_words_of_1_37_are_hinted_at_only_there() -> None:
    """The list nodePortAddresses takes `all` from 1.37 on; before that both ranges have to be written."""
    every = {"configurations": [configuration(settings=read(node_port_addresses=()))], "services": [outside()]}

    hints = [
        each.hint
        for version in ("v1.36.3", "v1.37.0")
        for each in found(facts(version=version, **every))
        if each.code == "IPVS107"
    ]

    assert hints == [
        'to keep them: nodePortAddresses: ["0.0.0.0/0", "::/0"]',
        'to keep them: nodePortAddresses: ["all"]',
    ]


def test_every_code_has_a_case() -> None:
    """No code is in the table that nothing produces, none is produced that is not there, and levels are the four."""
    produced = [each for given, _ in CASES.values() for rule in RULES for each in rule(given)]

    assert {each.code for each in produced} == set(CODES)
    assert {each.level for each in produced} == set(LEVELS)


def test_every_code_has_a_paragraph() -> None:
    """docs/leaving-ipvs.md explains each code once, in the order of the table, under the table's words."""
    parts = re.split(r"^### ", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    titles = [part.splitlines()[0] for part in parts]

    assert titles == [f"{code}: {words}" for code, words in CODES.items()]
    assert [title for part, title in zip(parts, titles, strict=True) if len(part.split()) < 25] == []
