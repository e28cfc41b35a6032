"""Which virtual servers kube-proxy makes of Services: facts leaving-ipvs E2 and E3, with the releases."""

import pytest

from kubectl_ipvs.ipvs.local_addresses import LocalAddress
from kubectl_ipvs.services.eras import Version
from kubectl_ipvs.services.expected import Expectations, Settings
from kubectl_ipvs.services.objects import Endpoint, EndpointSlice, Ingress, Service, ServicePort, SlicePort
from kubectl_ipvs.services.port_rows import Origin
from tests.unit.expected_world import EVERYWHERE, INSIDE, NEW, NODE, ON_NODE, OUTSIDE, READY, WEB, expected, slice_of

OLD: Version = (1, 20, 2)
DUAL = WEB._replace(cluster_ips=("fd00:10:96::9", "10.96.0.9"), families=("IPv6", "IPv4"))


def keys(service: Service, version: Version = NEW, **gates: bool) -> set[tuple[str, str]]:
    """Give the rows of one Service."""
    settings = Settings(gates=tuple(gates.items()))
    return set(expected([service], [slice_of(service, READY)], version, settings=settings).rows)


def test_each_kind_of_address() -> None:
    """Cluster IP, external IPs, the load balancer's addresses, NodePort on the node's address; each with its origin."""
    service = EVERYWHERE._replace(ingress=(Ingress("198.51.100.9"), Ingress("198.51.100.10", "VIP")))

    table = expected([service], [slice_of(service, READY)])

    assert {key: row.origin.kind for key, row in table.rows.items()} == {
        INSIDE: "clusterIP",
        OUTSIDE: "externalIP",
        ("TCP", "198.51.100.9:80"): "loadBalancer",
        ("TCP", "198.51.100.10:80"): "loadBalancer",
        ON_NODE: "nodePort",
    }
    assert table.rows[INSIDE].origin == Origin("default", "web", "http", "clusterIP", 80)
    assert table.rows[INSIDE].members.pods == {
        "10.244.1.1:8080": ("default", "near"),
        "10.244.2.1:8080": ("default", "far"),
    }


@pytest.mark.parametrize("protocol", ["TCP", "UDP", "SCTP"])
def test_protocols(protocol: str) -> None:
    """A row has its port's protocol, and the endpoints of a slice's port with that protocol."""
    service = WEB._replace(ports=(ServicePort(protocol, 53),))
    other = EndpointSlice(
        "default", "x", "web", "IPv4", (SlicePort("", "TCP" if protocol == "UDP" else "UDP", 1),), READY
    )

    rows = expected([service], [slice_of(service, READY), other]).rows

    assert {key: len(row.members.pods) for key, row in rows.items()} == {(protocol, "10.96.0.9:53"): 2}


@pytest.mark.parametrize(
    "service",
    [
        WEB._replace(cluster_ips=()),
        WEB._replace(type="ExternalName"),
        EVERYWHERE._replace(cluster_ips=()),
        WEB._replace(proxy_name=True),
    ],
    ids=["headless", "external name", "headless with external IPs", "somebody else's"],
)
@pytest.mark.parametrize("version", [OLD, NEW])
def test_services_left_out(service: Service, version: Version) -> None:
    """Without a cluster IP there is no row at all, nor where the label service-proxy-name is there."""
    assert keys(service, version) == set()


@pytest.mark.parametrize(("version", "rows"), [((1, 31, 9), 0), ((1, 32, 0), 1)])
def test_labels_of_others(version: Version, rows: int) -> None:
    """Up to 1.31 the label `headless` counts on a Service, and service-proxy-name on a slice."""
    assert len(keys(WEB._replace(headless_label=True), version)) == rows
    theirs = slice_of(WEB, READY)._replace(proxy_name=True)
    assert len(expected([WEB], [theirs], version).rows[INSIDE].members.pods) == 2 * rows


@pytest.mark.parametrize("version", [OLD, NEW])
def test_slices_left_out(version: Version) -> None:
    """A headless slice, one of another family, of another Service or of another namespace gives nobody endpoints."""
    mine = slice_of(WEB, READY)
    others = [
        mine._replace(headless=True),
        mine._replace(family="FQDN"),
        mine._replace(family="IPv6"),
        mine._replace(service="other"),
        mine._replace(namespace="other"),
    ]
    assert expected([WEB], others, version).rows[INSIDE].members.pods == {}, "the row is there all the same"


