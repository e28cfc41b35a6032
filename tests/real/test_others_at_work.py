"""What others do meanwhile: a webhook, a colleague who reverts, a node that joins, a kubelet that nobody reaches."""

import json
import time

from tests.clusters import Cluster, Machines, Rollout
from tests.real.webhook import NAME, Webhook


def other(cluster: Cluster, machines: Machines) -> str:
    """Return a scheduler that is not in force, its module loaded everywhere: kube-proxy 1.20 loads three alone."""
    scheduler = "rr" if "lc" in cluster.schedulers().values() else "lc"
    for node in cluster.pods:
        machines.sh(node, f"modprobe ip_vs_{scheduler}")
    return scheduler


def test_a_webhook_stores_another_text(cluster: Cluster, machines: Machines) -> None:
    """What the API server stored is not what was asked for: refused, the old text is back, no pod was touched."""
    scheduler = other(cluster, machines)
    before, pods = cluster.config, cluster.pods
    with Webhook() as webhook:
        cluster.kubectl("apply", "-f", "-", text=json.dumps(webhook.manifest()))
        try:
            time.sleep(2)  # the API server reads the list of webhooks once a second
            run = cluster.ipvs("set", "--scheduler", scheduler, *cluster.pace)
        finally:
            cluster.kubectl("delete", "mutatingwebhookconfiguration", NAME)

    assert (run.code, "stored another text" in run.err) == (1, True), run.err
    assert (cluster.config, cluster.pods) == (before, pods)


def test_a_colleague_reverts_the_text(cluster: Cluster) -> None:
    """A field that no table shows, reverted while the pods restart: exit 4, and it is named."""
    before = cluster.config
    flag = "--no-strict-arp" if "strictARP: true" in before else "--strict-arp"
    with Rollout(cluster, "set", flag, *cluster.pace) as rollout:
        rollout.until(": deleting pod ")
        cluster.set_config(before)

    assert (rollout.code, "was changed by somebody else during this run" in rollout.said) == (4, True), rollout.said
    assert cluster.config == before
    mended = cluster.ipvs("restart", "--stale", *cluster.at_once)
    assert (mended.code, cluster.ipvs("status", "--check").code) == (0, 0), mended.err


def test_a_node_joins_meanwhile(cluster: Cluster, machines: Machines) -> None:
    """A node that registers while the others restart is looked at in the end: in sync, or named with exit 3."""
    scheduler = other(cluster, machines)
    joining = max(cluster.pods)
    cluster.kubectl("delete", "node", joining)
    with Rollout(cluster, "set", "--scheduler", scheduler, *cluster.pace) as rollout:
        rollout.until(": deleting pod ")
        machines.sh(joining, "kill -9 $(pidof kubelet)")  # it registers when it starts

    said = rollout.out + rollout.said
    assert (rollout.code == 0 and joining in cluster.pods) or (rollout.code == 3 and joining in said), said
    deadline = time.monotonic() + 300
    while (code := cluster.ipvs("status", "--check").code) and time.monotonic() < deadline:
        if code == 5:  # it came back so soon that its old pod went on, with the old text: what is advised mends it
            cluster.ipvs("restart", "--stale", *cluster.at_once)
        time.sleep(2)
    assert cluster.schedulers()[joining] == scheduler


def test_a_kubelet_that_nobody_reaches(cluster: Cluster, machines: Machines) -> None:
    """A node whose table cannot be read is left out with its reason (exit 3); the others change."""
    scheduler = other(cluster, machines)
    away = max(cluster.pods)
    port = 10250 + int(away.removeprefix("node"))
    pods = cluster.pods
    drop = f"-p tcp --dport {port} -j DROP"
    machines.sh(away, f"iptables -w -I INPUT {drop}")
    try:
        run = cluster.ipvs("set", "--scheduler", scheduler, *cluster.pace, "--exec-timeout", "5s")
    finally:
        machines.sh(away, f"iptables -w -D INPUT {drop}")
    after = cluster.pods

    assert (run.code, f"node/{away} skipped: it cannot be verified" in run.out) == (3, True), run.out + run.err
    assert (after[away], {node for node in pods if pods[node] != after[node]}) == (pods[away], set(pods) - {away})
    rest = cluster.ipvs("restart", "--stale", *cluster.at_once)
    assert (rest.code, set(cluster.schedulers().values())) == (0, {scheduler}), rest.err
