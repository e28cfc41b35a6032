"""Field clusters are tested as commands are: a sandbox behind real HTTPS, and the real entry point in this process."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kubectl_ipvs.cli.main import main
from kubectl_ipvs.sandbox import Sandbox
from tests.field.harness import Field, Ran, RunCase, world
from tests.harness import QUICK


@pytest.fixture
def field() -> Iterator[Field]:
    """Serve cases that are quick and end with the test."""
    with ExitStack() as stack:

        def serve(case: str, **options: object) -> Sandbox:
            return stack.enter_context(Sandbox(**{**QUICK, "world": world(case), **options}))

        yield serve


@pytest.fixture
def run(field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> RunCase:
    """Run a command line against a case; a name serves it anew each time."""

    def act(case: str | Sandbox, *words: str) -> Ran:
        box = field(case) if isinstance(case, str) else case
        path = tmp_path / "kubeconfig"
        path.write_text(box.kubeconfig())
        monkeypatch.setenv("KUBECONFIG", str(path))
        capfd.readouterr()
        code = main(words)
        captured = capfd.readouterr()
        return Ran(int(code), captured.out, captured.err)

    return act
