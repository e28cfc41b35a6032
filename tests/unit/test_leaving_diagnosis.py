"""The dates, the verdict, each node's readiness, the way, and its commands: facts in, values out."""

import pytest

from kubectl_ipvs.ipvs.rows import ForeignRow, Row
from kubectl_ipvs.proxy.checks.config_owners import EKS, HELM
from kubectl_ipvs.proxy.config.configuration import read, read_flags
from kubectl_ipvs.proxy.leaving.diagnosis import Unknown, diagnose
from kubectl_ipvs.proxy.leaving.facts import Facts, NodeFact
from kubectl_ipvs.proxy.leaving.findings import Seen
from kubectl_ipvs.proxy.leaving.schedule import SCHEDULE, ahead, off_in
from kubectl_ipvs.proxy.leaving.settings import Settings, settings
from kubectl_ipvs.proxy.leaving.steps import Place, steps, wrapped
from kubectl_ipvs.proxy.leaving.ways import Name, Way
from kubectl_ipvs.proxy.release import parse_patch
from tests.unit.leaving import configuration, facts, node, settled

PLACE = Place("kube-system", "kube-proxy", "kube-proxy", "k8s-app=kube-proxy", "kube-proxy", "config",
              ("lib-modules", "/lib/modules"), "node2")  # fmt: skip
VIP = ForeignRow(Row("TCP", "192.0.2.200:6443", "rr"), "no service")


def test_dates_are_in_order_and_have_a_source() -> None:
    """One table, the earliest release first, each entry with the KEP that says so."""
    assert [date.release for date in SCHEDULE] == sorted(date.release for date in SCHEDULE)
    assert all(date.source.startswith("KEP-") and date.what for date in SCHEDULE)


@pytest.mark.parametrize(
    ("version", "first", "off"),
    [
        ("v1.20.2", "1.29", "1.40"),
        ("v1.34.2", "1.35", "1.40"),
        ("v1.39.9", "1.40", "1.40"),
        ("v1.40.0", "1.43", ""),
        ("v1.43.1", "1.46", ""),
        ("v1.46.0", None, ""),
        ("", "1.29", "1.40"),
    ],
)
def test_what_is_ahead_follows_from_the_version(version: str, first: str | None, off: str) -> None:
    """What a release has brought is over; of an unknown version everything is still to come."""
    assert next((date.version for date in ahead(version)), None) == first
    assert off_in(version) == off


def test_oldest_kube_proxy_decides_what_is_ahead() -> None:
    """Not the API server's version, and compared as numbers."""
    several = [node(version="v1.36.0"), node("node2", version="v1.9.0"), node("node3", version="")]

    assert diagnose(facts(nodes=several)).schedule == ahead("v1.9.0")


@pytest.mark.parametrize(
    ("given", "unknown", "verdict", "things"),
    [
        (facts(), (), "ready", 0),
        (settled(scheduler="lc"), (), "ready-but", 1),
        (settled(scheduler="lc"), (Unknown("Services", "forbidden"),), "ready-but", 2),
        (facts(), (Unknown("Services", "forbidden"),), "ready-but", 1),
        (facts(nodes=[node(kernel="4.18.0")]), (), "not-yet", 0),
        (facts(nodes=[node(), node("node2", kernel="4.18.0")]), (), "not-yet", 0),
        (facts(nodes=[node(foreign=(VIP,), foreign_count=1)]), (), "not-yet", 0),
        (facts(nodes=[]), (), "not-yet", 0),
        (facts(nodes=[node(kernel="")]), (), "not-yet", 0),
        (facts(nodes=[node(), node("node2", foreign=None)]), (), "ready-but", 0),
        (facts(nodes=[node(mode="nftables")]), (), "ready", 0),
    ],
)
def test_verdict(given: Facts, unknown: tuple[Unknown, ...], verdict: str, things: int) -> None:
    """Blocks and errors: not yet. Warnings and questions without an answer are counted. Of nothing known: not yet."""
    found = diagnose(given, unknown)

    assert (found.verdict, found.things) == (verdict, things)


@pytest.mark.parametrize(
    ("given", "ready", "codes"),
    [
        (node(), True, ()),
        (node(kernel="4.18.0"), False, ("IPVS101", "IPVS115")),
        (node(kernel="6.0.0"), True, ("IPVS115",)),
        (node(kernel=""), None, ()),
        (node(version=""), None, ()),
        (node(nft=None), None, ()),
        (node(foreign=None), None, ()),
        (node(mode=""), None, ()),
        (node(mode="nftables", foreign=None, nft=None), True, ()),
    ],
)
def test_node_is_ready_not_ready_or_not_known(given: NodeFact, ready: bool | None, codes: tuple[str, ...]) -> None:  # noqa: FBT001
    """A node that something blocks is not ready; one of which a part is not known is neither."""
    (judged,) = diagnose(facts(nodes=[given])).nodes

    assert (judged.ready, judged.findings) == (ready, codes)


def test_gravest_findings_come_first() -> None:
    """By level, then by code."""
    given = facts(nodes=[node(kernel="4.18.0", foreign=(VIP,), foreign_count=1)],
                  configurations=[configuration(settings=Settings(scheduler="lc"))])  # fmt: skip

    found = [f"{each.level} {each.code}" for each in diagnose(given).findings]

    assert found[:4] == ["blocks IPVS101", "error IPVS130", "warning IPVS111", "warning IPVS112"]
    assert [each.partition(" ")[0] for each in found[4:]] == ["info"] * (len(found) - 4)


