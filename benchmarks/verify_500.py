"""`verify --once` over 500 nodes (1,000 services x 4 endpoints, 50 ms an exec), beside `status` and a loop with jq.

Bars: at most 2.5 x the wall of `status`; at least 8 x as fast as the loop; peak <= 250 MB. The loop lists Services and
EndpointSlices, has jq write the expected rows once, and asks jq of each node which of them its table lacks: of rules,
releases, policies and what is too much it knows nothing. BENCH_NODES sets another number of nodes.
"""

import os
import tempfile
from pathlib import Path

from measure import KUBECTL, OURS, in_turn, peak, rounds, wall
from places import Place, Shape
from report import Bar, Report, of_costs, script

NODES, SERVICES = int(os.environ.get("BENCH_NODES", "500")), 1000
EXPECTED = """
def hex($number; $digits): reduce range($digits) as $each ([$number, ""];
  [(.[0] / 16 | floor), "0123456789ABCDEF"[.[0] % 16:.[0] % 16 + 1] + .[1]]) | .[1];
def at($ip; $port): ($ip | split(".") | map(hex(tonumber; 2)) | add) + ":" + hex($port; 4);
[.items[] | select(.kind == "EndpointSlice")] as $slices
| [.items[] | select(.kind == "Service" and .spec.clusterIP != "None") | . as $service | .spec.ports[] as $port
   | $slices[] | select(.metadata.namespace == $service.metadata.namespace
                        and .metadata.labels["kubernetes.io/service-name"] == $service.metadata.name
                        and .addressType == "IPv4")
   | (.ports[] | select(.name == $port.name)) as $to
   | .endpoints[]
   | "\\($port.protocol) \\(at($service.spec.clusterIP; $port.port)) \\(at(.addresses[0]; $to.port))"]
"""
JOIN = """
(reduce (inputs | [splits(" +")]) as $word ({}; if $word[1] == "->" then .rows[.server + " " + $word[2]] = true
   else .server = $word[0] + " " + $word[1] end) | .rows) as $have
| [$expected[0][] | select($have[.] | not)]
"""
LOOP = f"""
cd "$1" && {KUBECTL} get services,endpointslices -A -o json | jq -c -f expected.jq > expected.json
{KUBECTL} get pods -n kube-system -l k8s-app=kube-proxy -o name | xargs -P16 -I{{}} sh -c \
  '{KUBECTL} exec -n kube-system {{}} -- cat /proc/net/ip_vs \
     | jq -c -Rn --slurpfile expected expected.json -f join.jq' \
  | grep -c '^\\[\\]$'
"""


def main(where: Place) -> Report:
    """Measure by turns, so that slow seconds are everybody's; the loop takes a minute or two a run."""
    with where.server(Shape(NODES, services=SERVICES, latency=0.05)) as target, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "expected.jq").write_text(EXPECTED)
        (Path(folder) / "join.jq").write_text(JOIN)
        words = {
            "kubectl ipvs verify --once": ["sh", "-c", f"{OURS} verify --once >/dev/null"],
            "kubectl ipvs status": ["sh", "-c", f"{OURS} status >/dev/null"],
            "kubectl exec and a join in jq": ["sh", "-c", LOOP, "sh", folder],
        }
        found = in_turn(target, words, rounds(3), warm=0)
    ours, status, loop = found.values()
    complete = sum(cost.out.strip() == str(NODES) for cost in loop)
    bars = [
        Bar("verify --once: wall against status", wall(ours) / wall(status), 2.5, "x"),
        Bar("times as fast as the loop with jq", wall(loop) / wall(ours), 8, "x", least=True),
        Bar("verify --once: peak memory", peak(ours), 250, "MB"),
        Bar("loops that found every node well, of all", complete, len(loop), least=True),
    ]
    return Report(f"verify, {NODES} nodes x {SERVICES} services", [of_costs(found, NODES)], bars)


if __name__ == "__main__":
    script(main)
