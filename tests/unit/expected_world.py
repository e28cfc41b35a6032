"""Services, endpoints and nodes as the tests of the expected table spell them, and that table as a plain value."""

from collections.abc import Iterable, Mapping

from kubectl_ipvs.ipvs.local_addresses import LocalAddress
from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer
from kubectl_ipvs.services.eras import Version
from kubectl_ipvs.services.expected import Expectations, ExpectedTable, Settings
from kubectl_ipvs.services.node_addresses import Node
from kubectl_ipvs.services.objects import Endpoint, EndpointSlice, Service, ServicePort, SlicePort

NEW: Version = (1, 37, 2)
HERE, THERE = "10.244.1.1", "10.244.2.1"  # an endpoint on node1, and one on node2
NODE = Node("node1", "zone-a", ("10.0.2.11",), ipv4=(LocalAddress("127.0.0.1"), LocalAddress("10.0.2.11")), ipv6=())
WEB = Service("default", "web", "ClusterIP", ("10.96.0.9",), (ServicePort("TCP", 80, name="http"),), ("IPv4",))
READY = (Endpoint(HERE, node="node1", pod=("default", "near")), Endpoint(THERE, node="node2", pod=("default", "far")))
# A Service with an address of each kind.
EVERYWHERE = WEB._replace(
    type="LoadBalancer", ports=(ServicePort("TCP", 80, 30080, "http"),), external_ips=("192.0.2.9",),
)  # fmt: skip
INSIDE, OUTSIDE, ON_NODE = ("TCP", "10.96.0.9:80"), ("TCP", "192.0.2.9:80"), ("TCP", "10.0.2.11:30080")


def slice_of(
    service: Service, endpoints: Iterable[Endpoint], *, family: str = "IPv4", name: str = "1"
) -> EndpointSlice:
    """Give an EndpointSlice whose ports are the Service's, at 8080 and the numbers after it."""
    ports = tuple(SlicePort(port.name, port.protocol, 8080 + at) for at, port in enumerate(service.ports))
    return EndpointSlice(service.namespace, f"{service.name}-{name}", service.name, family, ports, tuple(endpoints))


def expected(
    services: Iterable[Service],
    slices: Iterable[EndpointSlice],
    version: Version = NEW,
    node: Node = NODE,
    settings: Settings | None = None,
) -> ExpectedTable:
    """Give the table of one node."""
    return Expectations(services, slices).of(node, version, settings or Settings())[0]


def members(
    service: Service,
    endpoints: Iterable[Endpoint] = READY,
    version: Version = NEW,
    node: Node = NODE,
    gates: Mapping[str, bool] | None = None,
) -> dict[tuple[str, str], list[str]]:
    """Give the addresses of each row's real servers, without the port 8080, for one Service."""
    settings = Settings(gates=tuple((gates or {}).items()))
    table = expected([service], [slice_of(service, endpoints)], version, node, settings)
    return {key: sorted(at.removesuffix(":8080") for at in row.members.pods) for key, row in table.rows.items()}


def as_listed(table: ExpectedTable, *, seconds: bool = True) -> Table:
    """Give the table that a kernel would have; `seconds`: with those of persistence and with flags, as by ipvsadm."""
    return Table(
        tuple(
            VirtualServer(
                protocol=protocol, address=address, ipv6=address.startswith("["), scheduler=table.scheduler,
                flags=table.flags if seconds else (), persistent=row.persistence is not None,
                timeout=row.persistence if seconds else None, netmask="", persistence_engine="", one_packet=False,
                real_servers=tuple(RealServer(at, "Masq", 1, 0, 0) for at in row.members.pods),
            )
            for (protocol, address), row in table.rows.items()
        ),
        (),
    )  # fmt: skip
