"""TAB in bash, zsh and fish, with kubectl's own completion loaded: what a user types, and what then stands there."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.harness import MakeSandbox
from tests.package.conftest import Install
from tests.package.machine import ENDS, run
from tests.package.terminal import Terminal

BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")
SHELLS = {
    "bash": (
        ["bash", "--noprofile", "--norc", "-i"],
        f"source {BASH_COMPLETION}; source <(kubectl completion bash)",
    ),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit; compinit -u -D; source <(kubectl completion zsh)"),
    "fish": (["fish", "--no-config", "-i"], "kubectl completion fish | source"),
}
TIMES = 5  # on a busy machine a second may be too short: whoever is offered nothing presses TAB again
LINE_START, TAB, ENTER = "\x01", "\t", "\r"
WAY = "krew {}.{} with completion".format(*ENDS[-1])


@pytest.fixture(params=sorted(SHELLS))
def shell(
    request: pytest.FixtureRequest, installed: Install, sandbox: MakeSandbox, tmp_path: Path
) -> Iterator[Terminal]:
    """Start a shell that has loaded kubectl's completion, before a sandbox of one node."""
    words, loading = SHELLS[request.param]
    if shutil.which(words[0]) is None or (words[0] == "bash" and not BASH_COMPLETION.exists()):
        pytest.skip(f"{words[0]} or its completion is not on this machine")
    place, config = installed(WAY), tmp_path / "kubeconfig"
    run(["kubectl", "ipvs", "completion", "install"], place.env)
    config.write_text(sandbox(nodes=1).kubeconfig())
    with closing(Terminal(words, {**place.env, "KUBECONFIG": str(config)})) as terminal:
        terminal.press(f'{loading}; echo "LOAD""ED"{ENTER}')
        terminal.until("LOADED\r?\n")
        yield terminal


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("sta", "status"),
        ("set --sched", "set --scheduler"),
        ("set --scheduler tw", "set --scheduler twos"),
        ("set --scheduler=tw", "set --scheduler=twos"),
        ("get -o js", "get -o json"),
        ("get --context san", "get --context sandbox"),
        ("status nod", "status node1"),
    ],
)
def test_one_candidate_is_typed_out(shell: Terminal, typed: str, completed: str) -> None:
    """Commands, flags, schedulers, formats, contexts and nodes are completed at TAB."""
    for _ in range(TIMES):
        shell.press(f'kubectl ipvs {typed}{TAB}{LINE_START}echo "LI""NE": {ENTER}')
        found = shell.until(r"LINE: kubectl ipvs ([^\r\n]*?) *\r?\n")[1]
        if found != typed:
            break

    assert found == completed


def test_several_are_listed_with_their_meaning(shell: Terminal) -> None:
    """Schedulers come with what they do."""
    shell.press(f"kubectl ipvs set --scheduler w{TAB}{TAB}")

    shell.until("weighted least connections")
