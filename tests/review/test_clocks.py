"""The API server's clock decides, and no other (B14)."""

import time

from tests.harness import BRISK, Ipvs, MakeSandbox
from tests.review.given import edited, restarted


def test_a_node_whose_clock_is_ahead_is_restarted(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B14: a pod that began before the edit, by a clock that is an hour ahead after it, has not read the edit."""
    box = sandbox(nodes=2, faults={"node1": "skew=3600", "node2": "skew=3600"})
    assert ipvs(box, "restart", *BRISK).code == 0
    time.sleep(1.1)
    edited(box, "strictARP: false", "strictARP: true")
    before = restarted(box)

    run = ipvs(box, "set", "--strict-arp", *BRISK)

    assert (run.code, restarted(box)) == (0, {node: count + 1 for node, count in before.items()}), run.err


def test_our_own_clock_decides_nothing(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B14: nodes that are behind by an hour are up to date after their restart, too."""
    box = sandbox(nodes=2, faults={"node1": "skew=-3600", "node2": "skew=-3600"})
    edited(box, "strictARP: false", "strictARP: true")
    time.sleep(1.1)

    run = ipvs(box, "restart", *BRISK)

    assert (run.code, ipvs(box, "status", "--check").code) == (0, 0), run.err
