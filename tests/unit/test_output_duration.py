"""Ages as kubectl writes them (k8s.io/apimachinery, HumanDuration)."""

import pytest

from kubectl_ipvs.output.age import DAY, HOUR, MINUTE, YEAR, age


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "<unknown>"),
        (0, "0s"),
        (119, "119s"),
        (2 * MINUTE, "2m"),
        (7 * MINUTE + 12, "7m12s"),
        (10 * MINUTE - 1, "9m59s"),
        (10 * MINUTE, "10m"),
        (3 * HOUR - 1, "179m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + 20 * MINUTE + 59, "3h20m"),
        (8 * HOUR, "8h"),
        (48 * HOUR - 1, "47h"),
        (2 * DAY, "2d"),
        (2 * DAY + 4 * HOUR, "2d4h"),
        (8 * DAY - 1, "7d23h"),
        (8 * DAY, "8d"),
        (2 * YEAR - 1, "729d"),
        (2 * YEAR, "2y"),
        (3 * YEAR + 30 * DAY, "3y30d"),
        (8 * YEAR - 1, "7y364d"),
        (8 * YEAR + 30 * DAY, "8y"),
    ],
)
def test_age(seconds: int | None, expected: str) -> None:
    """One unit where it is enough, two where one is too coarse."""
    assert age(seconds) == expected
