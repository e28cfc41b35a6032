"""`set --scheduler` over 1,000 nodes whose pods are gone after 0.5 s and Ready 0.5 s later; the table follows in 0.1 s.

Bars: wall within 1.3 x of the slowest chain of batches, computed from those delays; <= 12 requests a node; never more
than 10 % of the nodes down; peak <= 250 MB. BENCH_NODES sets another number of nodes.
"""

import json
import os
import statistics
from collections import deque

from measure import OURS, Cost, Server, peak, rounds, wall
from places import Place, Shape
from report import Bar, Report, of_costs, script

NODES = int(os.environ.get("BENCH_NODES", "1000"))
SETTLE = 5.0  # seconds: the default of --settle
SHARE = 0.1  # the default of --max-unavailable
BOTH = ("wrr", "rr")  # schedulers that every kube-proxy can use


def chain(shape: Shape, settle: float = SETTLE) -> float:
    """Return the seconds that the delays alone come to: what is waited for, where every request takes no time.

    One node goes first, alone. Then a node begins as soon as fewer than --max-unavailable are without a Ready pod and
    fewer than twice as many are under way. A node is down until its successor is Ready, and under way until that has
    been up for `settle` and its table has followed.
    """
    most = max(1, int(shape.nodes * SHARE))
    down = shape.terminate + shape.start
    whole = down + max(settle, shape.sync)
    clock, waiting = (whole, shape.nodes - 1) if shape.nodes > 1 else (0.0, 1)
    ready: deque[float] = deque()
    held: deque[float] = deque()
    while True:
        while ready and ready[0] <= clock:
            ready.popleft()
        while held and held[0] <= clock:
            held.popleft()
        begun = min(waiting, most - len(ready), 2 * most - len(held))
        ready.extend([clock + down] * begun)
        held.extend([clock + whole] * begun)
        waiting -= begun
        if not waiting:
            return held[-1]
        clock = ready[0] if len(ready) >= most else held[0]


def main(where: Place) -> Report:
    """Measure."""
    shape = Shape(NODES)
    with where.server(shape) as target:
        found = [_changed(target) for _ in range(rounds(3))]
        down = target.counters()["most_down"]
    costs = [cost for cost, _ in found]
    asked = statistics.median(requests for _, requests in found) / NODES
    ideal = chain(shape)
    bars = [
        Bar(f"wall, against the {ideal:.1f} s of the slowest chain of batches", wall(costs) / ideal, 1.3, "x"),
        Bar("requests a node", asked, 12),
        Bar("nodes down at once", down, max(1, int(NODES * SHARE))),
        Bar("peak memory", peak(costs), 250, "MB"),
    ]
    table = of_costs({"kubectl ipvs set --scheduler": costs}, NODES)
    return Report(f"set, {NODES} nodes", [table, f"The delays alone come to {ideal:.1f} s."], bars)


def _changed(target: Server) -> tuple[Cost, int]:
    """Change to the scheduler that is not set, count the requests; then `status` must show it on every node."""
    text = target.run([OURS, "get", "-o", "json"]).out
    wanted = BOTH[json.loads(text)["ipvs"]["scheduler"]["effective"] == BOTH[0]]
    before = target.counters()["requests"]
    cost = target.run([OURS, "set", "--scheduler", wanted, "-y"])
    asked = target.counters()["requests"] - before
    rows = [line.split() for line in target.run([OURS, "status"]).out.splitlines()[1:]]
    assert len(rows) == NODES, len(rows)
    assert {row[1] for row in rows} == {wanted}, rows[:3]
    return cost, asked


if __name__ == "__main__":
    script(main)
