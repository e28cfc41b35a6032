"""A node's table beside the expected one: each kind of finding, what is not judged (facts leaving-ipvs E4 to E7)."""

import pytest

from kubectl_ipvs.ipvs.local_addresses import LocalAddress
from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer
from kubectl_ipvs.services.compare import compare
from kubectl_ipvs.services.eras import Version
from kubectl_ipvs.services.expected import Expectations, ExpectedTable, Settings
from kubectl_ipvs.services.findings import Finding
from kubectl_ipvs.services.node_addresses import Node
from kubectl_ipvs.services.objects import ServicePort
from tests.unit.expected_world import EVERYWHERE, HERE, NEW, NODE, READY, WEB, as_listed, expected, slice_of

UDP = WEB._replace(name="dns", cluster_ips=("10.96.0.10",), ports=(ServicePort("UDP", 53),))
STICKY = WEB._replace(affinity=60)
GONE = RealServer("10.244.9.9:8080", "Masq", 0, 0, 0)
STALE = VirtualServer("TCP", "10.96.0.77:80", False, "rr", (), False, None, "", "", False, (GONE._replace(weight=1),))  # noqa: FBT003


def of(service: object = WEB, version: Version = NEW, **settings: object) -> ExpectedTable:
    """Give the expected table of one Service with two endpoints."""
    return expected([service], [slice_of(service, READY)], version, settings=Settings(**settings))  # type: ignore[arg-type, list-item]


def found(table: ExpectedTable, *changed: VirtualServer, first: VirtualServer | None = None) -> list[Finding]:
    """Give the findings of the table as it should be, with its first row replaced, and rows added."""
    rows = as_listed(table).virtual_servers
    return [*compare(Table(((first or rows[0]), *rows[1:], *changed), ()), [table])]


def row(table: ExpectedTable, **fields: object) -> VirtualServer:
    """Give the first row of a table as it should be, with some fields changed."""
    return as_listed(table).virtual_servers[0]._replace(**fields)  # type: ignore[arg-type]


def with_real(table: ExpectedTable, **fields: object) -> VirtualServer:
    """Give the first row, with its first real server changed."""
    server = as_listed(table).virtual_servers[0]
    return server._replace(real_servers=(server.real_servers[0]._replace(**fields), *server.real_servers[1:]))  # type: ignore[arg-type]


def only(findings: list[Finding]) -> Finding:
    """Give the one finding that there is."""
    assert len(findings) == 1, findings
    return findings[0]


@pytest.mark.parametrize("service", [WEB, EVERYWHERE, STICKY, UDP], ids=lambda service: service.name)
def test_nothing(service: object) -> None:
    """A table as it should be has no finding, whatever its counters and its order."""
    table = of(service)
    listed = as_listed(table)
    busy = [
        server._replace(
            real_servers=tuple(real._replace(active=5, inactive=7) for real in reversed(server.real_servers))
        )
        for server in reversed(listed.virtual_servers)
    ]
    assert compare(listed, [table]) == compare(Table(tuple(busy), ()), [table]) == ()


def test_missing_virtual_server() -> None:
    """An address of a Service has no row: named with its Service and how many endpoints it has."""
    table = of(EVERYWHERE)
    one = only([*compare(Table(as_listed(table).virtual_servers[1:], ()), [table])])

    assert (one.kind, one.protocol, one.address, one.port) == ("missing-virtual-server", "TCP", "10.96.0.9", 80)
    assert one.service == table.rows["TCP", "10.96.0.9:80"].origin
    assert "2 endpoints" in one.detail
    assert (one.help, one.is_difference) == ("kubectl ipvs restart node1", True)


def test_empty_table() -> None:
    """Nothing at all in the kernel: every row is missing."""
    table = of(EVERYWHERE)
    assert [each.kind for each in compare(Table((), ()), [table])] == ["missing-virtual-server"] * 3


