"""Sums over nodes: equal to counting row by row, whatever the tables; what is said of skew, weight 0 and missing."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer
from kubectl_ipvs.services.names import Names, owner_of
from kubectl_ipvs.services.objects import EndpointSlice, Service
from kubectl_ipvs.services.totals import PortTotal, Totals
from tests.unit.ipvs_render import render_ipvsadm, render_proc
from tests.unit.services_given import HTTP, listing, pod, service, slice_of

SERVICES = [service("a", "10.96.0.1"), service("b", "10.96.0.2", port=HTTP._replace(node_port=30081)),
            service("c", "10.96.0.1", port=HTTP._replace(port=81, node_port=0))]  # fmt: skip
FRONTS = ("10.96.0.1:80", "10.96.0.2:80", "10.96.0.1:81", "172.18.0.2:30080", "172.18.0.3:30081", "203.0.113.1:80")
BACKS = st.sampled_from([f"10.0.0.{number}:8080" for number in range(1, 5)])
REALS = st.lists(
    st.builds(RealServer, BACKS, st.just("Masq"), st.integers(0, 2), st.integers(0, 50), st.integers(0, 9)), max_size=4
)


def server(address: str, scheduler: str, real_servers: list[RealServer]) -> VirtualServer:
    """Make a virtual server as kube-proxy does."""
    return VirtualServer("TCP", address, False, scheduler, (), False, None, "", "", False, tuple(real_servers))  # noqa: FBT003


SERVERS = st.builds(server, st.sampled_from(FRONTS), st.sampled_from(["rr", "lc"]), REALS)
TABLES = st.lists(st.lists(SERVERS, max_size=5, unique_by=lambda each: each.address), max_size=4)


def summed(
    tables: list[str], services: list[Service], slices: list[EndpointSlice] | None = None
) -> tuple[Totals, dict[str, PortTotal]]:
    """Fold tables; return each Service port by its Service's name."""
    totals = Totals(Names(services, slices or []), slices_known=slices is not None)
    for number, text in enumerate(tables, 1):
        totals.add(f"node{number}", listing(text))
    return totals, {each.owner.service: each for each in totals.ports()}


@given(made=TABLES, proc=st.booleans())
def test_sums_are_those_of_the_rows(made: list[list[VirtualServer]], *, proc: bool) -> None:
    """Folded sums are what counting each row of each parsed table comes to; nothing is counted twice or lost."""
    texts = [(render_proc if proc else render_ipvsadm)(Table(tuple(table), ())) for table in made]
    names = Names(SERVICES)
    active: Counter[tuple[str, str]] = Counter()
    inactive: Counter[str] = Counter()
    weights: dict[tuple[str, str], set[tuple[int, int]]] = defaultdict(set)
    schedulers: dict[str, set[tuple[str, int]]] = defaultdict(set)
    strays: Counter[str] = Counter()
    for number, text in enumerate(texts):
        for each in parse(text.encode()).virtual_servers:
            owners = names.of(each.protocol, each.address)
            if len(owners) != 1:
                strays[each.address] += 1
                continue
            name = owners[0].service
            schedulers[name].add((each.scheduler, number))
            for real in each.real_servers:
                active[name, real.address] += real.active
                inactive[name] += real.inactive
                weights[name, real.address].add((real.weight, number))

    totals, found = summed(texts, SERVICES)

    assert set(found) == {"a", "b", "c"}
    for name, port in found.items():
        assert port.nodes == len({number for _, number in schedulers[name]})
        assert port.schedulers == Counter(scheduler for scheduler, _ in schedulers[name])
        assert {each.address: each.active for each in port.endpoints} == {
            address: count for (owner, address), count in (active + Counter(dict.fromkeys(weights, 0))).items()
            if owner == name
        } | {address: 0 for owner, address in weights if owner == name and not active[owner, address]}  # fmt: skip
        assert (port.active, port.inactive) == (sum(each.active for each in port.endpoints), inactive[name])
        for total in port.endpoints:
            assert total.weights == Counter(weight for weight, _ in weights[name, total.address])
    assert {each.address: len(each.nodes) for each in totals.outside} == strays
    assert totals.strays == sum(strays.values())


def text(*reals: tuple[int, int, int], front: str = "10.96.0.1:80", scheduler: str = "rr") -> str:
    """Write a table of one virtual server; a real server is its number, its weight, its active connections."""
    lines = [f"TCP  {front} {scheduler}\n"]
    lines += [f"  -> 10.0.0.{number}:8080 Masq {weight} {active} 1\n" for number, weight, active in reals]
    return "".join(lines)


WEB = service("a", "10.96.0.1")
SLICES = [slice_of("a", *(pod(f"10.0.0.{number}", f"pod{number}") for number in (1, 2, 3)))]


