"""How long --help, version and get take, beside `kubectl get cm kube-proxy -o yaml` against the same server.

Bars: --help and version --client <= 100 ms wall warm; get <= 4 x kubectl, in at most 3 requests.
"""

from measure import KUBECTL, OURS, in_turn, machine, server, table

ROUNDS = 15


def main() -> str:
    """Measure; return the table."""
    with server(nodes=3) as target:
        commands = {
            "kubectl-ipvs --help": [OURS, "--help"],
            "kubectl-ipvs version --client": [OURS, "version", "--client"],
            "kubectl-ipvs get": [OURS, "get"],
            "kubectl get cm kube-proxy -o yaml": [KUBECTL, "get", "cm", "-n", "kube-system", "kube-proxy", "-oyaml"],
        }
        found = in_turn(target, commands, ROUNDS, warm=2)
        before = target.counters().get("requests", 0)
        target.run([OURS, "get"])
        asked = target.counters().get("requests", 0) - before
    return table("start-up", found) + (f"\n`get` makes {asked} requests.\n" if asked else "")


if __name__ == "__main__":
    print(machine())
    print(main())
