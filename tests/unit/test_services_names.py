"""Whose a virtual server is, and which Pod a real server: by address, port and protocol; a contest is never decided."""

import pytest

from kubectl_ipvs.services.named_table import EVERYTHING, NamedServer, Naming, Narrow, read_address
from kubectl_ipvs.services.names import Names, Owner, owner_of, unserved
from kubectl_ipvs.services.objects import Endpoint, Ingress, Service, ServicePort, SlicePort
from tests.unit.services_given import HTTP, listing, pod, service, slice_of

WEB = service("web", "10.96.0.1", "fd00:0:0::1")._replace(
    external_ips=("192.0.2.1",),
    ingress=(Ingress("192.0.2.2"), Ingress("192.0.2.3", "Proxy"), Ingress("192.0.2.4", "VIP")),
)
DNS = Service("n", "dns", "ClusterIP", ("10.96.0.10",), (ServicePort("UDP", 53), ServicePort("TCP", 53)))
OWNER = owner_of(WEB, HTTP)


def named(text: str, names: Names, narrow: Narrow = EVERYTHING) -> list[NamedServer]:
    """Name a table twice, as two nodes', and return what is said of the second."""
    naming = Naming(names, narrow)
    naming.named(listing(text))
    return naming.named(listing(text))


def of(names: Names, protocol: str, address: str, *exclude: str) -> list[str]:
    """Name a virtual server."""
    return [str(owner) for owner in names.of(protocol, address, exclude)]


@pytest.mark.parametrize(
    ("protocol", "address", "owner"),
    [
        ("TCP", "10.96.0.1:80", "n/web:http"),
        ("TCP", "[fd00::1]:80", "n/web:http"),
        ("TCP", "192.0.2.1:80", "n/web:http"),
        ("TCP", "192.0.2.2:80", "n/web:http"),
        ("TCP", "192.0.2.3:80", ""),  # ipMode Proxy
        ("TCP", "192.0.2.4:80", "n/web:http"),
        ("TCP", "10.96.0.1:81", ""),
        ("UDP", "10.96.0.1:80", ""),
        ("TCP", "172.18.0.2:30080", "n/web:http"),
        ("TCP", "172.18.0.99:30080", "n/web:http"),  # an address of a node that the API does not know
        ("TCP", "[fd00::99]:30080", "n/web:http"),
        ("UDP", "172.18.0.2:30080", ""),
        ("TCP", "10.96.0.10:30080", "n/web:http"),  # nodePortAddresses may cover the Services' addresses
        ("UDP", "10.96.0.10:53", "n/dns:53"),
        ("TCP", "10.96.0.10:53", "n/dns:53"),
        ("FWM", "80", ""),
        ("TCP", "host.example:http", ""),
    ],
)
def test_virtual_server(protocol: str, address: str, owner: str) -> None:
    """Cluster IPs, external IPs, load balancer IPs, NodePorts: the port and the protocol have to be its own."""
    assert of(Names([WEB, DNS], [], ["172.18.0.2"]), protocol, address) == ([owner] if owner else [])


def test_two_services_at_one_address() -> None:
    """Both are named; a NodePort at a node's address that is somebody's external IP is such a contest, too."""
    other = service("other", "10.96.0.2", port=HTTP._replace(node_port=0))._replace(external_ips=("192.0.2.1",))
    taken = service("taken", "10.96.0.3", port=ServicePort("TCP", 30080))._replace(external_ips=("172.18.0.2",))
    names = Names([WEB, other, taken], [], ["172.18.0.2"])

    assert of(names, "TCP", "192.0.2.1:80") == ["n/web:http", "n/other:http"]
    assert of(names, "TCP", "172.18.0.2:30080") == ["n/taken:30080", "n/web:http"]
    assert of(names, "TCP", "10.96.0.3:30080") == ["n/taken:30080"]


def test_families() -> None:
    """A Service without a cluster IP of a family has no virtual server in it, whatever its other addresses are."""
    four = service("four", "10.96.0.5")._replace(external_ips=("2001:db8::5",))
    names = Names([four], [], ["fd00::9"])

    assert (of(names, "TCP", "[2001:db8::5]:80"), of(names, "TCP", "[fd00::9]:30080")) == ([], [])


