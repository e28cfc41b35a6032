"""Our errors and exit codes."""

import pytest

from kubectl_ipvs import errors
from kubectl_ipvs.errors import ApiError, ExecFailed, ExitCode, IpvsError


def test_exit_codes() -> None:
    """They are documented, so they stay."""
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0,
        "ERROR": 1,
        "USAGE": 2,
        "PARTIAL": 3,
        "CONFLICT": 4,
        "OUT_OF_STEP": 5,
        "INTERRUPTED": 130,
    }


def test_the_exit_code_of_each_error() -> None:
    """1, but for a wrong command line, a change that came in between, and the user's own Ctrl-C."""
    found = {name: kind.exit_code for name, kind in vars(errors).items() if _is_ours(kind)}
    assert {name: code for name, code in found.items() if code is not ExitCode.ERROR} == {
        "UsageError": ExitCode.USAGE,
        "ChangedMeanwhile": ExitCode.CONFLICT,
        "Busy": ExitCode.CONFLICT,
        "Interrupted": ExitCode.INTERRUPTED,
    }


def _is_ours(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, IpvsError)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (IpvsError("x"), {"hint": "", "detail": ""}),
        (IpvsError("x", hint="h"), {"hint": "h", "detail": ""}),
        (
            ApiError("x", status=404, reason="NotFound", hint="h", retry_after=1.5),
            {"hint": "h", "detail": "", "status": 404, "reason": "NotFound", "retry_after": 1.5},
        ),
        (ApiError("x", status=500), {"hint": "", "detail": "", "status": 500, "reason": "", "retry_after": 0}),
        (ExecFailed("x", kind="timeout"), {"hint": "", "detail": "", "kind": "timeout"}),
    ],
)
def test_what_an_error_holds(error: IpvsError, expected: dict[str, object]) -> None:
    """The problem is its text; the rest has names."""
    assert (str(error), vars(error)) == ("x", expected)
