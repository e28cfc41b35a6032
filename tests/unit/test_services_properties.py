"""For any cluster and release: the expected table differs in nothing, one change to it is found as what it is."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from kubectl_ipvs.ipvs.local_addresses import LocalAddress
from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.plain import read_rows
from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer
from kubectl_ipvs.services.compare import compare
from kubectl_ipvs.services.expected import Expectations, ExpectedTable, Settings
from kubectl_ipvs.services.findings import Finding
from kubectl_ipvs.services.node_addresses import Node
from kubectl_ipvs.services.objects import Endpoint, EndpointSlice, Ingress, Service, ServicePort, SlicePort
from tests.unit.expected_world import as_listed
from tests.unit.ipvs_render import render_ipvsadm, render_proc

NODES, ZONES = ("node1", "node2", "node3"), ("zone-a", "zone-b", "")
OUTSIDE = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "10.0.2.11")
MAYBE = st.sampled_from([None, True, False])
SOME_NODES, SOME_ZONES = (st.lists(st.sampled_from(names), max_size=2).map(tuple) for names in (NODES, ZONES[:2]))
VERSIONS = st.builds(lambda minor, patch: (1, minor, patch), st.integers(20, 37), st.integers(0, 5))
SETTINGS = st.builds(
    Settings,
    scheduler=st.sampled_from(["", "lc", "mh"]),
    node_port_addresses=st.sampled_from([(), ("10.0.0.0/8",), ("primary",), ("fd00::/8",), ("localhost",)]),
)


@st.composite
def endpoints(draw: st.DrawFn, prefix: str) -> Endpoint:
    """Give an endpoint; a few addresses, so that slices share some."""
    return Endpoint(
        f"{prefix}{draw(st.integers(1, 5))}", draw(MAYBE), draw(MAYBE), draw(st.booleans()),
        draw(st.sampled_from(NODES)), draw(SOME_ZONES), draw(SOME_NODES), ("default", "pod"),
    )  # fmt: skip


@st.composite
def service_of(draw: st.DrawFn, at: int) -> Service:
    """Give a Service of both families with a port or two; outside addresses may be those of another one."""
    numbers = st.sampled_from([0, 30000 + 2 * at])
    ports = [
        ServicePort(
            draw(st.sampled_from(["TCP", "UDP", "SCTP"])), 80 + n, draw(numbers) and 30000 + 2 * at + n, f"p{n}"
        )
        for n in range(draw(st.integers(1, 2)))
    ]
    balanced = st.builds(Ingress, st.just(f"198.51.100.{at}"), st.sampled_from(["", "Proxy"]))
    return Service(
        namespace="default",
        name=f"s{at}",
        type=draw(st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"])),
        cluster_ips=(f"10.96.0.{at + 1}", f"fd00:96::{at + 1}"),
        ports=tuple(ports),
        families=("IPv4", "IPv6"),
        external_ips=tuple(draw(st.lists(st.sampled_from(OUTSIDE), max_size=2, unique=True))),
        ingress=tuple(draw(st.lists(balanced, max_size=1))),
        affinity=draw(st.sampled_from([None, 60])),
        internal_local=draw(st.booleans()),
        external_local=draw(st.booleans()),
        topology_mode=draw(st.sampled_from(["", "Auto"])),
        topology_hints=draw(st.sampled_from(["", "Auto"])),
    )


@st.composite
def clusters(draw: st.DrawFn) -> tuple[list[Service], list[EndpointSlice]]:
    """Give up to three Services with an EndpointSlice or two for each family."""
    services, slices = [], []
    for at in range(draw(st.integers(1, 3))):
        service = draw(service_of(at))
        services.append(service)
        ports = tuple(SlicePort(port.name, port.protocol, 8080 + n) for n, port in enumerate(service.ports))
        for number in range(draw(st.integers(1, 2))):
            for family, prefix in (("IPv4", f"10.244.{at}."), ("IPv6", f"fd00:244:{at}::")):
                found = tuple(draw(st.lists(endpoints(prefix), max_size=3)))
                name = f"{service.name}-{number}-{family}"
                slices.append(EndpointSlice("default", name, service.name, family, ports, found))
    return services, slices


@st.composite
def nodes(draw: st.DrawFn) -> Node:
    """Give a node whose addresses are known or not."""
    ipv4 = draw(st.sampled_from([None, ("10.0.2.11", "10.0.3.11", "127.0.0.1", "10.96.0.1")]))
    ipv6 = draw(
        st.sampled_from([None, (LocalAddress("[fd00::11]", "eth0"), LocalAddress("[fd00:96::1]", "kube-ipvs0"))])
    )
    inside = draw(st.sampled_from([("10.0.2.11", "fd00::11"), ("10.0.2.11",)]))
    return Node(
        draw(st.sampled_from(NODES)),
        draw(st.sampled_from(ZONES)),
        inside,
        ipv4 and tuple(map(LocalAddress, ipv4)),
        ipv6,
    )


class Seen(NamedTuple):
    """A node's expected table, and the same as a listing."""

    expected: ExpectedTable
    listed: Table
    render: Callable[[Table], str]

    def findings(self, servers: Sequence[VirtualServer]) -> list[Finding]:
        """Compare a listing of these rows, read back; contested rows are left out."""
        listing = self.render(Table(tuple(servers), ())).encode()
        found = compare(read_rows(listing), [self.expected])
        assert found == compare(parse(listing), [self.expected])
        return [each for each in found if each.kind != "contested"]


