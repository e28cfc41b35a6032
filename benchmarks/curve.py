"""`status` over 10 to 5,000 nodes (100 services x 4 endpoints, 50 ms an exec): its cost has to grow linearly.

Bars: 5,000 nodes in <= 11 x the wall time of 500, peak <= 250 MB, no more connections open than --concurrency asks for,
all rows there, in sync. BENCH_SIZES sets other numbers of nodes; the last is compared with the third.
"""

import os
from dataclasses import dataclass

from measure import OURS, Cost, all_in_sync, cpu, peak, rounds, wall
from places import Place, Shape
from report import Bar, Report, script, table

SIZES = tuple(map(int, os.environ.get("BENCH_SIZES", "10 100 500 1000 5000").split()))
MANY = 1000  # nodes above which fewer runs have to do
CONCURRENCY = 48  # our default
BASE = 2  # the third size


@dataclass(frozen=True, slots=True)
class Point:
    """What was found for one number of nodes; `asked` are requests a run."""

    nodes: int
    costs: list[Cost]
    asked: float
    most_open: int
    throttled: int

    @property
    def row(self) -> tuple[str, ...]:
        """A row of the table."""
        walls = sorted(cost.wall for cost in self.costs)
        node = f"{cpu(self.costs) / self.nodes * 1000:.2f}"
        times = (f"{wall(self.costs):.2f}", f"{walls[0]:.2f}-{walls[-1]:.2f}", f"{cpu(self.costs):.2f}", node)
        counts = (f"{self.asked:.0f}", f"{self.asked / self.nodes:.2f}", str(self.most_open), str(self.throttled))
        return (str(self.nodes), str(len(self.costs)), *times, f"{peak(self.costs):.0f}", *counts)


def main(where: Place) -> Report:
    """Measure."""
    points = [_point(where, nodes) for nodes in SIZES]
    base, last = points[min(BASE, len(points) - 1)], points[-1]
    whole = all(all_in_sync(cost, point.nodes) for point in points for cost in point.costs)
    bars = [
        Bar("runs with all rows, in sync (1: every one)", whole, 1, least=True),
        Bar(f"wall, {last.nodes} nodes against {base.nodes}", wall(last.costs) / wall(base.costs), 11, "x"),
        Bar(f"peak memory, {last.nodes} nodes", peak(last.costs), 250, "MB"),
        Bar("most connections open", max(point.most_open for point in points), CONCURRENCY),
    ]
    head = ("nodes", "runs", "wall s", "spread", "CPU s", "CPU ms a node", "peak MB")
    head += ("requests", "a node", "most open", "answered 429")
    return Report("status, by nodes", [table(head, [point.row for point in points])], bars)


def _point(where: Place, nodes: int) -> Point:
    with where.server(Shape(nodes, latency=0.05)) as target:
        target.run([OURS, "status"] if nodes <= MANY else [OURS, "get"])
        costs: list[Cost] = []
        times = rounds(3 if nodes <= MANY else 2)
        asked = target.requests(lambda: costs.extend(target.run([OURS, "status"]) for _ in range(times)))
        after = target.counters()
    return Point(nodes, costs, asked / times, after["most_open"], after["throttled"])


if __name__ == "__main__":
    script(main)
