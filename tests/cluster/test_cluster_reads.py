"""What a cluster is asked, against the sandbox: pods as somebody recognizes them, Services, logs."""

from collections.abc import Iterator

import pytest

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Json
from kubectl_ipvs.errors import ApiError
from kubectl_ipvs.sandbox import Sandbox
from tests.harness import QUICK

SELECTOR = "k8s-app=kube-proxy"


def words(spec: Json) -> tuple[str, object]:
    """Recognize the first container, and keep how it is started."""
    return spec["containers"][0]["name"], tuple(spec["containers"][0]["command"])


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """Give a quick cluster of one node."""
    with Sandbox(nodes=1, **QUICK) as running:
        yield running


def opened(box: Sandbox) -> Cluster:
    """Open it."""
    return Cluster(Connection(box.url, ca=box.ca.encode(), token=box.token), recognize=words)


def test_every_pod_is_recognized(box: Sandbox) -> None:
    """In a list as in a watch, what the caller makes of a pod's spec comes with the pod."""
    cluster = opened(box)
    (pod,), version = cluster.pods("kube-system", SELECTOR)

    cluster.delete_pod(pod)
    events = cluster.watch_pods("kube-system", SELECTOR, version, seconds=5)
    event = next(event for event in events if event.pod is not None)

    assert event.pod is not None
    assert pod.process == event.pod.process
    assert pod.process[0].endswith("kube-proxy")
    assert (pod.owner, bool(pod.owner_uid), pod.pending) == ("DaemonSet/kube-proxy", True, "")


def test_services(box: Sandbox) -> None:
    """All namespaces' Services come page by page, with what kube-proxy makes virtual servers of."""
    found = {f"{entry.namespace}/{entry.name}": entry for entry in opened(box).services()}

    listed = {f"{raw['metadata']['namespace']}/{raw['metadata']['name']}": raw for raw in box.objects("Service")}
    assert found.keys() == listed.keys()
    kubernetes = found["default/kubernetes"]
    assert kubernetes.addresses == (listed["default/kubernetes"]["spec"]["clusterIP"],)
    assert [(port.protocol, port.port) for port in kubernetes.ports] == [("TCP", 443)]
    assert "limit" in next(seen for seen in box.requests if seen.path == "/api/v1/services").query


def test_log(box: Sandbox) -> None:
    """The last lines of kube-proxy's log; of a container before a restart that never was: the server's refusal."""
    cluster = opened(box)
    (pod,), _ = cluster.pods("kube-system", SELECTOR)

    assert len(cluster.pod_log(pod, 2).splitlines()) == 2
    with pytest.raises(ApiError):
        cluster.pod_log(pod._replace(name="gone"), 2)
