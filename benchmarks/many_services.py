"""`services` over 200 nodes of 5,000 services x 4 endpoints: tables are folded as they arrive, never all held.

Bar: peak <= 300 MB; the text alone would be as much. BENCH_NODES sets another number of nodes.
"""

import os

from measure import OURS, in_turn, peak, rounds
from places import Place, Shape
from report import Bar, Report, of_costs, script

NODES = int(os.environ.get("BENCH_NODES", "200"))


def main(where: Place) -> Report:
    """Measure; the exit code says that every node was read."""
    with where.server(Shape(NODES, services=5000)) as target:
        found = in_turn(target, {"kubectl ipvs services": [OURS, "services", "--exec-timeout", "60s"]}, rounds(2))
    costs = next(iter(found.values()))
    everywhere = sum(cost.out.count(f" {NODES}/{NODES} ") >= 5000 for cost in costs)  # noqa: PLR2004 - the Services
    bars = [
        Bar("runs in which every node has every Service", everywhere, len(costs), least=True),
        Bar("peak memory", peak(costs), 300, "MB"),
    ]
    return Report(f"services, {NODES} nodes x 5,000 services x 4 endpoints", [of_costs(found, NODES)], bars)


if __name__ == "__main__":
    script(main)
