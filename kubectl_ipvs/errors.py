"""Our errors and exit codes: everything a user can read and act on.

Each error is one line `what failed: why`, lower case, the server's own words kept, and at most one hint that
names a command or a flag. An exception of any other class that reaches `main` is a bug and keeps its traceback.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How a run ended; documented in --help and README."""

    OK = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3
    CONFLICT = 4
    OUT_OF_STEP = 5
    INTERRUPTED = 130


# What says more about a run is worth more than what says less.
_WEIGHT = (
    ExitCode.OK, ExitCode.PARTIAL, ExitCode.OUT_OF_STEP, ExitCode.CONFLICT, ExitCode.ERROR, ExitCode.USAGE,
    ExitCode.INTERRUPTED,
)  # fmt: skip


def worst(*codes: ExitCode) -> ExitCode:
    """Return the exit code that says most; OK for none."""
    return max(codes, key=_WEIGHT.index, default=ExitCode.OK)


class IpvsError(Exception):
    """Something the user can read and act on."""

    exit_code: ClassVar[ExitCode] = ExitCode.ERROR

    def __init__(self, problem: str, *, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint
        self.detail = ""  # lines shown after the hint, a diff for example


class UsageError(IpvsError):
    """The words of the command line do not fit."""

    exit_code = ExitCode.USAGE


class KubeconfigError(IpvsError):
    """The connection cannot be made out: kubeconfig, context, credentials."""


class ConnectionFailed(IpvsError):
    """The API server was not reached, or did not answer as one."""


class ApiError(IpvsError):
    """The API server refused: its HTTP status, its reason (`NotFound`, `Forbidden` ...) and its own words."""

    def __init__(self, problem: str, *, status: int, reason: str = "", hint: str = "", retry_after: float = 0) -> None:
        super().__init__(problem, hint=hint)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class ExecFailed(IpvsError):
    """A command in a pod gave no result; `kind` is a state of the node's row (`timeout`, `forbidden` ...)."""

    def __init__(self, problem: str, *, kind: str, hint: str = "") -> None:
        super().__init__(problem, hint=hint)
        self.kind = kind


class ConfigurationInvalid(IpvsError):
    """kube-proxy's configuration cannot be read: line and column are named."""


class EditRefused(IpvsError):
    """An edit that cannot be proved to change only what was asked; nothing is written."""


class ChangedMeanwhile(IpvsError):
    """Somebody else changed the object between our read and our write; nothing is written."""

    exit_code = ExitCode.CONFLICT


class Busy(IpvsError):
    """Somebody else is changing the same cluster right now; nothing is written."""

    exit_code = ExitCode.CONFLICT


class Refused(IpvsError):
    """Preflight speaks against the change; nothing is written."""


class ReadOnly(IpvsError):
    """KUBECTL_IPVS_READONLY is set: every change is refused."""


class Interrupted(IpvsError):
    """The user stopped us in the middle of a call whose outcome is not known."""

    exit_code = ExitCode.INTERRUPTED


class Cancelled(IpvsError):
    """The user answered no; its words stand for themselves."""
