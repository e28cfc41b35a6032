"""Traffic, not only tables: who gets a connection under each scheduler, and what a change does to open ones.

Three pods, one on each node, answer behind a Service; clients in pods, on the nodes and outside ask it through its
ClusterIP, its NodePort and its external IP. The numbers of each run are printed at its end.
"""

from collections import Counter

from tests.clusters import Cluster
from tests.real.front import Flow, Front, told

FEW = 0.05  # of the datagrams of one flow


def spared(flow: Flow) -> bool:
    """Tell whether it is UDP to a NodePort that lost a few: so it does when nothing is changed at all.

    Seen on 1.37.2 in IPVS mode: now and then every such flow loses one datagram, all of them at the same moment.
    """
    few = flow.sent - flow.answered <= FEW * flow.sent
    return few and flow.protocol == "udp" and flow.what.startswith("NodePort") and not flow.ended


def test_each_scheduler_distributes_as_it_says_and_open_connections_live(
    cluster: Cluster, front: Front, measured: list[str]
) -> None:
    """With rr each backend gets exactly a third; over `set lc` no open connection is lost; lc fills the emptiest."""
    assert set(cluster.schedulers().values()) == {"rr"}
    for node in front.nodes:
        front.machines.sh(node, "modprobe ip_vs_lc")
        even = Counter(front.ask(f"pod {node}", 30)[""])
        assert sorted(even.values()) == [10, 10, 10]

    places = ["pod node1", "pod node3", "node node1", "outside"]
    front.begin(places)
    done = cluster.ipvs("set", "--scheduler", "lc", *cluster.at_once)
    flows = front.end()
    measured += [f"over the whole `set --scheduler lc`: {line}" for line in told(flows)]

    assert (done.code, set(cluster.schedulers().values())) == (0, {"lc"}), done.err
    assert {flow.place for flow in flows} == set(places)
    assert [str(flow) for flow in flows if not flow.whole and not spared(flow)] == []
    for node in front.nodes:
        emptiest, *next_ones = front.lean(f"pod {node}")
        assert set(next_ones) == {emptiest}