@st.composite
def seen(draw: st.DrawFn) -> Seen:
    """Give the table of some node of some release."""
    services, slices = draw(clusters())
    expected = Expectations(services, slices).of(draw(nodes()), draw(VERSIONS), draw(SETTINGS))[0]
    seconds = draw(st.booleans())
    return Seen(expected, as_listed(expected, seconds=seconds), render_ipvsadm if seconds else render_proc)


@given(seen())
def test_expected_table_differs_in_nothing(node: Seen) -> None:
    """Printed in either format and read back."""
    assert node.findings(node.listed.virtual_servers) == []


def one_of(data: st.DataObject, node: Seen, *, members: bool = False) -> tuple[int, VirtualServer]:
    """Choose a row that is judged wholly, with a real server where one is needed."""
    rows = node.expected.rows
    found = [
        (at, server)
        for at, server in enumerate(node.listed.virtual_servers)
        if not rows[server.protocol, server.address].rivals
        and (not members or server.real_servers)
        and not rows[server.protocol, server.address].members.unsure
    ]
    assume(found)
    return data.draw(st.sampled_from(found))


def changed(node: Seen, at: int, *new: VirtualServer) -> list[tuple[str, str, int, str]]:
    """Replace a row: what is found, and where."""
    rows = [*node.listed.virtual_servers[:at], *new, *node.listed.virtual_servers[at + 1 :]]
    return [(each.kind, each.protocol, each.port, each.real_server) for each in node.findings(rows)]


def port_of(server: VirtualServer) -> int:
    """Give a row's port."""
    return int(server.address.rpartition(":")[2])


@given(seen(), st.data())
def test_row_removed(node: Seen, data: st.DataObject) -> None:
    """A row that is not there is missing."""
    at, server = one_of(data, node)
    assume(sum(each.ipv6 == server.ipv6 for each in node.listed.virtual_servers) > 1)  # else the family is not served
    assert changed(node, at) == [("missing-virtual-server", server.protocol, port_of(server), "")]


REALS: list[tuple[str, Callable[[RealServer], list[RealServer]]]] = [
    ("missing-real-server", lambda _: []),
    ("weight-zero", lambda real: [real._replace(weight=0)]),
    ("foreign", lambda real: [real._replace(weight=100)]),
    ("foreign", lambda real: [real._replace(forwarding="Route")]),
    ("foreign", lambda real: [real._replace(forwarding="Tunnel", weight=0)]),
]


