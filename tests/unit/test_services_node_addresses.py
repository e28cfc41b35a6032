"""On which addresses a node has NodePort rows: facts leaving-ipvs E5, with the releases that changed it."""

import pytest

from kubectl_ipvs.ipvs.local_addresses import LocalAddress
from kubectl_ipvs.services.eras import Version
from kubectl_ipvs.services.expected import Settings
from kubectl_ipvs.services.node_addresses import Node
from kubectl_ipvs.services.objects import ServicePort
from tests.unit.expected_world import NEW, WEB, expected

V20, V21, V22, V23, V26, V27 = ((1, minor, 2) for minor in (20, 21, 22, 23, 26, 27))
IPV4 = tuple(
    map(LocalAddress, ("10.0.2.11", "10.0.3.11", "10.244.1.1", "169.254.20.10", "10.96.0.9", "192.0.2.9", "127.0.0.1"))
)
IPV6 = (
    LocalAddress("[::1]", "lo"),
    LocalAddress("[fe80::1]", "eth0"),
    LocalAddress("[fd00::11]", "eth0"),
    LocalAddress("[fd00::b]", "eth0"),
    LocalAddress("[fd00::b]", "kube-ipvs0"),
    LocalAddress("[fd00:96::9]", "kube-ipvs0"),
)
NODE = Node("node1", "", ("10.0.2.11", "fd00::11"), IPV4, IPV6)
SERVICE = WEB._replace(
    cluster_ips=("10.96.0.9", "fd00:96::9"),
    families=("IPv4", "IPv6"),
    ports=(ServicePort("TCP", 80, 30080),),
    external_ips=("192.0.2.9", "fd00::b"),
)
EVERY4, EVERY6 = {"10.0.2.11", "10.0.3.11", "10.244.1.1", "169.254.20.10"}, {"[fd00::11]"}


def found(version: Version, configured: tuple[str, ...] = (), node: Node = NODE) -> set[str]:
    """Give the addresses that must have NodePort rows."""
    rows = expected([SERVICE], [], version, node, Settings(node_port_addresses=configured)).rows
    return {key[1].removesuffix(":30080") for key, row in rows.items() if row.origin.kind == "nodePort"}


@pytest.mark.parametrize(
    ("version", "ipv4", "ipv6"),
    [
        (V20, EVERY4 | {"127.0.0.1"}, set()),
        (V21, EVERY4 | {"127.0.0.1"}, set()),
        (V22, EVERY4, set()),
        (V23, EVERY4, EVERY6),
        (V26, EVERY4, EVERY6),
        (V27, EVERY4, EVERY6 | {"[fd00::b]"}),
        (NEW, EVERY4, EVERY6 | {"[fd00::b]"}),
    ],
)
@pytest.mark.parametrize("configured", [(), ("0.0.0.0/0", "::/0"), ("10.9.0.0/16", "0.0.0.0/0", "::/0")])
def test_all(version: Version, ipv4: set[str], ipv6: set[str], configured: tuple[str, ...]) -> None:
    """All of the node's own, without loopback (from 1.22 on), link-local IPv6, and what is on kube-ipvs0.

    From 1.27 on an address on kube-ipvs0 counts that is on another interface too. Up to 1.22 they are read from routes:
    those of IPv6 are not in /proc.
    """
    assert found(version, configured) == ipv4 | ipv6


@pytest.mark.parametrize("version", [V26, V27, NEW])
def test_address_of_a_service_without_names_of_interfaces(version: Version) -> None:
    """fib_trie does not say on which interface an external IP is: rows there are possible, unless the node has it."""
    there = expected([SERVICE], [], version, NODE).addresses["IPv4"]
    assert there.possible == {"10.96.0.9", "192.0.2.9"}

    own = expected([SERVICE], [], version, NODE._replace(internal_ips=("192.0.2.9",))).addresses["IPv4"]
    assert ("192.0.2.9" in own.required, "192.0.2.9" in own.possible) == (version >= V27, version < V27)


@pytest.mark.parametrize(
    ("configured", "ipv4", "ipv6"),
    [
        (("10.0.2.0/24",), {"10.0.2.11"}, EVERY6 | {"[fd00::b]"}),
        (("10.0.0.0/8",), {"10.0.2.11", "10.0.3.11", "10.244.1.1", "10.96.0.9"}, EVERY6 | {"[fd00::b]"}),
        (("172.16.0.0/12", "fd00:96::/64"), set(), {"[fd00:96::9]"}),
        (("fd00::/16",), EVERY4, {"[fd00::11]", "[fd00::b]", "[fd00:96::9]"}),
        (("127.0.0.0/8", "::1/128"), set(), set()),
        (("primary",), {"10.0.2.11"}, {"[fd00::11]"}),
        (("primary", "10.0.3.0/24"), {"10.0.2.11", "10.0.3.11"}, {"[fd00::11]"}),
        (("all", "10.0.3.0/24"), EVERY4, EVERY6 | {"[fd00::b]"}),
        (("localhost", "10.0.3.0/24", "fd00::11/128"), {"10.0.3.11"}, EVERY6),
        (("localhost",), set(), set()),
    ],
)
def test_configured(configured: tuple[str, ...], ipv4: set[str], ipv6: set[str]) -> None:
    """Every address inside, kube-ipvs0's too; a family without a range has all of them; 1.37's keywords."""
    assert found(NEW, configured) == ipv4 | ipv6


@pytest.mark.parametrize(("version", "ipv4"), [(V21, {"127.0.0.1"}), (V22, set())])
def test_loopback_in_a_range(version: Version, ipv4: set[str]) -> None:
    """Never from 1.22 on."""
    assert found(version, ("127.0.0.0/8", "::1/128")) == ipv4 | ({"[::1]"} if ipv4 else set())


@pytest.mark.parametrize(("version", "addresses"), [((1, 30, 0), EVERY4), ((1, 31, 0), {"10.0.2.11"})])
def test_primary(version: Version, addresses: set[str]) -> None:
    """A keyword from 1.31 on; a family in which the node has no IP has all."""
    assert found(version, ("primary",), NODE._replace(ipv6=())) == addresses
    if version >= (1, 31, 0):
        assert found(version, ("primary",), NODE._replace(internal_ips=("fd00::11",))) == EVERY4 | {"[fd00::11]"}


@pytest.mark.parametrize(
    ("configured", "addresses"),
    [
        ((), {"10.0.2.11", "[fd00::11]"}),
        (("10.0.3.0/24",), {"[fd00::11]"}),
        (("10.0.2.0/24",), {"10.0.2.11", "[fd00::11]"}),
    ],
)
def test_addresses_that_are_not_known(configured: tuple[str, ...], addresses: set[str]) -> None:
    """The node's own IP must have the rows, as far as it is configured; the rest is for the table to say."""
    assert found(NEW, configured, NODE._replace(ipv4=None, ipv6=None)) == addresses


def test_every_node_port_on_every_address() -> None:
    """Each protocol and NodePort, on each address."""
    service = WEB._replace(ports=(ServicePort("TCP", 80, 30080, "a"), ServicePort("UDP", 80, 30080, "b")))
    node = NODE._replace(ipv4=(LocalAddress("10.0.2.11"), LocalAddress("10.0.3.11")), ipv6=())
    rows = expected([service], [], node=node).rows
    assert {(*key, row.origin.port) for key, row in rows.items() if row.origin.kind == "nodePort"} == {
        (protocol, f"{address}:30080", port)
        for protocol, port in (("TCP", "a"), ("UDP", "b"))
        for address in ("10.0.2.11", "10.0.3.11")
    }
