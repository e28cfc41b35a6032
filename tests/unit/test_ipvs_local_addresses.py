"""A node's addresses from /proc/net/fib_trie and /proc/net/if_inet6, as real nodes have them and as anything else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.ipvs.local_addresses import LocalAddress, parse_fib_trie, parse_if_inet6

RECORDED = Path(__file__).parent / "recorded"
LEAF, HOST = b"     |-- 10.0.0.1\n", b"        /32 host LOCAL\n"


@pytest.mark.parametrize("version", ["1.20.2", "1.37.2"])
def test_real_ipv4(version: str) -> None:
    """A real node: its interfaces, the bridge of its pods, the cluster IPs on kube-ipvs0, and 127.0.0.1 alone of lo."""
    found = [each.address for each in parse_fib_trie((RECORDED / version / "ipvs/fib_trie.txt").read_bytes())]

    assert {"10.0.2.12", "10.0.3.12", "10.244.2.1", "10.96.0.1", "127.0.0.1"} <= set(found)
    assert not {"10.0.2.0", "10.0.2.255", "127.0.0.0", "0.0.0.0"} & set(found)  # noqa: S104 - networks, broadcasts
    assert len(found) == len(set(found))


@pytest.mark.parametrize("version", ["1.20.2", "1.37.2"])
def test_real_ipv6(version: str) -> None:
    """Each address with its interface."""
    found = parse_if_inet6((RECORDED / version / "ipvs/if_inet6.txt").read_bytes())

    assert LocalAddress("[::1]", "lo") in found
    assert LocalAddress("[fd00:10:0:3::12]", "eth1") in found
    assert LocalAddress("[fd00:10:244:2::1]", "cni0") in found


def test_kernels_own_fib_trie() -> None:
    """What this machine's kernel prints has 127.0.0.1."""
    path = Path("/proc/net/fib_trie")
    if not path.exists():
        pytest.skip("no /proc/net/fib_trie here")
    assert LocalAddress("127.0.0.1") in parse_fib_trie(path.read_bytes())


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", []),
        (LEAF + HOST, ["10.0.0.1"]),
        ((LEAF + HOST).replace(b"\n", b"\r\n"), ["10.0.0.1"]),
        (LEAF + b"        /24 link UNICAST\n" + HOST, ["10.0.0.1"]),
        (LEAF + HOST + LEAF + HOST, ["10.0.0.1"]),
        (LEAF + HOST.rstrip() + b" tos=8\n", ["10.0.0.1"]),
        (LEAF + b"        /32 host LOC", []),
        (LEAF + b"        /32 link UNICAST\n        /8 host LOCAL\n", []),
        (HOST, []),
        (LEAF.replace(b"10.0", b"999.0") + HOST, []),
    ],
)
def test_lines_of_fib_trie(data: bytes, found: list[str]) -> None:
    """A leaf is a local address by a line `/32 host LOCAL` below it; what is no such line says nothing."""
    assert [each.address for each in parse_fib_trie(data)] == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"fd000000000000000000000000000001 02 40 00 80 eth0\n", [LocalAddress("[fd00::1]", "eth0")]),
        (b"fd000000000000000000000000000001 103 40 00 80 eth0", [LocalAddress("[fd00::1]", "eth0")]),
        (b"fd000000000000000000000000000001 02 40 00 80 kube-ipvs0\r\n", [LocalAddress("[fd00::1]", "kube-ipvs0")]),
        (b"fd0000000000000000000000000000 02 40 00 80 eth0\n", []),
        (b"fd000000000000000000000000000001 02 40 00 eth0\n", []),
        (b"fd000000000000000000000000000001 02 40 00 80 \n", []),
    ],
)
def test_lines_of_if_inet6(line: bytes, found: list[LocalAddress]) -> None:
    """Address, number of the interface, prefix length, scope, flags, name."""
    assert list(parse_if_inet6(line)) == found


@given(st.lists(st.ip_addresses(v=4), unique=True, max_size=5), st.lists(st.ip_addresses(v=6), unique=True, max_size=5))
def test_any_addresses(ipv4: list[object], ipv6: list[object]) -> None:
    """Every address that is printed is found, in order."""
    trie = "".join(f"  |-- {each}\n     /32 host LOCAL\n" for each in ipv4)
    assert [each.address for each in parse_fib_trie(trie.encode())] == [str(each) for each in ipv4]
    table = "".join(f"{each.packed.hex()} 02 40 00 80     eth0\n" for each in ipv6)  # type: ignore[attr-defined]
    assert [each.interface for each in parse_if_inet6(table.encode())] == ["eth0"] * len(ipv6)
