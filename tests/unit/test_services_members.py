"""Which endpoints are real servers of a row: facts leaving-ipvs E4, every line of its tables, with the releases."""

import pytest

from kubectl_ipvs.services.eras import Version
from kubectl_ipvs.services.expected import Settings
from kubectl_ipvs.services.objects import Endpoint, Ingress, Service, ServicePort
from tests.unit.expected_world import (
    EVERYWHERE,
    HERE,
    INSIDE,
    NEW,
    NODE,
    ON_NODE,
    OUTSIDE,
    READY,
    THERE,
    WEB,
    expected,
    members,
    slice_of,
)

ELSEWHERE = NODE._replace(name="node3", zone="zone-c")
NEAR, FAR = READY
BOTH = [HERE, THERE]
V20, V21, V22, V23, V24, V25, V26 = ((1, minor, 2) for minor in range(20, 27))
LEAVING = tuple(each._replace(ready=False, serving=True, terminating=True) for each in READY)
AUTO = {"hints": "Auto"}


def zoned(*zones: str | None) -> list[Endpoint]:
    """Give ready endpoints, each with a hint of a zone or without."""
    return [Endpoint(f"10.244.9.{at}", zones=(zone,) if zone else ()) for at, zone in enumerate(zones)]


def last(found: list[str]) -> list[int]:
    """Give the last part of each address."""
    return [int(address.rpartition(".")[2]) for address in found]


def hinted(
    version: Version,
    endpoints: list[Endpoint],
    gates: dict[str, bool] | None = None,
    *,
    hints: str = "",
    mode: str = "",
) -> list[int]:
    """Give the numbers of those endpoints that node1 in zone-a has."""
    return last(
        members(WEB._replace(topology_hints=hints, topology_mode=mode), endpoints, version, gates=gates)[INSIDE]
    )


@pytest.mark.parametrize("version", [V20, V22, V24, V26, NEW])
def test_ready(version: Version) -> None:
    """Ready is what has the condition or none; what is not ready is left out, also where it serves."""
    endpoints = [
        Endpoint("10.244.9.1"),
        Endpoint("10.244.9.2", ready=True),
        Endpoint("10.244.9.3", ready=False),
        Endpoint("10.244.9.4", ready=False, serving=True),
    ]
    assert hinted(version, endpoints) == [1, 2]


@pytest.mark.parametrize(
    ("version", "gates", "found"),
    [
        (V20, {}, []),
        (V24, {}, []),
        (V25, {}, []),
        (V25, {"ProxyTerminatingEndpoints": True}, BOTH),
        (V26, {}, BOTH),
        (V26, {"ProxyTerminatingEndpoints": False}, []),
        (NEW, {}, BOTH),
    ],
)
def test_terminating_ones_stand_in(version: Version, gates: dict[str, bool], found: list[str]) -> None:
    """Where none is ready, those that terminate and serve do: on by itself from 1.26 on."""
    assert members(WEB, LEAVING, version, gates=gates)[INSIDE] == found
    assert members(WEB, [*LEAVING, Endpoint("10.244.9.9")], version, gates=gates)[INSIDE] == ["10.244.9.9"]
    gone = [each._replace(serving=False) for each in LEAVING]
    assert members(WEB, gone, version, gates=gates)[INSIDE] == []


@pytest.mark.parametrize(
    ("version", "inside", "outside", "elsewhere"),
    [
        (V20, BOTH, [HERE], []),
        (V21, BOTH, [HERE], []),
        (V23, BOTH, [HERE], []),
        (V24, BOTH, [HERE], BOTH),
        (V26, BOTH, [HERE], BOTH),
        (NEW, BOTH, [HERE], BOTH),
    ],
)
def test_external_traffic_policy_local(
    version: Version, inside: list[str], outside: list[str], elsewhere: list[str]
) -> None:
    """External rows have the local endpoints. A node without any has none of them up to 1.23, then all."""
    service = EVERYWHERE._replace(external_local=True)

    here, there = members(service, READY, version), members(service, READY, version, ELSEWHERE)

    assert here == {INSIDE: inside, OUTSIDE: outside, ON_NODE: outside} | (
        {("TCP", "127.0.0.1:30080"): outside} if version < V22 else {}
    )
    assert (there[INSIDE], there[OUTSIDE], there[ON_NODE]) == (inside, elsewhere, elsewhere)


