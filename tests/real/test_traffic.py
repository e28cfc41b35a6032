"""Traffic, not only tables: who gets a connection under each scheduler, and what a change does to open ones.

Inside each node three backends echo behind a Service, and clients in a network namespace of their own ask it: every
packet goes through the kernel's virtual server. Measured on the project's own cluster: over a whole rollout about
a thousand lines a node, none lost; the longest wait for an echo is a few hundred ms of an emulated CPU. The numbers of
each run are printed at its end.
"""

from collections import Counter

from tests.clusters import Cluster, everywhere
from tests.real.front import SERVED, SOURCES, Front


def test_each_scheduler_distributes_as_it_says_and_open_connections_live(
    cluster: Cluster, front: Front, measured: list[str]
) -> None:
    """With rr each backend gets exactly a third; over `set lc` no echo is lost on any node; lc fills the emptiest."""
    assert set(cluster.schedulers().values()) == {"rr"}
    even = {node: Counter(front.ask(node, SOURCES[:1], 30)[SOURCES[0]]) for node in front.nodes}
    assert even == everywhere(front.nodes, Counter(back1=10, back2=10, back3=10))

    for node in front.nodes:
        front.machines.sh(node, "modprobe ip_vs_lc")
        front.machines.sh(node, f"traffic hold {SERVED}")
    done = cluster.ipvs("set", "--scheduler", "lc", *cluster.at_once)
    reports = {node: front.machines.sh(node, "traffic release").split() for node in front.nodes}
    measured += [
        f"{node}: one connection open over the whole `set --scheduler lc`: {sent} lines sent, {right} came back right, "
        f"the longest wait {wait} ms"
        for node, (sent, right, wait) in reports.items()
    ]

    assert (done.code, set(cluster.schedulers().values())) == (0, {"lc"}), done.err
    assert {node: int(sent) - int(right) for node, (sent, right, _) in reports.items()} == dict.fromkeys(reports, 0)
    assert min(int(sent) for sent, _, _ in reports.values()) > 10
    leaning = {node: front.run(node, f"lean {SERVED}").split() for node in front.nodes}
    assert {node: set(names[1:]) for node, names in leaning.items()} == {
        node: {names[0]} for node, names in leaning.items()
    }