@pytest.mark.parametrize(
    ("reals", "skew"),
    [
        (((1, 1, 10), (2, 1, 10)), 1.0),
        (((1, 1, 30), (2, 1, 10), (3, 1, 20)), 1.5),
        (((1, 1, 30), (2, 1, 10), (3, 0, 500)), 1.5),  # what is drained gets nothing: it is not compared
        (((1, 1, 0), (2, 1, 0)), None),
        (((1, 1, 10),), None),
        (((1, 1, 10), (2, 0, 10)), None),
        ((), None),
    ],
)
def test_skew(reals: tuple[tuple[int, int, int], ...], skew: float | None) -> None:
    """The busiest ready endpoint against the mean of the ready ones; nothing where there is nothing to compare."""
    assert summed([text(*reals)], [WEB], SLICES)[1]["a"].skew == skew


def test_two_addresses_of_a_pod_are_one_endpoint_to_skew() -> None:
    """Clients that all come by IPv4 make no Service uneven."""
    both = service("a", "10.96.0.1", "fd00::1")
    six = slice_of("a", *(pod(f"fd00::{number}", f"pod{number}") for number in (1, 2)))._replace(family="IPv6")
    table = text((1, 1, 10), (2, 1, 10)) + "TCP  [fd00::1]:80 rr\n" + "".join(
        f"  -> [fd00::{number}]:8080 Masq 1 0 0\n" for number in (1, 2)
    )  # fmt: skip

    found = summed([table], [both], [*SLICES, six])[1]["a"]

    assert (found.skew, found.ready, found.missing) == (1.0, 4, 1)


def test_weight_zero_on_one_node() -> None:
    """An endpoint at weight 0 anywhere is not ready; its weights say on how many nodes."""
    found = summed([text((1, 1, 1), (2, 1, 1)), text((1, 0, 1), (2, 1, 1))], [WEB], SLICES)[1]["a"]

    assert (found.ready, found.drained, found.missing) == (1, 1, 1)
    assert [each.weights for each in found.endpoints] == [{1: 1, 0: 1}, {1: 2}, {}]


def test_missing() -> None:
    """A ready endpoint that one node lacks is missing there; what is not ready, or is not known, is not missed."""
    slices = [slice_of("a", pod("10.0.0.1", "p1"), pod("10.0.0.2", "p2", ready=False), pod("10.0.0.3", "p3"))]
    tables = [text((1, 1, 1), (3, 1, 1)), text((1, 1, 1))]

    known, unknown = (summed(tables, [WEB], each)[1]["a"] for each in (slices, None))

    assert {each.address: each.missing for each in known.endpoints} == {"10.0.0.1:8080": 0, "10.0.0.3:8080": 1}
    assert (known.missing, unknown.missing) == (1, 0)


@pytest.mark.parametrize("local", ["policy", "hints"])
def test_missing_where_nodes_differ(local: str) -> None:
    """Where each node keeps to its own endpoints one is missing only if no node has it."""
    made = WEB._replace(internal_local=local == "policy")
    hint = ("z",) if local == "hints" else ()
    slices = [slice_of("a", *(pod(f"10.0.0.{n}", f"p{n}")._replace(zones=hint) for n in (1, 2, 3)))]

    found = summed([text((1, 1, 1)), text((2, 1, 1))], [made], slices)[1]["a"]

    assert {each.address: each.missing for each in found.endpoints} == {
        "10.0.0.1:8080": 0,
        "10.0.0.2:8080": 0,
        "10.0.0.3:8080": 1,
    }


def test_service_that_no_node_has() -> None:
    """It has its row, with no node and no endpoint; a headless one has none."""
    _, found = summed([text((1, 1, 1))], [WEB, service("new", "10.96.0.9"), service("headless")], SLICES)

    assert (sorted(found), found["new"].nodes, found["new"].endpoints) == (["a", "new"], 0, ())


def test_contest_is_counted_for_neither() -> None:
    """A virtual server of two Services is in no sum; both are named beside it."""
    other = service("other", "10.96.0.5")._replace(external_ips=("10.96.0.1",))

    totals, found = summed([text((1, 1, 9))], [WEB, other], SLICES)

    assert [(port.active, port.nodes) for port in found.values()] == [(0, 0), (0, 0)]
    assert [each.owners for each in totals.outside] == [(owner_of(WEB, HTTP), owner_of(other, HTTP))]


def test_mixed_schedulers_and_share() -> None:
    """Nodes on different schedulers are counted by scheduler; shares add up to one."""
    _, found = summed(
        [text((1, 1, 30)), text((1, 1, 10), (2, 1, 40), scheduler="lc"), text(scheduler="lc")], [WEB], SLICES
    )

    port = found["a"]
    assert (port.schedulers, port.nodes, port.active) == ({"lc": 2, "rr": 1}, 3, 80)
    assert [each.share for each in port.endpoints] == [0.5, 0.5, 0.0]
    assert (port.endpoints[0].pod, port.endpoints[0].node) == (("n", "pod1"), "node1")
