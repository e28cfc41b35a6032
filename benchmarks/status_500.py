"""`status` over 500 nodes (100 services x 4 endpoints, 50 ms an exec), beside kubectl in a shell loop, 16 at once.

Bars: at least 10 x faster; <= 2.5 ms of our CPU a node; peak <= 100 MB.
"""

from measure import KUBECTL, OURS, in_turn, machine, server, table

NODES = 500
LOOP = (
    f"{KUBECTL} get pods -n kube-system -l k8s-app=kube-proxy -o name"
    f" | xargs -P16 -I{{}} {KUBECTL} exec -n kube-system {{}} -- ipvsadm -ln | grep -c TCP"
)


def main() -> str:
    """Measure; return the table."""
    with server(nodes=NODES, services=100, endpoints=4, exec_latency=0.05) as target:
        ours = in_turn(target, {"kubectl-ipvs status": [OURS, "status"]}, rounds=5)
        theirs = in_turn(target, {"kubectl get | xargs -P16 kubectl exec": ["sh", "-c", LOOP]}, rounds=1, warm=0)
    return table("status, 500 nodes", {**ours, **theirs}, NODES)


if __name__ == "__main__":
    print(machine())
    print(main())
