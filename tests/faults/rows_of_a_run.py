"""Rows about the nodes that a run finds, and about what happens while it is under way."""

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from kubectl_ipvs.sandbox import Options, Sandbox
from kubectl_ipvs.sandbox.given.builtin import builtin
from kubectl_ipvs.sandbox.wire.exchange import Reply, Request, Response
from tests.faults import wire
from tests.faults.fault import JOINED, SYSTEM, TWO, Fault

Obj = dict[str, Any]
DENIED = 'admission webhook "exec.example.com" denied the request: no exec into kube-system'
POOLS = ("main", "edge")
BRIEF = ("--exec-timeout", "1s")


def two_daemon_sets(options: Options) -> list[Obj]:
    """Give a cluster of two nodes, each with a DaemonSet and a ConfigMap of its own."""
    made = builtin(replace(options, nodes=2)).objects
    for node, pool in zip(made["Node"], POOLS, strict=True):
        node["metadata"]["labels"]["pool"] = pool
    made["ConfigMap"] = [_called(made["ConfigMap"][0], pool) for pool in POOLS]
    made["DaemonSet"] = [_for_pool(made["DaemonSet"][0], pool) for pool in POOLS]
    return [each for kind in made.values() for each in kind]


def _called(obj: Obj, pool: str) -> Obj:
    made = copy.deepcopy(obj)
    made["metadata"].pop("uid", None)
    if pool == "edge":
        made["metadata"]["name"] += "-edge"
    return made


def _for_pool(daemon_set: Obj, pool: str) -> Obj:
    made = _called(daemon_set, pool)
    template = made["spec"]["template"]
    template["spec"]["nodeSelector"] = {"pool": pool}
    for labels in (made["spec"]["selector"]["matchLabels"], template["metadata"]["labels"]):
        labels["pool"] = pool
    for volume in template["spec"]["volumes"]:
        if pool == "edge" and "configMap" in volume:
            volume["configMap"]["name"] += "-edge"
    return made


def breaks(node: str, kind: str) -> Callable[[Sandbox, Request], None]:
    """Break a node once a run is under way."""
    return lambda box, _: box.fault(node, kind)


def joins(box: Sandbox, _: Request) -> None:
    """Let a node join."""
    box.add_node(JOINED)


def takes_lease(box: Sandbox, _: Request) -> None:
    """Let somebody else take the lease of a run."""

    def taken(lease: Obj) -> None:
        lease["spec"]["holderIdentity"] = "anna@laptop/7"

    box.edit("Lease", SYSTEM, "kubectl-ipvs", taken)


def put_back(box: Sandbox) -> None:
    """Let somebody write the text that was there before once more, when the first pod is deleted."""
    before = box.config
    wire.first(wire.is_delete, lambda here, _: here.set_config(before))(box)


def busy_until(_: Sandbox, __: Request) -> Reply:
    """Ask for a pause of a second, by a date."""
    when = formatdate(time.time() + 1, usegmt=True)
    return wire.refusal(429, "TooManyRequests", "busy", ("retry-after", when))


def failing(verb: str, resource: str, status: int, times: int, message: str = "") -> Callable[[Sandbox], None]:
    """Refuse requests; below 0 times: all of them."""
    return lambda box: box.api_fault(verb, resource, status, times=times, message=message)


def silent(verb: str, resource: str) -> Callable[[Sandbox], None]:
    """Never answer such requests, and do nothing."""
    return lambda box: box.swallow(verb, resource)


NODES = [
    Fault("second DaemonSet with its own ConfigMap", options=TWO, world=two_daemon_sets),
    Fault("exec denied by a webhook on every node", failing("*", "pods/exec", 403, -1, DENIED)),
    Fault("exec denied on one node of two", options={**TWO, "faults": {"node2": "forbidden-exec"}}),
    Fault("exec hangs on one node of two", options={**TWO, "faults": {"node2": "hang"}}, flags=BRIEF),
    Fault("pod Pending before the run", options={**TWO, "faults": {"node2": "pending"}}),
    Fault("node out of step before the run", lambda box: box.set_scheduler("node2", "sh"), TWO),
    Fault("image without cat and ipvsadm", options={"faults": {"node1": "no-tools"}}),
    Fault("node in another mode than configured", options={**TWO, "faults": {"node2": "fallback"}}),
    Fault("falls back once restarted", wire.first(wire.is_delete, breaks("node1", "fallback")), hopeless=True),
    Fault("no real servers once restarted", options={"faults": {"node1": "no-real-servers"}}, hopeless=True),
    Fault("new pod stays Pending", wire.first(wire.is_delete, breaks("node1", "pending")), hopeless=True),
    Fault("new pod crashes at once", options={"faults": {"node1": "crash-loop"}}, hopeless=True),
    Fault("node's clock a minute ahead", options={"faults": {"node1": "skew=60"}}),
    Fault("node's clock a minute behind", options={"faults": {"node1": "skew=-60"}}),
]  # fmt: skip
MEANWHILE = [
    Fault("a webhook changes what is written", options={"faults": {"cluster": "webhook"}}),
    Fault("somebody writes the old text again at once", options={"faults": {"cluster": "revert=0"}}, hopeless=True),
    Fault("somebody writes the old text again after the first deletion", put_back, TWO),
    Fault("node joins before the write", wire.first(wire.is_use, joins), loose=(r"(the kernel has \w+).*", r"\1 ...")),
    Fault("node joins after the write", wire.first(wire.is_delete, joins)),
    Fault("lease taken by somebody else", wire.first(wire.is_delete, takes_lease), TWO, pace=("--settle", "7s")),
    Fault("429 without Retry-After at the deletion, three times", failing("delete", "pods", 429, 3)),
    Fault("429 with a date as Retry-After, once", wire.first(wire.is_delete, busy_until)),
    Fault("500 at the write, twice", failing("patch", "configmaps", 500, 2)),
    Fault("write that is never answered", silent("patch", "configmaps"), hopeless=True),
    Fault("deletion that is never answered", silent("delete", "pods"), hopeless=True),
    Fault("lease that is never answered", silent("create", "leases"), flags=("--request-timeout", "1s")),
    Fault("watch that ends at once, always", wire.on(wire.is_watch, lambda _: Response(200, b""))),
]  # fmt: skip
