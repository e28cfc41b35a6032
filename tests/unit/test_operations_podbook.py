"""The kube-proxy pods of every node, as a list and a watch told of them."""

from kubectl_ipvs.operations.podbook import PodBook

from kubectl_ipvs.cluster.cluster import PodEvent
from kubectl_ipvs.cluster.objects import Pod

OLD = Pod(
    namespace="kube-system",
    name="kube-proxy-a",
    uid="old",
    node="node1",
    image="",
    container="kube-proxy",
    ready=True,
    terminating=False,
    phase="Running",
    waiting="",
    restarts=0,
    created=100.0,
    began=0.0,
    mirror=False,
    owner="",
)
NEW = OLD._replace(uid="new", created=200.0, ready=False)
NEWEST = NEW._replace(uid="newest", created=300.0)
GOING = OLD._replace(terminating=True)


def told(*events: tuple[str, Pod | None]) -> PodBook:
    """Give a book that knew OLD, after these events."""
    book = PodBook([OLD, None])
    for kind, pod in events:
        book.event(PodEvent(kind, pod, "1"))
    return book


def seen(book: PodBook) -> tuple[bool, bool, bool, bool, Pod | None]:
    """Give what the book says: OLD is there, it stays, NEW is there, the node is up, who comes after OLD."""
    return book.has(OLD), book.stays(OLD), book.has(NEW), book.up("node1"), book.successor("node1", OLD)


def test_a_restart_step_by_step() -> None:
    """The old pod goes, a new one comes, becomes ready, and the old one is gone."""
    ready = NEW._replace(ready=True)
    steps: list[tuple[str, Pod | None]] = [
        ("BOOKMARK", None),
        ("MODIFIED", GOING),
        ("ADDED", NEW),
        ("DELETED", GOING),
        ("DELETED", GOING),
        ("MODIFIED", ready),
    ]
    assert [seen(told(*steps[:count])) for count in range(len(steps) + 1)] == [
        (True, True, False, True, None),
        (True, True, False, True, None),
        (True, False, False, False, None),
        (True, False, True, False, NEW),
        (False, False, True, False, NEW),
        (False, False, True, False, NEW),
        (False, False, True, True, ready),
    ]


def test_the_successor_is_the_newest_that_stays() -> None:
    """Not the old one, none on its way out; without an old one, any."""
    book = PodBook([NEWEST, NEW, OLD._replace(uid="x", created=900.0, terminating=True)])
    assert (book.successor("node1", NEWEST), book.successor("node1", None), book.successor("node1", NEW)) == (
        NEW,
        NEWEST,
        NEWEST,
    )


def test_an_unknown_node() -> None:
    """Nothing is known of it."""
    book = PodBook()
    said = book.has(OLD), book.stays(OLD), book.up("node1"), book.successor("node1", None)
    assert said == (False, False, False, None)


def test_nodes_are_apart() -> None:
    """A pod of one node says nothing of another."""
    book = told(("ADDED", NEW._replace(node="node2", ready=True)))
    assert (book.up("node2"), book.successor("node1", OLD), book.successor("node2", OLD)) == (
        True,
        None,
        NEW._replace(node="node2", ready=True),
    )
