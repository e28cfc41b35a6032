"""The simulated cluster's own life: replaced pods, crash loops, rolling updates, faults, size."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from tests.unit.test_sandbox_port_forward import get

QUICK: dict[str, Any] = {"services": 0, "terminate": 0.02, "start": 0.02, "sync": 0.02, "backoff": 0.05}


def until(condition: Callable[[], object]) -> object:
    """Return the first true value of a condition, or its last one after five seconds."""
    end = time.monotonic() + 5
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.005)
    return value


def pod_on(box: Sandbox, node: str) -> dict[str, Any]:
    """Return the pod of a node, {} without one."""
    return next((pod for pod in box.objects("Pod") if pod["spec"].get("nodeName") == node), {})


def restart(box: Sandbox, *nodes: str) -> None:
    """Delete the pods of these nodes at once."""
    for node in nodes or box.nodes:
        box.remove("Pod", pod_on(box, node)["metadata"]["namespace"], pod_on(box, node)["metadata"]["name"])


def ready(box: Sandbox, node: str) -> bool:
    """Tell whether the node's pod is Ready."""
    pod = pod_on(box, node)
    conditions = [] if "deletionTimestamp" in pod.get("metadata", {}) else pod.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def choose(box: Sandbox, scheduler: str) -> None:
    """Write a scheduler into the configuration."""
    config = yaml.safe_load(box.config)
    config["ipvs"]["scheduler"] = scheduler
    box.set_config(yaml.safe_dump(config))


def test_a_table_follows_only_a_restart() -> None:
    """A changed ConfigMap does nothing by itself; a new pod takes it, after it is Ready."""
    with Sandbox(nodes=2, **QUICK) as box:
        choose(box, "lc")
        assert box.schedulers() == {"node1": "rr", "node2": "rr"}

        restart(box, "node1")

        assert until(lambda: box.schedulers() == {"node1": "lc", "node2": "rr"})
        assert (box.restarts, box.most_down) == ({"node1": 1, "node2": 0}, 1)


def test_ready_comes_before_the_table() -> None:
    """A Ready pod is no proof of a table, as on a real cluster."""
    with Sandbox(nodes=1, **{**QUICK, "sync": 0.3}) as box:
        choose(box, "lc")
        restart(box)

        assert until(lambda: ready(box, "node1"))
        assert box.kernel("node1")["scheduler"] == "rr"
        assert until(lambda: box.kernel("node1")["scheduler"] == "lc")


def test_crash_loop_and_recovery() -> None:
    """kube-proxy with an unknown scheduler crashes again and again; the right one heals it without a new pod."""
    with Sandbox(nodes=1, **QUICK) as box:
        choose(box, "typo")
        restart(box)
        assert until(lambda: pod_on(box, "node1")["status"]["containerStatuses"][0]["restartCount"] >= 1)
        status = pod_on(box, "node1")["status"]["containerStatuses"][0]
        assert (status["ready"], status["state"]["waiting"]["reason"]) == (False, "CrashLoopBackOff")
        assert box.kernel("node1")["scheduler"] == "rr"

        choose(box, "lc")

        assert until(lambda: box.kernel("node1")["scheduler"] == "lc")
        assert box.restarts == {"node1": 1}


def test_old_kube_proxy_falls_back_and_looks_well() -> None:
    """Version 1.22 without ip_vs_lc loaded: Running and Ready in iptables mode, and the old table stays."""
    with Sandbox(nodes=1, version="v1.22.0", **QUICK) as box:
        choose(box, "lc")
        restart(box)

        assert until(lambda: ready(box, "node1"))
        time.sleep(0.1)
        assert box.kernel("node1")["scheduler"] == "rr"


