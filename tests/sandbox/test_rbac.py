"""docs/rbac.yaml against the sandbox: each role is enough for its commands, and no right in it is there for nothing.

The sandbox knows no RBAC: here a role is everything forbidden that its rules do not name. The real API server's own
judgement is tests/real/test_rbac.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.apiserver.store import copied
from tests.harness import BRISK, Ipvs, MakeSandbox

RBAC = Path(__file__).parents[2] / "docs/rbac.yaml"
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
RESOURCES = (
    "pods", "pods/exec", "pods/portforward", "pods/log",
    "nodes", "configmaps", "secrets", "daemonsets", "services", "endpointslices", "events", "leases",
    "prometheusrules", "felixconfigurations", "installations",
)  # fmt: skip
Right = tuple[str, str]  # verb, resource

LOOK = [("get",), ("status",), ("table",), ("services",), ("verify",), ("version",)]
CHANGE = [
    *LOOK,
    ("set", "--scheduler", "lc", "--yes", *BRISK),
    ("undo", "--yes", *BRISK),
    ("restart", "node1", "--yes", *BRISK),
    ("restart", "--strategy=rollout", "--yes", *BRISK),
]


def rights(role: str) -> set[Right]:
    """Read the role's rights."""
    roles = {entry["metadata"]["name"]: entry for entry in yaml.safe_load_all(RBAC.read_text())}
    return {
        (verb, resource)
        for rule in roles[f"kubectl-ipvs-{role}"]["rules"]
        for verb in rule["verbs"]
        for resource in rule["resources"]
    }


def restrict(box: Sandbox, granted: set[Right]) -> None:
    """Forbid all but these."""
    for verb in VERBS:
        for resource in RESOURCES:
            if (verb, resource) not in granted:
                name, _, subresource = resource.partition("/")
                box.deny(verb, name, subresource=subresource)


def needed() -> Iterator[tuple[str, Right, tuple[str, ...], str]]:
    """Give for each right of a role a command that misses it, and what that says."""
    status, restart = ("status", "--check"), ("restart", "node1", "--yes", *BRISK)
    by_name = ("--daemonset", "kube-proxy", *status)
    for role in ("viewer", "operator"):
        yield role, ("list", "daemonsets"), status, 'cannot list resource "daemonsets"'
        yield role, ("get", "daemonsets"), by_name, 'cannot get resource "daemonsets"'
        yield role, ("get", "configmaps"), status, 'cannot get resource "configmaps"'
        yield role, ("list", "pods"), status, 'cannot list resource "pods"'
        yield role, ("create", "pods/exec"), status, 'cannot create resource "pods/exec"'
        yield role, ("list", "nodes"), status, 'cannot list resource "nodes"'
        yield role, ("list", "services"), ("services",), 'cannot list resource "services"'
        yield role, ("list", "endpointslices"), ("table",), 'cannot list resource "endpointslices"'
    for verb in ("get", "create"):
        yield "operator", (verb, "leases"), restart, f'cannot {verb} resource "leases"'
    yield "operator", ("update", "leases"), restart, "update leases kubectl-ipvs"
    yield "operator", ("patch", "configmaps"), ("set", "--scheduler", "lc", "--yes", *BRISK), "patch configmaps"
    yield "operator", ("delete", "pods"), restart, "delete pods"
    yield "operator", ("patch", "daemonsets"), ("restart", "--strategy=rollout", "--yes", *BRISK), "patch daemonsets"


