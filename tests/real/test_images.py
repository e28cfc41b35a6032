"""kube-proxy's image as different vendors ship it: what can be seen in it, and that a change goes on either way.

With ipvsadm; as EKS's and k0s's, which have no shell, no cat and no ipvsadm (k0s's has no modprobe either). All other
tests run on the one as the official one is: no ipvsadm, but cat.
"""

import time
from collections.abc import Iterator

import pytest

from tests.clusters import Cluster, Machines
from tests.versions import differs

DEFAULT = "official"
SECONDS = 120.0  # kube-proxy is Ready some seconds before its table is right
UNSEEN = "the kernel was not seen"
IMAGE = "jsonpath={.spec.template.spec.containers[0].image}"


@pytest.fixture
def image(request: pytest.FixtureRequest, cluster: Cluster, machines: Machines) -> Iterator[str]:
    """Give kube-proxy the image that the test asks for; and the official one again."""
    machines.run("image", request.param, seconds=900)
    yield request.param
    machines.run("image", DEFAULT, seconds=900)
    assert cluster.ipvs("status", "--check").code == 0


@differs
@pytest.mark.parametrize("image", ["ipvsadm"], indirect=True)
def test_image_with_ipvsadm(image: str, cluster: Cluster) -> None:
    """The table is ipvsadm's, and is what the kernel has."""
    kernels = {node: {name: len(cluster.table(node))} for node, name in cluster.schedulers().items()}

    seen = cluster.ipvs("status", "--check", "-o", "json")

    assert (seen.code, {row["source"] for row in seen.json["nodes"]}) == (0, {"ipvsadm"}), (image, seen.err)
    assert {row["node"]: row["schedulers"] for row in seen.json["nodes"]} == kernels


@pytest.mark.parametrize("image", ["eks", "k0s"], indirect=True)
def test_image_with_nothing_to_look_with(image: str, cluster: Cluster) -> None:
    """kube-proxy itself is asked; a change goes on, the kernels have it; what is said is that nobody saw them."""
    nodes = sorted(cluster.pods)
    before, (old,) = cluster.config, set(cluster.schedulers().values())
    new = "rr" if old != "rr" else "wrr"

    seen = cluster.ipvs("status", "-o", "json")
    done = cluster.ipvs("set", "--scheduler", new, *cluster.at_once, "-o", "json")
    kernels = followed(cluster, new)
    back = cluster.ipvs("undo", *cluster.at_once)

    assert {(row["state"], row["source"], row["mode"], row["running"]["scheduler"]) for row in seen.json["nodes"]} == {
        ("in-sync", "configz", "ipvs", old)
    }, (image, seen.out)
    assert (seen.code, UNSEEN in seen.json["nodes"][0]["reason"]) == (3, True)
    assert [(row["node"], row["outcome"], row["seenInKernel"]) for row in done.json["nodes"]] == [
        (node, "restarted", False) for node in nodes
    ], done.err
    assert UNSEEN in done.err
    assert kernels == dict.fromkeys(nodes, new), done.err
    assert (cluster.config, followed(cluster, old)) == (before, dict.fromkeys(nodes, old)), back.err


@pytest.mark.parametrize("image", ["eks"], indirect=True)
def test_tables_by_helper_pod(image: str, cluster: Cluster) -> None:
    """The whole table, a change that is verified by it, and nothing left: at the end, nor one run after SIGKILL."""
    named = cluster.kubectl("-n", "kube-system", "get", "daemonset", "kube-proxy", "-o", IMAGE)
    helper = ("--helper-image", named.replace(f"/{image}/", "/"))  # the official one, which has cat and sleep
    kernels = {node: {name: len(cluster.table(node))} for node, name in cluster.schedulers().items()}
    (old,) = set(cluster.schedulers().values())
    new = "rr" if old != "rr" else "wrr"

    seen = cluster.ipvs("status", "--check", "-o", "json", *helper)
    done = cluster.ipvs("set", "--scheduler", new, *cluster.at_once, "-o", "json", *helper)
    back = cluster.ipvs("undo", *cluster.at_once, "-o", "json", *helper)
    left = cluster.killed_with_helpers(*helper)
    again = cluster.ipvs("status", "--check", *helper)

    assert (seen.code, {row["source"] for row in seen.json["nodes"]}) == (0, {"helper"}), (image, seen.out)
    assert {row["node"]: row["schedulers"] for row in seen.json["nodes"]} == kernels
    assert [(run.code, run.json["outcome"]) for run in (done, back)] == [(0, "verified")] * 2, done.err + back.err
    assert all(row["seenInKernel"] for run in (done, back) for row in run.json["nodes"])
    assert (sorted(left), again.code, cluster.helper_pods()) == (sorted(kernels), 0, {}), again.err


def followed(cluster: Cluster, scheduler: str) -> dict[str, str]:
    """Give every kernel's scheduler once all have this one: nobody waited for that but we."""
    deadline = time.monotonic() + SECONDS
    while set(cluster.schedulers().values()) != {scheduler} and time.monotonic() < deadline:
        time.sleep(1)
    return cluster.schedulers()
