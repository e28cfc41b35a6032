"""What is typed after `status`: nodes, formats, limits, and the watch."""

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.harness import Ipvs, MakeSandbox, Run

SCRIPT = Path(sys.executable).with_name("kubectl-ipvs")


def test_named_nodes_alone_are_asked(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Only the named nodes have rows, each once, and only they are asked."""
    box = sandbox(nodes=4, faults={"node1": "hang"}, image="ipvsadm")

    run = ipvs(box, "status", "node4", "node2", "node4")

    lines = run.out.splitlines()
    assert (run.code, [line.split()[0] for line in lines[:-1]], run.err) == (0, ["NODE", "node2", "node4"], "")
    assert lines[-1] == "2 of 2 nodes in sync on rr"
    assert len([seen for seen in box.requests if seen.path.endswith("/exec")]) == 2


def test_unknown_node_is_an_error(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node that is not there, or where no kube-proxy is meant to run, is named; nobody is asked."""
    box = sandbox(nodes=2, faults={"node2": "windows"})

    run = ipvs(box, "status", "node9", "node1", "node2")

    assert run == Run(
        1,
        "",
        "error: node node2, node9 not found, or no kube-proxy is meant to run there\n"
        "hint: `kubectl ipvs status` lists the nodes\n",
    )
    assert not [seen for seen in box.requests if seen.path.endswith("/exec")]


def test_formats(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-o name lists the nodes, -o wide adds the pod, versions and where the table was read."""
    box = sandbox(nodes=2, faults={"node2": "no-ipvsadm"}, version="v1.33.1", image="ipvsadm")
    pods = {pod["spec"].get("nodeName"): pod["metadata"]["name"] for pod in box.objects("Pod")}

    name, wide = ipvs(box, "status", "-o", "name"), ipvs(box, "status", "-o", "wide")

    assert name == Run(0, "node/node1\nnode/node2\n", "")
    assert [wide.rows[node][5:] for node in ("node1", "node2")] == [
        ["in sync", pods["node1"], "2d", "v1.33.1", "6.1.0-18-amd64", "ipvs", "ipvsadm", "-"],
        ["in sync", pods["node2"], "2d", "v1.33.1", "6.1.0-18-amd64", "ipvs", "proc", "-"],
    ]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ("-o", "xml"),
            'unable to match a printer suitable for the output format "xml", allowed formats are: wide,json,yaml,name',
        ),
        (("--concurrency", "0"), "invalid --concurrency 0: it takes 1 to 1000"),
        (("--exec-timeout", "soon"), 'invalid --exec-timeout "soon": it takes a time with a unit, such as 10s or 2m'),
        (("--watch", "--interval", "0"), 'invalid --interval "0": it takes a time with a unit, such as 10s or 2m'),
    ],
)
def test_usage(words: tuple[str, ...], problem: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A word that does not fit is exit 2, and no node is asked."""
    box = sandbox(nodes=1)

    assert ipvs(box, "status", *words) == Run(2, "", f"error: {problem}\n")
    assert not [seen for seen in box.requests if seen.path.endswith("/exec")]


def test_one_node_at_a_time(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--concurrency 1 asks one node after the other; an image that lacks ipvsadm is asked for it only once."""
    box = sandbox(nodes=4, image="official", exec_latency=0.05)

    run = ipvs(box, "--concurrency", "1", "status")

    asked = [seen for seen in box.requests if seen.path.endswith("/exec")]
    assert (run.code, [seen.query["command"][0] for seen in asked]) == (0, ["ipvsadm", "cat", "cat", "cat", "cat"])
    assert min(later.at - seen.at for seen, later in itertools.pairwise(asked)) >= 0.05


def test_watch_looks_again_until_ctrl_c(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """--watch shows a new table each time, with what has changed since, and ends with 130 at Ctrl-C."""
    box = sandbox(nodes=1)
    path = tmp_path / "kubeconfig"
    path.write_text(box.kubeconfig())
    words = [str(SCRIPT), "--kubeconfig", str(path), "status", "--watch", "--interval", "100ms"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        first = [process.stdout.readline() for _ in range(2)]
        box.set_scheduler("node1", "wrr")
        lines = iter(process.stdout.readline, "")
        changed = next(line for line in lines if line.startswith("node1 ") and "wrr" in line)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)

    assert [line.split()[0] for line in first] == ["NODE", "node1"]
    assert (first[1].split()[-2:], changed.split()[-3:]) == (["in", "sync"], ["out", "of", "step"])
    assert (process.returncode, said.splitlines()) == (130, ["interrupted"])
    assert "\x1b" not in "".join(first) + said


def test_watch_asks_a_credential_plugin_once(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """However often it looks: a plugin may open a browser."""
    box, asked = sandbox(nodes=1), tmp_path / "asked"
    config = yaml.safe_load(box.kubeconfig())
    version = "client.authentication.k8s.io/v1"
    answer = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": box.token}}
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\necho once >> {asked}\ncat <<'END'\n{json.dumps(answer)}\nEND\n")
    plugin.chmod(0o700)
    entry = {"apiVersion": version, "command": str(plugin), "interactiveMode": "Never"}
    config["users"][0]["user"] = {"exec": entry}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    words = [str(SCRIPT), "--kubeconfig", str(path), "status", "--watch", "--interval", "50ms"]

    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        heads = [line for line in itertools.islice(process.stdout, 9) if line.startswith("NODE")]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)

    assert (process.returncode, len(heads), asked.read_text()) == (130, 3, "once\n")
