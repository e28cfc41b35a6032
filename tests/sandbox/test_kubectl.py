"""kubectl itself against the sandbox: what it can do with a real cluster it can do here, with the same words.

One sandbox for all tests that only read or repair themselves; what would be in each other's way gets its own.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.nodes.kubeproxy import DEPRECATED

KUBECTL = shutil.which("kubectl", path=str(Path(sys.executable).parent))
pytestmark = [
    pytest.mark.skipif(KUBECTL is None, reason="no kubectl beside Python"),
    # Processes start slowly on a busy machine; nothing here waits for a time, only for kubectl.
    pytest.mark.timeout(60),
]
QUICK = {"terminate": 0.05, "start": 0.05, "sync": 0.05}


class Kubectl:
    """kubectl with the kubeconfig of one sandbox, and a home of its own."""

    def __init__(self, box: Sandbox, home: Path) -> None:
        self.box = box
        self.home = home
        self.environment = {"HOME": str(home), "PATH": os.environ["PATH"], "KUBECONFIG": str(self.config())}

    def config(self, user: str = "admin") -> Path:
        """Write the kubeconfig of a user."""
        path = self.home / f"kubeconfig-{user}"
        path.write_text(self.box.kubeconfig(user))
        return path

    def __call__(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run it to its end."""
        return subprocess.run(
            [str(KUBECTL), *words],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**self.environment, **environment},
        )

    def out(self, *words: str, **environment: str) -> str:
        """Return what it prints; it has to succeed."""
        run = self(*words, **environment)
        assert (run.returncode, run.stderr) == (0, "")
        return run.stdout

    def pods(self) -> dict[str, str]:
        """Return the kube-proxy pod of each node."""
        items = json.loads(self.out("get", "pods", "-n", "kube-system", "-l", "k8s-app=kube-proxy", "-o", "json"))[
            "items"
        ]
        return {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in items}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """Return kubectl for a sandbox of three nodes that all tests share."""
    with Sandbox(nodes=3, services=1, image="ipvsadm", **QUICK) as box:
        yield Kubectl(box, tmp_path_factory.mktemp("shared"))


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Kubectl]:
    """Return kubectl for a sandbox of two nodes that is the test's own."""
    with Sandbox(nodes=2, services=0, **QUICK) as box:
        yield Kubectl(box, tmp_path)


def heads(text: str) -> list[list[str]]:
    """Return the first two words of each line of a table that are no header and no blank."""
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("NAME")]
    return [line[:2] for line in lines]


def test_version(shared: Kubectl) -> None:
    """Kubectl sees the version the sandbox was asked to have."""
    answer = json.loads(shared("version", "-o", "json").stdout)  # a warning on stderr is about its own age

    assert answer["serverVersion"]["gitVersion"] == "v1.37.2"


def test_get_wide_prints_every_kind_as_a_table(alone: Kubectl) -> None:
    """`get -A -o wide` shows nodes, pods, ConfigMaps, DaemonSets, Services, Endpoints and namespaces."""
    text = alone.out("get", "nodes,pods,cm,ds,svc,ns", "-A", "-o", "wide")

    pods = sorted(alone.pods().values())
    assert heads(text) == [
        ["node/node1", "Ready"],
        ["node/node2", "Ready"],
        *(["kube-system", f"pod/{name}"] for name in pods),
        ["kube-system", "configmap/kube-proxy"],
        ["kube-system", "daemonset.apps/kube-proxy"],
        ["default", "service/hello"],
        ["default", "service/kubernetes"],
        ["kube-system", "service/kube-dns"],
        *([f"namespace/{name}", "Active"] for name in ("default", "kube-node-lease", "kube-public", "kube-system")),
    ]
    header = next(line for line in text.splitlines() if "CONTAINER-RUNTIME" in line)
    assert header.split() == [
        *("NAME", "STATUS", "ROLES", "AGE", "VERSION", "INTERNAL-IP", "EXTERNAL-IP"),
        *("OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"),
    ]


def test_watch_shows_the_old_pod_go_and_the_new_one_come(alone: Kubectl) -> None:
    """`get pods -w` prints each change of a deleted pod and of its successor, up to Ready."""
    old = alone.pods()["node2"]
    words = [
        str(KUBECTL),
        "get",
        "pods",
        "-n",
        "kube-system",
        "--field-selector=spec.nodeName=node2",
        "-w",
        "--no-headers",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=alone.environment) as watch:
        assert watch.stdout is not None
        seen = [watch.stdout.readline().split()[:3]]
        alone.out("delete", "pod", "-n", "kube-system", old)
        while not (seen[-1][0] != old and seen[-1][1:] == ["1/1", "Running"]):
            seen.append(watch.stdout.readline().split()[:3])
        watch.terminate()

    new = alone.pods()["node2"]
    assert [seen[0], seen[1], seen[-2], seen[-1]] == [
        [old, "1/1", "Running"],
        [old, "1/1", "Terminating"],
        [new, "0/1", "ContainerCreating"],
        [new, "1/1", "Running"],
    ]


