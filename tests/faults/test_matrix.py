"""Every fault under every command: what the user sees, the exit code, what is left behind.

All cells: `make test-faults`. Without it (FAULTS=all in the environment) each fault is tried with one command, another
for each. After a change that is meant: `make test-faults UPDATE=1`, and read the difference before it is committed.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.faults.cell import COMMANDS, Cell, dumped, loaded, observe
from tests.faults.document import document
from tests.faults.rows import FAULTS
from tests.harness import Ipvs

EXPECTED = Path(__file__).with_name("expected.json")
DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
UPDATE = os.environ.get("UPDATE")
WHOLE = os.environ.get("FAULTS") == "all"
CELLS = [(name, command) for name in FAULTS for command in COMMANDS]
CHOSEN = CELLS if WHOLE or UPDATE else [(name, [*COMMANDS][at % len(COMMANDS)]) for at, name in enumerate(FAULTS)]


@pytest.fixture(scope="session")
def expected() -> Mapping[str, Mapping[str, Cell]]:
    """Read what is expected, once."""
    return loaded(EXPECTED)


@pytest.mark.parametrize(("name", "command"), CHOSEN)
def test_cell(name: str, command: str, ipvs: Ipvs, tmp_path: Path, expected: Mapping[str, Mapping[str, Cell]]) -> None:
    """What comes of it is what the table says."""
    cell = observe(name, command, ipvs, tmp_path)

    if UPDATE:
        (Path(UPDATE) / f"{CELLS.index((name, command))}.json").write_text(dumped({name: {command: cell}}))
    else:
        assert cell == expected[name][command]


@pytest.mark.parametrize("command", COMMANDS)
def test_invariants(command: str, expected: Mapping[str, Mapping[str, Cell]]) -> None:
    """No cell leaves a text that nobody asked for; one that changed nothing asked for says so by its exit code."""
    cells = {name: row[command] for name, row in expected.items()}
    changing = command in {"set", "undo"}

    assert [name for name, cell in cells.items() if "OTHER" in cell.left or "Traceback" in cell.said] == []
    assert [name for name, cell in cells.items() if changing and cell.code == 0 and "as asked" not in cell.left] == []
    assert [name for name, cell in cells.items() if not changing and "as asked" in cell.left] == []
    assert [name for name, cell in cells.items() if cell.code and cell.said == "(nothing)"] == []


def test_document(expected: Mapping[str, Mapping[str, Cell]]) -> None:
    """docs/reliability.md is what the table says, and the table has every row and no other."""
    assert list(expected) == list(FAULTS)
    assert {name: list(row) for name, row in expected.items()} == {name: list(COMMANDS) for name in FAULTS}
    assert DOCUMENT.read_text(encoding="utf-8") == document(expected)


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
    gather(Path(os.environ["UPDATE"]))
