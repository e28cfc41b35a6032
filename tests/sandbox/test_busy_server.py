"""An API server that puts a change off, or a load balancer that swallows it: the run goes on, or ends in its time."""

import itertools
import time

from kubectl_ipvs.sandbox.wire.exchange import Hang, Reply, Request
from tests.faults.wire import is_delete, is_write, refusal
from tests.harness import BRISK, Ipvs, MakeSandbox


def test_delete_that_is_put_off_without_a_time(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """One 429 without a Retry-After, on one pod, fails no node: the pod is deleted a moment later."""
    box = sandbox(nodes=2)
    busy = itertools.chain([refusal(429, "TooManyRequests", "busy")], itertools.repeat(None))
    box.hook = lambda request: next(busy) if is_delete(request) else None

    run = ipvs(box, "restart", *BRISK)

    assert (run.code, run.out) == (0, "node/node1 restarted\nnode/node2 restarted\n"), run.err


def test_write_that_is_never_answered(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--timeout bounds the write itself, not the pauses between two attempts alone; no node is touched."""
    box = sandbox(nodes=1)

    def swallow(request: Request) -> Reply | None:
        return Hang(20) if is_write(request) else None

    box.hook = swallow
    began = time.monotonic()
    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0.2s", "--timeout", "2s")

    assert (run.code, "did not answer in time" in run.err, box.restarts) == (1, True, {"node1": 0}), run.err
    assert time.monotonic() - began < 8
