"""Where the simulated cluster runs kube-proxy, and what a sandbox can be asked to be."""

from typing import Any

import pytest

from kubectl_ipvs.sandbox import Options, Sandbox
from kubectl_ipvs.sandbox.apiserver.kubectl.printed_tables import duration
from kubectl_ipvs.sandbox.faults import parse
from tests.unit.test_sandbox_world import QUICK, pod_on, restart, until


def test_static_pods_do_not_restart() -> None:
    """A deleted mirror pod comes back under its name; kube-proxy has never stopped."""
    with Sandbox(nodes=1, layout="static", **QUICK) as box:
        before = pod_on(box, "node1")
        restart(box)

        after = until(lambda: pod_on(box, "node1"))
        assert isinstance(after, dict)
        same = [("metadata", "name"), ("status", "containerStatuses", 0, "state", "running", "startedAt")]
        for path in same:
            one: Any = before
            two: Any = after
            for step in path:
                one, two = one[step], two[step]
            assert one == two
        assert before["metadata"]["uid"] != after["metadata"]["uid"]


@pytest.mark.parametrize(
    ("layout", "pods", "namespace", "scheduler"),
    [
        ("kubeadm", 2, "kube-system", "rr"),
        ("eks", 2, "kube-system", "rr"),
        ("openshift", 2, "openshift-kube-proxy", "rr"),
        ("flags", 2, "kube-system", "lc"),
        ("static", 2, "kube-system", "lc"),
    ],
)
def test_layouts(layout: str, pods: int, namespace: str, scheduler: str) -> None:
    """Each layout runs kube-proxy where it does in reality."""
    with Sandbox(nodes=2, layout=layout, **QUICK) as box:
        assert [pod["metadata"]["namespace"] for pod in box.objects("Pod")] == [namespace] * pods
        assert set(box.schedulers().values()) == {scheduler}


def test_no_kube_proxy_at_all() -> None:
    """Layout none has nodes and nothing else of kube-proxy."""
    with Sandbox(nodes=2, layout="none", **QUICK) as box:
        assert [len(box.objects(kind)) for kind in ("Node", "Pod", "DaemonSet", "ConfigMap")] == [2, 0, 0, 0]


def test_parse_faults() -> None:
    """Kinds with and without parameters; what is none is named."""
    assert parse(["slow=3", "stale"]) == {"slow": "3", "stale": ""}
    assert parse("gone,crash-later") == {"gone": "-1", "crash-later": "0.3"}
    with pytest.raises(ValueError, match="no such fault: 'nonsense'"):
        parse("nonsense")


@pytest.mark.parametrize("wrong", [{"nodes": 0}, {"nodes": 5001}, {"layout": "k3s"}, {"endpoints": -1}])
def test_options_that_cannot_be(wrong: dict[str, Any]) -> None:
    """Numbers and layouts out of range are refused."""
    with pytest.raises(ValueError, match=r"nodes|layout|endpoints"):
        Options(**wrong)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (200, "3m20s"),
        (2000, "33m"),
        (18180, "5h3m"),
        (100000, "27h"),
        (270000, "3d3h"),
        (900000, "10d"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    """Ages as kubectl prints them."""
    assert duration(seconds) == text
