"""The entry point: runs a command line, and the one place that catches.

Our errors become `error: ...` and `hint: ...` on stderr and an exit code. Anything else is a bug: its traceback stays.
"""

import os
import sys
from collections.abc import Sequence

from kubectl_ipvs.errors import ExitCode, IpvsError
from kubectl_ipvs.output.printable import printable_lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `arguments` (default: the process's own); return the exit code."""
    from kubectl_ipvs.cli.app import run

    try:
        code = run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except IpvsError as error:
        return _fail(error)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    return code


def _fail(error: IpvsError) -> int:
    sys.stderr.write(f"error: {printable_lines(str(error))}\n")
    if error.hint:
        sys.stderr.write(f"hint: {printable_lines(error.hint)}\n")
    sys.stderr.write(printable_lines(error.detail))
    return error.exit_code
