"""Somebody else at the same time: a lease that is renewed is respected, one of a holder that is gone is taken over."""

import json
import socket
import threading

import pytest

from tests.clusters import SYSTEM, Cluster

LEASE = "kubectl-ipvs"
RENEWED = "2026-01-02T03:04:{:02d}.000000Z"
DEAD = 4_190_000  # above the largest PID that Linux gives by default on a small machine


def hold(cluster: Cluster, holder: str) -> None:
    """Take the lease as another user of the plugin would."""
    spec = {"holderIdentity": holder, "acquireTime": RENEWED.format(0), "renewTime": RENEWED.format(0)}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": LEASE}}
    cluster.kubectl(
        *SYSTEM, "create", "-f", "-", text=json.dumps({**lease, "spec": {**spec, "leaseDurationSeconds": 30}})
    )


@pytest.mark.parametrize("words", [("set", "--scheduler", "sh"), ("restart",)], ids=" ".join)
def test_somebody_at_work(words: tuple[str, ...], cluster: Cluster) -> None:
    """A holder that renews its lease is named, exit 4, and nothing is changed; the lease stays its holder's."""
    before, pods = cluster.config, cluster.pods
    hold(cluster, "jane@elsewhere/1")
    over = threading.Event()

    def renew() -> None:
        for number in range(1, 50):
            patch = json.dumps({"spec": {"renewTime": RENEWED.format(number)}})
            cluster.kubectl(*SYSTEM, "patch", "lease", LEASE, "--type=merge", "-p", patch)
            if over.wait(1):
                return

    renewer = threading.Thread(target=renew)
    renewer.start()
    try:
        run = cluster.ipvs(*words, "-y", *cluster.pace)
    finally:
        over.set()
        renewer.join()
        holder = cluster.kubectl(*SYSTEM, "get", "lease", LEASE, "-o", "jsonpath={.spec.holderIdentity}")
        cluster.kubectl(*SYSTEM, "delete", "lease", LEASE)

    said = "error: another change is under way, by jane@elsewhere/1 since"
    assert (run.code, [line for line in run.err.splitlines() if line.startswith(said)] != []) == (4, True), run.err
    assert (cluster.config, cluster.pods, holder) == (before, pods, "jane@elsewhere/1")


def test_holder_that_is_gone(cluster: Cluster) -> None:
    """The lease of a process of this machine that is gone is taken over at once, and given up at the end."""
    hold(cluster, f"somebody@{socket.gethostname()}/{DEAD}")
    node, pods = max(cluster.pods), cluster.pods

    run = cluster.ipvs("restart", node, "-y", *cluster.pace)

    now = cluster.pods
    assert (run.code, run.out) == (0, f"node/{node} restarted\n"), run.err
    assert {name for name in pods if pods[name] != now[name]} == {node}
    assert cluster.kubectl(*SYSTEM, "get", "leases", "-o", "name").count(LEASE) == 0