RIGHTS = {"create configmaps": True, "patch configmaps": True, "patch daemonsets": True, "delete pods": True}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (facts(), "hitless"),
        (facts(rights=RIGHTS), "hitless"),
        (facts(rights=None), "hitless"),
        (facts(nodes=[node(version="v1.34.2")]), "hitless"),
        (facts(nodes=[node(version="v1.33.9")]), "isolated"),
        (facts(nodes=[node(version="")]), "isolated"),
        (settled(cluster_cidr=""), "isolated"),
        (settled(cluster_cidr="", detect_local_mode="NodeCIDR"), "hitless"),
        (facts(rights={**RIGHTS, "create configmaps": False}), "shared"),
        (facts(rights={**RIGHTS, "delete pods": False}), "by-hand"),
        (facts(rights={**RIGHTS, "patch daemonsets": False, "patch configmaps": False}), "by-hand"),
        (facts(configurations=[configuration(owners=(EKS,))]), "shared"),
        (facts(configurations=[configuration(owners=(HELM,))]), "shared"),
        (facts(configurations=[configuration(kind="DaemonSet")]), "by-hand"),
        (facts(configurations=[configuration(kind="Pod")]), "by-hand"),
        (facts(configurations=[configuration(kind="File")]), "by-hand"),
        (facts(configurations=[configuration(), configuration(kind="Pod")]), "by-hand"),
        (facts(configurations=[]), "by-hand"),
        (facts(configurations=[configuration(seen=Seen("ConfigMap", "kube-system", ""))]), "by-hand"),
    ],
)
def test_way(given: Facts, expected: str) -> None:
    """Who owns the configuration, what we may do, how new every kube-proxy is, in this order."""
    assert diagnose(given).way.name == expected


def test_owner_is_told_what_to_set() -> None:
    """The vendor's own command, and no edit that would be written back."""
    found = diagnose(facts(configurations=[configuration(owners=(EKS,))])).way

    commands = steps(found, PLACE, migrates=False)

    assert '--configuration-values \'{"mode":"nftables"}\'' in commands[0]
    assert not any("sed" in each for each in commands)


@pytest.mark.parametrize(
    ("way", "flag"),
    [("isolated", ""), ("hitless", " --hitless"), ("shared", " --shared"), ("by-hand", " --print-steps")],
)
def test_command_that_does_it_all_takes_the_place_of_the_steps(way: Name, flag: str) -> None:
    """One switch: where the program has the command, that is all that is printed."""
    assert steps(Way(way, ""), PLACE, migrates=True) == (f"kubectl ipvs migrate --to nftables{flag}",)


def test_isolated_way_keeps_modules() -> None:
    """Only the hitless way takes /lib/modules out."""
    ways: tuple[Name, ...] = ("isolated", "hitless")
    texts = {name: " ".join(steps(Way(name, ""), PLACE, migrates=False)) for name in ways}

    assert {name: "/lib/modules" in text for name, text in texts.items()} == {"isolated": False, "hitless": True}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("one two three four five", "one two \\\n  three four \\\n  five"),
        ('p \'{"a": 1, "b": 2}\'', 'p \'{"a": 1,\n  "b": 2}\''),
        ("s 's/a b  c/d e/' rest", "s \\\n  's/a b  c/d e/' \\\n  rest"),
        ("# words that stay as they are", "# words that stay as they are"),
    ],
)
def test_wrapped_commands_can_be_copied(command: str, expected: str) -> None:
    """A backslash outside of quotes, a line feed alone inside JSON, and nothing inside another quoted text."""
    assert wrapped(command, 14) == expected


TEXT = """apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
clusterCIDR: 10.244.0.0/16
detectLocalMode: NodeCIDR
nodePortAddresses: [192.0.2.0/24]
conntrack: {tcpBeLiberal: true}
iptables: {masqueradeAll: true, masqueradeBit: 10}
ipvs: {scheduler: sh, strictARP: true, tcpTimeout: 2h, syncPeriod: 10s, minSyncPeriod: 0s}
"""
FLAGS = (
    "kube-proxy", "--proxy-mode=ipvs", "--ipvs-scheduler", "sh", "--ipvs-strict-arp", "--cluster-cidr=10.244.0.0/16",
    "--detect-local-mode", "NodeCIDR", "--nodeport-addresses=192.0.2.0/24", "--masquerade-all", "--ipvs-tcp-timeout=2h",
    "--iptables-masquerade-bit=10", "--conntrack-tcp-be-liberal=true", "--ipvs-sync-period=10s",
)  # fmt: skip
READ = Settings("ipvs", "sh", True, {"tcpTimeout": "2h"}, {"syncPeriod": "10s"}, ("192.0.2.0/24",), "10.244.0.0/16",  # noqa: FBT003
                "NodeCIDR", True, "10", True)  # fmt: skip  # noqa: FBT003


def test_settings_are_read_from_a_text_and_from_flags() -> None:
    """Both say the same, but for who says it."""
    assert settings(read(TEXT), TEXT, ()) == READ
    assert settings(read_flags(FLAGS), "", FLAGS) == READ._replace(by_flags=True)


def test_masquerade_bit_of_nftables_own_section_is_enough() -> None:
    """Where the section nftables has one, nothing is lost."""
    text = TEXT + "nftables: {masqueradeBit: 10}\n"

    assert settings(read(text), text, ()).masquerade_bit == ""


@pytest.mark.parametrize(
    ("version", "expected"),
    [("v1.34.2", (1, 34, 2)), ("1.34.2-eks-abc", (1, 34, 2)), ("v1.34", None), ("latest", None), ("", None)],
)
def test_patch_release(version: str, expected: tuple[int, int, int] | None) -> None:
    """All three numbers, or none."""
    assert parse_patch(version) == expected
