"""render_ipvsadm and render_proc: the bytes that ipvsadm and the kernel would print."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer
from tests.unit.ipvs_render import render_ipvsadm, render_proc

RECORDED = Path(__file__).parent / "recorded"

PLAIN = VirtualServer(
    protocol="TCP",
    address="192.0.2.1:80",
    ipv6=False,
    scheduler="rr",
    flags=(),
    persistent=False,
    timeout=None,
    netmask="",
    persistence_engine="",
    one_packet=False,
    real_servers=(),
)
PERSISTENT = PLAIN._replace(persistent=True)
IPV6 = PLAIN._replace(address="[2001:db8::1]:80", ipv6=True)


def body(render: Callable[[Table], str], server: VirtualServer) -> str:
    """Give what is written below the three header lines."""
    return "".join(render(Table((server,), ("not written",))).splitlines(keepends=True)[3:])


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("ipvsadm-kube-proxy", render_ipvsadm),
        ("ipvsadm-every-word", render_ipvsadm),
        ("ipvsadm-ipv6-without-leading-zeros", render_ipvsadm),
        ("proc-ipv6-without-leading-zeros", render_proc),
    ],
)
def test_a_recorded_listing_comes_back_byte_for_byte(name: str, render: Callable[[Table], str]) -> None:
    """Columns, padding and trailing blanks are those of the C source."""
    text = (RECORDED / f"{name}.txt").read_bytes()
    assert render(parse(text)).encode() == text


@pytest.mark.parametrize("name", ["proc-kube-proxy", "proc-every-word"])
def test_proc_comes_back_but_for_jiffies_and_byte_order(name: str) -> None:
    """Seconds are unknown, so jiffies become 0; a big-endian node's prefix length becomes little-endian."""
    text = (RECORDED / f"{name}.txt").read_text(encoding="utf-8").replace(" 00000080", " 80000000")
    for jiffies in ("2700000", "90000", "15000"):
        text = text.replace(f"persistent {jiffies}", "persistent 0")
    assert render_proc(parse(text.encode())) == text


@pytest.mark.parametrize(
    ("server", "line"),
    [
        (PLAIN, "TCP  192.0.2.1:80 rr\n"),
        (PLAIN._replace(protocol="SCTP"), "SCTP 192.0.2.1:80 rr\n"),
        (PERSISTENT, "TCP  192.0.2.1:80 rr persistent ?\n"),
        (PERSISTENT._replace(timeout=0), "TCP  192.0.2.1:80 rr persistent 0\n"),
        (PERSISTENT._replace(protocol="FWM", address="2147483647"), "FWM  2147483647 rr persistent ?\n"),
        (PLAIN._replace(protocol="FWM", address="2147483648"), "FWM  -2147483648 rr\n"),
    ],
)
def test_ipvsadm_line(server: VirtualServer, line: str) -> None:
    """Unknown seconds are written as `?`; marks from 2**31 on as negative."""
    assert body(render_ipvsadm, server) == line


@pytest.mark.parametrize(
    ("server", "line"),
    [
        (PLAIN, "TCP  C0000201:0050 rr  \n"),
        (PLAIN._replace(one_packet=True), "TCP  C0000201:0050 rr ops  \n"),
        (PERSISTENT._replace(timeout=10800), "TCP  C0000201:0050 rr  persistent 2700000 FFFFFFFF\n"),
        (PERSISTENT._replace(netmask="255.255.0.0"), "TCP  C0000201:0050 rr  persistent 0 FFFF0000\n"),
        (IPV6._replace(one_packet=True), f"TCP  [2001:0db8{':0000' * 5}:0001]:0050 rr \n"),
        (PLAIN._replace(address="node-1.example:http"), "TCP  node-1.example:http rr  \n"),
        (PLAIN._replace(address="[2001:db8::1]"), "TCP  [2001:db8::1] rr  \n"),
        (PLAIN._replace(protocol="FWM", address="255"), "FWM  000000FF rr \n"),
    ],
)
def test_proc_line(server: VirtualServer, line: str) -> None:
    """Addresses and marks are hexadecimal, jiffies assume HZ=250, names stay as they are."""
    assert body(render_proc, server) == line


def test_ipvsadm_lets_a_long_address_shift_the_columns() -> None:
    """An IPv6 address longer than its 28 columns is not cut."""
    row = RealServer("[2001:db8:1:2:3:4:5:6]:65535", "Masq", 1, 0, 0)
    longer = row._replace(address="[2001:db8:1111:2222:3333:4444:5555:6666]:65535")
    assert body(render_ipvsadm, IPV6._replace(real_servers=(row, longer))) == (
        "TCP  [2001:db8::1]:80 rr\n"
        "  -> [2001:db8:1:2:3:4:5:6]:65535 Masq    1      0          0         \n"
        "  -> [2001:db8:1111:2222:3333:4444:5555:6666]:65535 Masq    1      0          0         \n"
    )
