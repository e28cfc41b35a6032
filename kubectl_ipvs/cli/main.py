"""The entry point: runs a command line, and the one place that catches.

Our errors become `error: ...` and `hint: ...` on stderr and an exit code. Anything else is a bug: its traceback stays,
made safe for a terminal, since a stranger's words may stand in it.
"""

import gc
import os
import re
import sys
from collections.abc import Sequence

from kubectl_ipvs.cli.console import ADVICE, err
from kubectl_ipvs.errors import Cancelled, ExitCode, IpvsError
from kubectl_ipvs.output.printable import printable_lines

GC_THRESHOLD = (
    10_000  # objects; with Python's own 700, 96 of the 1,400 ms of CPU of a `status` over 500 nodes; 37 with this
)
EQUALS = re.compile("(-[nslov])=(.*)", re.DOTALL)  # kubectl takes -n=NAME, click takes -n NAME and -nNAME
# kubectl's spelling of a switch; --no-X is ours alone, where a switch can be turned off
SWITCHED = re.compile(
    "(--(?:strict-arp|stale|force|yes|no-restart|no-rollback|check|watch|once|client|all-namespaces|insecure-skip-tls-verify|"
    "disable-compression))=(true|false)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `arguments` and return the exit code; without them the process's own, and end the process with it."""
    if arguments is not None:
        return _run(arguments)
    gc.set_threshold(GC_THRESHOLD)
    _reopen_closed_streams()
    code = _run(sys.argv[1:])
    err("")
    # Nothing of ours is left to be done: taking down interpreter, modules and waiting threads one by one is 15 ms,
    # an eighth of `get`. What stdout could not take has been told of.
    os._exit(code)


def _reopen_closed_streams() -> None:
    """Give /dev/null to whoever was started without stdin, stdout or stderr (`2>&-`), as Go gives it to kubectl.

    Otherwise the next socket would have that number, and what is printed would go to the API server.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _run(words: Sequence[str]) -> int:
    from kubectl_ipvs.cli.app import run

    try:
        code = run(spelled(words))
        sys.stdout.flush()
    except IpvsError as error:
        return _fail(error)
    except KeyboardInterrupt:
        err("interrupted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception:  # noqa: BLE001 - a bug of ours, whatever it is
        return _crash()
    return code


def spelled(words: Sequence[str]) -> list[str]:
    """Return the words as click takes them: `-n NAME` for `-n=NAME`; what follows `--` is another program's."""
    end = list(words).index("--") if "--" in words else len(words)
    found = [(word, EQUALS.fullmatch(word)) for word in words[:end]]
    own = [part for word, match in found for part in (match.groups() if match else _switched(word))]
    return [*own, *words[end:]]


def _switched(word: str) -> list[str]:
    """Return `--flag=true` as `--flag`; `=false` as nothing, or as the flag that turns it off."""
    match = SWITCHED.fullmatch(word)
    if match is None:
        return [word]
    if match[2] == "true":
        return [match[1]]
    return ["--no-strict-arp"] if match[1] == "--strict-arp" else []


def _fail(error: IpvsError) -> int:
    if isinstance(error, Cancelled):
        err(f"{error}\n")
        return error.exit_code
    hint = f"hint: {printable_lines(ADVICE(error.hint))}\n" if error.hint else ""
    err(f"error: {printable_lines(ADVICE(str(error)))}\n{hint}{printable_lines(error.detail)}")
    return error.exit_code


def _crash() -> int:
    import traceback

    err(printable_lines(traceback.format_exc()))
    return ExitCode.ERROR
