"""The sandbox's nftables tables beside those that real kube-proxys made of the same Services, listed with nft 1.0.6."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.nodes.nft_base import Node
from kubectl_ipvs.sandbox.nodes.nftables import listed, objects_of
from kubectl_ipvs.sandbox.nodes.virtuals import service_ports
from tests.unit.test_sandbox_exec import run
from tests.unit.test_sandbox_port_forward import QUICK, get
from tests.unit.test_sandbox_world import ready, restart, until

RECORDED = Path(__file__).parent / "recorded"


def shapes(listing: dict[str, Any]) -> list[str]:
    """Return the objects of a listing without their handles; elements of sets have no order, rules of a chain do."""
    found, numbers = [], dict[str, int]()
    for each in listing["nftables"]:
        ((kind, fields),) = each.items()
        fields = {key: value for key, value in fields.items() if key != "handle"}
        fields["elem"] = sorted(json.dumps(element) for element in fields.get("elem", ()))
        if kind == "rule":
            numbers[fields["chain"]] = fields["number"] = numbers.get(fields["chain"], 0) + 1
        found.append(json.dumps({kind: fields}, sort_keys=True))
    return sorted(found)


@pytest.mark.parametrize("family", ["ip", "ip6"])
@pytest.mark.parametrize("version", ["1.34.4", "1.36.3", "1.37.2"])
def test_tables_are_what_a_real_kube_proxy_makes(version: str, family: str) -> None:
    """Every set, map, chain and rule, with policies Local, session affinity, no endpoints, load balancers, IPv6."""
    objects = yaml.safe_load((RECORDED / "nft-services.yaml").read_text())["objects"]
    services, slices = ([each for each in objects if each["kind"] == kind] for kind in ("Service", "EndpointSlice"))
    release = (1, int(version.split(".")[1]))
    node = Node("node1", ("172.18.0.2",), "10.244.0.0/16", release)

    made = listed(objects_of(family, service_ports(services, slices, []), node))

    assert shapes(made) == shapes(json.loads((RECORDED / f"nft-{version}-{family}.json").read_text()))


def seen(box: Sandbox, node: str = "node1") -> dict[str, object]:
    """Return what is on the node: IPVS rows, kube-ipvs0 and an address on it, ipsets of each family, nft tables."""
    sets = run(box, "ipset", "list", "-n")[1].decode().splitlines() if run(box, "ipset", "list", "-n").get(1) else []
    tables = json.loads(run(box, "nft", "-j", "list", "tables")[1])["nftables"][1:]
    return {
        "rows": sum(line.startswith(("TCP", "UDP")) for line in box.table(node).splitlines()),
        "kube-ipvs0": b"kube-ipvs0" in run(box, "cat", "/proc/net/dev")[1],
        "address": b"|-- 10.96.0.10\n        /32 host LOCAL" in run(box, "cat", "/proc/net/fib_trie")[1],
        "ipsets": (sum("KUBE-6-" not in name for name in sets), sum("KUBE-6-" in name for name in sets)),
        "nft": [f"{each['table']['family']} {each['table']['name']}" for each in tables],
    }


def move(box: Sandbox, mode: str) -> dict[str, object]:
    """Write a mode, replace the pod, and return what is on the node when kube-proxy has synced."""
    box.set_config(re.sub(r"^mode: .*$", f"mode: {mode}", box.config, flags=re.MULTILINE))
    restarts = box.restarts["node1"]
    restart(box)
    until(lambda: box.restarts["node1"] > restarts and ready(box, "node1"))
    until(lambda: "_count" in get(box, "/metrics")[1] and "_count 0" not in get(box, "/metrics")[1])
    return seen(box)


BEFORE = {"rows": 8, "kube-ipvs0": True, "address": True, "ipsets": (17, 17), "nft": []}
NO_GATE = "featureGates: {KubeProxyIPVS: false}"
IN_NFTABLES = {
    "rows": 0,
    "kube-ipvs0": False,
    "address": False,
    "ipsets": (0, 17),
    "nft": ["ip kube-proxy", "ip6 kube-proxy"],
}


def test_to_nftables_and_back() -> None:
    """In nftables mode a start flushes the whole IPVS table, foreign rows too, each time; ipvs mode removes nft tables.

    kube-ipvs0 and the IPv4-named ipsets go, KUBE-6-* stay.
    """
    with Sandbox(version="v1.37.2", faults={"node1": "foreign=wrr"}, **QUICK) as box:
        start, there = seen(box), move(box, "nftables")
        box.fault("node1", "foreign=wrr")
        again, back = move(box, "nftables"), move(box, "ipvs")

    assert start == {**BEFORE, "rows": 9}
    assert there == again == IN_NFTABLES
    assert back == BEFORE


def test_to_iptables_nothing_is_cleaned() -> None:
    """From ipvs to iptables it leaves rows, kube-ipvs0 and ipsets; from nftables the nft tables go."""
    with Sandbox(version="v1.37.2", **QUICK) as box:
        left = move(box, "iptables")
        move(box, "nftables")
        after = move(box, "iptables")

    assert left == BEFORE
    assert after == {**IN_NFTABLES, "nft": []}


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({"version": "v1.37.2", "image": "k0s"}, 8),  # no modprobe: what ipvs mode left goes on
        ({"version": "v1.33.6", "image": "k0s"}, 0),  # up to 1.33 nobody asks for it
        ({"version": "v1.37.2", "image": "eks"}, 0),
    ],
    ids=["no modprobe", "1.33", "modprobe and nothing else"],
)
def test_clean_up_needs_modprobe(options: dict[str, str], rows: int) -> None:
    """From 1.34 on IPVS is cleaned only where `modprobe ip_vs` works in the container."""
    with Sandbox(**QUICK, **options) as box:
        box.set_config(box.config.replace("mode: ipvs", "mode: nftables"))
        restart(box)
        until(lambda: get(box, "/proxyMode")[1] == "nftables" if ready(box, "node1") else False)

        found = sum(line.startswith(("TCP", "UDP")) for line in box.table("node1").splitlines())
    assert found == rows


def test_what_nft_shows_without_a_table() -> None:
    """In ipvs mode there is none: an error in nft's words; of text there are the tables alone."""
    with Sandbox(**QUICK) as box:
        table, none = run(box, "nft", "-j", "list", "table", "ip", "kube-proxy"), run(box, "nft", "list", "tables")

    assert table[2] == b"Error: No such file or directory\nlist table ip kube-proxy\n              ^^^^^^^^^^\n"
    assert (none.get(1, b""), json.loads(none[3])["status"]) == (b"", "Success")