def test_excluded_addresses() -> None:
    """What kube-proxy leaves alone is no NodePort by its number; at a node's own address, or a Service's, it is."""
    names = Names([WEB], [], ["172.18.0.2"])

    assert of(names, "TCP", "192.168.50.10:30080", "192.168.50.0/24") == []
    assert of(names, "TCP", "192.168.50.10:30080") == ["n/web:http"]
    assert of(names, "TCP", "172.18.0.2:30080", "172.18.0.0/16") == ["n/web:http"]
    assert of(names, "TCP", "10.96.0.1:80", "10.0.0.0/8") == ["n/web:http"]


def test_pods_by_address_and_port() -> None:
    """Pods of the host's network share the node's address: the port is what tells them apart."""
    metrics = ServicePort("TCP", 90, name="metrics")
    both = WEB._replace(ports=(HTTP, metrics))
    slices = [slice_of("web", pod("172.18.0.2", "one")),
              slice_of("web", pod("172.18.0.2", "two"), port=SlicePort("metrics", "TCP", 9090))]  # fmt: skip
    names = Names([both], slices)

    found = {
        (port.name, address): names.endpoint([owner_of(both, port)], "TCP", address)
        for port in both.ports
        for address in ("172.18.0.2:8080", "172.18.0.2:9090", "172.18.0.2:1")
    }

    assert {key: each.pod for key, each in found.items() if each} == {
        ("http", "172.18.0.2:8080"): ("n", "one"),
        ("http", "172.18.0.2:9090"): ("n", "two"),  # whichever Service leads there
        ("metrics", "172.18.0.2:8080"): ("n", "one"),
        ("metrics", "172.18.0.2:9090"): ("n", "two"),
    }


def test_pod_that_took_over_an_address() -> None:
    """Of an old Pod that is going and a new one the new one is meant; of two that stay, none is."""
    old, new, other = (pod("10.0.0.1", name, terminating=name == "old") for name in ("old", "new", "other"))

    for slices, expected in (
        ([slice_of("web", old, new)], ("n", "new")),
        ([slice_of("web", new), slice_of("web", old)], ("n", "new")),
        ([slice_of("web", new, other)], None),
        ([slice_of("web", new, new)], ("n", "new")),
    ):
        found = Names([WEB], slices).endpoint([OWNER], "TCP", "10.0.0.1:8080")
        assert found is not None
        assert found.pod == expected


def test_slices_that_lead_nowhere() -> None:
    """Slices of a Service that is gone, of headless ones, of other ports and of all ports name nothing."""
    here = pod("10.0.0.1", "one")
    slices = [slice_of("gone", here), slice_of("web", here)._replace(headless=True),
              slice_of("web", here, port=SlicePort("other", "TCP", 8080)),
              slice_of("web", here, port=SlicePort("http", "UDP", 8080)),
              slice_of("web", here, port=SlicePort("http", "TCP", 0))]  # fmt: skip

    assert Names([WEB], slices).endpoint([OWNER], "TCP", "10.0.0.1:8080") is None


def test_contested_real_server() -> None:
    """Below a contested virtual server a Pod is named where it is the same for all who contest it."""
    other = service("other", "10.96.0.2")
    owners = [OWNER, owner_of(other, HTTP)]

    for name, expected in (("one", ("n", "one")), ("two", None)):
        slices = [slice_of("web", pod("10.0.0.1", "one")), slice_of("other", pod("10.0.0.1", name))]
        found = Names([WEB, other], slices).endpoint(owners, "TCP", "10.0.0.1:8080")
        assert (found.pod if found else None) == expected


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (WEB, ""),
        (service("x", kind="ExternalName"), "it is an ExternalName"),
        (service("x"), "it is headless"),
        (WEB._replace(ports=()), "it has no port"),
        (
            WEB._replace(proxy_name=True),
            "its label service.kubernetes.io/service-proxy-name leaves it to another proxy",
        ),
    ],
)
def test_what_kube_proxy_does_not_serve(made: Service, why: str) -> None:
    """No virtual server is expected of what kube-proxy leaves alone, and the reason is said."""
    assert unserved(made) == why


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("10.96.0.1", ("10.96.0.1", None)),
        ("10.96.0.1:0", ("10.96.0.1", 0)),
        ("10.96.0.1:443", ("10.96.0.1", 443)),
        ("fd00:0:0::1", ("fd00::1", None)),
        ("[fd00::1]", ("fd00::1", None)),
        ("[fd00::1]:53", ("fd00::1", 53)),
        ("::ffff:10.0.0.1", ("::ffff:10.0.0.1", None)),
        ("", None),
        ("web", None),
        ("10.96.0.1:", None),
        ("10.96.0.1:http", None),
        ("10.96.0.1:65536", None),
        ("10.96.0.1:44:3", None),
        ("10.96.0", None),
        ("[10.96.0.1]:80", None),
        ("[fd00::1", None),
        ("[fd00::1]53", None),
        ("[]:53", None),
    ],
)
def test_address(text: str, read: tuple[str, int | None] | None) -> None:
    """An address with or without a port, in the form that tables have; what is none is none."""
    assert read_address(text) == read


