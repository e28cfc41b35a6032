"""TAB as kubectl hands it on: the program kubectl_complete-ipvs, what it asks, and when it stays silent."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.harness import Ipvs, MakeSandbox

SECOND = 1.0
TIMES = 8


class Tab:
    """Runs the program; every variable of the environment is given."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "kubeconfig"
        self.env = {"PATH": os.environ["PATH"], "KUBECONFIG": str(self.config), "PYTHONPATH": os.pathsep.join(sys.path)}

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Give exit code, stdout, stderr."""
        command = [sys.executable, "-m", "kubectl_ipvs.cli.complete", *words]
        ran = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False, input="")
        return ran.returncode, ran.stdout, ran.stderr

    def again(self, *words: str) -> tuple[int, str, str]:
        """Press until something is offered, a few times: on a busy machine a second may be too short."""
        for _ in range(TIMES):
            answer = self(*words)
            if answer != (0, ":4\n", ""):
                break
        return answer


@pytest.fixture
def tab(tmp_path: Path) -> Tab:
    """Press TAB."""
    return Tab(tmp_path)


def test_node_names_come_from_the_cluster(tab: Tab, sandbox: MakeSandbox) -> None:
    """Nodes are offered, but for those that are typed already."""
    tab.config.write_text(sandbox(nodes=3).kubeconfig())

    assert tab.again("restart", "node2", "") == (0, "node1\nnode3\n:4\n", "")


def test_flags_lead_to_the_cluster(tab: Tab, sandbox: MakeSandbox, tmp_path: Path) -> None:
    """What is typed of the connection counts: here the kubeconfig is named on the line alone."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(sandbox(nodes=1).kubeconfig())

    assert tab.again("--kubeconfig", str(elsewhere), "status", "n") == (0, "node1\n:4\n", "")


def test_contexts_come_from_the_kubeconfig(tab: Tab, sandbox: MakeSandbox) -> None:
    """Contexts, clusters and users are offered without asking any server."""
    box = sandbox(nodes=1)
    tab.config.write_text(box.kubeconfig())

    offered = [tab.again("get", flag, "") for flag in ("--context", "--cluster", "--user")]

    assert [(code, out.endswith("\n:4\n"), err) for code, out, err in offered] == [(0, True, "")] * 3
    assert offered[0][1] == "sandbox\n:4\n"
    assert list(box.requests) == []


@pytest.mark.parametrize(
    "text", ["", "{", "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]"], ids=["none", "broken", "dead"]
)
def test_no_cluster_is_no_error(tab: Tab, text: str) -> None:
    """No kubeconfig, one that cannot be read, a server that is not there: nothing is offered, nothing is said."""
    tab.config.write_text(text)

    assert tab("status", "") == (0, ":4\n", "")


def test_forbidden_is_no_error(tab: Tab, sandbox: MakeSandbox) -> None:
    """Who may not list nodes is offered none, silently."""
    box = sandbox(nodes=1)
    config = yaml.safe_load(box.kubeconfig())
    config["users"][0]["user"] = {"token": "unknown"}
    tab.config.write_text(yaml.safe_dump(config))

    assert tab("status", "") == (0, ":4\n", "")


def test_a_server_that_never_answers(tab: Tab) -> None:
    """Within a second TAB gives up, silently."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        server = f"https://127.0.0.1:{deaf.getsockname()[1]}"
        began = time.monotonic()
        answer = tab("-s", server, "--token", "t", "--insecure-skip-tls-verify", "status", "")
        took = time.monotonic() - began

    assert answer == (0, ":4\n", "")
    assert SECOND * 0.8 < took < SECOND * 5  # the bar is 1 s; a busy machine is slow to start, and tells nothing of it


def test_a_credential_plugin_that_asks_ends_with_us(tab: Tab, sandbox: MakeSandbox, tmp_path: Path) -> None:
    """A plugin that waits is given no terminal, says nothing, and is gone when TAB gives up."""
    plugin, started = tmp_path / "plugin", tmp_path / "started"
    plugin.write_text(f"#!/bin/sh\necho $$ > {started}\necho speak >&2\nsleep 20\n")
    plugin.chmod(0o755)
    config = yaml.safe_load(sandbox(nodes=1).kubeconfig())
    call = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "IfAvailable"}
    config["users"][0]["user"] = {"exec": call}
    tab.config.write_text(yaml.safe_dump(config))

    answers = [tab("status", "")]
    while not started.exists() and len(answers) < TIMES:  # a busy machine had not come as far
        answers.append(tab("status", ""))

    assert set(answers) == {(0, ":4\n", "")}
    assert _ends(int(started.read_text()))


def _ends(process: int, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def plugin(folder: Path, *words: str) -> tuple[int, str, str]:
    """Run `kubectl ipvs WORDS` as a program in a folder of its own; give exit code, stdout, stderr."""
    program = folder / "kubectl-ipvs"
    program.write_text("import sys\nfrom kubectl_ipvs.cli.main import main\nsys.exit(main())\n")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([sys.executable, program, *words], env=env, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout, ran.stderr


def test_install_without_a_bundle(tmp_path: Path) -> None:
    """Where pip installed the plugin and the second program is missing, a link would not help: that is said."""
    code, out, err = plugin(tmp_path, "completion", "install")

    assert (code, out, err.splitlines()[0].endswith("no bundle that could stand in for it")) == (1, "", True)


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    """Uninstall takes away its own link alone, and says when there is none."""
    beside = tmp_path / "kubectl_complete-ipvs"
    nothing = plugin(tmp_path, "completion", "uninstall")
    beside.write_text("theirs")

    refused = plugin(tmp_path, "completion", "uninstall")

    assert nothing == (0, f"{beside} is not there\n", "")
    assert (refused[0], beside.read_text()) == (1, "theirs")


def test_an_unknown_action_is_a_usage_error(ipvs: Ipvs) -> None:
    """Only install and uninstall are known."""
    run = ipvs(None, "completion", "remove")

    assert (run.code, run.err) == (2, 'error: invalid action value (remove): must be "install", "uninstall"\n')
