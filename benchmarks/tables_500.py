"""`table` and `services` over 500 nodes (100 services x 4 endpoints, 50 ms an exec), beside `status` in the same run.

Bars: at most 1.5 x the wall of `status`; peak <= 150 MB. BENCH_NODES sets another number of nodes. What is printed is
not kept: `table` prints 270,000 lines, and a child begins with the memory of who started it.
"""

import os

from measure import OURS, in_turn, peak, rounds, wall
from places import Place, Shape
from report import Bar, Report, of_costs, script

NODES = int(os.environ.get("BENCH_NODES", "500"))
COMMANDS = ("table", "services", "status")


def main(where: Place) -> Report:
    """Measure by turns, so that slow seconds are everybody's."""
    words = {f"kubectl ipvs {name}": ["sh", "-c", f"{OURS} {name} >/dev/null"] for name in COMMANDS}
    with where.server(Shape(NODES, latency=0.05)) as target:
        found = in_turn(target, words, rounds(5))
    status = wall(found["kubectl ipvs status"])
    bars = [
        bar
        for name in COMMANDS[:2]
        for bar in (
            Bar(f"{name}: wall against status", wall(found[f"kubectl ipvs {name}"]) / status, 1.5, "x"),
            Bar(f"{name}: peak memory", peak(found[f"kubectl ipvs {name}"]), 150, "MB"),
        )
    ]
    return Report(f"table and services, {NODES} nodes", [of_costs(found, NODES)], bars)


if __name__ == "__main__":
    script(main)