def test_ports_of_slices() -> None:
    """The name decides, "" matches "", and a port without a number is none; the first address of an endpoint counts."""
    service = WEB._replace(ports=(ServicePort("TCP", 80), ServicePort("TCP", 443, name="tls")))
    ports = (SlicePort("", "TCP", 8000), SlicePort("tls", "TCP", 0), SlicePort("other", "TCP", 9))

    rows = expected([service], [EndpointSlice("default", "x", "web", "IPv4", ports, READY[:1])]).rows

    assert {key[1]: [*row.members.pods] for key, row in rows.items()} == {
        "10.96.0.9:80": ["10.244.1.1:8000"],
        "10.96.0.9:443": [],
    }


def test_several_slices_with_other_numbers() -> None:
    """A named target port may have another number in each slice."""
    one, two = (
        EndpointSlice("default", f"web-{n}", "web", "IPv4", (SlicePort("http", "TCP", n),), READY[:1]) for n in (1, 2)
    )

    assert [*expected([WEB], [one, two]).rows[INSIDE].members.pods] == ["10.244.1.1:1", "10.244.1.1:2"]


def test_families() -> None:
    """Each family has its cluster IP by ipFamilies, its endpoints, and outside addresses of its own form alone."""
    service = DUAL._replace(external_ips=("2001:DB8:0::9", "192.0.2.9"))
    slices = [
        slice_of(service, READY),
        slice_of(service, [Endpoint("fd00:10:244::1")], family="IPv6", name="6"),
    ]

    rows = expected([service], slices).rows

    assert {key[1]: sorted(row.members.pods) for key, row in rows.items()} == {
        "10.96.0.9:80": ["10.244.1.1:8080", "10.244.2.1:8080"],
        "192.0.2.9:80": ["10.244.1.1:8080", "10.244.2.1:8080"],
        "[fd00:10:96::9]:80": ["[fd00:10:244::1]:8080"],
        "[2001:db8::9]:80": ["[fd00:10:244::1]:8080"],
    }


def test_family_without_a_cluster_ip() -> None:
    """There it has no row at all, not even on an external IP of that family."""
    assert keys(WEB._replace(external_ips=("2001:db8::9",))) == {INSIDE}


@pytest.mark.parametrize(
    ("address", "key"), [("10.96.0.9", "10.96.0.9:80"), ("fd00::9", "[fd00::9]:80"), ("010.096.0.9", "10.96.0.9:80")]
)
def test_without_ip_families(address: str, key: str) -> None:
    """Before ipFamilies was a field, the cluster IP's own form decides."""
    assert keys(WEB._replace(cluster_ips=(address,), families=())) == {("TCP", key)}


def test_families_that_the_node_serves() -> None:
    """Those of the settings alone."""
    assert {key[1] for key in expected([DUAL], [], settings=Settings(families=("IPv6",))).rows} == {
        "[fd00:10:96::9]:80"
    }


@pytest.mark.parametrize(
    ("version", "gates", "there"),
    [
        ((1, 28, 0), {}, True),
        ((1, 29, 9), {}, True),
        ((1, 29, 9), {"LoadBalancerIPMode": True}, False),
        ((1, 30, 0), {}, False),
        ((1, 30, 0), {"LoadBalancerIPMode": False}, True),
        (NEW, {}, False),
    ],
)
def test_ip_mode_proxy(version: Version, gates: dict[str, bool], *, there: bool) -> None:
    """A load balancer's address of ipMode Proxy has no row, from 1.30 on; the field came with 1.29, switched off."""
    service = WEB._replace(type="LoadBalancer", ingress=(Ingress("198.51.100.9", "Proxy"),))

    assert (("TCP", "198.51.100.9:80") in keys(service, version, **gates)) is there


@pytest.mark.parametrize(("version", "there"), [((1, 35, 9), True), ((1, 36, 0), False)])
def test_external_ips_switched_off(version: Version, *, there: bool) -> None:
    """The gate AllowServiceExternalIPs exists from 1.36 on, and is on by itself."""
    assert (OUTSIDE in keys(EVERYWHERE, version, AllowServiceExternalIPs=False)) is there
    assert OUTSIDE in keys(EVERYWHERE, version)


