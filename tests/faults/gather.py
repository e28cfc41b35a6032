"""Runs every cell, and writes down what came of it: the expectations, and docs/reliability.md."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults.cell import COMMANDS, EXPECTED, Cell, dumped, loaded
from tests.faults.document import DOCUMENT, document
from tests.faults.rows import FAULTS


def main(words: list[str]) -> None:
    """Run the cells (`words` go to pytest: -k for some of them) and write both files."""
    with tempfile.TemporaryDirectory() as folder:
        program = [sys.executable, "-m", "pytest", "-q", "-n", "6", "-m", "not load", "tests/faults/test_matrix.py"]
        subprocess.run([*program, "-k", "test_cell", *words], env={**os.environ, "UPDATE": folder}, check=True)
        gather(Path(folder))


def gather(folder: Path) -> None:
    """Make one file of expectations out of the cells that a run has written, and the document."""
    parts = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    found = {
        (name, command): Cell(*cell) for part in parts for name, row in part.items() for command, cell in row.items()
    }
    before = loaded(EXPECTED)
    cells = {
        name: {command: found.get((name, command)) or before[name][command] for command in COMMANDS} for name in FAULTS
    }
    EXPECTED.write_text(dumped(cells), encoding="utf-8")
    DOCUMENT.write_text(document(cells), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
