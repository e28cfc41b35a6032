"""`status` over 200 nodes of 5,000 services x 4 endpoints: tables are summed as they arrive, never all held.

Bar: peak <= 200 MB. The text alone would be 300 MB. BENCH_NODES sets another number of nodes.
"""

import os

from measure import OURS, all_in_sync, in_turn, peak, rounds
from places import Place, Shape
from report import Bar, Report, of_costs, script

NODES = int(os.environ.get("BENCH_NODES", "200"))


def main(where: Place) -> Report:
    """Measure."""
    with where.server(Shape(NODES, services=5000)) as target:
        found = in_turn(target, {"kubectl ipvs status": [OURS, "status", "--exec-timeout", "60s"]}, rounds(2))
    costs = next(iter(found.values()))
    bars = [
        Bar("runs with all rows, in sync", sum(all_in_sync(cost, NODES) for cost in costs), len(costs), least=True),
        Bar("peak memory", peak(costs), 200, "MB"),
    ]
    return Report(f"status, {NODES} nodes x 5,000 services x 4 endpoints", [of_costs(found, NODES)], bars)


if __name__ == "__main__":
    script(main)
