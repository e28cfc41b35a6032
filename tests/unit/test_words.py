"""One glossary: words that the project gave up are in nothing that a user reads (the list: CONTRIBUTING.md)."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GIVEN_UP = re.compile(
    r"""\b(?:
        holds? | held | holding | prov(?:e|es|ed|en|ing) | proofs? | follow(?:s|ed)?
        | (?:take|takes|taken|taking|took) (?:\s\w+){0,4} \s back | seen\sthrough | let(?:s|ting)?\sgo
        | in\sflight | begun | mend(?:s|ed|ing)? | overrul(?:e|es|ed|ing) | weigh(?:s|ed|ing)? | tell(?:s|ing)? | told
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Words of others that are kept as they are, so that a search for them finds what is known, and names of yesterday.
QUOTED = (
    "an integer followed by a corresponding time unit",  # kubectl's own error
    "versions follow [Semantic Versioning]",
    "`held` is `verified`",  # the changelog on an outcome's old name
)
DOCUMENTS = ("README.md", "SECURITY.md", "CHANGELOG.md", "plugin.yaml", "docs/**/*", "data/**/*.1")
HELP = "kubectl_ipvs/cli/commands/"  # the docstring of `run` there is a help text


def given_up(text: str) -> list[str]:
    """Return the given-up words of a text, each with what stands around it."""
    plain = " ".join(text.split())
    for quoted in QUOTED:
        plain = plain.replace(quoted, "")
    return [plain[max(0, found.start() - 40) : found.end() + 40] for found in GIVEN_UP.finditer(plain)]


def shown(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield every string of a source that may be shown, with its line: all but docstrings and single words."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            is_help = path.startswith(HELP) and getattr(node, "name", "") == "run"
            if ast.get_docstring(node) is not None and not is_help:
                node.body = node.body[1:] or [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value


def documents() -> Mapping[str, str]:
    """Give every document that users read, by its path; tables of the fault matrix quote the program."""
    paths = sorted(path for pattern in DOCUMENTS for path in ROOT.glob(pattern) if path.is_file())
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    matrix = "docs/reliability.md"
    texts[matrix] = "\n".join(line for line in texts[matrix].splitlines() if not line.startswith("| "))
    return texts


def test_program_says_none_of_the_words_given_up() -> None:
    """No help text, error, hint, finding or progress line has a word that the glossary gives up."""
    sources = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "kubectl_ipvs").rglob("*.py"))}
    found = [
        f"{name}:{line}: ...{words}..."
        for name, path in sources.items()
        for line, text in shown(name, path.read_text(encoding="utf-8"))
        for words in given_up(text)
    ]

    assert found == []


def test_documents_say_none_of_the_words_given_up() -> None:
    """README, docs, changelog, man page and the krew manifest keep to the glossary, too."""
    found = [f"{name}: ...{words}..." for name, text in documents().items() for words in given_up(text)]

    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "node1: holds: its table was seen",
        "take it back with: kubectl ipvs undo",
        "the nodes in flight are\nseen through, no other is begun",
        "--force overrules it",
        "no node follows yet",
    ],
)
def test_check_finds_the_words(text: str) -> None:
    """The check itself finds them, across line ends as well."""
    assert given_up(text)


def test_check_reads_help_and_strings_but_no_docstrings() -> None:
    """A docstring is ours; the one of a command's `run` is its help, and the parts of an f-string are shown."""
    text = '"""It holds a."""\ndef run():\n    """It holds b."""\n    say(f"{node} holds c")\n'

    inside = [words for _, words in shown(f"{HELP}get.py", text)]
    outside = [words for _, words in shown("kubectl_ipvs/x.py", text)]

    assert (inside, outside) == (["It holds b.", " holds c"], [" holds c"])