def test_family_that_is_not_served() -> None:
    """A node without a single IPv6 row serves no IPv6; one row of it, and the others are missed."""
    dual = WEB._replace(cluster_ips=("10.96.0.9", "fd00::9"), families=("IPv4", "IPv6"), external_ips=("fd00::7",))
    table = of(dual)
    ipv4 = Table(tuple(server for server in as_listed(table).virtual_servers if not server.ipv6), ())
    assert compare(ipv4, [table]) == ()

    foreign = STALE._replace(address="[fd00:7::1]:80", ipv6=True, real_servers=())
    protected = of(dual, exclude_cidrs=("fd00:7::/64",))
    rows = (*ipv4.virtual_servers, foreign)
    assert [each.kind for each in compare(Table(rows, ()), [protected])] == ["foreign"], "a row of others serves nobody"
    one = [server for server in as_listed(table).virtual_servers if server.address == "[fd00::9]:80"]
    assert [each.address for each in compare(Table((*ipv4.virtual_servers, *one), ()), [table])] == ["fd00::7"]


def test_missing_real_server() -> None:
    """With its Pod; an empty row looks like a known bug."""
    table = of()
    one = only(found(table, first=row(table, real_servers=as_listed(table).virtual_servers[0].real_servers[1:])))
    assert (one.kind, one.real_server, one.pod) == ("missing-real-server", f"{HERE}:8080", ("default", "near"))
    assert one.issues == ()

    empty = found(table, first=row(table, real_servers=()))
    assert {each.issues for each in empty} == {("kubernetes/kubernetes#70493",)}
    assert len(empty) == 2


@pytest.mark.parametrize(
    ("version", "help_", "issues"),
    [
        ((1, 25, 16), "kubectl delete pod --namespace default near", ("#92019", "#108319", "#99162")),
        ((1, 26, 0), "kubectl ipvs restart node1", ()),
        (NEW, "kubectl ipvs restart node1", ()),
    ],
)
def test_weight_zero(version: Version, help_: str, issues: tuple[str, ...]) -> None:
    """An endpoint at weight 0; up to 1.25 a restart does not set it back."""
    table = of(version=version)
    one = only(found(table, first=with_real(table, weight=0, active=2, inactive=1)))
    assert (one.kind, one.real_server, one.pod, one.connections) == (
        "weight-zero", f"{HERE}:8080", ("default", "near"), 3,
    )  # fmt: skip
    assert (one.help, one.issues) == (help_, tuple(f"kubernetes/kubernetes{issue}" for issue in issues))


@pytest.mark.parametrize("connections", [0, 4])
def test_draining(connections: int) -> None:
    """A real server of TCP that is no endpoint and has weight 0 is no fault; one look does not say that it is stuck."""
    table = of()
    server = as_listed(table).virtual_servers[0]
    drained = GONE._replace(active=connections)
    one = only(found(table, first=server._replace(real_servers=(*server.real_servers, drained))))
    assert (one.kind, one.is_difference, one.help, one.connections) == ("draining", False, "", connections)


@pytest.mark.parametrize(("service", "weight"), [(WEB, 1), (UDP, 0), (UDP, 1)])
def test_extra_real_server(service: object, weight: int) -> None:
    """One that is no endpoint and gets connections; one of UDP is removed at once, so that weight 0 is one as well."""
    table = of(service)
    server = as_listed(table).virtual_servers[0]
    one = only(found(table, first=server._replace(real_servers=(*server.real_servers, GONE._replace(weight=weight)))))
    assert (one.kind, one.real_server, one.is_difference) == ("extra-real-server", GONE.address, True)
    assert "kubernetes/kubernetes#97586" in one.issues


@pytest.mark.parametrize(
    ("version", "hourly"),
    [
        ((1, 33, 9), False),
        ((1, 34, 0), True),
        ((1, 34, 3), True),
        ((1, 34, 4), False),
        ((1, 35, 0), True),
        ((1, 35, 1), False),
        ((1, 36, 0), False),
    ],
)
def test_stale_virtual_server(version: Version, *, hourly: bool) -> None:
    """A row as kube-proxy makes them, on no Service's address; named is the bug of the releases that have it."""
    one = only(found(of(version=version), STALE))
    assert (one.kind, one.address, one.service, one.is_difference) == (
        "stale-virtual-server", "10.96.0.77", None, True,
    )  # fmt: skip
    assert ("kubernetes/kubernetes#134147" in one.issues) is hourly


