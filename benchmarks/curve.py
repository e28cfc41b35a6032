"""`status` over 10 to 5,000 nodes (100 services x 4 endpoints, 50 ms an exec): its cost has to grow linearly.

Bars: 5,000 nodes in <= 11 x the wall time of 500, peak <= 250 MB, no more connections open than --concurrency asks for.
"""

import statistics

from measure import OURS, Cost, machine, server

SIZES = (10, 100, 500, 1000, 5000)
ROUNDS = 3


def main() -> str:
    """Measure; return the table."""
    lines = ["### status, by nodes", "", "| nodes | wall s | cpu ms a node | peak MiB | requests a node | most open |"]
    lines.append("|---|---|---|---|---|---|")
    for nodes in SIZES:
        with server(nodes=nodes, services=100, endpoints=4, exec_latency=0.05) as target:
            target.run([OURS, "status"])
            before = target.counters().get("requests", 0)
            costs: list[Cost] = [target.run([OURS, "status"]) for _ in range(ROUNDS)]
            after = target.counters()
        asked = (after.get("requests", 0) - before) / len(costs) / nodes
        wall, cpu = statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs)
        peak = max(cost.peak for cost in costs)
        most = after.get("most_open", 0)
        lines.append(f"| {nodes} | {wall:.2f} | {cpu / nodes * 1000:.2f} | {peak:.0f} | {asked:.2f} | {most} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(machine())
    print(main())
