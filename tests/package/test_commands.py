"""Every command through kubectl, as each way of installing leaves it, against the sandbox and nothing else."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.harness import BRISK, MakeSandbox, Run
from tests.package.conftest import Install
from tests.package.installations import Installation, ways
from tests.package.machine import run

NODES = ["node1", "node2", "node3"]


def kubectl(place: Installation, *words: str, **more: str) -> Run:
    """Run `kubectl ipvs WORDS...`."""
    ran = run(["kubectl", "ipvs", *words], {**place.env, **more})
    return Run(ran.returncode, ran.stdout, ran.stderr)


def names(document: Mapping[str, object]) -> list[str]:
    """Give the nodes of a document."""
    nodes = document["nodes"]
    assert isinstance(nodes, list)
    return sorted(node["node"] for node in nodes)


@pytest.mark.parametrize("way", ways())
def test_every_command(way: str, installed: Install, sandbox: MakeSandbox, tmp_path: Path) -> None:
    """Read, change, look, take back, restart: all commands work with HOME and PATH alone in the environment."""
    place, config = installed(way), tmp_path / "kubeconfig"
    config.write_text(sandbox().kubeconfig())

    def ipvs(*words: str) -> Run:
        ran = kubectl(place, *words, KUBECONFIG=str(config))
        assert ran.code == 0, f"{words}: {ran.err}"
        return ran

    assert ipvs("get", "-o", "json").json["ipvs"]["scheduler"]["effective"] == "rr"
    changed = ipvs("set", "--scheduler", "lc", "--yes", *BRISK, "-o", "json")
    assert (changed.json["outcome"], names(changed.json)) == ("verified", NODES)
    assert ipvs("status", "--check", "-o", "json").json["summary"] == {"nodes": 3, "in-sync": 3}
    assert ipvs("undo", "--yes", *BRISK, "-o", "json").json["outcome"] == "verified"
    assert "outcome: verified" in ipvs("restart", "node2", "--yes", *BRISK, "-o", "yaml").out
    version = ipvs("version", "-o", "json").json
    assert (version["server"], all(version["dependencies"].values())) == ("v1.37.2", True)
    assert "kube-proxy's default" in ipvs("schedulers").out


@pytest.mark.parametrize("way", ways())
def test_help_speaks_as_a_plugin(way: str, installed: Install) -> None:
    """`kubectl ipvs --help` and every command's help say `kubectl ipvs`."""
    place = installed(way)
    listed = kubectl(place, "--help").out.partition("Commands:\n")[2].splitlines()

    said = {line.split()[0]: kubectl(place, line.split()[0], "--help").out.splitlines()[0] for line in listed if line}

    assert [name for name, first in said.items() if not first.startswith(f"Usage: kubectl ipvs {name} [flags]")] == []


@pytest.mark.parametrize("way", ways())
def test_the_sandbox_command(way: str, installed: Install) -> None:
    """`kubectl ipvs sandbox -- kubectl ipvs get` runs this very installation against its own sandbox."""
    ran = kubectl(installed(way), "sandbox", "--", "kubectl", "ipvs", "get", "-o", "name")

    assert (ran.code, ran.out) == (0, "configmap/kube-proxy\n")


@pytest.mark.parametrize("way", ways())
def test_completion_comes_along(way: str, installed: Install) -> None:
    """Both pip and pipx bring completion; under krew one command brings it, and one takes it away without a trace."""
    place = installed(way)
    before = sorted(path.name for path in place.bin.iterdir())

    installing = kubectl(place, "completion", "install")
    offered = run(["kubectl", "__complete", "ipvs", "set", "--scheduler", "rr"], place.env)
    removing = kubectl(place, "completion", "uninstall")

    assert (installing.code, offered.stdout) == (0, "rr\tround robin\n:4\n")
    assert removing.code == (0 if way.startswith("krew") else 1)
    assert sorted(path.name for path in place.bin.iterdir()) == before