def test_exec_passes_output_and_exit_code(shared: Kubectl) -> None:
    """`exec` brings stdout, stderr and the exit code of the command in the pod."""
    pod = shared.pods()["node1"]

    table = shared.out("exec", "-n", "kube-system", pod, "--", "ipvsadm", "-Ln")
    assert table.splitlines()[:2] == [
        "IP Virtual Server version 1.2.1 (size=4096)",
        "Prot LocalAddress:Port Scheduler Flags",
    ]
    run = shared("exec", "-n", "kube-system", pod, "--", "sh", "-c", "echo out; cat /nowhere; exit 7")
    assert (run.returncode, run.stdout, run.stderr) == (
        7,
        "out\n",
        "cat: /nowhere: No such file or directory\ncommand terminated with exit code 7\n",
    )


def test_exec_of_what_is_not_in_the_image(shared: Kubectl) -> None:
    """A program that is not there is named in containerd's words, and kubectl ends with 1."""
    run = shared("exec", "-n", "kube-system", shared.pods()["node1"], "--", "tcpdump")

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("error: Internal error occurred: ")
    assert run.stderr.endswith('exec: "tcpdump": executable file not found in $PATH: unknown\n')


def test_delete_pod_brings_a_new_one(alone: Kubectl) -> None:
    """`delete pod` waits until the pod is gone; the DaemonSet puts another in its place."""
    old = alone.pods()

    run = alone.out("delete", "pod", "-n", "kube-system", old["node1"])

    assert run == f'pod "{old["node1"]}" deleted from kube-system namespace\n'
    alone.out("rollout", "status", "-n", "kube-system", "ds/kube-proxy", "--timeout=10s")
    new = alone.pods()
    assert (new["node1"] != old["node1"], new["node2"] == old["node2"]) == (True, True)
    assert alone.box.restarts == {"node1": 1, "node2": 0}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("strategic", {"data": {"word": "strategic"}}),
        ("merge", {"data": {"word": "merge"}}),
        ("json", [{"op": "add", "path": "/data/word", "value": "json"}]),
    ],
)
def test_patch(shared: Kubectl, kind: str, body: object) -> None:
    """All three types of patch change the ConfigMap, in the name of the field manager."""
    words = ("-n", "kube-system", "patch", "cm", "kube-proxy", f"--type={kind}", "-p", json.dumps(body))

    assert shared.out(*words, "--field-manager=tester") == "configmap/kube-proxy patched\n"

    found = shared.box.config_map()
    fields = {entry["manager"]: entry["fieldsV1"] for entry in found["metadata"]["managedFields"]}
    assert (found["data"]["word"], fields["tester"]) == (kind, {"f:data": {"f:word": {}}})


def test_failing_json_patch_test_changes_nothing(shared: Kubectl) -> None:
    """A `test` that does not hold refuses the whole patch, in the API server's words."""
    before = shared.box.config_map()
    patch = json.dumps(
        [{"op": "test", "path": "/data/config.conf", "value": "other"}, {"op": "remove", "path": "/data"}]
    )

    run = shared("-n", "kube-system", "patch", "cm", "kube-proxy", "--type=json", "-p", patch)

    words = "The request is invalid: the server rejected our request due to an error in our request\n"
    assert (run.returncode, run.stderr) == (1, words)
    assert shared.box.config_map() == before


def test_server_dry_run_keeps_nothing(shared: Kubectl) -> None:
    """`--dry-run=server` is checked and answered, and nothing is stored."""
    before = shared.box.config_map()
    words = ("patch", "cm", "kube-proxy", "--type=merge", "-p", '{"data":{"config.conf":"x"}}', "--dry-run=server")

    assert shared.out("-n", "kube-system", *words).startswith("configmap/kube-proxy patched")
    assert shared.box.config_map() == before


def test_edit_goes_through_an_editor(alone: Kubectl) -> None:
    """`edit` of the ConfigMap works, as a user would do it without this plugin."""
    alone.out("edit", "-n", "kube-system", "cm", "kube-proxy", EDITOR="sed -i 's/scheduler: .*/scheduler: lc/'")

    assert yaml.safe_load(alone.box.config)["ipvs"]["scheduler"] == "lc"


