"""No false alarms: what changes while a table is read is not judged, two looks must agree (facts leaving-ipvs E6)."""

import pytest

from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer
from kubectl_ipvs.services.changes import STUCK_AFTER, Changed, changed, listing, seen_twice, unchanged
from kubectl_ipvs.services.compare import compare
from kubectl_ipvs.services.findings import Finding
from kubectl_ipvs.services.objects import Service, ServicePort
from tests.unit.expected_world import READY, WEB, as_listed, expected, slice_of

ONE = WEB._replace(version="1")
SLICE = slice_of(ONE, READY)._replace(version="5")
OTHER = WEB._replace(name="other", cluster_ips=("10.96.0.10", "fd00::10"), ports=(ServicePort("TCP", 80, 30080),))
TABLE = expected([ONE, OTHER], [SLICE])
NOTHING = changed(listing([ONE], [SLICE]), listing([ONE], [SLICE]))
DRAINING = RealServer("10.244.9.9:8080", "Masq", 0, 0, 0)


def look(*reals: RealServer, extra: tuple[VirtualServer, ...] = ()) -> tuple[Finding, ...]:
    """Look at a table whose first Service has these real servers beside its endpoints."""
    first, *rest = as_listed(TABLE).virtual_servers
    first = first._replace(real_servers=(*first.real_servers, *reals))
    return compare(Table((first, *rest, *extra), ()), [TABLE])


def row(address: str) -> VirtualServer:
    """Give a row that nobody expects."""
    return as_listed(TABLE).virtual_servers[0]._replace(address=address, ipv6=address.startswith("["))


@pytest.mark.parametrize(
    ("services", "slices", "names"),
    [
        ([ONE], [SLICE], set()),
        ([ONE._replace(version="2")], [SLICE], {"web"}),
        ([ONE], [SLICE._replace(version="6")], {"web"}),
        ([ONE], [SLICE, SLICE._replace(name="new")], {"web"}),
        ([ONE], [], {"web"}),
        ([], [], {"web"}),
        ([ONE, OTHER], [SLICE], {"other"}),
        ([ONE], [SLICE, SLICE._replace(service="later")], {"later"}),
    ],
)
def test_changed(services: list[Service], slices: list[object], names: set[str]) -> None:
    """A Service changes with its own object and with each of its slices; also by coming and going."""
    before, after = listing([ONE], [SLICE]), listing(services, slices)  # type: ignore[arg-type]
    assert {name for _, name in changed(before, after).services} == names
    assert changed(after, before).services == changed(before, after).services
    assert changed(before, before, after).services == changed(before, after).services


def test_findings_of_what_changed_are_left_out() -> None:
    """Those of its rows; others stay."""
    found = look(DRAINING._replace(weight=1))
    assert [each.kind for each in found] == ["extra-real-server"]
    assert unchanged(found, NOTHING) == found
    assert unchanged(found, changed(listing([ONE], [SLICE]), listing([ONE], []))) == ()
    assert unchanged(found, changed(listing([ONE], [SLICE]), listing([ONE, OTHER], [SLICE]))) == found


@pytest.mark.parametrize("address", ["10.96.0.10:81", "[fd00::10]:81", "10.0.2.11:30080", "10.96.0.10:80"])
def test_rows_of_services_that_come_or_go(address: str) -> None:
    """An extra row may be of a Service that was made or deleted meanwhile, on its address or by its NodePort."""
    only_one = expected([ONE], [SLICE])
    first = as_listed(only_one).virtual_servers
    found = compare(Table((*first, row(address)), ()), [only_one])
    assert [each.kind for each in found] == ["stale-virtual-server"]

    with_other, without = listing([ONE, OTHER], [SLICE]), listing([ONE], [SLICE])
    assert unchanged(found, changed(without, with_other)) == unchanged(found, changed(with_other, without)) == ()
    assert unchanged(found, changed(without, without)) == found


def test_two_looks() -> None:
    """Only what both have, as the second has it; another kind, place or real server is another finding."""
    extra = DRAINING._replace(weight=1)
    assert seen_twice(look(extra), look(), NOTHING, TABLE, 31) == ()
    assert seen_twice(look(), look(extra), NOTHING, TABLE, 31) == ()
    assert seen_twice(look(extra), look(extra._replace(address="10.244.9.8:8080")), NOTHING, TABLE, 31) == ()
    assert seen_twice(look(extra), look(DRAINING), NOTHING, TABLE, 31) == ()

    twice = seen_twice(look(extra), look(extra._replace(active=3)), NOTHING, TABLE, 31)
    assert [(each.kind, each.connections) for each in twice] == [("extra-real-server", 3)]


def test_two_looks_and_changes() -> None:
    """What changed between them, or around one of them, is not judged."""
    found = look(DRAINING._replace(weight=1))
    lists = [listing([ONE], [SLICE]) for _ in range(3)]
    for at in range(4):
        four = [*lists[:at], listing([ONE._replace(version="9")], [SLICE]), *lists[at:]]
        assert seen_twice(found, found, changed(*four), TABLE, 31) == ()


@pytest.mark.parametrize(
    ("first", "second", "seconds", "kind"),
    [
        (0, 0, STUCK_AFTER, "stuck"),
        (0, 0, STUCK_AFTER - 1, "draining"),
        (2, 0, STUCK_AFTER, "draining"),
        (2, 2, STUCK_AFTER, "draining"),
    ],
)
def test_stuck(first: int, second: int, seconds: float, kind: str) -> None:
    """No connection in both looks, two minutes apart: kube-proxy looks at such real servers each minute."""
    one_look, another = (look(DRAINING._replace(active=count)) for count in (first, second))
    (one,) = seen_twice(one_look, another, NOTHING, TABLE, seconds)
    assert (one.kind, one.is_difference) == (kind, kind == "stuck")
    assert one.help == ("kubectl ipvs restart node1" if kind == "stuck" else "")


def test_connections_to_a_draining_real_server_that_grow() -> None:
    """It gets new ones: connections are reused."""
    (one,) = seen_twice(look(DRAINING), look(DRAINING._replace(inactive=3)), NOTHING, TABLE, 31)
    assert (one.kind, one.issues) == ("draining", ("kubernetes/kubernetes#81775",))


def test_nothing_changed() -> None:
    """Equal lists change nothing."""
    assert Changed(frozenset(), frozenset()) == NOTHING
