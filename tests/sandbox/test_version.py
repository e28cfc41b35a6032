"""`kubectl ipvs version`: what is asked for when something is wrong."""

import platform
import re
from importlib import metadata
from pathlib import Path

from kubectl_ipvs import __version__
from tests.harness import Ipvs, MakeSandbox

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_versions_of_all_that_takes_part(ipvs: Ipvs, sandbox: MakeSandbox) -> None:
    """Plugin, Python, the packages in use, the server: one line each."""
    run = ipvs(sandbox(nodes=1), "version")

    names = [line.partition(": ")[0] for line in run.out.splitlines()]
    assert (run.code, names) == (0, ["plugin", "python", "dependencies", "server"])
    assert f"typer {metadata.version('typer')}, " in run.out


def test_as_json(ipvs: Ipvs, sandbox: MakeSandbox) -> None:
    """Every dependency that pyproject.toml lists has a version."""
    run = ipvs(sandbox(nodes=1), "version", "-o", "json")

    block = PYPROJECT.read_text(encoding="utf-8").partition("\ndependencies = [")[2].partition("\n]")[0]
    listed = {entry.lower() for entry in re.findall(r'^ *"([\w-]+)', block, re.MULTILINE)}
    facts = {key: run.json[key] for key in ("kind", "plugin", "python", "server")}
    assert facts == {"kind": "Version", "plugin": __version__, "python": platform.python_version(), "server": "v1.37.2"}
    assert (set(run.json["dependencies"]), "" in run.json["dependencies"].values()) == (listed, False)


def test_without_a_server(ipvs: Ipvs) -> None:
    """No cluster is a warning: the versions here are worth knowing then, too."""
    run = ipvs(None, "version")

    assert (run.code, run.err.startswith("warning: the server's version is not known: ")) == (0, True)