def test_stale_port_of_a_service() -> None:
    """The address is a Service's, the port is none of its: the Service is named."""
    one = only(found(of(), STALE._replace(address="10.96.0.9:81")))
    assert (one.kind, one.service and one.service.name) == ("stale-virtual-server", "web")
    assert "default/web" in one.detail


@pytest.mark.parametrize(
    "changed",
    [
        STALE._replace(real_servers=(GONE._replace(forwarding="Route", weight=1),)),
        STALE._replace(real_servers=(GONE._replace(weight=5),)),
        STALE._replace(scheduler="wlc"),
        STALE._replace(persistent=True, netmask="255.255.255.0"),
        STALE._replace(protocol="UDP", one_packet=True),
    ],
)
def test_foreign_row(changed: VirtualServer) -> None:
    """Another forwarding method, weight, scheduler, mask: kube-proxy does not make those, and deletes the row."""
    one = only(found(of(exclude_cidrs=("10.9.0.0/16",)), changed))
    assert (one.kind, one.is_difference) == ("foreign", True)
    assert one.help == "kubectl ipvs set --exclude-cidrs 10.9.0.0/16,10.96.0.77/32"


def test_rows_of_a_table_with_another_scheduler() -> None:
    """Where every row has the old scheduler, a stale one has it too."""
    table = of(scheduler="lc")
    findings = found(table, STALE, first=row(table, scheduler="rr"))
    assert {each.kind for each in findings} == {"wrong-scheduler", "stale-virtual-server"}


def test_foreign_rows_that_are_left_alone() -> None:
    """What is inside excludeCIDRs, and firewall marks: said, and no difference. The ranges protect extra rows alone."""
    protected = of(exclude_cidrs=("10.96.0.0/16",))
    mark = STALE._replace(protocol="FWM", address="7")
    one, two = found(protected, STALE, mark)
    assert {(each.kind, each.is_difference, each.help) for each in (one, two)} == {("foreign", False, "")}
    assert (one.address, one.port) == ("7", 0)

    assert only(found(protected, first=row(protected, scheduler="lc"))).kind == "wrong-scheduler"
    assert only([*compare(Table((mark,), ()), [protected])][1:]).kind == "missing-virtual-server"


@pytest.mark.parametrize(
    ("fields", "pod"), [({"forwarding": "Tunnel"}, ("default", "near")), ({"weight": 7}, ("default", "near"))]
)
def test_foreign_real_server(fields: dict[str, object], pod: tuple[str, str]) -> None:
    """An endpoint with another method or weight than kube-proxy gives, and one that is no endpoint."""
    table = of()
    one = only(found(table, first=with_real(table, **fields)))
    assert (one.kind, one.real_server, one.pod) == ("foreign", f"{HERE}:8080", pod)

    server = as_listed(table).virtual_servers[0]
    extra = GONE._replace(**{"weight": 1, **fields})  # type: ignore[arg-type]
    assert only(found(table, first=server._replace(real_servers=(*server.real_servers, extra)))).kind == "foreign"


@pytest.mark.parametrize("scheduler", ["lc", "none"])
def test_wrong_scheduler(scheduler: str) -> None:
    """Another one than is configured, or none."""
    table = of()
    one = only(found(table, first=row(table, scheduler=scheduler)))
    assert (one.kind, one.real_server) == ("wrong-scheduler", "")
    assert "configured is rr" in one.detail


