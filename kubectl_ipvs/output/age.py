"""Ages as kubectl writes them."""

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400


def age(seconds: int | None) -> str:
    """Write an age: 45s, 7m12s, 3h20m, 2d4h, 12d, 3y30d, 9y; `<unknown>` for None."""
    if seconds is None:
        return "<unknown>"
    steps = (
        (2 * MINUTE, f"{seconds}s"),
        (10 * MINUTE, _two(seconds, MINUTE, "m", 1, "s")),
        (3 * HOUR, f"{seconds // MINUTE}m"),
        (8 * HOUR, _two(seconds, HOUR, "h", MINUTE, "m")),
        (2 * DAY, f"{seconds // HOUR}h"),
        (8 * DAY, _two(seconds, DAY, "d", HOUR, "h")),
        (2 * YEAR, f"{seconds // DAY}d"),
        (8 * YEAR, _two(seconds, YEAR, "y", DAY, "d")),
    )
    for below, text in steps:
        if seconds < below:
            return text
    return f"{seconds // YEAR}y"


def _two(seconds: int, large: int, large_unit: str, small: int, small_unit: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large}{large_unit}" + (f"{rest}{small_unit}" if rest else "")
