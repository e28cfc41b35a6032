"""Something else happens in the middle of a rollout.

Real kubelet 1.20 that is killed and comes back two seconds later: its containers run on, pods that were Terminating
or waiting are taken up again, and the rollout ends as if nothing had been. The API server that is killed: etcd has
everything, controllers and kubelets come back by themselves within seconds.
"""

from tests.clusters import Cluster, Machines, Rollout
from tests.real.front import SOURCES, Front


def test_api_server_is_restarted(cluster: Cluster, front: Front) -> None:
    """The API server is killed in mid-rollout and comes back: `set sh` ends well, and each source keeps one backend."""
    with Rollout(cluster, "set", "--scheduler", "sh", *cluster.pace) as rollout:
        rollout.until("waiting for its new pod")
        front.machines.run("apiserver-kill")
        front.machines.run("apiserver-start")

    assert (rollout.code, set(cluster.schedulers().values())) == (0, {"sh"}), rollout.said
    assert rollout.out.splitlines()[-len(front.nodes) :] == [f"node/{node} restarted" for node in front.nodes]
    answers = front.ask("outside", 5, SOURCES)
    assert {source: len(set(names)) for source, names in answers.items()} == dict.fromkeys(SOURCES, 1)
    assert len({name for names in answers.values() for name in names}) > 1


def test_kubelet_is_killed(cluster: Cluster, machines: Machines) -> None:
    """The kubelet is killed whose pod was just deleted: `set sed` waits for it, and every kernel follows."""
    for node in cluster.pods:
        machines.sh(node, "modprobe ip_vs_sed")
    with Rollout(cluster, "set", "--scheduler", "sed", *cluster.at_once) as rollout:
        node = rollout.until(": deleting pod ").split(":")[0]
        machines.sh(node, "kill -9 $(pidof kubelet)")

    assert (rollout.code, set(cluster.schedulers().values())) == (0, {"sed"}), rollout.said
    assert sorted(rollout.out.splitlines()[-3:]) == [f"node/{name} restarted" for name in sorted(cluster.pods)]
