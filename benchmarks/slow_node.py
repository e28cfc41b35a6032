"""`status` over 500 nodes of which one hangs, refuses or never answers: it costs its own timeout once.

Bar: wall <= that of a sound cluster + the timeout (3 s) + 1 s, and every other row in sync. BENCH_NODES sets another
number of nodes.
"""

import os

from measure import OURS, Cost, in_turn, rounds, wall
from places import Place, Shape
from report import Bar, Report, of_costs, script

NODES = int(os.environ.get("BENCH_NODES", "500"))
TIMEOUT, MORE = 3.0, 1.0  # seconds
WORDS = (OURS, "status", "--exec-timeout", f"{TIMEOUT:g}s")
PARTIAL = 3  # our exit code: some nodes could not be asked


def main(where: Place) -> Report:
    """Measure."""
    found: dict[str, list[Cost]] = {}
    for failure in where.failures:
        with where.server(Shape(NODES, latency=0.05, fail=failure)) as target:
            found[f"one node: {failure}"] = [target.run(WORDS, {PARTIAL}) for _ in range(rounds(2))]
    failing = list(found.items())
    with where.server(Shape(NODES, latency=0.05)) as target:
        found["none"] = in_turn(target, {"": WORDS}, rounds(2))[""]
    sound = wall(found["none"])
    bars = [
        Bar(f"wall beyond a sound cluster's, {name}", wall(costs) - sound, TIMEOUT + MORE, "s")
        for name, costs in failing
    ]
    rows = min(cost.out.count("in sync") for _, costs in failing for cost in costs)
    bars.append(Bar("other rows in sync", rows, NODES - 1, least=True))
    return Report(f"status, {NODES} nodes, one of them bad, --exec-timeout 3s", [of_costs(found, NODES)], bars)


if __name__ == "__main__":
    script(main)
