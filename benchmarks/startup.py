"""How long --help, version and get take, beside `kubectl get cm kube-proxy -o yaml` against the same server.

Bars: --help and version --client <= 100 ms wall warm; get <= 4 x kubectl, in at most 4 requests
(pods, DaemonSets and nodes, from which every kube-proxy is found, and its ConfigMap).
"""

from measure import KUBECTL, OURS, in_turn, rounds, wall
from places import Place, Shape
from report import Bar, Report, of_costs, script


def main(where: Place) -> Report:
    """Measure."""
    theirs = "kubectl get cm kube-proxy -o yaml"
    commands = {
        "--help": [OURS, "--help"],
        "version --client": [OURS, "version", "--client"],
        "get": [OURS, "get"],
        theirs: [KUBECTL, "get", "cm", "-n", "kube-system", "kube-proxy", "-oyaml"],
    }
    with where.server(Shape(nodes=3)) as target:
        found = in_turn(target, commands, rounds(15), warm=2)
        asked = target.requests(lambda: target.run(commands["get"]))
    bars = [
        Bar("`--help`", wall(found["--help"]) * 1000, 100, "ms"),
        Bar("`version --client`", wall(found["version --client"]) * 1000, 100, "ms"),
        Bar(f"`get`, against `{theirs}`", wall(found["get"]) / wall(found[theirs]), 4, "x"),
        Bar("requests of `get`", asked, 4),
    ]
    return Report("start-up", [of_costs(found)], bars)


if __name__ == "__main__":
    script(main)