@pytest.mark.parametrize(("role", "commands"), [("viewer", LOOK), ("operator", CHANGE)])
def test_role_is_enough(role: str, commands: list[tuple[str, ...]], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Every command of the role works when all else is forbidden, without a warning."""
    box = sandbox(nodes=2, version="v1.34.2")
    restrict(box, rights(role))

    runs = {words: ipvs(box, *words) for words in commands}

    assert {words: (run.code, run.err) for words, run in runs.items() if run.code or "warning" in run.err} == {}


@pytest.mark.parametrize(("role", "right", "words", "said"), list(needed()))
def test_one_right_less_is_named(
    role: str, right: Right, words: tuple[str, ...], said: str, sandbox: MakeSandbox, ipvs: Ipvs
) -> None:
    """Without one right of the role a command says which one is missing: as an error, a warning, or a node's reason."""
    box = sandbox(nodes=2)
    restrict(box, rights(role) - {right})

    run = ipvs(box, *words)

    goes_on = {("list", "nodes"), ("list", "daemonsets"), ("get", "leases"), ("create", "leases"), ("update", "leases")}
    goes_on.add(("list", "endpointslices"))
    assert (said in run.out + run.err, run.code != 0) == (True, right not in goes_on), run.err


CALICO = ({"kind": "FelixConfiguration", "metadata": {"name": "default"}},
          {"kind": "Installation", "metadata": {"name": "default"}},
          {"kind": "PrometheusRule", "metadata": {"name": "rules", "namespace": "default"}})  # fmt: skip
DOCTOR = sorted(rights("doctor"))


@pytest.mark.parametrize("less", [None, *DOCTOR], ids=["whole", *(" ".join(right) for right in DOCTOR)])
def test_doctor_needs_each_right_of_its_role(less: Right | None, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """With the viewer's rights and its own nothing is unknown; without any one of them that one question is."""
    with sandbox(nodes=1) as first:
        built = [*first.objects("DaemonSet"), *first.objects("ConfigMap"), *first.objects("Node")]
    calico = copied(built[0])
    calico["metadata"]["name"] = "calico-node"
    calico["spec"]["template"]["spec"] = {"containers": [{"name": "calico-node", "image": "calico/node:v3.32.0"}]}
    box = sandbox(world={"objects": [*built, calico, *CALICO]})
    restrict(box, (rights("viewer") | rights("doctor")) - {less or ("", "")})

    run = ipvs(box, "doctor", "-o", "json")

    assert (run.code, len(run.json["unknown"])) == (0, 1 if less else 0), run.out
    assert not less or f'cannot {less[0]} resource "{less[1]}"' in run.json["unknown"][0]["reason"]


def test_watch_only_spares_the_server(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without the right to watch pods are listed again and again: a restart works all the same."""
    box = sandbox(nodes=1)
    restrict(box, rights("operator") - {("watch", "pods")})

    assert ipvs(box, "restart", "--yes", *BRISK).code == 0


@pytest.mark.parametrize(
    ("right", "with_it", "without_it"),
    [
        (("list", "services"), "(of no Service)", "kubectl ipvs set --exclude-cidrs 192.168.50.10/32"),
        (("get", "pods/log"), "simulated crash", "kubectl -n kube-system logs"),
    ],
    ids=["services", "logs"],
)
def test_optional_rights(right: Right, with_it: str, without_it: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Two rights make the answer better, and nothing fails without them."""
    said = []
    for granted in (rights("operator"), rights("operator") - {right}):
        box = sandbox(nodes=2, faults={"node1": "foreign=wlc"})
        restrict(box, granted)
        for node in box.nodes:
            box.fault(node, "crash-loop" if right[1] == "pods/log" else "foreign=wlc")
        words = ("restart", "--yes", *BRISK) if right[1] == "pods/log" else ("status",)
        run = ipvs(box, *words)
        said.append(run.out + run.err)

    assert [with_it in text for text in said] == [True, False], said
    assert without_it in said[1], said[1]


def test_port_forward_is_for_nftables_mode(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Only there something is seen by it; without the right the node is named, and the exit code is 3."""
    runs = []
    for mode, granted in (("ipvs", False), ("nftables", True), ("nftables", False)):
        box = sandbox(nodes=1, mode=mode, version="v1.36.3")
        left_out = set() if granted else {("get", "pods/portforward"), ("create", "pods/portforward")}
        restrict(box, rights("operator") - left_out)
        runs.append(ipvs(box, "restart", *BRISK))

    assert [run.code for run in runs] == [0, 0, 3], [run.err for run in runs]
    assert 'cannot create resource "pods/portforward"' in runs[-1].out


HELPER = ("status", "--check", "--read=helper", "--helper-image", "busybox")


def test_the_helper_role_beside_the_viewer(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Both together are enough to read nodes by helper pods, and by kube-proxy's own port; nothing is left."""
    box = sandbox(nodes=2, image="eks")
    restrict(box, rights("viewer") | rights("helper"))

    by_pod, by_port = ipvs(box, *HELPER), ipvs(box, "status", "--read=proxy")

    assert (by_pod.code, by_pod.err, by_port.code, by_port.rows["node1"][-1]) == (0, "", 3, "in sync")
    pods = [pod["metadata"] for pod in box.objects("Pod") if "deletionTimestamp" not in pod["metadata"]]
    assert [pod["name"] for pod in pods if pod["name"].startswith("kubectl-ipvs-")] == []


@pytest.mark.parametrize(
    ("right", "words", "said"),
    [
        (("create", "pods"), HELPER, 'cannot create resource "pods"'),
        (("list", "pods"), HELPER, 'cannot list resource "pods"'),
        (("delete", "pods"), HELPER, "it ends by itself within"),
        (("create", "pods/exec"), HELPER, 'cannot create resource "pods/exec"'),
        (("create", "pods/portforward"), ("status", "--read=proxy"), 'cannot create resource "pods/portforward"'),
    ],
)
def test_the_helper_role_has_nothing_to_spare(
    right: Right, words: tuple[str, ...], said: str, sandbox: MakeSandbox, ipvs: Ipvs
) -> None:
    """Less one right something is missing, and is named; streams have one verb for each kind of server."""
    box = sandbox(nodes=1, image="eks")
    restrict(box, (rights("viewer") | rights("helper")) - {right})

    run = ipvs(box, *words)

    assert said in run.out + run.err, run.err
    assert {right for right in rights("helper") if right[0] != "get"} == {
        ("create", "pods"), ("list", "pods"), ("delete", "pods"), ("create", "pods/exec"),
        ("create", "pods/portforward"),
    }  # fmt: skip


def test_every_right_is_needed() -> None:
    """Each right has a command that misses it, but for exec's other verb, those that are optional, and watch."""
    without = {("get", "pods/exec"), ("watch", "pods"), ("get", "pods/log"), ("delete", "leases")}
    without |= {("get", "pods/portforward"), ("create", "pods/portforward")}  # in nftables mode alone
    tested = {(role, right) for role, right, _, _ in needed()}

    assert {(role, right) for role in ("viewer", "operator") for right in rights(role) - without} == tested