@pytest.mark.parametrize(("version", "found"), [(V23, BOTH), (V24, [HERE])])
def test_external_local_of_a_cluster_ip_service(version: Version, found: list[str]) -> None:
    """With external IPs alone the policy counts from 1.24 on."""
    service = WEB._replace(external_ips=("192.0.2.9",), external_local=True)
    assert members(service, READY, version)[OUTSIDE] == found
    assert members(WEB._replace(external_local=True), READY, version)[INSIDE] == BOTH, "never for cluster IPs"


@pytest.mark.parametrize(
    ("version", "gates", "inside", "outside"),
    [
        (V20, {}, BOTH, BOTH),
        (V21, {}, BOTH, BOTH),
        (V21, {"ServiceInternalTrafficPolicy": True}, [HERE], [HERE]),
        (V22, {}, [HERE], [HERE]),
        (V23, {}, [HERE], [HERE]),
        (V23, {"ServiceInternalTrafficPolicy": False}, BOTH, BOTH),
        (V24, {}, [HERE], BOTH),
        (V26, {}, [HERE], BOTH),
        (NEW, {}, [HERE], BOTH),
    ],
)
def test_internal_traffic_policy_local(
    version: Version, gates: dict[str, bool], inside: list[str], outside: list[str]
) -> None:
    """Read from 1.22 on; up to 1.23 it limits the external rows as well."""
    found = members(EVERYWHERE._replace(internal_local=True), READY, version, gates=gates)
    assert (found[INSIDE], found[OUTSIDE], found[ON_NODE]) == (inside, outside, outside)


@pytest.mark.parametrize(("version", "found"), [(V22, []), (V23, []), (V24, BOTH), (NEW, BOTH)])
def test_internal_local_without_local_endpoints(version: Version, found: list[str]) -> None:
    """Nothing for a Service of a cluster IP alone; from 1.24 on one with outside addresses has the cluster's."""
    only_inside = WEB._replace(internal_local=True)
    assert members(only_inside, READY, version, ELSEWHERE)[INSIDE] == []
    for service in (
        only_inside._replace(external_ips=("192.0.2.9",)),
        only_inside._replace(ports=(ServicePort("TCP", 80, 30080, "http"),)),
        only_inside._replace(ingress=(Ingress("198.51.100.9"),)),
    ):
        assert members(service, READY, version, ELSEWHERE)[INSIDE] == found


def test_proxied_load_balancer_is_no_outside_address() -> None:
    """An address of ipMode Proxy, or an external IP of the other family, does not make it one."""
    service = WEB._replace(
        internal_local=True, ingress=(Ingress("198.51.100.9", "Proxy"),), external_ips=("2001:db8::9",)
    )
    assert members(service, READY, NEW, ELSEWHERE)[INSIDE] == []


@pytest.mark.parametrize(
    ("version", "inside"), [(V21, BOTH), (V22, [HERE]), (V23, [HERE]), (V24, [HERE]), (NEW, [HERE])]
)
def test_both_policies_local(version: Version, inside: list[str]) -> None:
    """Each row keeps to its own."""
    found = members(EVERYWHERE._replace(internal_local=True, external_local=True), READY, version)
    assert (found[INSIDE], found[OUTSIDE]) == (inside, [HERE])


@pytest.mark.parametrize(("version", "found"), [(V25, BOTH), (V26, [HERE]), (NEW, [HERE])])
def test_local_terminating_ones_come_before_the_clusters(version: Version, found: list[str]) -> None:
    """A node whose only endpoint terminates keeps to it while it serves; without that rule it takes the cluster's."""
    endpoints = [LEAVING[0], FAR, Endpoint("10.244.2.2", node="node2")]
    outside = members(EVERYWHERE._replace(external_local=True), endpoints, version)[OUTSIDE]
    assert outside == (found if found == [HERE] else [THERE, "10.244.2.2"])