def test_load_balancer_address_of_any_type() -> None:
    """An address in the status counts whatever the type; a NodePort of a load balancer may be left out."""
    service = WEB._replace(ingress=(Ingress("198.51.100.9"),))
    assert keys(service) == {INSIDE, ("TCP", "198.51.100.9:80")}


@pytest.mark.parametrize(
    ("scheduler", "version", "said"),
    [
        ("", NEW, ("rr", ())),
        ("lc", NEW, ("lc", ())),
        ("mh", (1, 26, 9), ("mh", ())),
        ("mh", (1, 27, 0), ("mh", ("mh-port",))),
    ],
)
def test_scheduler_and_flags(scheduler: str, version: Version, said: tuple[str, tuple[str, ...]]) -> None:
    """The configured scheduler or rr; mh hashes the port too from 1.27 on."""
    table = expected([WEB], [], version, settings=Settings(scheduler))
    assert (table.scheduler, table.flags) == said


def test_persistence() -> None:
    """Session affinity by client IP, with its seconds, on every row of the Service."""
    assert {row.persistence for row in expected([EVERYWHERE._replace(affinity=10800)], []).rows.values()} == {10800}
    assert {row.persistence for row in expected([EVERYWHERE], []).rows.values()} == {None}


def test_contested() -> None:
    """Two Services on one address and port have one row, which names both; ports of one Service do not contest."""
    other = EVERYWHERE._replace(name="other", cluster_ips=("10.96.0.10",), ports=(ServicePort("TCP", 80, 30081),))
    rows = expected([EVERYWHERE, other], []).rows

    assert {key for key, row in rows.items() if row.rivals} == {OUTSIDE}
    assert [rival.name for rival in rows[OUTSIDE].rivals] == ["web"]
    twice = WEB._replace(external_ips=("192.0.2.9",), ingress=(Ingress("192.0.2.9"),))
    assert not expected([twice], []).rows[OUTSIDE].rivals


def test_node_port_on_an_address_of_a_service() -> None:
    """A NodePort may be on a port that another Service has on the node's own address as its external IP."""
    other = WEB._replace(
        name="other", cluster_ips=("10.96.0.10",), external_ips=("10.0.2.11",), ports=(ServicePort("TCP", 30080),)
    )

    row = expected([EVERYWHERE, other], [], node=NODE).rows[ON_NODE]

    assert {row.origin.name, *(rival.name for rival in row.rivals)} == {"web", "other"}


def test_other_protocol_is_another_key() -> None:
    """UDP and TCP on one address and port are two rows."""
    udp = WEB._replace(name="other", ports=(ServicePort("UDP", 80),))
    rows = expected([WEB, udp], []).rows
    assert (set(rows), any(row.rivals for row in rows.values())) == ({INSIDE, ("UDP", "10.96.0.9:80")}, False)


def test_alike_nodes_share_rows() -> None:
    """What is alike on all nodes is computed once, also for two releases of the same rules."""
    expectations = Expectations([WEB], [slice_of(WEB, READY)])
    one = expectations.of(NODE, (1, 37, 0), Settings())[0]
    two = expectations.of(NODE._replace(name="node2"), (1, 37, 2), Settings())[0]
    older = expectations.of(NODE, (1, 26, 0), Settings())[0]

    assert one.rows[INSIDE] is two.rows[INSIDE]
    assert one.rows[INSIDE] is not older.rows[INSIDE]


def test_unknown_version() -> None:
    """One table for each set of rules that it may have, the newest first; for a known version one."""
    expectations = Expectations([EVERYWHERE], [slice_of(EVERYWHERE, READY)])
    node = NODE._replace(ipv4=(LocalAddress("10.0.2.11"), LocalAddress("127.0.0.1")))

    tables = expectations.of(node, None, Settings())

    assert len(expectations.of(node, NEW, Settings())) == 1
    assert [("TCP", "127.0.0.1:30080") in table.rows for table in tables] == [False] * (len(tables) - 2) + [True] * 2
    assert {table.version for table in tables} == {None}
