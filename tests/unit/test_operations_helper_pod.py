"""A helper pod: that it has no right but to look, and what its states mean."""

from typing import Any

import pytest

from kubectl_ipvs.cluster.objects import pod
from kubectl_ipvs.errors import ExecFailed
from kubectl_ipvs.operations.tables.helper_pod import LIVES, RENEWED, SELECTOR, has_ended, is_running, manifest

MADE = manifest("kubectl-ipvs-1", "kube-system", "node1", "registry.example/busybox:1", "run1", "me@here/1/x")


def in_state(phase: str, container: dict[str, Any] | None = None, **status: Any) -> Any:  # noqa: ANN401 - a Pod
    """Read the helper pod in a state."""
    states = [{"name": "table", "state": container}] if container is not None else []
    return pod({**MADE, "status": {"phase": phase, "containerStatuses": states, **status}})


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    """Give the state of a container that waits."""
    return {"waiting": {"reason": reason, "message": message}}


def test_it_may_do_nothing() -> None:
    """The host's network is all it has: no privilege, no mount, no token, nothing that it may write, and an end."""
    spec = MADE["spec"]
    (container,) = spec["containers"]
    security = container["securityContext"]

    assert (spec["hostNetwork"], spec["automountServiceAccountToken"], spec["restartPolicy"]) == (True, False, "Never")
    assert not {"volumes", "hostPID", "hostIPC", "serviceAccountName", "initContainers"} & spec.keys()
    assert not {"volumeMounts", "env", "envFrom", "ports"} & container.keys()
    assert (spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["runAsUser"]) == (True, 65534)
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security == {
        "privileged": False, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert set(container["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
    assert spec["activeDeadlineSeconds"] == LIVES > RENEWED


def test_it_is_known_as_ours() -> None:
    """Labels select it, nodeName places it, an annotation names the process that it is for."""
    meta = MADE["metadata"]

    assert MADE["spec"]["nodeName"] == "node1"
    assert all(entry in {f"{key}={value}" for key, value in meta["labels"].items()} for entry in SELECTOR.split(","))
    assert meta["labels"]["app.kubernetes.io/managed-by"] == "kubectl-ipvs"
    assert (pod(MADE).holder, pod(MADE).node, pod(MADE).owner) == ("me@here/1/x", "node1", "")


READY = {"conditions": [{"type": "Ready", "status": "True"}]}
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}


@pytest.mark.parametrize(
    ("state", "waited", "expected"),
    [
        (in_state("Running", {"running": {}}, **READY), 1, True),
        (in_state("Pending"), 9, False),
        (in_state("Pending"), 11, "no kubelet took the helper pod up within 10s"),
        (in_state("Pending", waiting("ContainerCreating")), 69, False),
        (
            in_state("Pending", waiting("ContainerCreating")),
            71,
            "the helper pod did not start within 70s: ContainerCreating",
        ),
        (
            in_state("Pending", waiting("ErrImagePull", "not found")),
            0,
            "the helper pod cannot start: ErrImagePull: not found",
        ),
        (in_state("Pending", waiting("ImagePullBackOff")), 0, "the helper pod cannot start: ImagePullBackOff"),
        (
            in_state("Failed", reason="Evicted", message="low on memory"),
            0,
            "the helper pod has ended: Evicted: low on memory",
        ),
        (in_state("Succeeded"), 0, "the helper pod has ended: Succeeded"),
        (
            in_state("Failed", {"terminated": {"reason": "StartError", "message": "no sleep"}}),
            0,
            "the helper pod has ended: StartError: no sleep",
        ),
        (
            in_state("Pending", conditions=[UNSCHEDULABLE]),
            0,
            "the helper pod cannot be scheduled: Unschedulable: 0/3 nodes",
        ),
    ],
)
def test_is_running(state: Any, waited: float, expected: bool | str) -> None:  # noqa: FBT001, ANN401 - a table's columns
    """A pull has its time, a kubelet that does nothing less of it, and what will never be is said at once."""
    if isinstance(expected, bool):
        assert is_running(state, waited, 10) == expected
        return
    with pytest.raises(ExecFailed) as raised:
        is_running(state, waited, 10)
    assert str(raised.value) == expected


def test_has_ended() -> None:
    """One that is being deleted counts as ended."""
    assert [has_ended(state) for state in (in_state("Running"), in_state("Failed"))] == [False, True]
    assert has_ended(in_state("Running")._replace(terminating=True))
