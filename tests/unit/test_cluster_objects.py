"""What we keep of the API's objects, from answers as real servers give them and from any others."""

from typing import Any

import pytest

from kubectl_ipvs.cluster.objects import (
    ConfigMap,
    DaemonSet,
    Node,
    Pod,
    condition,
    config_map,
    daemon_set,
    epoch,
    items,
    mapping,
    node,
    number,
    pod,
    selector,
    strings,
    text,
)

Json = dict[str, Any]
NOON = 1704110400.0  # 2024-01-01T12:00:00Z


def test_node() -> None:
    """Ready by its condition; kernel and kubelet as the node says."""
    raw = {
        "metadata": {"name": "node1", "labels": {"kubernetes.io/os": "linux"}},
        "status": {
            "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "True"}],
            "nodeInfo": {"kernelVersion": "5.15.0-91-generic", "kubeletVersion": "v1.34.2"},
        },
    }
    assert node(raw) == Node(
        name="node1",
        ready=True,
        kernel="5.15.0-91-generic",
        version="v1.34.2",
        labels={"kubernetes.io/os": "linux"},
        os="linux",
    )


def pod_json() -> Json:
    """Give a running kube-proxy pod, as the API server does."""
    return {
        "metadata": {
            "namespace": "kube-system",
            "name": "kube-proxy-x",
            "uid": "u1",
            "creationTimestamp": "2024-01-01T12:00:00Z",
            "ownerReferences": [
                {"kind": "Other", "name": "o"},
                {"kind": "DaemonSet", "name": "kube-proxy", "uid": "d1", "controller": True},
            ],
        },
        "spec": {
            "nodeName": "node1",
            "containers": [
                {"name": "kube-proxy", "image": "registry.k8s.io/kube-proxy:v1.34.2"},
                {"name": "a-sidecar", "image": "x"},
            ],
        },
        "status": {
            "phase": "Running",
            "startTime": "2024-01-01T12:00:01Z",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [
                {"name": "a-sidecar", "restartCount": 9, "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
                {
                    "name": "kube-proxy",
                    "restartCount": 2,
                    "state": {"running": {"startedAt": "2024-01-01T12:00:05Z"}},
                },
            ],
        },
    }


RUNNING = Pod(
    namespace="kube-system",
    name="kube-proxy-x",
    uid="u1",
    node="node1",
    image="registry.k8s.io/kube-proxy:v1.34.2",
    container="kube-proxy",
    ready=True,
    terminating=False,
    phase="Running",
    waiting="",
    restarts=2,
    created=NOON,
    began=NOON + 4,
    mirror=False,
    owner="DaemonSet/kube-proxy",
    owner_uid="d1",
)


def test_pod() -> None:
    """Restarts and start are those of the first container, in whatever order their states come."""
    assert pod(pod_json()) == RUNNING


def test_a_static_pod_that_waits_and_goes() -> None:
    """A mirror pod is told by its annotation, a terminating one by its timestamp; no controller, no owner."""
    raw = {
        "metadata": {
            "annotations": {"kubernetes.io/config.mirror": "hash"},
            "deletionTimestamp": "2024-01-01T12:00:00Z",
            "ownerReferences": [{"kind": "Node", "name": "n", "controller": False}],
        },
        "spec": {"containers": [{"name": "c"}]},
        "status": {"containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]},
    }
    assert pod(raw) == Pod("", "", "", "", "", "c", ready=False, terminating=True, phase="",
                           waiting="CrashLoopBackOff", restarts=0, created=0.0, began=0.0, mirror=True,
                           owner="", said="CrashLoopBackOff")  # fmt: skip


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"reason": "Evicted", "message": "low on memory"}, "Evicted: low on memory"),
        ({"reason": "DeadlineExceeded"}, "DeadlineExceeded"),
        ({"containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "ErrImagePull", "message": "no"}}}]},
         "ErrImagePull: no"),
        ({"containerStatuses": [{"name": "c", "state": {"terminated": {"reason": "Error", "exitCode": 1}}}]}, "Error"),
        ({"containerStatuses": [{"name": "c", "state": {"running": {}}}]}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_what_the_kubelet_says(status: dict[str, object], said: str) -> None:
    """Of a pod that has failed for good its own reason, else that of the container which waits or has ended."""
    assert pod({"spec": {"containers": [{"name": "c"}]}, "status": status}).said == said


def test_holder() -> None:
    """A pod that we made names the process that it is for."""
    assert pod({"metadata": {"annotations": {"kubectl-ipvs/holder": "me@here/1/x"}}}).holder == "me@here/1/x"


@pytest.mark.parametrize(
    ("restarts", "waiting", "crashed"),
    [
        (0, "", False),
        (0, "ContainerCreating", False),
        (1, "", True),
        (0, "CrashLoopBackOff", True),
        (0, "RunContainerError", True),
        (0, "CreateContainerError", True),
    ],
)
def test_crashed(restarts: int, waiting: str, crashed: bool) -> None:  # noqa: FBT001 - a table's column
    """It ended at least once, or it cannot start."""
    raw = pod_json()
    raw["status"]["containerStatuses"][1] = {
        "name": "kube-proxy",
        "restartCount": restarts,
        "state": {"waiting": {"reason": waiting}},
    }
    assert pod(raw).crashed is crashed


def test_config_map() -> None:
    """Managers in their order, once each; a key was changed when the newest entry that owns it says so."""

    def entry(manager: str, time: object, *keys: str) -> Json:
        owned: Json = {".": {}} | {f"f:{key}": {} for key in keys}
        return {"manager": manager, "time": time, "fieldsV1": {"f:data": owned, "f:metadata": {}}}

    raw = {
        "metadata": {
            "namespace": "kube-system",
            "name": "kube-proxy",
            "resourceVersion": "42",
            "labels": {"app": "kube-proxy"},
            "annotations": {"a": "1", "odd": 2},
            "managedFields": [
                entry("kubeadm", "2024-01-01T12:00:00Z", "config.conf", "kubeconfig.conf"),
                entry("kubectl-edit", "2024-01-01T12:00:09Z", "config.conf"),
                entry("old", "1969-12-31T23:59:59Z", "old"),
                entry("kubeadm", "2024-01-01T12:00:03Z", "config.conf"),
                entry("helm", None, "kubeconfig.conf"),
                {"manager": "", "time": "2024-01-01T12:00:00Z"},
            ],
        },
        "data": {"config.conf": "mode: ipvs\n", "kubeconfig.conf": "", "odd": 1},
        "immutable": True,
    }
    assert config_map(raw) == ConfigMap(
        namespace="kube-system",
        name="kube-proxy",
        version="42",
        data={"config.conf": "mode: ipvs\n", "kubeconfig.conf": ""},
        immutable=True,
        annotations={"a": "1"},
        labels={"app": "kube-proxy"},
        managers=("kubeadm", "kubectl-edit", "old", "helm"),
        changed={"config.conf": NOON + 9, "kubeconfig.conf": NOON, "old": -1.0},
        writers={"config.conf": "kubectl-edit", "kubeconfig.conf": "kubeadm", "old": "old"},
        certain={"config.conf": True, "kubeconfig.conf": True, "old": True},
    )


def test_daemon_set() -> None:
    """The selector as list calls take it, the template as it is."""
    template = {"spec": {"containers": [{"name": "kube-proxy"}]}}
    raw = {
        "metadata": {
            "namespace": "kube-system",
            "name": "kube-proxy",
            "generation": 4,
            "labels": {"l": "1"},
            "annotations": {"a": "1"},
            "managedFields": [{"manager": "kubeadm"}],
        },
        "spec": {
            "selector": {"matchLabels": {"k8s-app": "kube-proxy"}},
            "template": template,
            "updateStrategy": {"type": "OnDelete"},
        },
        "status": {"observedGeneration": 3, "desiredNumberScheduled": 2, "updatedNumberScheduled": 1},
    }
    assert daemon_set(raw) == DaemonSet(
        namespace="kube-system",
        name="kube-proxy",
        selector="k8s-app=kube-proxy",
        template=template,
        strategy="OnDelete",
        generation=4,
        observed_generation=3,
        desired=2,
        updated=1,
        annotations={"a": "1"},
        labels={"l": "1"},
        managers=("kubeadm",),
    )


def expression(key: object, operator: object, values: object = None) -> Json:
    """Give a LabelSelector of one expression."""
    return {"matchExpressions": [{"key": key, "operator": operator, "values": values}]}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, ""),
        ({"matchLabels": {"b": "2", "a": "1", "odd": 3}}, "a=1,b=2"),
        (expression("a", "In", ["x", "y"]), "a in (x,y)"),
        (expression("a", "NotIn", ["x", 5]), "a notin (x)"),
        (expression("a", "NotIn", 5), "a notin ()"),
        (expression("a", "Exists"), "a"),
        (expression("a", "DoesNotExist"), "!a"),
        (expression("a", "Other"), "a"),
        ({"matchLabels": {"a": "1"}, **expression("b", "Exists", [])}, "a=1,b"),
    ],
)
def test_selector(raw: Json, expected: str) -> None:
    """Labels by name, then expressions, in the words of list calls."""
    assert selector(raw) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-01-01T12:00:00Z", NOON),
        ("2024-01-01T12:00:00.250000Z", NOON + 0.25),
        ("2024-01-01T13:00:00+01:00", NOON),
        ("1970-01-01T00:00:00Z", 0.0),
        ("0001-01-01T00:00:00+14:00", -62135647200.0),
        ("2024-01-01T12:00:00", None),
        ("0001-01-01T00:00:00", None),
        ("yesterday", None),
        ("", None),
        (5, None),
        (None, None),
    ],
)
def test_epoch(value: object, expected: float | None) -> None:
    """RFC 3339 with its zone, whatever the machine's own is; anything else is no time."""
    assert epoch(value) == expected


