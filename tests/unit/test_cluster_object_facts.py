"""Facts of an object that one field alone does not tell: whose container, whose clock, what a time is the time of."""

from typing import Any

import pytest

from kubectl_ipvs.cluster.objects import Json, Taint, config_map, node, pod

NOON = 1704110400.0  # 2024-01-01T12:00:00Z
AT = "2024-01-01T12:{:02}:00Z"  # minutes past noon


def two_containers(**state: object) -> dict[str, Any]:
    """Give a pod with an agent in front of kube-proxy, which has this state."""
    return {
        "metadata": {"name": "p", "creationTimestamp": AT.format(10)},
        "spec": {
            "containers": [{"name": "agent", "image": "agent:1"}, {"name": "proxy", "image": "kube-proxy:v1.34.2"}]
        },
        "status": {
            "containerStatuses": [
                {"name": "agent", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
                {"name": "proxy", **state},
            ]
        },
    }


def second(spec: Json) -> tuple[str, object]:
    """Recognize the second container, and keep its image."""
    return spec["containers"][1]["name"], spec["containers"][1]["image"]


def test_facts_of_the_container_that_is_recognized() -> None:
    """Image, restarts and state are those of kube-proxy, not of an agent in front of it that crashes."""
    read = pod(two_containers(restartCount=1, state={"waiting": {"reason": "ContainerCreating"}}), second)

    facts = (read.container, read.image, read.restarts, read.waiting, read.process)
    assert facts == ("proxy", "kube-proxy:v1.34.2", 1, "ContainerCreating", "kube-proxy:v1.34.2")


@pytest.mark.parametrize("recognize", [None, lambda _: None, lambda _: ("gone", None)])
def test_facts_of_the_first_container(recognize: Any) -> None:  # noqa: ANN401 - a table's column
    """Where nobody knows, or the name is of none, they are the first one's."""
    read = pod(two_containers(), recognize)

    assert (read.container, read.image, read.restarts, read.process) == ("agent", "agent:1", 3, None)


@pytest.mark.parametrize(
    ("restarts", "pod_start", "start", "began"),
    [
        (0, 10, 11, NOON + 600),
        (0, 40, 41, NOON + 600),  # the node's clock is half an hour ahead
        (1, 10, 15, NOON + 900),
        (1, 40, 45, NOON + 900),  # the same there
        (1, 1, 6, NOON + 900),  # and on a node whose clock is behind
        (1, 10, None, NOON + 600),
        (1, None, 15, NOON + 600),
        (1, 15, 10, NOON + 600),
    ],
)
def test_when_kube_proxy_began(restarts: int, pod_start: int | None, start: int | None, began: float) -> None:
    """By the API server's clock, however wrong the node's own is."""
    running = {} if start is None else {"running": {"startedAt": AT.format(start)}}
    raw = two_containers(restartCount=restarts, state=running)
    raw["status"]["startTime"] = None if pod_start is None else AT.format(pod_start)

    assert pod(raw, second).began == began


def test_pod_that_is_placed_nowhere() -> None:
    """Why is what the scheduler says; a pod that has its place says nothing."""

    def pending(**condition: object) -> str:
        return pod({"status": {"conditions": [{"type": "PodScheduled", **condition}]}}).pending

    assert pending(status="False", reason="Unschedulable", message="0/3 nodes") == "Unschedulable: 0/3 nodes"
    assert [pending(status="False"), pending(status="True", reason="x"), pending()] == ["not scheduled", "", ""]


def test_what_keeps_pods_off_a_node() -> None:
    """Taints, the mark of `kubectl cordon`, its addresses, and its system: by its kubelet, else by its label."""
    raw = {
        "metadata": {"labels": {"kubernetes.io/os": "windows"}},
        "spec": {
            "unschedulable": True,
            "taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}, {"key": "only", "effect": 5}, "x"],
        },
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": "10.0.0.1"},
                {"type": "Hostname", "address": "n"},
                {"type": "ExternalIP", "address": "192.0.2.1"},
            ]
        },
    }
    read = node(raw)

    assert read.taints == (Taint("k", "v", "NoSchedule"), Taint("only", "", ""))
    assert (read.unschedulable, read.addresses, read.os, read.windows) == (
        True, ("10.0.0.1", "192.0.2.1"), "windows", True,
    )  # fmt: skip
    linux = node({**raw, "status": {"nodeInfo": {"operatingSystem": "linux"}}})
    assert (linux.windows, node({}).windows) == (False, False)


ANNOTATIONS = "f:annotations"
LAST_APPLIED = "f:kubectl.kubernetes.io/last-applied-configuration"


@pytest.mark.parametrize(
    ("entry", "certain"),
    [
        ({}, True),
        ({"f:metadata": {}}, True),
        ({"f:metadata": {ANNOTATIONS: {".": {}, LAST_APPLIED: {}}}}, True),
        ({"f:metadata": {ANNOTATIONS: {"f:note": {}}}}, False),
        ({"f:metadata": {ANNOTATIONS: {LAST_APPLIED: {}, "f:note": {}}}}, False),
        ({"f:metadata": {"f:labels": {"f:app": {}}}}, False),
        ({"f:metadata": {"f:ownerReferences": {}}}, False),
        ({"f:metadata": {"f:labels": {"f:app": {}}}, "operation": "Apply"}, True),
        ({"f:metadata": {ANNOTATIONS: {"f:note": {}}}, "manager": "kubectl-ipvs"}, True),
        ({"f:metadata": {ANNOTATIONS: {"f:note": {}}}, "manager": "kubectl-ipvs-again"}, True),
        ({"f:metadata": {"f:labels": {"f:app": {}}}, "time": AT.format(0)}, True),
    ],
)
def test_whether_a_key_was_written_then(entry: dict[str, Any], certain: bool) -> None:  # noqa: FBT001 - a table's column
    """A manager's time may be that of a mere label or annotation; not where it wrote the key alone, or applied it.

    Nor where its entry is as old as the object, nor where it is ours: we write notes with the text alone.
    """
    fields = {"f:data": {".": {}, "f:k": {}}} | {key: entry[key] for key in entry if key.startswith("f:")}
    rest = {key: entry[key] for key in entry if not key.startswith("f:")}
    managed = {"manager": "kubectl-edit", "operation": "Update", "time": AT.format(9), "fieldsV1": fields, **rest}
    older = {"manager": "old", "operation": "Update", "time": AT.format(0), "fieldsV1": {"f:data": {"f:k": {}}}}
    meta = {"uid": "u", "creationTimestamp": AT.format(0), "managedFields": [older, managed]}

    read = config_map({"metadata": meta, "data": {"k": "v"}})

    assert (read.certain, read.uid) == ({"k": certain}, "u")