@pytest.mark.parametrize(
    ("service", "fields"),
    [
        (WEB, {"persistent": True, "timeout": 60}),
        (WEB, {"persistent": True, "timeout": None}),
        (STICKY, {"persistent": False, "timeout": None}),
        (STICKY, {"timeout": 61}),
        (STICKY, {"netmask": "255.255.255.0"}),
    ],
)
def test_wrong_persistence(service: object, fields: dict[str, object]) -> None:
    """There or not, its seconds, its mask."""
    table = of(service)
    one = only(found(table, first=row(table, **fields)))
    assert (one.kind, one.issues) == ("wrong-persistence", ("kubernetes/kubernetes#89358",))


def test_what_a_listing_does_not_say() -> None:
    """/proc counts persistence in jiffies, and has no flags: both are not judged."""
    table = of(STICKY, scheduler="mh")
    assert found(table, first=row(table, timeout=None, flags=())) == []


def test_contested() -> None:
    """Two Services on one key: said, its members and persistence are not judged, a missing row is."""
    other = STICKY._replace(name="other", cluster_ips=("10.96.0.10",), external_ips=("192.0.2.9",))
    services = [WEB._replace(external_ips=("192.0.2.9",)), other]
    table = expected(services, [slice_of(WEB, READY)])
    rows = {server.address: server for server in as_listed(table).virtual_servers}
    rows["192.0.2.9:80"] = rows["192.0.2.9:80"]._replace(persistent=False, timeout=None, real_servers=(GONE,))

    one = only([*compare(Table(tuple(rows.values()), ()), [table])])
    assert (one.kind, one.address, one.is_difference) == ("contested", "192.0.2.9", False)
    assert "default/web" in one.detail

    del rows["192.0.2.9:80"]
    kinds = {each.kind for each in compare(Table(tuple(rows.values()), ()), [table])}
    assert kinds == {"contested", "missing-virtual-server"}


def test_members_that_are_chance() -> None:
    """Where kube-proxy's own choice is chance, either is right."""
    near = READY[0]
    slices = [slice_of(WEB, [near], name="1"), slice_of(WEB, [near._replace(ready=False)], name="2")]
    table = expected([WEB], slices, (1, 35, 0), NODE._replace(name="x"))
    for real_servers in ((), (RealServer(f"{HERE}:8080", "Masq", 1, 0, 0),), (GONE._replace(address=f"{HERE}:8080"),)):
        assert found(table, first=row(table, real_servers=real_servers)) == []


TWO_PORTS = WEB._replace(
    type="NodePort", ports=(ServicePort("TCP", 80, 30080, "a"), ServicePort("UDP", 53, 30053, "b"))
)


def on_node(address: str, table: ExpectedTable) -> list[VirtualServer]:
    """Give the NodePort rows of one address."""
    family = "IPv6" if address.startswith("[") else "IPv4"
    return [
        STALE._replace(
            protocol=protocol, address=f"{address}:{port}", ipv6=family == "IPv6",
            real_servers=tuple(RealServer(at, "Masq", 1, 0, 0) for at in each.members.pods),
        )
        for (protocol, port), each in table.node_ports[family].items()  # type: ignore[index]
    ]  # fmt: skip


def node_ports(node: Node, **settings: object) -> ExpectedTable:
    """Give the table of a node with two NodePorts."""
    return expected([TWO_PORTS], [slice_of(TWO_PORTS, READY)], node=node, settings=Settings(**settings))  # type: ignore[arg-type]


def test_node_ports_where_the_addresses_are_not_known() -> None:
    """An address with one NodePort row must have all of them; the node's own IP must have them in any case."""
    table = node_ports(NODE._replace(ipv4=None))
    other = on_node("10.0.3.11", table)

    assert found(table, *other) == []
    one = only(found(table, other[0]))
    assert (one.kind, one.address, one.port) == ("missing-virtual-server", "10.0.3.11", 30053)
    assert one.service is not None
    assert one.service.kind == "nodePort"
    own = tuple(server for server in as_listed(table).virtual_servers if "10.0.2.11" not in server.address)
    assert {each.address for each in compare(Table(own, ()), [table])} == {"10.0.2.11"}