TABLE = """\
UDP  10.96.0.10:53 rr
  -> 10.0.0.7:53 Masq 1 0 3
TCP  10.96.0.1:80 rr
  -> 10.0.0.2:8080 Masq 1 5 6
  -> 10.0.0.1:8080 Masq 0 7 8
TCP  203.0.113.1:80 wlc
  -> 10.0.0.1:8080 Route 3 0 0
"""


def test_named_table() -> None:
    """Rows in ipvsadm's order, each with its names and its own numbers."""
    names = Names([WEB, DNS], [slice_of("web", pod("10.0.0.1", "one"), pod("10.0.0.2", "two"))])

    found = named(TABLE, names)

    assert [(each.server.address, list(map(str, each.owners))) for each in found] == [
        ("10.96.0.1:80", ["n/web:http"]),
        ("203.0.113.1:80", []),
        ("10.96.0.10:53", ["n/dns:53"]),
    ]
    assert [(real.address, real.weight, real.active, name) for real, name in
            zip(found[0].real_servers, found[0].pods, strict=True)] == [
        ("10.0.0.1:8080", 0, 7, ("n", "one")),
        ("10.0.0.2:8080", 1, 5, ("n", "two")),
    ]  # fmt: skip
    assert (found[1].pods, found[1].real_servers[0].forwarding, found[2].pods) == ((("n", "one"),), "Route", (None,))


@pytest.mark.parametrize(
    ("narrow", "addresses"),
    [
        (Narrow(("n", "web")), ["10.96.0.1:80"]),
        (Narrow(("n", "nobody")), []),
        (Narrow(host="10.96.0.10"), ["10.96.0.10:53"]),
        (Narrow(host="10.96.0.10", port=54), []),
        (Narrow(host="10.0.0.1"), ["10.96.0.1:80", "203.0.113.1:80"]),
        (Narrow(host="10.0.0.1", port=8080), ["10.96.0.1:80", "203.0.113.1:80"]),
        (Narrow(("n", "dns"), host="10.0.0.1"), []),
    ],
)
def test_narrowed(narrow: Narrow, addresses: list[str]) -> None:
    """One Service's rows, or those at one address, be it that of a real server."""
    assert [each.server.address for each in named(TABLE, Names([WEB, DNS]), narrow)] == addresses


@pytest.mark.parametrize(
    ("affinities", "jiffies", "seconds"),
    [
        ((10800, None), 2700000, 10800),
        ((10800, None), 10800000, 10800),
        ((60, 600), 15000, 60),
        ((None, None), 2700000, None),
        ((7, None), 2700000, None),  # the Service's affinity is not what the kernel has
    ],
)
def test_seconds_of_persistence(affinities: tuple[int | None, int | None], jiffies: int, seconds: int | None) -> None:
    """/proc counts jiffies: a Service whose affinity is known shows how long one is, else nobody can say."""
    made = [
        service(name, address)._replace(affinity=affinity)
        for name, address, affinity in zip("ab", ("10.96.0.1", "10.96.0.2"), affinities, strict=True)
    ]
    text = f"TCP  0A600001:0050 rr  persistent {jiffies} FFFFFFFF\n"
    text += f"TCP  0A600002:0050 rr  persistent {jiffies * 10} FFFFFFFF\n" if affinities[1] else ""

    first = named(text, Names(made))[0]

    assert (first.seconds, first.layout.head.jiffies) == (seconds, jiffies)


def test_kernels_clock_that_two_services_disagree_about() -> None:
    """Where two Services show different clocks one of them is not in step with its row: nothing is said."""
    made = [service("a", "10.96.0.1")._replace(affinity=100), service("b", "10.96.0.2")._replace(affinity=100)]
    text = "TCP  0A600001:0050 rr  persistent 25000 FFFFFFFF\nTCP  0A600002:0050 rr  persistent 100000 FFFFFFFF\n"

    assert [each.seconds for each in named(text, Names(made))] == [None, None]


def test_owner_and_endpoint_values() -> None:
    """A port without a name is written as its number; what is not there counts as ready."""
    assert str(Owner("n", "s", 80, "TCP")) == "n/s:80"
    assert Endpoint("10.0.0.1").pod is None
