"""The sandbox's kernel renders its table as ipvsadm 1.31 and Linux do, byte for byte."""

from kubectl_ipvs.sandbox.nodes.defects import Virtual
from kubectl_ipvs.sandbox.nodes.kernel import Kernel, schedulers_of
from kubectl_ipvs.sandbox.options import Options
from kubectl_ipvs.sandbox.world import World

FOUR = Virtual("TCP", "10.96.0.10", 53, (("10.244.0.2", 53),), persistent=10800)
SIX = Virtual("UDP", "fd00:10:96::a", 53, (("fd00:10:244::2", 53),))


def a_kernel() -> Kernel:
    """Return a kernel with three virtual servers, one of them without real servers."""
    kernel = Kernel("node1", "6.1.0-18-amd64", schedulers_of("6.1.0-18-amd64"), ("rr",))
    kernel.shared = (FOUR, SIX)
    kernel.foreign = ((Virtual("TCP", "192.168.50.10", 6443, ()), "wrr"),)
    return kernel


def test_ipvsadm() -> None:
    """`ipvsadm -Ln`: sorted by protocol and address, mh-port where kube-proxy sets it."""
    kernel = a_kernel()
    kernel.bind("mh", mh_port=True)

    assert kernel.tool_text() == (
        "IP Virtual Server version 1.2.1 (size=4096)\n"
        "Prot LocalAddress:Port Scheduler Flags\n"
        "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
        "TCP  10.96.0.10:53 mh (mh-port) persistent 10800\n"
        "  -> 10.244.0.2:53                Masq    1      28         21        \n"
        "TCP  192.168.50.10:6443 wrr\n"
        "UDP  [fd00:10:96::a]:53 mh (mh-port)\n"
        "  -> [fd00:10:244::2]:53          Masq    1      0          29        \n"
    )


def test_proc() -> None:
    """/proc/net/ip_vs: hexadecimal addresses, jiffies, no scheduler flags, in the order of a hash table."""
    kernel = a_kernel()
    kernel.bind("mh", mh_port=True)

    assert kernel.proc_text() == (
        "IP Virtual Server version 1.2.1 (size=4096)\n"
        "Prot LocalAddress:Port Scheduler Flags\n"
        "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
        "TCP  C0A8320A:192B wrr  \n"
        "TCP  0A60000A:0035 mh  persistent 2700000 FFFFFFFF\n"
        "  -> 0AF40002:0035      Masq    1      28         21        \n"
        "UDP  [fd00:0010:0096:0000:0000:0000:0000:000a]:0035 mh \n"
        "  -> [fd00:0010:0244:0000:0000:0000:0000:0002]:0035      Masq    1      0          29        \n"
    )


def test_counts() -> None:
    """Virtual servers are counted by scheduler, somebody else's too."""
    kernel = a_kernel()

    assert kernel.counts() == {"wrr": 1}
    kernel.bind("lc")
    assert kernel.counts() == {"lc": 2, "wrr": 1}


def test_bind_needs_the_module() -> None:
    """A scheduler without its module changes nothing; one with it is loaded."""
    kernel = Kernel("node1", "6.1.0", ("rr", "lc"), ("rr",))

    assert [kernel.bind("rr"), kernel.bind("mh"), kernel.bind("lc")] == [True, False, True]
    assert (kernel.scheduler, kernel.loaded) == ("lc", {"rr", "lc"})
    assert "ip_vs_lc 16384" in kernel.modules_text()


def test_schedulers_by_kernel() -> None:
    """Newer schedulers are missing from older kernels."""
    newest = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos")

    assert schedulers_of("6.1.0-18-amd64") == newest
    assert schedulers_of("5.10.0-8-amd64") == newest[:-1]
    assert schedulers_of("3.10.0-1160.el7.x86_64") == newest[:-4]


def test_nodes_have_the_same_table_with_other_counters_and_addresses() -> None:
    """Two nodes show the same Services; only NodePort addresses and connections differ."""
    world = World(Options(nodes=2, services=1))
    one, two = (host.kernel.tool_text() for host in world.hosts.values())

    def services(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith(("TCP", "UDP")) and ":31191" not in line]

    assert (services(one) == services(two), one == two) == (True, False)


def test_weight_zero_and_a_row_of_a_service_that_is_gone() -> None:
    """One real server of the last Service that has two is at weight 0; a stale row has kube-proxy's own scheduler."""
    kernel = a_kernel()
    kernel.shared = (FOUR, FOUR._replace(port=80, reals=(("10.244.0.2", 80), ("10.244.0.3", 80))))
    kernel.bind("lc")
    kernel.defects = {"weight-zero": ""}
    kernel.stale = (SIX,)

    rows = [line.split() for line in kernel.tool_text().splitlines()[3:]]

    weights = {row[1]: row[3] for row in rows if row[0] == "->"}
    assert weights == {"10.244.0.2:53": "1", "10.244.0.2:80": "0", "10.244.0.3:80": "1", "[fd00:10:244::2]:53": "1"}
    assert ["UDP", "[fd00:10:96::a]:53", "lc"] in rows
    assert kernel.counts() == {"lc": 3, "wrr": 1}


def test_connections_pile_up() -> None:
    """On an uneven virtual server the first real server has many more connections than the others ever have."""
    kernel = a_kernel()
    reals = tuple((f"10.244.0.{number}", 80) for number in range(2, 6))
    kernel.shared = (FOUR._replace(reals=reals, uneven=True),)
    kernel.bind("rr")

    active = [int(line.split()[4]) for line in kernel.proc_text().splitlines()[3:] if "->" in line]

    assert active[0] >= 200 > max(active[1:])
