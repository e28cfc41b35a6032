"""Durations as kubectl takes them for --request-timeout."""

import pytest

from kubectl_ipvs.cluster.access.request_timeout import request_timeout
from kubectl_ipvs.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", None), ("0", None), ("0s", None), ("-1s", None), ("5", 5), ("+5", 5), ("1s", 1), ("1.5s", 1.5),
     ("1m30s", 90), ("2h", 7200), ("100ms", 0.1), (".5s", 0.5), ("1µs", 1e-6)],
)  # fmt: skip
def test_a_timeout_is_read_as_by_kubectl(text: str, seconds: float | None) -> None:
    """A bare integer is seconds, a Go duration is itself, nothing and less is no limit."""
    assert request_timeout(text) == seconds


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "0.0", "5 s", " 5", "5_0", "1h1", "1e3", "٣", "9" * 30, "."])
def test_a_bad_timeout_is_refused_in_kubectls_words(text: str) -> None:
    """What kubectl refuses is a usage error."""
    with pytest.raises(UsageError, match=r"^Invalid timeout value\. Timeout must be a single integer in seconds"):
        request_timeout(text)
