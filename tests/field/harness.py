"""The field clusters: each folder of `cases` is one as its owner described it, with what was typed there.

def test_an_empty_table_is_no_answer(field: Field) -> None:
box = field("01-empty-table")

code, out, err = run(box, "set", "--scheduler", "lc", "-y", *BRISK)
"""

import json
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from kubectl_ipvs.sandbox import Sandbox

CASES = Path(__file__).parent / "cases"
NAMES = tuple(sorted(path.name for path in CASES.iterdir() if path.is_dir()))
BRISK = ("--settle", "0.2s", "--timeout", "3s")


class Ran(NamedTuple):
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything it wrote."""
        return self.out + self.err

    @property
    def json(self) -> Any:  # noqa: ANN401 - any document
        """Stdout as JSON."""
        return json.loads(self.out)


class Field(Protocol):
    """Serves the cluster of a case until the test ends; options go over those of a quick sandbox."""

    def __call__(self, case: str, **options: Any) -> Sandbox:  # noqa: ANN401 - the options' own types
        """Start it."""


class RunCase(Protocol):
    """Runs `kubectl ipvs WORDS...` against a case, by its name or its running sandbox."""

    def __call__(self, case: str | Sandbox, *words: str) -> Ran:
        """Run it in this process, by the real entry point."""


def world(case: str) -> Path:
    """Return the file that describes a case."""
    return CASES / case / "world.yaml"


def commands(case: str) -> list[list[str]]:
    """Return the command lines that were typed there."""
    return [line.split() for line in (CASES / case / "commands").read_text().splitlines()]


def schedulers(box: Sandbox) -> set[str | None]:
    """Return the schedulers in force on the nodes."""
    return set(box.schedulers().values())


def restarted(box: Sandbox) -> set[str]:
    """Return the nodes whose kube-proxy was restarted."""
    return {node for node, count in box.restarts.items() if count}


def texts(box: Sandbox) -> list[str]:
    """Return the text of every configuration."""
    return list(box.configurations.values())
