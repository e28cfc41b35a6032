"""The entry point: runs a command line, and the one place that catches.

Our errors become `error: ...` and `hint: ...` on stderr and an exit code. Anything else is a bug: its traceback stays,
made safe for a terminal, since a stranger's words may stand in it.
"""

import gc
import os
import re
import sys
from collections.abc import Sequence

from kubectl_ipvs.errors import ExitCode, IpvsError
from kubectl_ipvs.output.printable import printable_lines

RARELY = 10_000  # objects; with Python's own 700, 96 of the 1,400 ms of CPU of a `status` over 500 nodes; 37 with this
EQUALS = re.compile("(-[nslov])=(.*)", re.DOTALL)  # kubectl takes -n=NAME, click takes -n NAME and -nNAME


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `arguments` (default: the process's own); return the exit code."""
    if arguments is None:
        gc.set_threshold(RARELY)
    from kubectl_ipvs.cli.app import run

    try:
        code = run(spelled(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except IpvsError as error:
        return _fail(error)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception:  # noqa: BLE001 - a bug of ours, whatever it is
        return _crash()
    return code


def spelled(words: Sequence[str]) -> list[str]:
    """Return the words with `-n=NAME` as `-n NAME`; what follows `--` is another program's."""
    end = list(words).index("--") if "--" in words else len(words)
    found = [(word, EQUALS.fullmatch(word)) for word in words[:end]]
    own = [part for word, match in found for part in (match.groups() if match else (word,))]
    return [*own, *words[end:]]


def _fail(error: IpvsError) -> int:
    sys.stderr.write(f"error: {printable_lines(str(error))}\n")
    if error.hint:
        sys.stderr.write(f"hint: {printable_lines(error.hint)}\n")
    sys.stderr.write(printable_lines(error.detail))
    return error.exit_code


def _crash() -> int:
    import traceback

    sys.stderr.write(printable_lines(traceback.format_exc()))
    return ExitCode.ERROR
