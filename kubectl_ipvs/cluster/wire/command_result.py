"""How a command in a pod ended."""

import re
from collections.abc import Callable
from typing import NamedTuple

MAX_OUTPUT = 64 * 1024 * 1024  # bytes of one command's output that are read
# runc: exec: "cat": executable file not found in $PATH; crun: executable file `cat` not found in $PATH: No such ...
_MISSING = re.compile(r"executable file (?:`[^`]*` )?not found|no such file or directory", re.IGNORECASE)
Sink = Callable[[bytes], None]


class Finished(NamedTuple):
    """A command that ran to its end: its exit code and what it said on stderr.

    `code` is None where the runtime could not start it; `problem` is then the runtime's own words.
    """

    code: int | None
    stderr: str
    problem: str = ""

    @property
    def missing(self) -> bool:
        """The executable is not in the image (the runtime's words), or a shell did not find it (127)."""
        return self.code == 127 or (  # noqa: PLR2004 - the shell's own number
            self.code is None and _MISSING.search(self.problem) is not None
        )