ANY: tuple[object, ...] = (None, True, 5, 1.5, "x", [], ["x", {"a": 1}], {}, {"a": "x", "b": 1})
LISTED: list[object] = [{"a": 1}]


def test_values_of_another_type() -> None:
    """What is not of the type that is documented is the value that means "not known"."""
    kept = [(mapping(value), items(value), text(value), number(value), strings(value)) for value in ANY]
    assert kept == [
        ({}, [], "", 0, {}),
        ({}, [], "", 0, {}),
        ({}, [], "", 5, {}),
        ({}, [], "", 0, {}),
        ({}, [], "x", 0, {}),
        ({}, [], "", 0, {}),
        ({}, LISTED, "", 0, {}),
        ({}, [], "", 0, {}),
        ({"a": "x", "b": 1}, [], "", 0, {"a": "x"}),
    ]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([{"type": "Ready", "status": "True"}], True),
        ([{"type": "Ready", "status": "Unknown"}], False),
        ([{"type": "Ready", "status": True}], False),
        ([{"type": "Other", "status": "True"}, None], False),
        (None, False),
    ],
)
def test_condition(conditions: object, expected: bool) -> None:  # noqa: FBT001 - a table's column
    """True in the API's own word."""
    assert condition({"conditions": conditions}, "Ready") is expected