@pytest.mark.parametrize(
    ("kind", "is_ready", "scheduler"),
    [("never-ready", False, "rr"), ("crash-loop", False, "rr"), ("stale", True, "rr"), ("no-module=lc", False, "rr")],
)
def test_faults_of_new_pods(kind: str, is_ready: bool, scheduler: str) -> None:  # noqa: FBT001 -- a table
    """The first pod of a node is well; what is wrong shows when it is replaced."""
    with Sandbox(nodes=1, faults={"node1": kind}, **QUICK) as box:
        assert (ready(box, "node1"), box.kernel("node1")["scheduler"]) == (True, "rr")
        choose(box, "lc")
        restart(box)
        until(lambda: pod_on(box, "node1").get("status", {}).get("phase") == "Running")
        time.sleep(0.1)

        assert (ready(box, "node1"), box.kernel("node1")["scheduler"]) == (is_ready, scheduler)


def test_crash_later() -> None:
    """A pod may be Ready and crash a moment after."""
    with Sandbox(nodes=1, faults={"node1": "crash-later=0.1"}, **QUICK) as box:
        restart(box)

        assert until(lambda: ready(box, "node1"))
        assert until(lambda: not ready(box, "node1"))
        assert (
            pod_on(box, "node1")["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        )


def test_not_ready_node_and_its_return() -> None:
    """An unreachable node keeps its deleted pod as Terminating until it is back."""
    with Sandbox(nodes=2, **QUICK) as box:
        box.fault("node2", "not-ready")
        node = next(each for each in box.objects("Node") if each["metadata"]["name"] == "node2")
        assert [each["status"] for each in node["status"]["conditions"] if each["type"] == "Ready"] == ["Unknown"]
        name = pod_on(box, "node2")["metadata"]["name"]
        box.edit(
            "Pod", "kube-system", name, lambda pod: pod["metadata"].update(deletionTimestamp="2026-01-01T00:00:00Z")
        )
        time.sleep(0.1)
        assert pod_on(box, "node2")["metadata"]["name"] == name

        box.heal("node2")

        assert until(lambda: ready(box, "node2"))
        assert pod_on(box, "node2")["metadata"]["name"] != name


def test_no_pod_and_windows() -> None:
    """Nodes that the DaemonSet leaves out have no pod and do not count."""
    with Sandbox(nodes=3, faults={"node2": "no-pod", "node3": "windows"}, **QUICK) as box:
        assert [pod["spec"]["nodeName"] for pod in box.objects("Pod")] == ["node1"]
        assert box.get("ds", "kube-system", "kube-proxy")["status"]["desiredNumberScheduled"] == 1

        box.heal("node2")

        assert until(lambda: ready(box, "node2"))


def test_on_delete_does_not_roll() -> None:
    """With strategy OnDelete a changed template restarts nothing by itself."""
    with Sandbox(nodes=2, strategy="OnDelete", **QUICK) as box:
        box.edit(
            "ds",
            "kube-system",
            "kube-proxy",
            lambda ds: ds["spec"]["template"]["metadata"].update(annotations={"a": "b"}),
        )
        time.sleep(0.2)

        status = box.get("ds", "kube-system", "kube-proxy")["status"]
        assert (box.restarts, status.get("updatedNumberScheduled", 0), status["observedGeneration"]) == (
            {"node1": 0, "node2": 0},
            0,
            2,
        )


def test_rolling_update_keeps_to_max_unavailable() -> None:
    """A changed template replaces every pod, two of six at a time."""
    with Sandbox(nodes=6, max_unavailable="30%", **QUICK) as box:
        box.edit(
            "ds",
            "kube-system",
            "kube-proxy",
            lambda ds: ds["spec"]["template"]["metadata"].update(annotations={"a": "b"}),
        )

        assert until(lambda: set(box.restarts.values()) == {1} and all(ready(box, node) for node in box.nodes))
        assert box.most_down == 2


def test_edit_counts_as_another_user() -> None:
    """`set_config` is a write by kubectl-edit, seen in managedFields, with a new version."""
    with Sandbox(nodes=1, **QUICK) as box:
        before = box.config_map()["metadata"]["resourceVersion"]
        box.set_config("mode: x")

        meta = box.config_map()["metadata"]
        fields = {entry["manager"]: entry["fieldsV1"]["f:data"] for entry in meta["managedFields"]}
        assert fields == {
            "kubeadm": {".": {}, "f:kubeconfig.conf": {}},
            "kubectl-edit": {"f:config.conf": {}},
        }
        assert int(meta["resourceVersion"]) > int(before)


def test_a_thousand_nodes_start_quickly_and_a_hundred_pods_come_back() -> None:
    """Size: a thousand nodes in seconds, and a batch of a hundred replaced without trouble."""
    begin = time.monotonic()
    with Sandbox(nodes=1000, **QUICK) as box:
        assert time.monotonic() - begin < 5
        hundred = box.nodes[:100]
        names = {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in box.objects("Pod")}
        for node in hundred:
            box.remove("Pod", "kube-system", names[node])

        assert until(
            lambda: (
                box.get("ds", "kube-system", "kube-proxy")["status"]["numberReady"] == 1000
                and sum(box.restarts.values()) == 100
            )
        )


def shown(table: str) -> list[str]:
    """Return the scheduler of each virtual server of a table, the probe's apart."""
    rows = [line.split() for line in table.splitlines() if line.startswith(("TCP", "UDP"))]
    return [row[2] for row in rows if row[1] != PROBE]


PROBE = "C6336400:4E20"  # 198.51.100.0:20000


FOR_EVER = 3600


@contextmanager
def changing(**times: float) -> Iterator[Sandbox]:
    """Give a node whose scheduler was changed from rr to lc, as soon as its new pod is Ready."""
    with Sandbox(nodes=1, version="v1.37.2", **{**QUICK, **times}) as box:
        choose(box, "lc")
        restart(box)
        assert until(lambda: ready(box, "node1"))
        yield box


def test_what_a_reader_sees_while_the_scheduler_changes() -> None:
    """The pod is Ready with the old table and the probe; then half of the table is changed, one row is `none`."""
    with changing(sync=FOR_EVER, edit=FOR_EVER) as box:
        assert (set(shown(box.table("node1"))), f"{PROBE} lc" in box.table("node1")) == ({"rr"}, True)

    with changing(edit=FOR_EVER) as box:
        assert until(lambda: "none" in shown(box.table("node1")))
        half = shown(box.table("node1"))
        assert (half.count("none"), {"rr", "lc"} <= set(half), box.schedulers()) == (1, True, {"node1": "rr"})

    with changing(edit=0.01) as box:
        assert until(lambda: set(shown(box.table("node1"))) == {"lc"})
        assert until(lambda: PROBE not in box.table("node1"))


@pytest.mark.parametrize(("version", "scheduler"), [("v1.37.2", "rr"), ("v1.26.3", "wrr")])
def test_no_probe_where_the_scheduler_is_in_use(version: str, scheduler: str) -> None:
    """A restart with the same scheduler adds no probe; up to 1.26 there is none at all."""
    with Sandbox(nodes=1, version=version, **{**QUICK, "sync": FOR_EVER, "edit": FOR_EVER}) as box:
        choose(box, scheduler)
        restart(box)
        assert until(lambda: ready(box, "node1"))

        assert (PROBE in box.table("node1"), set(shown(box.table("node1")))) == (False, {"rr"})


def test_flags_have_a_minimum_between_syncs() -> None:
    """By flags minSyncPeriod is 1s; by a file it stays 0s for ipvs."""
    found = []
    for layout in ("flags", "kubeadm"):
        with Sandbox(nodes=1, layout=layout, version="v1.37.2", **QUICK) as box:
            shown_configuration = json.loads(get(box, "/configz")[1])["kubeproxy.config.k8s.io"]
        found.append([shown_configuration["ipvs"][name] for name in ("minSyncPeriod", "syncPeriod")])

    assert found == [["1s", "30s"], ["0s", "30s"]]
