"""docs/rbac.yaml under the API server's own RBAC: each role is enough for its commands, one verb less is named.

The commands run as users of the test's own, by impersonation; what they change is tried with --dry-run=server, but for
one node's restart.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.clusters import Cluster
from tests.harness import Run

RBAC = Path(__file__).parents[2] / "docs/rbac.yaml"
PREFIX = "kubectl-ipvs-test"
SET = ("set", "--scheduler", "sh", "--dry-run=server", "--force")
RESTART = ("restart", "--dry-run=server")
MISSING = [  # role, verb, resource, command, what it says
    ("viewer", "get", "daemonsets", ("get", "--daemonset", "kube-proxy"), 'cannot get resource "daemonsets"'),
    ("viewer", "get", "configmaps", ("get",), 'cannot get resource "configmaps"'),
    ("viewer", "list", "pods", ("status",), 'cannot list resource "pods"'),
    ("viewer", "create,get", "pods/exec", ("status",), 'resource "pods/exec"'),
    ("viewer", "list", "nodes", ("status",), 'cannot list resource "nodes"'),
    ("operator", "patch", "configmaps", SET, "patch configmaps"),
    ("operator", "delete", "pods", RESTART, "delete pods"),
    ("operator", "patch", "daemonsets", (*RESTART, "--strategy=rollout"), "patch daemonsets"),
]


class Users:
    """Users of the test's own, one for each set of rules."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._made: dict[tuple[str, str, str], str] = {}

    def ipvs(self, role: str, less: tuple[str, str], *words: str) -> Run:
        """Run a command as a user who has a role, less verbs (`get,create`) on a resource."""
        return self._cluster.ipvs(*words, "--as", self._user(role, *less))

    def add(self, role: str, more: str) -> None:
        """Give the user of a whole role another one as well, until the end."""
        user = self._user(role, "", "")
        name = f"{user}-{more}"
        entry = self._role(more, [""], "") | {"metadata": {"name": name}}
        self._cluster.kubectl("apply", "-f", "-", text=yaml.safe_dump(entry))
        self._cluster.kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", f"--user={user}")
        self._made[(role, more, "beside")] = name
        time.sleep(2)  # the API server knows it a moment later

    def _user(self, role: str, verbs: str, resource: str) -> str:
        key = (role, verbs, resource)
        if key not in self._made:
            name = f"{PREFIX}-{len(self._made)}"
            entry = self._role(role, verbs.split(","), resource) | {"metadata": {"name": name}}
            self._cluster.kubectl("apply", "-f", "-", text=yaml.safe_dump(entry))
            self._cluster.kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", f"--user={name}")
            self._made[key] = name
            self._settle(name)
        return self._made[key]

    def _role(self, role: str, verbs: list[str], resource: str) -> dict[str, object]:
        roles = {entry["metadata"]["name"]: entry for entry in yaml.safe_load_all(RBAC.read_text())}
        entry: dict[str, object] = roles[f"kubectl-ipvs-{role}"]
        rules = entry["rules"]
        assert isinstance(rules, list)
        for rule in rules:
            if rule["resources"] == [resource]:
                rule["verbs"] = [verb for verb in rule["verbs"] if verb not in verbs]
        return entry | {"rules": [rule for rule in rules if rule["verbs"]]}

    def _settle(self, name: str) -> None:
        """Wait until the API server knows the binding: every role here may list DaemonSets."""
        end = time.monotonic() + 20
        while not self._may(name):
            assert time.monotonic() < end, f"the API server does not know {name} yet"
            time.sleep(0.2)

    def _may(self, name: str) -> bool:
        review = {
            "kind": "SubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1",
            "spec": {"user": name, "resourceAttributes": {"verb": "list", "group": "apps", "resource": "daemonsets"}},
        }
        said = self._cluster.kubectl(
            "create", "-f", "-", "-o", "jsonpath={.status.allowed}", text=yaml.safe_dump(review)
        )
        return said == "true"

    def forget(self) -> None:
        """Take all of them away."""
        for name in self._made.values():
            self._cluster.kubectl("delete", "clusterrole,clusterrolebinding", name)


@pytest.fixture(scope="module")
def users(real: Cluster) -> Iterator[Users]:
    """Make users, and take them away at the end."""
    made = Users(real)
    yield made
    made.forget()


@pytest.mark.parametrize(
    ("role", "words"),
    [("viewer", ("get",)), ("viewer", ("status",)), ("viewer", ("version",)), ("operator", SET), ("operator", RESTART)],
)
def test_role_is_enough(role: str, words: tuple[str, ...], users: Users) -> None:
    """Each command works with exactly its role."""
    run = users.ipvs(role, ("", ""), *words)

    assert (run.code, "forbidden" in run.err) == (0, False), run.err


def test_operator_restarts(users: Users, real: Cluster) -> None:
    """The operator restarts a node for good, watch and proof included."""
    node = min(real.pods)

    run = users.ipvs("operator", ("", ""), "restart", node, "-y", *real.pace)

    assert (run.code, run.out) == (0, f"node/{node} restarted\n"), run.err


def test_helper_role_beside_the_viewer(users: Users, real: Cluster) -> None:
    """Both roles read every node by helper pods, and nothing is left."""
    image = real.kubectl(
        "-n", "kube-system", "get", "daemonset", "kube-proxy",
        "-o", "jsonpath={.spec.template.spec.containers[0].image}",
    )  # fmt: skip
    users.add("viewer", "helper")

    run = users.ipvs("viewer", ("", ""), "status", "--check", "--read=helper", "--helper-image", image)

    assert (run.code, real.helper_pods()) == (0, {}), run.err


@pytest.mark.parametrize(("role", "verbs", "resource", "words", "said"), MISSING)
def test_one_verb_less_is_named(
    role: str, verbs: str, resource: str, words: tuple[str, ...], said: str, users: Users
) -> None:
    """Without a verb the command says which one is missing; only the list of nodes is a warning."""
    run = users.ipvs(role, (verbs, resource), *words)

    assert (said in run.out + run.err, run.code != 0 or resource == "nodes") == (True, True), run.err
