"""Keeps in step with the commands what is made from them: completion's words, docs/commands, the man page.

Without a flag all is written anew; with --check a file that differs, is missing or is left over fails.
"""

import subprocess
import sys
from pathlib import Path

import pages
import words

ROOT = Path(__file__).parent.parent
WORDS = ROOT / "kubectl_ipvs/cli/words.py"
MAN = ROOT / "data/share/man/man1/kubectl-ipvs.1"  # flit puts data/ where pip and pipx look for man pages
DOCS = ROOT / "docs/commands"


def wanted() -> dict[Path, str]:
    """Make every file's text."""
    made = {WORDS: _formatted(words.text()), MAN: pages.man()}
    return made | {DOCS / name: text for name, text in pages.markdown().items()}


def _formatted(text: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    ran = subprocess.run(
        [ruff, "format", "--stdin-filename", WORDS, "-"], input=text, capture_output=True, text=True, check=True
    )
    return ran.stdout


def run(*, check: bool) -> int:
    """Write the files, or compare them; return the exit code."""
    made = wanted()
    left = [path for path in DOCS.glob("*") if path not in made]
    wrong = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    if check:
        for path in (*wrong, *left):
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of step with the commands: run `make format`\n")
        return 1 if wrong or left else 0
    for path in left:
        path.unlink()
    for path in wrong:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path])
    return 0


if __name__ == "__main__":
    raise SystemExit(run(check="--check" in sys.argv[1:]))