def test_parts_of_a_table() -> None:
    """`list map` shows one map, `list ruleset` all tables, /sys/class/net no kube-ipvs0."""
    with Sandbox(mode="nftables", **QUICK) as box:
        listed_map = json.loads(run(box, "nft", "-j", "list", "map", "ip", "kube-proxy", "service-ips")[1])
        whole = json.loads(run(box, "nft", "-j", "list", "ruleset")[1])
        text = run(box, "nft", "list", "tables")[1].decode()
        device = run(box, "cat", "/sys/class/net/kube-ipvs0/operstate")

    assert [next(iter(each)) for each in listed_map["nftables"]] == ["metainfo", "map"]
    assert sum("table" in each for each in whole["nftables"]) == 2
    assert text == "table ip kube-proxy\ntable ip6 kube-proxy\n"
    assert device[2] == b"cat: /sys/class/net/kube-ipvs0/operstate: No such file or directory\n"


@pytest.mark.parametrize(
    ("version", "options", "change", "words"),
    [
        ("v1.37.2", {}, ("scheduler: rr", "scheduler: wlcc"), "can't use the IPVS proxier: no such file or directory"),
        ("v1.29.15", {"modules": ["rr"]}, ("scheduler: rr", "scheduler: lc"), "no such file or directory"),
        ("v1.37.2", {}, ("mode: ipvs", "mode: wrong"), "must be iptables, ipvs, nftables or blank"),
        ("v1.37.2", {}, ("mode: ipvs", f"{NO_GATE}\nmode: ipvs"), "must be iptables, nftables or"),
    ],
    ids=["unknown scheduler", "module missing", "unknown mode", "the gate off"],
)  # fmt: skip
def test_what_a_crash_leaves(version: str, options: dict[str, Any], change: tuple[str, str], words: str) -> None:
    """kube-proxy ends with its words, again and again; the old table and kube-ipvs0 stay, no mode is fallen back to."""
    with Sandbox(version=version, scheduler="rr", **QUICK, **options) as box:
        before, table = seen(box), box.table("node1")
        box.set_config(box.config.replace(*change))
        restart(box)
        assert until(lambda: waiting(box) == "CrashLoopBackOff")
        log = box.log("node1")
        box.set_config(box.config.replace(*change[::-1]))
        assert until(lambda: ready(box, "node1"))

        assert (words in log, box.table("node1"), seen(box)) == (True, table, before)


def waiting(box: Sandbox) -> str:
    """Return why the pod's container waits."""
    for pod in box.objects("Pod"):
        for status in pod["status"].get("containerStatuses", ()):
            return str(status["state"].get("waiting", {}).get("reason", ""))
    return ""
