"""A hundred nodes: no more down than a tenth, and few requests for each."""

from collections import Counter

import pytest

from tests.harness import BRISK, Ipvs, MakeSandbox


@pytest.mark.whole
def test_a_hundred_nodes(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """`set` with the default tenth: every node is verified, at most ten were down, at most 12 requests for each."""
    box = sandbox(nodes=100, terminate=0.1, start=0.1, sync=0.05)

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0.2s", "-o", "json")

    assert (run.code, run.json["summary"], Counter(box.schedulers().values())) == (
        0,
        {"nodes": 100, "verified": 100},
        {"lc": 100},
    )
    assert (box.most_down <= 10, len(box.requests) <= 1200) == (True, True)
    assert set(box.restarts.values()) == {1}


def test_connections(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """`status` never has more connections open than --concurrency: those of its lists are closed before it asks."""
    box = sandbox(nodes=40, exec_latency=0.05)

    run = ipvs(box, "status", "--concurrency", "5")

    assert (run.code, len(run.rows) - 2, box.most_connections) == (0, 40, 5)


def test_tls_sessions(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Only the four lists that are made together need a whole handshake; each exec resumes one, in a rollout, too."""
    box = sandbox(nodes=12)

    codes = [ipvs(box, *words).code for words in (("status",), ("restart", "node1", *BRISK))]

    stats = box._tls.session_stats()  # noqa: SLF001 - what OpenSSL counts shows nowhere else
    assert (codes, stats["accept_good"] - stats["hits"] <= 2 * 4) == ([0, 0], True), stats
    assert stats["hits"] > 12
