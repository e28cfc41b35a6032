"""The harness of the command tests: a sandbox, and the real entry point called in this process.

    def test_one_dead_node_does_not_hide_the_others(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
        box = sandbox(faults={"node2": "no-pod"})

        run = ipvs(box, "status")

        assert (run.code, run.rows["node2"][-1]) == (3, "no pod")

The sandbox is a server behind real HTTPS and WebSocket; nothing of the plugin is patched.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kubectl_ipvs.cli.main import main
from kubectl_ipvs.sandbox import Sandbox
from tests.harness import QUICK, Ipvs, MakeSandbox, Run, agreed


@pytest.fixture
def sandbox() -> Iterator[MakeSandbox]:
    """Start sandboxes that are quick and end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Sandbox(**{**QUICK, **options}))


@pytest.fixture
def ipvs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Ipvs:
    """Run a command line through the real entry point."""

    def run(box: Sandbox | None, *words: str, user: str = "admin", yes: bool = True) -> Run:
        if box is not None:
            path = tmp_path / f"kubeconfig-{user}"
            path.write_text(box.kubeconfig(user))
            monkeypatch.setenv("KUBECONFIG", str(path))
        capfd.readouterr()
        code = main(agreed(words) if yes else words)
        captured = capfd.readouterr()
        return Run(int(code), captured.out, captured.err)

    return run