def test_rollout_restart_and_status(alone: Kubectl) -> None:
    """`rollout restart` replaces every pod, one node at a time, and `rollout status` waits for it."""
    old = alone.pods()
    alone.box.set_config(alone.box.config.replace('scheduler: ""', "scheduler: lc"))

    assert (
        alone.out("rollout", "restart", "-n", "kube-system", "ds/kube-proxy") == "daemonset.apps/kube-proxy restarted\n"
    )
    text = alone.out("rollout", "status", "-n", "kube-system", "ds/kube-proxy", "--timeout=20s")

    assert text.splitlines()[-1] == 'daemon set "kube-proxy" successfully rolled out'
    assert set(alone.pods().values()).isdisjoint(old.values())
    assert (alone.box.most_down, alone.box.restarts) == (1, {"node1": 1, "node2": 1})
    deadline = time.monotonic() + 5
    while set(alone.box.schedulers().values()) != {"lc"} and time.monotonic() < deadline:
        time.sleep(0.01)
    assert alone.box.schedulers() == {"node1": "lc", "node2": "lc"}


def test_can_i_and_impersonation(shared: Kubectl) -> None:
    """`auth can-i` tells admin, viewer and an impersonated nobody apart."""
    viewer = str(shared.config("viewer"))
    runs = [
        shared("auth", "can-i", "patch", "cm/kube-proxy", "-n", "kube-system"),
        shared("auth", "can-i", "create", "pods/exec", "-n", "kube-system", KUBECONFIG=viewer),
        shared("auth", "can-i", "list", "pods", KUBECONFIG=viewer),
        shared("auth", "can-i", "list", "pods", "--as=jane"),
    ]

    assert [(run.returncode, run.stdout) for run in runs] == [(0, "yes\n"), (1, "no\n"), (0, "yes\n"), (1, "no\n")]


def test_as_reaches_the_server(shared: Kubectl) -> None:
    """`--as` is the effective user, in refusals and in the record of requests."""
    run = shared("get", "pods", "--as=jane", "--as-group=testers")

    words = 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"'
    assert (run.returncode, run.stderr) == (1, f"Error from server (Forbidden): {words}\n")
    seen = [
        (each.real_user, each.status) for each in shared.box.requests if each.user == "jane" and "/pods" in each.path
    ]
    assert seen[-1] == ("admin", 403)


def test_viewer_may_read_and_nothing_else(shared: Kubectl) -> None:
    """The viewer gets pods, and is refused a deletion in the API server's words."""
    viewer, pod = str(shared.config("viewer")), shared.pods()["node3"]

    run = shared("delete", "pod", "-n", "kube-system", pod, KUBECONFIG=viewer)

    what = 'cannot delete resource "pods" in API group "" in the namespace "kube-system"'
    words = f'Error from server (Forbidden): pods "{pod}" is forbidden: User "viewer" {what}\n'
    assert (run.returncode, run.stderr) == (1, words)


def test_certificate_user(shared: Kubectl) -> None:
    """A client certificate is a login too."""
    certificate = str(shared.config("certificate"))

    answer = json.loads(shared.out("auth", "whoami", "-o", "json", KUBECONFIG=certificate))

    groups = ["system:masters", "system:authenticated"]
    assert answer["status"]["userInfo"] == {"username": "kubernetes-admin", "groups": groups}


def test_wrong_token(shared: Kubectl) -> None:
    """A token nobody has is refused with 401."""
    run = shared("get", "pods", "--token=wrong")

    last = run.stderr.splitlines()[-1]
    # kubectl has two ways to end this sentence, by the request that is refused first
    assert (run.returncode, last.split(" (")[0]) == (1, "error: You must be logged in to the server")


def test_logs_say_which_proxier_runs(shared: Kubectl) -> None:
    """`logs` of a kube-proxy pod names the mode in effect."""
    text = shared.out("logs", "-n", "kube-system", shared.pods()["node2"])

    assert [line.partition("] ")[2] for line in text.splitlines()] == [
        '"Version info" version="v1.37.2"',
        '"Using ipvs Proxier"',
        f'"{DEPRECATED}"',
    ]


def test_pages(shared: Kubectl) -> None:
    """`--chunk-size` pages through a list, and every object comes once."""
    text = shared.out("get", "nodes", "--chunk-size=2", "-o", "name")

    assert text == "node/node1\nnode/node2\nnode/node3\n"
    pages = [
        each.query for each in shared.box.requests if each.path == "/api/v1/nodes" and each.query.get("limit") == ["2"]
    ]
    assert [("continue" in page) for page in pages] == [False, True]
