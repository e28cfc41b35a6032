"""What is tried again, and after which pause."""

import time
from collections.abc import Callable, Iterator

import pytest

from kubectl_ipvs.cluster.wire.retry import Pauses, is_transient, retry_after, retrying
from kubectl_ipvs.errors import ApiError, ConnectionFailed, IpvsError, KubeconfigError

DATE = "Fri, 31 Dec 1999 23:59:50 GMT"
NOON = 946684790.0  # DATE in seconds


def refusal(status: int, retry_after: float = 0) -> ApiError:
    """Give a refusal of the API server."""
    return ApiError("no", status=status, retry_after=retry_after)


@pytest.mark.parametrize(
    ("error", "transient"),
    [(ConnectionFailed("x"), True), (KubeconfigError("x"), False)]
    + [(refusal(status), True) for status in (429, 500, 502, 503, 504)]
    + [(refusal(status), False) for status in (400, 401, 403, 404, 405, 409, 410, 422, 501)],
)
def test_what_is_transient(error: Exception, transient: bool) -> None:  # noqa: FBT001 - a table's column
    """A server that is away, busy or not well; never one that said no."""
    assert is_transient(error) is transient


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 0),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 7 "}, 7),
        ({"retry-after": "9" * 400}, 30),
        ({"retry-after": "-1"}, 0),
        ({"retry-after": "\u00b2"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": DATE}, 9),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": "no date"}, 4),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, 4),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:40 GMT", "date": DATE}, 0),
        ({"retry-after": "Sat, 01 Jan 2000 23:59:59 GMT", "date": DATE}, 30),
        ({"retry-after": "Fri, 99 Dec 1999 99:99:99 GMT", "date": DATE}, 0),
        ({"retry-after": "Fri, 31 Dec 99999999999 23:59:59 GMT"}, 0),
    ],
)
def test_retry_after(headers: dict[str, str], expected: float) -> None:
    """Seconds, or a date by the server's own clock, by ours where it shows none; half a minute at most."""
    assert retry_after(headers, clock=lambda: NOON + 5) == expected


def test_pauses_grow_and_end() -> None:
    """Each is longer than the one before, to a limit; what the server asks for is kept to; the deadline ends them."""
    waits = Pauses(time.monotonic() + 20)

    chosen = [waits.after(ConnectionFailed("x")) for _ in range(6)]
    asked = [waits.after(refusal(429, seconds)) for seconds in (10, 1)]

    assert (chosen, asked) == ([0.2, 0.4, 0.8, 1.6, 3.0, 3.0], [10, 3.0])
    assert waits.after(refusal(503, 25)) is None
    assert Pauses(time.monotonic() - 1).after(ConnectionFailed("x")) is None


def fails(*errors: Exception) -> Callable[[], str]:
    """Give a call that fails like this, in turn, and then succeeds."""
    left: Iterator[Exception] = iter(errors)

    def call() -> str:
        error = next(left, None)
        if error is not None:
            raise error
        return "done"

    return call


def test_a_call_is_made_again() -> None:
    """A 429 without a Retry-After and a lost connection are waited out, with a pause."""
    began = time.monotonic()

    assert retrying(fails(refusal(429), ConnectionFailed("x")), 5) == "done"
    assert 0.6 <= time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("error", "timeout"), [(refusal(403), 5), (refusal(503), 0), (refusal(429, retry_after=9), 2), (refusal(409), 5)]
)
def test_a_call_that_is_not_made_again(error: IpvsError, timeout: float) -> None:
    """What the server refused for good, what has no time left, and what is to wait for longer than there is time."""
    began = time.monotonic()

    with pytest.raises(IpvsError) as raised:
        retrying(fails(error), timeout)

    assert (raised.value, time.monotonic() - began < 0.5) == (error, True)


def test_a_call_that_is_given_up() -> None:
    """Whoever gives up need not wait for the end of a long pause."""
    began = time.monotonic()

    with pytest.raises(ApiError):
        retrying(fails(refusal(429, retry_after=9)), 60, lambda: time.monotonic() - began > 0.3)

    assert time.monotonic() - began < 2
