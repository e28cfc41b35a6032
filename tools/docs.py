"""Keeps README in step with the program: each `<!-- begin: NAME -->` block is what the program really prints.

Without a flag the blocks are written anew; with --check a block that differs fails (times, ports, ages do not count).
"""

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from session import play

from kubectl_ipvs.cli.main import main

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- begin: (\w+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)
VARIES = (
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\(\d+\.\ds\)", "(TIME)"),
    (r"kube-proxy-\w{5}\b", "POD"),
    (r"\b\d+(s|m|h|d)\b", "AGE"),
)


def printed(*words: str) -> str:
    """Return what a command prints on stdout."""
    held = StringIO()
    with redirect_stdout(held):
        code = main(words)
    if code:
        raise SystemExit(f"kubectl ipvs {' '.join(words)} ended with {code}")
    return held.getvalue()


DOCTOR = ("kubectl ipvs doctor",)
MAKERS: Mapping[str, Callable[[], str]] = {
    "session": lambda: f"```console\n{play(show=False)}```\n",
    "doctor": lambda: f"```console\n{play(show=False, commands=DOCTOR)}```\n",
    "help": lambda: f"```console\n$ kubectl ipvs --help\n{printed('--help')}```\n",
    "schedulers": lambda: f"```console\n$ kubectl ipvs schedulers\n{printed('schedulers')}```\n",
}


def normal(text: str) -> str:
    """Take out what differs from run to run, and the table's blanks that follow from it."""
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text)
    return "\n".join(re.sub(r" {2,}", "  ", line).rstrip() for line in _settled(text).splitlines())


def _settled(text: str) -> str:
    """Put lines about single nodes in order: nodes that are restarted side by side end in any order."""
    lines = text.splitlines()
    moving = sorted(line for line in lines if re.match(r"node\d+: ", line))
    return "\n".join(line for line in lines if not re.match(r"node\d+: ", line)) + "\n" + "\n".join(moving)


def run(*, check: bool) -> int:
    """Write README anew, or check it; return the exit code."""
    old = README.read_text()
    new = BLOCK.sub(lambda found: found[1] + MAKERS[found[2]]() + found[3], old)
    if not check:
        README.write_text(new)
        return 0
    for before, after in zip(BLOCK.finditer(old), BLOCK.finditer(new), strict=True):
        if normal(before[0]) != normal(after[0]):
            sys.stderr.write(f"README's block {before[2]} is out of step: run `make format`\n--- now\n{after[0]}\n")
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(run(check="--check" in sys.argv[1:]))
