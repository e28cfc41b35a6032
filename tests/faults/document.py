"""Writes docs/reliability.md from the expectations that the matrix is tested against."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.faults.cell import COMMANDS, Cell
from tests.faults.rows import GROUPS, Fault

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
START = """\
# When the cluster fails

Generated from the fault matrix by `make test-faults UPDATE=1`; every cell is a test that runs the command
under that fault, through the entry point that users start, against the sandbox (real HTTPS, WebSocket and TLS).

A cell says the exit code, the line that says what is wrong, and in italics what was left behind, where that
is not simply "nothing was changed". Exit codes: 0 done, 1 error, 3 some nodes failed, 4 somebody else changed it
meanwhile. SERVER is the API server's address, POD a pod's name.

Asserted in every cell: the ConfigMap's text is one that somebody asked for, byte for byte; where a change failed, the
old text is back; and where a node is not verified, the exit code is not 0.

"""
END = """\
## Secrets

Tokens, passwords, keys and other secrets of a kubeconfig are never shown: not in output, errors, tracebacks or
`-v=9`, not when a server repeats them, not in the arguments of a program that we start
(`tests/faults/test_secrets.py`). What you type yourself, `--token` for example, is visible to other users of your
machine as long as the process lives, as with kubectl: use a kubeconfig.

OpenSSL reads a client's key from a file alone. On Linux that file is in memory (`memfd_create`): it has no name and
ends with the process, SIGKILL included. Elsewhere it is a file of mode 0600 in the user's temporary folder, there for
the milliseconds of one call; a SIGKILL or a power cut in exactly that time leaves it there. Nothing else is ever
written to a disk.

## Whatever comes, in whatever order

Sequences of set, undo, restart, foreign edits, dying servers and broken nodes are drawn at random
(`tests/faults/machine.py`): after each step the configuration is a text that somebody asked for, with every other
byte as the last colleague left it, and no node is out of step without a word about it. The parsers, the edit, the
kubeconfig, exec's frames and the patches are fuzzed by coverage (`make fuzz`); what is found stays in
`tests/fuzz/corpus`. A hundred processes that change at once (`make test-load`) end in force, one after the other, or
with exit code 4; no update is lost and no lease is left.

Every rule of kubeconfigs is compared with kubectl itself, the newest and 1.20 (`tests/cluster`); get, status and set
run against API servers of 1.20 to 1.40 (`tests/faults/test_versions.py`).

## Limits

| what | limit | flag |
|---|---|---|
| output read of one node | 64 MiB, then the row says that it was cut | `--max-output` |
| all bytes of one exec, however framed | four times that, and 1 MiB | |
| one answer of the API server | 512 MiB | |
| stderr of one command | 64 KiB | |
| one node's answer, handshake included | 10 s in all, however it trickles | `--exec-timeout` |
| a kubeconfig | 32 MiB, 100 levels, 1,000,000 YAML nodes with aliases expanded | |
| a server's message in an error | 2,000 characters | |
| the configuration's text | 1 MiB, 100,000 YAML nodes with aliases expanded | |
| a cell of a table | 200 characters | |
| requests put off by Retry-After | 10 times, 30 s each | |
"""


def document(expected: Mapping[str, Mapping[str, Cell]]) -> str:
    """Return the whole file."""
    parts = [START]
    for title, faults in GROUPS.items():
        parts += [f"## {title}\n\n", *_table(faults, expected), "\n"]
    return "".join([*parts, END])


def _table(faults: Sequence[Fault], expected: Mapping[str, Mapping[str, Cell]]) -> list[str]:
    head = f"| fault | {' | '.join(COMMANDS)} |\n|{'---|' * (len(COMMANDS) + 1)}\n"
    rows = [
        f"| {fault.name} | {' | '.join(_cell(expected[fault.name][name]) for name in COMMANDS)} |\n" for fault in faults
    ]
    return [head, *rows]


def _cell(cell: Cell) -> str:
    said = "" if cell.said == "(nothing)" else f" `{cell.said.replace('|', '/').replace('`', ' ')}`"
    unchanged = cell.left.startswith("configuration as before") and "pods replaced" not in cell.left
    return f"{cell.code}{said}" + ("" if unchanged else f" *{cell.left}*")
