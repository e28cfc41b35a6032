"""Go's text form of a duration, as kubectl reads --request-timeout. Pure."""

import re

from kubectl_ipvs.errors import UsageError

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)"
_LONGEST = 2**63 / 1e9


def request_timeout(text: str) -> float | None:
    """Return the seconds of `30`, `1m30s`, `100ms`; None (no limit) for "", 0 and less, as kubectl.

    Raises UsageError in kubectl's words for anything else.
    """
    seconds = _seconds(text)
    return seconds if seconds > 0 else None


def _seconds(text: str) -> float:
    if text in {"", "0", "+0", "-0"}:
        return 0.0
    seconds = -1.0
    if re.fullmatch(r"\+?\d+", text, re.ASCII):
        seconds = float(text)
    elif match := re.fullmatch(rf"([+-]?)((?:{_PART})+)", text, re.ASCII):
        parts = re.findall(_PART, match[2], re.ASCII)
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
        if match[1] == "-":
            return -seconds
    if 0 <= seconds < _LONGEST:
        return seconds
    raise UsageError(
        "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a "
        "corresponding time unit (e.g. 1s | 2m | 3h)",
    )
