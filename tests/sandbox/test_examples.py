"""The examples of every command's help: each one works, as it stands there."""

import importlib
import inspect
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from kubectl_ipvs.cli.app import COMMANDS, HELP
from tests.harness import Ipvs, MakeSandbox

ENDLESS = {"kubectl ipvs status --watch --interval 5s", "kubectl ipvs sandbox"}  # end with Ctrl-C
SHELL = {"kubectl ipvs sandbox --nodes 50 --fault node7=hang --fault node9=crash-loop -- sh"}  # asks at a terminal
ELSEWHERE = {
    "kubectl ipvs completion install",
    "kubectl ipvs completion uninstall",
}  # tests/package: on an installation


def examples() -> list[str]:
    """Give every example, without a shell's comment."""
    texts = [HELP, *(importlib.import_module(f"kubectl_ipvs.cli.{name}").run.__doc__ for name in COMMANDS)]
    blocks = [re.split(r"Examples:\n", inspect.cleandoc(text))[1].split("\n\n")[0] for text in texts]
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in dict.fromkeys(lines) if line not in ENDLESS | ELSEWHERE | SHELL]


def test_every_command_has_examples() -> None:
    """Each command shows at least one example of itself."""
    silent = [name for name in COMMANDS if not any(line.startswith(f"kubectl ipvs {name}") for line in known())]

    assert silent == []


def known() -> set[str]:
    """Give the examples that are run and those that are not."""
    return set(examples()) | ENDLESS | ELSEWHERE | SHELL


@pytest.mark.parametrize("line", examples())
def test_example_works(line: str, ipvs: Ipvs, sandbox: MakeSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands before a pipe or `&&` ends with exit code 0 on a cluster of seven nodes, after a change."""
    box = sandbox(nodes=7)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # kubectl and plugin
    words = shlex.split(re.split(r" \| | && ", line)[0])[2:]
    quick = ("--yes", "--settle", "0.1s") if words[0] in {"set", "undo", "restart"} else ()
    if words[0] == "undo":
        assert ipvs(box, "set", "--scheduler", "wlc", *quick).code == 0

    run = ipvs(box, *words, *quick)

    assert run.code == 0, run.err
