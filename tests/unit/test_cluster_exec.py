"""How a command in a pod ended, and what a failed exec means; the wire itself is tested against the sandbox."""

import json

import pytest
import websocket

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.wire.command_result import Finished
from kubectl_ipvs.cluster.wire.exec import outcome
from kubectl_ipvs.cluster.wire.rest import Rest
from kubectl_ipvs.cluster.wire.upgrade import broken, refused_by
from kubectl_ipvs.errors import ApiError, ExecFailed

CUT = "the connection ended before the command did"
UNREADABLE = "the command's status cannot be read"
CRUN = (  # as containerd 1.6 passes it on
    'failed to exec in container: failed to start exec "1621": OCI runtime exec failed: executable file `cat` '
    "not found in $PATH: No such file or directory: unknown"
)
NOT_FOUND = 'exec: "ipvsadm": executable file not found in $PATH: unknown'


def failure(*causes: object, **more: object) -> object:
    """Give the Status object of a command that did not end with 0."""
    return {"status": "Failure", "details": {"causes": list(causes)}, **more}


def exit_code(message: object) -> object:
    """Give the cause that names an exit code."""
    return {"reason": "ExitCode", "message": message}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"metadata": {}, "status": "Success"}, Finished(0, "said")),
        (failure(exit_code("1"), reason="NonZeroExitCode", message="terminated"), Finished(1, "said")),
        (failure(None, {"reason": "x"}, exit_code("127")), Finished(127, "said")),
        (failure(exit_code(7)), Finished(7, "said")),
        (failure(exit_code("\u00b2"), message="odd"), Finished(None, "said", "odd")),
        (failure(exit_code("9" * 5000), message="odd"), Finished(None, "said", "odd")),
        (failure(exit_code(None), message="odd"), Finished(None, "said", "odd")),
        ({"status": "Failure", "reason": "InternalError", "message": NOT_FOUND}, Finished(None, "said", NOT_FOUND)),
        ({"status": "Failure", "details": None, "reason": "InternalError"}, Finished(None, "said", "InternalError")),
        ({"status": "Failure", "details": {"causes": "x"}}, Finished(None, "said", "it did not start")),
        ({}, Finished(None, "said", "it did not start")),
    ],
)
def test_outcome(status: object, expected: Finished) -> None:
    """The exit code where one is named, else the runtime's own words."""
    assert outcome(json.dumps(status).encode(), b" said\n") == expected


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (b"", CUT),
        (b"Success", UNREADABLE),
        (b"[]", UNREADABLE),
        (b"\xff", UNREADABLE),
        (b"[" * 100_000, UNREADABLE),
    ],
)
def test_no_outcome(status: bytes, problem: str) -> None:
    """Without a Status object the command gave no result."""
    with pytest.raises(ExecFailed) as raised:
        outcome(status, b"")
    assert (str(raised.value), raised.value.kind) == (problem, "unreadable")


def test_stderr_that_is_no_text() -> None:
    """Its bytes are replaced."""
    assert outcome(b'{"status": "Success"}', b"\xff!\n") == Finished(0, "\ufffd!")


@pytest.mark.parametrize(
    ("ended", "missing"),
    [
        (Finished(0, ""), False),
        (Finished(1, "no such file or directory"), False),
        (Finished(126, ""), False),
        (Finished(127, ""), True),
        (Finished(None, "", NOT_FOUND), True),
        (Finished(None, "", CRUN), True),
        (Finished(None, "", "executable file `cat` not found"), True),
        (Finished(None, "", "stat /bin/sh: no such file or directory"), True),
        (Finished(None, "", "container is not running"), False),
    ],
)
def test_missing(ended: Finished, missing: bool) -> None:  # noqa: FBT001 - a table's column
    """The image has no such executable: 127, or the runtime's words."""
    assert ended.missing is missing


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ApiError("the server refused (Forbidden): no", status=403, reason="Forbidden", hint="h"),
         ("no", "forbidden", "h")),
        (ApiError("the server refused (Unauthorized): no", status=401, reason="Unauthorized"), ("no", "forbidden", "")),
        (ApiError("the server refused (NotFound): p", status=404, reason="NotFound"), ("p", "gone", "")),
        (ApiError("the server refused (Timeout): slow", status=504, reason="Timeout"), ("slow", "timeout", "")),
        (ApiError("the server refused (500): container Not Found", status=500), ("container Not Found", "gone", "")),
        (ApiError("the server refused (BadRequest): container x not found", status=400, reason="BadRequest"),
         ("container x not found", "gone", "")),
        (ApiError("the server refused (InternalError): error dialing backend", status=500, reason="InternalError"),
         ("error dialing backend", "unreachable", "")),
        (ApiError("other words", status=418), ("other words", "unreachable", "")),
    ],
)  # fmt: skip
def testrefused_by(error: ApiError, expected: tuple[str, str, str]) -> None:
    """An exec that the API server refused: whose fault it is, in the server's own words."""
    failed = refused_by(error)
    assert (str(failed), failed.kind, failed.hint) == expected


def caused(error: Exception, cause: Exception) -> Exception:
    """Give an error as `raise error from cause` leaves it."""
    error.__cause__ = cause
    return error


LONGER = "try a longer --exec-timeout"
REFUSED = "the connection to the server 127.0.0.1:1 was refused"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), ("no answer within 2.5s", "timeout", LONGER)),
        (websocket.WebSocketTimeoutException("Connection timed out"), ("no answer within 2.5s", "timeout", LONGER)),
        (
            websocket.WebSocketConnectionClosedException("x"),
            ("the connection was cut before the command ended", "unreadable", ""),
        ),
        (websocket.WebSocketProtocolException("rsv"), ("not a WebSocket's answer: rsv", "unreadable", "")),
        (
            ConnectionRefusedError(111, "Connection refused"),
            (REFUSED, "unreachable", "is it the right host and port, and is it up?"),
        ),
        (
            caused(websocket.WebSocketException("x"), OSError(113, "No route to host")),
            ("cannot connect to 127.0.0.1:1: No route to host", "unreachable", ""),
        ),
    ],
)
def testbroken(error: Exception, expected: tuple[str, str, str]) -> None:
    """A connection that broke: too slow, cut, another protocol, or the system's words."""
    failed = broken(Rest(Connection("http://127.0.0.1:1")).transport, error, 2.5)
    assert (str(failed), failed.kind, failed.hint) == expected
