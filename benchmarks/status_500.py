"""`status` over 500 nodes (100 services x 4 endpoints, 50 ms an exec), beside kubectl in a shell loop, 16 at once.

Bars: at least 10 x faster; <= 2.5 ms of our CPU a node; peak <= 100 MB. BENCH_NODES sets another number of nodes.
"""

import os

from measure import KUBECTL, OURS, all_in_sync, cpu, in_turn, peak, rounds, wall
from places import Place, Shape
from report import Bar, Report, of_costs, script

NODES = int(os.environ.get("BENCH_NODES", "500"))
LOOP = (
    f"{KUBECTL} get pods -n kube-system -l k8s-app=kube-proxy -o name"
    f" | xargs -P16 -I{{}} {KUBECTL} exec -n kube-system {{}} -- ipvsadm -ln >/dev/null"
)


def main(where: Place) -> Report:
    """Measure by turns, so that slow seconds are both's; the loop takes a quarter of a minute a run."""
    with where.server(Shape(NODES, latency=0.05)) as target:
        found = in_turn(target, {"status": [OURS, "status"], "loop": ["sh", "-c", LOOP]}, rounds(5))
    ours, theirs = found["status"], found["loop"]
    costs = {"kubectl ipvs status": ours, "kubectl get pods \\| xargs -P16 kubectl exec -- ipvsadm -ln": theirs}
    bars = [
        Bar(
            "rows that are in sync, of all runs", sum(all_in_sync(cost, NODES) for cost in ours), len(ours), least=True
        ),
        Bar("times as fast as kubectl in a loop", wall(theirs) / wall(ours), 10, "x", least=True),
        Bar("our CPU a node", cpu(ours) / NODES * 1000, 2.5, "ms"),
        Bar("peak memory", peak(ours), 100, "MB"),
    ]
    return Report(f"status, {NODES} nodes", [of_costs(costs, NODES)], bars)


if __name__ == "__main__":
    script(main)