def test_no_node_name_is_local_to_nobody() -> None:
    """An endpoint without a node is on none, also where the node's name is not known."""
    service = EVERYWHERE._replace(external_local=True)
    for node in (NODE, NODE._replace(name="")):
        assert members(service, [Endpoint(THERE)], V23, node)[OUTSIDE] == []


@pytest.mark.parametrize(
    ("version", "gates", "fields", "works"),
    [
        (V20, {}, AUTO, False),
        (V21, {}, AUTO, False),
        (V21, {"TopologyAwareHints": True}, AUTO, True),
        (V23, {}, AUTO, False),
        (V23, {"TopologyAwareHints": True}, AUTO, True),
        (V24, {}, AUTO, True),
        (V24, {}, {"hints": "auto"}, True),
        (V24, {}, {"hints": "Prefer"}, False),
        (V24, {}, {}, False),
        (V24, {"TopologyAwareHints": False}, AUTO, False),
        (V26, {}, {"mode": "Auto"}, False),
        ((1, 27, 0), {}, {"mode": "Auto"}, True),
        ((1, 27, 0), {}, {"mode": "Any"}, True),
        ((1, 27, 0), {}, {"mode": "Disabled"}, False),
        ((1, 27, 0), {}, AUTO, True),
        ((1, 27, 0), {}, {}, False),
        ((1, 29, 9), {}, {"mode": "Auto"}, True),
        ((1, 30, 0), {}, {}, False),
        ((1, 30, 0), {"ServiceTrafficDistribution": True}, {}, True),
        ((1, 31, 0), {}, {}, True),
        ((1, 31, 0), {}, {"mode": "Disabled"}, True),
        ((1, 31, 0), {"ServiceTrafficDistribution": False}, {}, False),
        ((1, 33, 0), {}, {}, True),
        (NEW, {}, {}, True),
    ],
)
def test_zone_hints(version: Version, gates: dict[str, bool], fields: dict[str, str], *, works: bool) -> None:
    """What makes the hints of zones count, from release to release."""
    assert hinted(
        version, zoned("zone-a", "zone-b"), gates, hints=fields.get("hints", ""), mode=fields.get("mode", "")
    ) == ([0] if works else [0, 1])


@pytest.mark.parametrize(
    ("zones", "found"),
    [
        (("zone-a", "zone-b", "zone-a"), [0, 2]),
        (("zone-a", None), [0, 1]),
        (("zone-b", "zone-c"), [0, 1]),
    ],
)
@pytest.mark.parametrize("version", [V24, (1, 31, 0), NEW])
def test_hints_that_are_not_complete(version: Version, zones: tuple[str | None, ...], found: list[int]) -> None:
    """A ready endpoint without a hint, or no hint for the node's zone, and all are used."""
    assert hinted(version, zoned(*zones), hints="Auto") == found
    away = [*zoned(*zones), Endpoint("10.244.9.9", ready=False)]
    assert hinted(version, away, hints="Auto") == found, "those that are not ready are not asked"


def test_node_without_a_zone() -> None:
    """It uses all."""
    service = WEB._replace()
    assert len(members(service, zoned("zone-a", "zone-b"), NEW, NODE._replace(zone=""))[INSIDE]) == 2


def test_no_topology_for_terminating_ones() -> None:
    """Where none is ready, the hints of those that stand in do not count."""
    leaving = [each._replace(ready=False, terminating=True) for each in zoned("zone-a", "zone-b")]
    assert hinted(NEW, leaving) == [0, 1]