@given(node=seen(), data=st.data(), case=st.sampled_from(REALS))
def test_real_server_changed(
    node: Seen, data: st.DataObject, case: tuple[str, Callable[[RealServer], list[RealServer]]]
) -> None:
    """One endpoint that is missing, has weight 0, another weight, another method."""
    kind, change = case
    at, server = one_of(data, node, members=True)
    which = data.draw(st.integers(0, len(server.real_servers) - 1))
    real = server.real_servers[which]
    reals = (*server.real_servers[:which], *change(real), *server.real_servers[which + 1 :])
    assert changed(node, at, server._replace(real_servers=reals)) == [
        (kind, server.protocol, port_of(server), real.address)
    ]


@given(node=seen(), data=st.data(), weight=st.integers(0, 2), forwarding=st.sampled_from(["Masq", "Local"]))
def test_real_server_added(node: Seen, data: st.DataObject, weight: int, forwarding: str) -> None:
    """Draining with weight 0 and TCP, else extra; foreign where kube-proxy makes none of its kind."""
    at, server = one_of(data, node)
    added = RealServer("[fd00:244::99]:1" if server.ipv6 else "10.244.9.99:1", forwarding, weight, 1, 2)
    kind = "draining" if weight == 0 and server.protocol == "TCP" else "extra-real-server"
    if forwarding != "Masq" or weight > 1:
        kind = "foreign"
    reals = (*server.real_servers, added)
    assert changed(node, at, server._replace(real_servers=reals)) == [
        (kind, server.protocol, port_of(server), added.address)
    ]


@given(
    node=seen(),
    ipv6=st.booleans(),
    forwarding=st.sampled_from(["Masq", "Route"]),
    protocol=st.sampled_from(["TCP", "UDP"]),
)
def test_row_added(node: Seen, forwarding: str, protocol: str, *, ipv6: bool) -> None:
    """On an address that nobody has: stale where kube-proxy may have made it, else foreign."""
    address, real = ("[fd00:7::7]:7", "[fd00:7::8]:7") if ipv6 else ("203.0.113.7:7", "203.0.113.8:7")
    assume(any(each.ipv6 == ipv6 for each in node.listed.virtual_servers))
    added = VirtualServer(
        protocol, address, ipv6, node.expected.scheduler, (), False, None, "", "", False,  # noqa: FBT003
        (RealServer(real, forwarding, 1, 0, 0),),
    )  # fmt: skip
    found = node.findings([*node.listed.virtual_servers, added])
    assert [(each.kind, each.protocol, each.port) for each in found] == [
        ("stale-virtual-server" if forwarding == "Masq" else "foreign", protocol, 7)
    ]


ROWS: list[tuple[str, Callable[[VirtualServer], dict[str, Any]]]] = [
    ("wrong-scheduler", lambda _: {"scheduler": "dh"}),
    ("wrong-scheduler", lambda _: {"scheduler": "none"}),
    ("wrong-persistence", lambda server: {"persistent": not server.persistent, "timeout": None}),
    ("wrong-persistence", lambda server: {"persistent": True, "netmask": "64" if server.ipv6 else "255.0.0.0"}),
]


@given(node=seen(), data=st.data(), case=st.sampled_from(ROWS))
def test_row_changed(
    node: Seen, data: st.DataObject, case: tuple[str, Callable[[VirtualServer], dict[str, Any]]]
) -> None:
    """Another scheduler, persistence that is not the Service's."""
    kind, change = case
    at, server = one_of(data, node)
    new = server._replace(**change(server))
    assert changed(node, at, new) == [(kind, server.protocol, port_of(server), "")]


@given(cluster=clusters(), node=nodes(), version=VERSIONS, settings=SETTINGS)
def test_unknown_version(
    cluster: tuple[list[Service], list[EndpointSlice]], node: Node, version: tuple[int, int, int], settings: Settings
) -> None:
    """Whichever release made the table, it differs in nothing where the release is not known."""
    expectations = Expectations(*cluster)
    listed = as_listed(expectations.of(node, version, settings)[0])
    found = compare(listed, expectations.of(node, None, settings))
    assert [each for each in found if each.is_difference] == []