@pytest.mark.parametrize(
    ("address", "settings"),
    [("10.96.0.9", {}), ("10.0.3.11", {"node_port_addresses": ("10.0.2.0/24",)})],
)
def test_node_port_rows_where_no_address_of_the_node_can_be(address: str, settings: dict[str, object]) -> None:
    """A cluster IP, or an address outside nodePortAddresses: such a row is stale."""
    table = node_ports(NODE._replace(ipv4=None), **settings)
    assert only(found(table, on_node(address, table)[0])).kind == "stale-virtual-server"


def test_node_port_rows_inside_excluded_ranges() -> None:
    """A row of others on the same port does not make its address the node's."""
    table = node_ports(NODE._replace(ipv4=None), exclude_cidrs=("10.0.3.0/24",))
    assert only(found(table, on_node("10.0.3.11", table)[0])).kind == "foreign"


def test_node_port_rows_on_cluster_ips() -> None:
    """Where nodePortAddresses covers the Services' range they are there, also where nobody knows the addresses."""
    table = node_ports(NODE._replace(ipv4=None), node_port_addresses=("10.0.0.0/8",))
    assert found(table, *on_node("10.96.0.9", table)) == []


def test_node_port_rows_on_an_address_that_the_node_does_not_have() -> None:
    """Known addresses: a row elsewhere is stale, a row that is missing on one of them is missing."""
    node = NODE._replace(ipv4=(LocalAddress("10.0.2.11"), LocalAddress("10.244.1.1")))
    table = node_ports(node)
    assert {each.kind for each in found(table, *on_node("10.0.3.11", table))} == {"stale-virtual-server"}
    rows = tuple(server for server in as_listed(table).virtual_servers if "10.244" not in server.address)
    assert [each.address for each in compare(Table(rows, ()), [table])] == ["10.244.1.1"] * 2


def test_stale_address_on_kube_ipvs0() -> None:
    """fib_trie lists it like one of the node's: with a row of its own and no NodePort row it is none."""
    table = node_ports(NODE._replace(ipv4=(LocalAddress("10.0.2.11"), LocalAddress("10.96.0.77"))))
    rows = tuple(server for server in as_listed(table).virtual_servers if "10.96.0.77" not in server.address)
    one = only([*compare(Table((*rows, STALE), ()), [table])])
    assert (one.kind, one.address, one.port) == ("stale-virtual-server", "10.96.0.77", 80)


@pytest.mark.parametrize(
    ("version", "kind", "issues"),
    [
        ((1, 26, 0), "10.0.2.11", ("kubernetes/kubernetes#114815",)),
        ((1, 27, 0), "10.0.2.11", ()),
        (NEW, "192.0.2.9", ("siderolabs/talos#8332", "kubernetes/kubernetes#59656")),
    ],
)
def test_bugs_of_missing_rows(version: Version, kind: str, issues: tuple[str, ...]) -> None:
    """A NodePort's row up to 1.26; an external IP that is the node's own."""
    node = NODE._replace(internal_ips=("10.0.2.11", *(["192.0.2.9"] if kind == "192.0.2.9" else [])))
    service = EVERYWHERE._replace(ports=EVERYWHERE.ports if kind != "192.0.2.9" else WEB.ports)
    table = expected([service], [], version, node)
    rows = tuple(server for server in as_listed(table).virtual_servers if kind not in server.address)
    assert only([*compare(Table(rows, ()), [table])]).issues == issues


def test_unknown_version() -> None:
    """The release whose rules fit best counts: a table of any of them has no finding, a wrong one has."""
    service = EVERYWHERE._replace(external_local=True)
    expectations = Expectations([service], [slice_of(service, READY)])
    node = NODE._replace(name="node3")
    candidates = expectations.of(node, None, Settings())
    for version in ((1, 20, 2), (1, 23, 0), (1, 24, 0), NEW):
        listed = as_listed(expectations.of(node, version, Settings())[0])
        assert compare(listed, candidates) == ()
        assert compare(Table((*listed.virtual_servers, STALE), ()), candidates) != ()
