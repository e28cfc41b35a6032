"""`kubectl ipvs sandbox --from`: field clusters and copies of clusters, served as a user does it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from tests.field.harness import NAMES, Field, RunCase, commands, world
from tests.harness import QUICK

PROGRAM = str(Path(sys.executable).with_name("kubectl-ipvs"))
KUBECTL = shutil.which("kubectl")
KINDS = "nodes,daemonsets,configmaps,services,endpointslices,endpoints,pods"


def program(*words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the plugin as a program."""
    return subprocess.run(
        [PROGRAM, *words], env={**os.environ}, input=given, capture_output=True, text=True, timeout=25, check=False
    )


@pytest.mark.whole
@pytest.mark.parametrize("case", NAMES)
def test_every_case_is_served(case: str, run: RunCase) -> None:
    """Each loads from its file, and every command that was typed there comes to an end without a traceback."""
    with Sandbox(**{**QUICK, "world": world(case)}) as box:
        for words in commands(case)[:2]:
            ran = run(box, *words, *(("--timeout", "1s") if "-y" in words else ()))
            assert (ran.code in range(6), "Traceback" in ran.said) == (True, False), ran.said


def test_by_the_command() -> None:
    """`--from world.yaml -- COMMAND` runs the command against it; what is left out is counted on stderr."""
    ran = program(
        "sandbox", "--from", str(world("22b-second-ds-other-label")), "--", "kubectl-ipvs", "get", "-o", "name"
    )

    assert (ran.returncode, ran.stdout) == (0, "configmap/kube-proxy\n"), ran.stderr
    assert ran.stderr.startswith("a simulated cluster of 4 nodes: nothing here is real\n")


def test_from_stdin() -> None:
    """`-` is stdin; Secrets are counted and left out."""
    text = world("05-virtual-node-pending").read_text() + "---\nkind: Secret\nmetadata: {name: s}\n"

    ran = program("sandbox", "--from", "-", "--", "sh", "-c", "exit 7", given=text)

    assert (ran.returncode, "1 Secret" in ran.stderr) == (7, True), ran.stderr


def test_nonsense_is_one_line() -> None:
    """A file that is none of a cluster is said in one line, with exit 2."""
    ran = program("sandbox", "--from", "-", given="kind: DaemonSet\nmetadata: {name: x}\n")

    assert (ran.returncode, ran.stderr) == (2, "error: cannot read -: DaemonSet has no spec\n")


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl")
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_copy_by_kubectl(form: str, field: Field, run: RunCase, tmp_path: Path) -> None:
    """What kubectl prints of one cluster is another one: the same nodes, texts, schedulers and rows."""
    first = field("02-master-worker")
    run(first, "version")  # leaves the kubeconfig
    words = [str(KUBECTL), "get", KINDS, "-A", "-o", form, "--kubeconfig", str(tmp_path / "kubeconfig")]
    printed = subprocess.run(words, capture_output=True, text=True, timeout=25, check=True).stdout
    path = tmp_path / f"copy.{form}"
    path.write_text(printed)

    second = Sandbox(**{**QUICK, "world": path})

    assert (second.nodes, second.configurations) == (tuple(sorted(first.nodes)), first.configurations)
    assert (second.schedulers(), second.left_out) == (first.schedulers(), {})
    assert {node: second.table(node) for node in second.nodes} == {node: first.table(node) for node in first.nodes}
    assert len(yaml.safe_load(printed)["items"]) > 10
