"""A change is asked about on the terminal, wherever output goes; where nobody can be asked it is not made (D4)."""

import os
import subprocess
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import BRISK, Ipvs, MakeSandbox, writes
from tests.review.given import environment, restarted
from tests.review.terminal import PROGRAM, Terminal

CHANGES = [("set", "--scheduler", "lc", *BRISK), ("restart", *BRISK)]
ASKED = r"\(y/N\): "


def sink(path: Path) -> int:
    """Open a file as a shell does for `> path`."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)


@pytest.mark.parametrize("away", [(), ("stdout",), ("stderr",), ("stdout", "stderr")], ids="+".join)
def test_asked_wherever_output_goes(away: tuple[str, ...], sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D4: `2>&1 | tee`, `2> err.log`: the question is on the terminal all the same, and "n" is heard."""
    box = sandbox(nodes=2)
    before = box.config
    files = {name: sink(tmp_path / name) for name in away}

    with Terminal(CHANGES[0], environment(box, tmp_path), away=files) as it:
        it.until(ASKED)
        it.press("n\r")
        code = it.end()

    assert (code, box.config, restarted(box), writes(box)) == (1, before, {}, [])
    said = it.text + "".join((tmp_path / name).read_text() for name in away)
    assert "Cancelled: nothing was changed." in said
    assert "error:" not in said


@pytest.mark.parametrize("away", [(), ("stdout", "stderr")], ids="+".join)
def test_yes_goes_on(away: tuple[str, ...], sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D4: and "y" makes the change; the question says what is changed and where, without the lines above it."""
    box = sandbox(nodes=2)
    files = {name: sink(tmp_path / name) for name in away}

    with Terminal(CHANGES[0], environment(box, tmp_path), away=files) as it:
        it.until(ASKED)
        asked = it.text.splitlines()[-1]
        it.press("y\r")
        code = it.end()

    assert (code, box.schedulers()) == (0, {"node1": "lc", "node2": "lc"}), it.text
    assert [part for part in ("scheduler rr (default) -> lc", "2 nodes", "context sandbox") if part not in asked] == []


def test_ctrl_d_is_no(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D18: Ctrl-D is no answer but no; what is said stands on a line of its own."""
    box = sandbox(nodes=1)

    with Terminal(CHANGES[1], environment(box, tmp_path)) as it:
        it.until(ASKED)
        it.press("\x04")
        code = it.end()

    assert (code, restarted(box), it.text.splitlines()[-1]) == (1, {}, "Cancelled: nothing was changed.")


def test_ctrl_c_is_no(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D4: Ctrl-C at the question ends it, and nothing was changed."""
    box = sandbox(nodes=1)

    with Terminal(CHANGES[1], environment(box, tmp_path)) as it:
        it.until(ASKED)
        it.press("\x03")
        code = it.end()

    assert (code, restarted(box), writes(box)) == (130, {}, [])


@pytest.mark.parametrize("words", CHANGES, ids=lambda words: words[0])
@pytest.mark.parametrize("typed", ["", "n\n", "y\n"])
def test_nobody_can_be_asked(words: tuple[str, ...], typed: str, sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D4: stdin is no terminal and -y is not given: exit 2, nothing changed, whatever comes down the pipe."""
    box = sandbox(nodes=1)
    before = box.config

    ran = subprocess.run(
        [PROGRAM, *words], input=typed, capture_output=True, text=True, check=False, env=environment(box, tmp_path),
        timeout=30,
    )  # fmt: skip

    assert (ran.returncode, box.config, restarted(box), writes(box)) == (2, before, {}, []), ran.stderr
    assert "nothing was changed" in ran.stderr
    assert "--yes" in ran.stderr


def test_a_pipe_on_a_terminal(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D4: `echo n | kubectl ipvs restart` on a terminal: the "no" is not passed over, the restart is refused."""
    box = sandbox(nodes=1)
    end, start = os.pipe()
    os.write(start, b"n\n")
    os.close(start)

    with Terminal(CHANGES[1], environment(box, tmp_path), away={"stdin": end}) as it:
        code = it.end()
    os.close(end)

    assert (code, restarted(box), "nothing was changed" in it.text) == (2, {}, True)


def test_an_undo_is_asked_about_too(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """D4: `undo 2> err.log` asks, and the question says what comes back."""
    box = sandbox(nodes=1)
    assert ipvs(box, "set", "--scheduler", "lc", *BRISK).code == 0

    with Terminal(("undo", *BRISK), environment(box, tmp_path), away={"stderr": sink(tmp_path / "err.log")}) as it:
        it.until(ASKED)
        asked = it.text.splitlines()[-1]
        it.press("n\r")
        code = it.end()

    assert (code, box.schedulers(), "scheduler lc -> rr" in asked) == (1, {"node1": "lc"}, True), asked


def test_a_document_is_asked_about_with_what_changes(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D12: with -o json nobody is asked blind: field and values stand in the question."""
    box = sandbox(nodes=1)

    with Terminal(("set", "--strict-arp", "-o", "json", *BRISK), environment(box, tmp_path)) as it:
        it.until(ASKED)
        asked = it.text.splitlines()[-1]
        it.press("n\r")
        code = it.end()

    assert (code, "strictARP false -> true" in asked, _untouched(box)) == (1, True, True), asked


def _untouched(box: Sandbox) -> bool:
    return "strictARP: false" in box.config and not restarted(box)
