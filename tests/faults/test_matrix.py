"""Every fault under every command: what the user sees, the exit code, what is left behind.

All cells: `make test-faults`; `make test` tries each fault with one command, another for each. After a change that is
meant: `make test-faults UPDATE=1`, and read the difference before it is committed.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.faults.cell import COMMANDS, EXPECTED, Cell, dumped, loaded, observe
from tests.faults.document import DOCUMENT, document
from tests.faults.rows import FAULTS
from tests.harness import Ipvs

UPDATE = os.environ.get("UPDATE")
CELLS = [(name, command) for name in FAULTS for command in COMMANDS]
AFTER = {"set": "lc", "undo": "rr"}
WAITING = ("status", "restart")  # without hope for a node, set and undo wait twice: here for two faults alone
SHARE = 3  # of the faults, one in so many is under one command in `make test`
QUICK = {("exec: exit 1", "set"), ("exec: refused by the kubelet", "undo")} | {
    (name, (WAITING if fault.is_slow else [*COMMANDS])[at % (len(WAITING) if fault.is_slow else len(COMMANDS))])
    for at, (name, fault) in enumerate(FAULTS.items())
    if at % SHARE == 0
}
PARAMETERS = [pytest.param(*cell, marks=() if cell in QUICK else pytest.mark.whole) for cell in CELLS]


@pytest.fixture(scope="session")
def expected() -> Mapping[str, Mapping[str, Cell]]:
    """Read what is expected, once."""
    return loaded(EXPECTED)


@pytest.mark.parametrize(("name", "command"), PARAMETERS)
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


@pytest.mark.parametrize("command", ["set", "undo"])
def test_exit_code_0_is_a_promise(command: str, expected: Mapping[str, Mapping[str, Cell]]) -> None:
    """A change that ended with 0 left no kernel on another scheduler than the one that was asked for."""
    done = {name: row[command].left for name, row in expected.items() if row[command].code == 0}
    kernels = {
        name: set(left.partition("kernels ")[2].partition(", pods")[0].split(", ")) for name, left in done.items()
    }

    assert {name: found for name, found in kernels.items() if found - {"nothing"} != {AFTER[command]}} == {}
    assert [name for name, found in kernels.items() if "nothing" in found] == ["Windows node"]


@pytest.mark.parametrize("command", ["set", "restart", "undo"])
def test_refused_is_untouched(command: str, expected: Mapping[str, Mapping[str, Cell]]) -> None:
    """What preflight refuses has written nothing and restarted nobody."""
    refused = {name: row[command].left for name, row in expected.items() if row[command].said.startswith("error IPVS")}

    assert len(refused) > 10
    assert [name for name, left in refused.items() if "pods replaced" in left or "as asked" in left] == []


def test_document(expected: Mapping[str, Mapping[str, Cell]]) -> None:
    """docs/reliability.md is what the table says, and the table has every row and no other."""
    assert list(expected) == list(FAULTS)
    assert {name: list(row) for name, row in expected.items()} == {name: list(COMMANDS) for name in FAULTS}
    assert DOCUMENT.read_text(encoding="utf-8") == document(expected)
