"""Whatever a given file says, it is a cluster or is refused in one line: no other error comes out."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.sandbox.options import Options
from kubectl_ipvs.sandbox.world import World
from tests.unit.test_sandbox_given import CONFIG_MAP, DAEMON_SET, listed, node, pod

NOTHINGS: list[object] = [None, "", "x", "*", -1, 10**9, 0.5, True, [], {}, ["x"], [None], {"x": "y"}, [{}], [[]]]
JUNK: st.SearchStrategy[object] = st.sampled_from(NOTHINGS)
STATUS = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [{"state": {}}]}
TAINT = {"key": "a", "effect": "NoSchedule"}
PORT = {"name": "p", "port": 80, "protocol": "TCP", "nodePort": 30000}
SPEC = {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "externalIPs": ["192.0.2.1"], "ports": [PORT]}
REQUIRED = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "k", "operator": "NotIn", "values": ["v"]}]}]}


def cluster() -> dict[str, Any]:
    """Return a world with one of everything."""
    made = copy.deepcopy(DAEMON_SET)
    template = made["spec"]["template"]["spec"]
    template["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": REQUIRED}}
    template["tolerations"] = [{"key": "a", "operator": "Exists"}]
    template["containers"][0]["env"] = [{"name": "A", "value": "$(B)"}]
    labels = {"kubernetes.io/service-name": "s"}
    service = {"kind": "Service", "metadata": {"name": "s"}, "spec": SPEC}
    behind = {"kind": "EndpointSlice", "metadata": {"name": "e", "labels": labels}, "ports": [PORT]}
    behind["endpoints"] = [{"addresses": ["10.1.0.1"], "conditions": {"ready": True}, "nodeName": "a"}]
    old = {
        "kind": "Endpoints",
        "metadata": {"name": "t"},
        "subsets": [{"addresses": [{"ip": "10.1.0.2"}], "ports": [PORT]}],
    }
    mirror = pod("kube-proxy-b", "b", STATUS, ownerReferences=[], annotations={"kubernetes.io/config.mirror": "x"})
    objects = (node("a"), node("b"), CONFIG_MAP, made, service, behind, old, pod("p", "a", STATUS), mirror)
    world: dict[str, Any] = {"version": "v1.30.0", "nodes": [{"name": "c", "taints": [TAINT], "labels": {"k": "w"}}]}
    world |= {"only": {"a": ["TCP  10.0.0.1:80 SCHED"]}, "extra": {"b": ["FWM  1 rr"]}, "initial": {"c": "lc"}}
    world |= {"faults": {"a": ["stale"]}, "deny": [{"verb": "get", "resource": "pods/log"}], "pod_age": -5}
    world |= {
        "pod_overrides": {"c": {"never": True}},
        "ds_status": {"proxy": {"numberReady": 0}},
        "tools": {"x": ["cat"]},
    }
    world |= {"files": {"a": {"/x": "y"}}, "deny_exec": "no"}
    return copy.deepcopy({**world, "objects": [listed(*objects)]})


def places(value: object, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the path to everything in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from places(each, *path, key)


PLACES = sorted(places(cluster()), key=str)


def build(world: dict[str, Any]) -> World:
    """Make the cluster of a document."""
    return World(Options(world=world, services=0))


def test_the_whole_is_a_cluster() -> None:
    """Without a change it is one: three nodes, each with its own trouble."""
    made = build(cluster())

    assert {name: host.kernel.shown for name, host in made.hosts.items()} == {"a": "lc", "b": "lc", "c": "lc"}


@given(st.sampled_from(PLACES), JUNK)
def test_anything_in_any_place(path: tuple[str | int, ...], junk: object) -> None:
    """One value replaced by nonsense makes a cluster, or a ValueError of one line."""
    world = cluster()
    parent: Any = world
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = junk

    with suppress(ValueError):
        build(world)


@given(st.sampled_from(PLACES))
def test_anything_may_be_missing(path: tuple[str | int, ...]) -> None:
    """One value that is not there is a cluster, or a ValueError."""
    world = cluster()
    parent: Any = world
    for key in path[:-1]:
        parent = parent[key]
    del parent[path[-1]]

    with suppress(ValueError):
        build(world)