@pytest.mark.parametrize(
    ("version", "gates", "works"),
    [
        ((1, 32, 0), {}, False),
        ((1, 33, 0), {}, False),
        ((1, 33, 0), {"PreferSameTrafficDistribution": True}, True),
        ((1, 34, 0), {}, True),
        ((1, 34, 0), {"PreferSameTrafficDistribution": False}, False),
        (NEW, {}, True),
    ],
)
def test_node_hints(version: Version, gates: dict[str, bool], *, works: bool) -> None:
    """From 1.34 on a hint of the node comes before one of its zone."""
    one, two, three = zoned("zone-a", "zone-a", "zone-b")
    endpoints = [
        each._replace(nodes=(name,)) for each, name in zip((one, two, three), ("node1", "node2", "x"), strict=True)
    ]
    assert hinted(version, endpoints, gates) == ([0] if works else [0, 1])
    assert hinted(version, [*endpoints[1:], three._replace(address="10.244.9.3", nodes=("y",))], gates) == [1]
    assert hinted(version, [endpoints[0], two._replace(nodes=())], gates) == [0, 1], "not all of them have one"


@pytest.mark.parametrize(("version", "inside", "outside"), [(V23, [0, 1], [0]), (V24, [0], [0])])
def test_hints_and_external_local(version: Version, inside: list[int], outside: list[int]) -> None:
    """Up to 1.23 hints do not count where externalTrafficPolicy is Local."""
    endpoints = [each._replace(node=f"node{at}") for at, each in enumerate(zoned("zone-a", "zone-b"), 1)]
    service = EVERYWHERE._replace(external_local=True, topology_hints="Auto")
    found = members(service, endpoints, version, gates={"TopologyAwareHints": True})
    assert (last(found[INSIDE]), last(found[OUTSIDE])) == (inside, outside)


def doubles(
    service: Service, one: Endpoint, two: Endpoint, version: Version, *, node: str = "node3"
) -> tuple[int, set[str]]:
    """Give how many real servers two endpoints of two slices make, and which are left open."""
    slices = [slice_of(service, [one], name="1"), slice_of(service, [two], name="2")]
    found = expected([service], slices, version, NODE._replace(name=node)).rows[INSIDE].members
    return len(found.pods), set(found.unsure)


def test_doubles() -> None:
    """One ip:port in two slices is one real server: from 1.36 on one that does not terminate, before a local one."""
    gone = NEAR._replace(ready=False, serving=False, terminating=True)
    for pair in ((NEAR, gone), (gone, NEAR)):
        assert doubles(WEB, *pair, (1, 36, 0)) == (1, set())
        assert doubles(WEB, *pair, (1, 35, 9))[1] == {f"{HERE}:8080"}, "which one comes first is chance"
    away = gone._replace(node="node9")
    for pair in ((NEAR, away), (away, NEAR)):
        assert doubles(WEB, *pair, (1, 35, 9), node="node1") == (1, set())
    assert doubles(WEB, NEAR, NEAR, V26) == (1, set())


def test_doubles_of_one_ip() -> None:
    """1.20 knows one endpoint for each IP, whatever its port."""
    pair = [slice_of(WEB, [NEAR], name="1"), slice_of(WEB, [NEAR], name="2")]
    other = pair[1]._replace(ports=(pair[1].ports[0]._replace(port=9090),))
    found = expected([WEB], [pair[0], other], V20).rows[INSIDE].members
    assert (len(found.pods), set(found.unsure)) == (1, {f"{HERE}:8080", f"{HERE}:9090"})
    assert len(expected([WEB], [pair[0], other], V21).rows[INSIDE].members.pods) == 2


@pytest.mark.parametrize(("version", "open_ones"), [(V20, 2), (V21, 2), (V22, 0)])
def test_topology_keys(version: Version, open_ones: int) -> None:
    """With the gate ServiceTopology (up to 1.21) labels that are not read here choose: nothing is said of members."""
    settings = Settings(gates=(("ServiceTopology", True),))
    found = expected([WEB], [slice_of(WEB, READY)], version, settings=settings).rows[INSIDE].members
    assert len(found.unsure) == open_ones


def test_shape() -> None:
    """Every real server is Masq with weight 1."""
    found = expected([WEB], [slice_of(WEB, READY)]).rows[INSIDE].members
    assert found.shape == {(f"{HERE}:8080", "Masq", 1), (f"{THERE}:8080", "Masq", 1)}
