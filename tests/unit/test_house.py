"""What the linters do not hold: the size of files and functions, and how tests are written."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 250
# Files that are longer, and why: one thing stays in one place. An entry that is no longer needed fails the test too.
LONG_FILES = {
    "kubectl_ipvs/operations/change/edits.py": "a change as a value: how it is made, by set and by undo",
    "kubectl_ipvs/operations/rollout/engine.py": "one rollout: its state belongs to one thread",
}
LONGEST_FUNCTION = 30  # lines of its body: parameters, one to a line, and the docstring are no work to follow
# Functions that are longer, and why. An entry that is no longer needed fails the test too.
LONG_FUNCTIONS: dict[str, str] = {}
MOCKS = {"mock", "unittest.mock", "pytest_mock"}


def sources(folder: str) -> dict[str, str]:
    """Give every Python file below a folder, by its path in the repository."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


def functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function, methods and inner ones included."""
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from the first statement to the last."""
    statements = function.body if ast.get_docstring(function) is None else function.body[1:]
    return (statements[-1].end_lineno or 0) - statements[0].lineno + 1 if statements else 0


def forbidden(text: str) -> Iterator[str]:
    """Yield what replaces our own code in a test."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MOCKS)
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
            yield from names & MOCKS
        elif isinstance(node, ast.Attribute) and node.attr == "setattr":
            yield f"{ast.unparse(node.value)}.setattr"
        elif isinstance(node, ast.arg) and node.arg == "mocker":
            yield "mocker"


def test_files_are_small() -> None:
    """No source file has more than 250 lines, but for those that are listed with a reason."""
    lengths = {path: len(text.splitlines()) for path, text in sources("kubectl_ipvs").items()}
    long = {path: length for path, length in lengths.items() if length > LONGEST_FILE}
    assert long.keys() == LONG_FILES.keys(), long


def test_functions_are_small() -> None:
    """No function has more than 30 lines of body, but for those that are listed with a reason."""
    long = {
        f"{path} {function.name}": body_length(function)
        for path, text in sources("kubectl_ipvs").items()
        for function in functions(text)
        if body_length(function) > LONGEST_FUNCTION
    }
    unlisted = {name: length for name, length in long.items() if name not in LONG_FUNCTIONS}
    assert (unlisted, set(LONG_FUNCTIONS) - set(long)) == ({}, set())


def test_every_test_says_what_it_promises() -> None:
    """Each test function has a docstring."""
    silent = [
        f"{path} {function.name}"
        for path, text in sources("tests").items()
        for function in functions(text)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]
    assert silent == []


def test_nothing_of_ours_is_replaced() -> None:
    """No mock and no monkeypatch.setattr: what is faked is faked at the wire."""
    found = {path: sorted(forbidden(text)) for path, text in sources("tests").items()}
    assert {path: names for path, names in found.items() if names} == {}


def test_what_is_forbidden_is_found() -> None:
    """The rule sees every form of it."""
    imports = "import unittest.mock\nfrom unittest import mock\nfrom unittest.mock import patch\n"
    assert sorted(forbidden(f"{imports}m.setattr(1)\ndef f(mocker): ...")) == [
        "m.setattr",
        "mocker",
        "unittest.mock",
        "unittest.mock",
        "unittest.mock",
    ]
