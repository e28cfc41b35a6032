"""The examples of every command's help: each one works, as it stands there."""

import importlib
import inspect
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_ipvs.cli.app import COMMANDS, HELP
from kubectl_ipvs.cli.words import FLAGS, GLOBAL
from tests.harness import Ipvs, MakeSandbox

ENDLESS = {  # exit codes at Ctrl-C
    "kubectl ipvs status --watch --interval 5s": 130,
    "kubectl ipvs top": 130,
    "kubectl ipvs top nodes node1 node2 --sort-by bytes": 130,
    "kubectl ipvs top services -n kube-system --interval 5s": 130,
    "kubectl ipvs sandbox": 0,
}
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # kubectl and plugin
OURS = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}  # the code that is tested
SHELL = {"kubectl ipvs sandbox --nodes 50 --fault node7=hang --fault node9=crash-loop -- sh"}  # asks at a terminal
ELSEWHERE = {
    "kubectl ipvs completion install",
    "kubectl ipvs completion uninstall",
}  # tests/package: on an installation
COPY = "kubectl get nodes,ds,cm,svc,endpointslices,pods -A -o yaml > my.yaml && kubectl ipvs sandbox --from my.yaml"


def examples() -> list[str]:
    """Give every example, without a shell's comment."""
    texts = [HELP, *(importlib.import_module(f"kubectl_ipvs.cli.commands.{name}").run.__doc__ for name in COMMANDS)]
    blocks = [re.split(r"Examples:\n", inspect.cleandoc(text))[1].split("\n\n")[0] for text in texts]
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in dict.fromkeys(lines) if line not in ELSEWHERE | SHELL | {COPY} | set(ENDLESS)]


def test_every_command_has_examples() -> None:
    """Each command shows at least one example of itself."""
    silent = [name for name in COMMANDS if not any(line.startswith(f"kubectl ipvs {name}") for line in known())]

    assert silent == []


def known() -> set[str]:
    """Give the examples that are run and those that are not."""
    return set(examples()) | set(ENDLESS) | ELSEWHERE | SHELL | {COPY}


@pytest.mark.whole
@pytest.mark.parametrize("line", examples())
def test_example_works(line: str, ipvs: Ipvs, sandbox: MakeSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands before a pipe or `&&` ends with exit code 0 on a cluster of seven nodes, after a change."""
    box = sandbox(nodes=7)
    monkeypatch.setenv("PATH", PATH)
    words = shlex.split(re.split(r" \| | && ", line)[0])[2:]
    quick = ("--yes", "--settle", "0.1s") if words[0] in {"set", "undo", "restart"} else ()
    if words[0] == "undo":
        assert ipvs(box, "set", "--scheduler", "wlc", *quick).code == 0

    run = ipvs(box, *words, *quick)

    assert run.code == 0, run.err


def started(line: str, kubeconfig: str) -> "subprocess.Popen[str]":
    """Start an example as a terminal would, in a group of its own."""
    env = {"PATH": PATH, "KUBECONFIG": kubeconfig, "HOME": os.environ["HOME"], **OURS}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        shlex.split(line), env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


@pytest.mark.whole
@pytest.mark.timeout(120)  # an interpreter that ends while seven others want two processors
@pytest.mark.parametrize(("line", "code"), sorted(ENDLESS.items()))
def test_endless_example_ends_with_ctrl_c(line: str, code: int, sandbox: MakeSandbox, tmp_path: Path) -> None:
    """It shows something, goes on, and is over at Ctrl-C without a traceback."""
    config = tmp_path / "kubeconfig"
    config.write_text(sandbox(nodes=2).kubeconfig())

    with started(line, str(config)) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        os.killpg(running.pid, signal.SIGINT)
        err = running.communicate(timeout=60)[1]

    assert (running.returncode, first != "", "Traceback" in err) == (code, True, False)


@pytest.mark.parametrize("line", sorted(SHELL))
def test_example_with_a_shell(line: str, tmp_path: Path) -> None:
    """The shell finds the cluster that the example asks for, and its exit code is ours."""
    with started(line, str(tmp_path / "none")) as running:
        out, err = running.communicate("kubectl get nodes --no-headers | wc -l; exit 7\n", timeout=25)

    assert (running.returncode, out.split(), "Traceback" in err) == (7, ["50"], False)


def test_example_with_a_copy(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """What kubectl prints of a cluster is a cluster of its own: the copy has the same nodes, and ends at Ctrl-C."""
    (tmp_path / "kubeconfig").write_text(sandbox(nodes=4).kubeconfig())
    line = COPY.replace("my.yaml", str(tmp_path / "my.yaml")).replace("&& kubectl", "&& exec kubectl")
    count = "kubectl --kubeconfig={} get nodes --no-headers"

    with started(shlex.join(["sh", "-c", line]), str(tmp_path / "kubeconfig")) as running:
        assert running.stdout is not None
        config = running.stdout.readline().strip().removeprefix("export KUBECONFIG=")
        env = {"PATH": PATH, "HOME": str(tmp_path)}  # kubectl keeps a cache there
        nodes = subprocess.run(
            shlex.split(count.format(config)), env=env, capture_output=True, text=True, check=True
        ).stdout
        os.killpg(running.pid, signal.SIGINT)
        err = running.communicate(timeout=10)[1]

    assert (len(nodes.splitlines()), running.returncode, "Traceback" in err) == (4, 0, False)


DOCUMENTS = ("README.md", "docs/preflight.md", "docs/output.md", "docs/leaving-ipvs.md", "CHANGELOG.md", "SECURITY.md")
SPAN = re.compile(r"kubectl ipvs ([a-z]+)([^`\n|#&>]*)")


def mentioned() -> list[tuple[str, str, str]]:
    """Give every command of ours that a document shows: the file, the command, its flag or none."""
    root = Path(__file__).parents[2]
    found = []
    for name in DOCUMENTS:
        for command, rest in SPAN.findall((root / name).read_text(encoding="utf-8")):
            own = rest.partition(" -- ")[0]
            flags = re.findall(r"(?<=\s)(--?[a-z][a-z-]*)", own) or [""]
            found += [(name, command, flag) for flag in flags]
    return sorted(set(found))


@pytest.mark.parametrize(("document", "command", "flag"), mentioned())
def test_documents_name_what_there_is(document: str, command: str, flag: str) -> None:
    """A command or a flag that a document shows is one that the program has."""
    assert command in COMMANDS, document
    assert flag in {"", *FLAGS[command], *GLOBAL}, document
