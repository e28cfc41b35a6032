"""The kinds of values that the fields of KubeProxyConfiguration have: what kube-proxy's decoder takes for each.

Seen on kube-proxy itself (tests/real/judge.py). Values are those of `document.py`: a Decimal is a number that JSON
writes with a point or an exponent.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from kubectl_ipvs.proxy.config.fields import parse_duration

# What a value is not, in the words of a message. "pointer": a duration that may be null. "gates": any key, booleans.
# "flush": a duration, or nanoseconds.
NOT: Mapping[str, str] = {
    "text": "not text",
    "boolean": "not true or false",
    "integer": "not a whole number",
    "number": "not a number",
    "duration": "not a duration such as 30s",
    "pointer": "not a duration such as 30s",
    "texts": "not a list of texts",
    "gates": "not a mapping",
    "list": "not a list",
    "unsigned": "not a whole number from 0 on",
    "flush": "not a duration such as 5s",
    "quantity": "not a quantity such as 64Ki",
}
_INT32 = (-(2**31), 2**31 - 1)
_UINT32 = (0, 2**32 - 1)
_QUANTITY = re.compile(r"[+-]?[0-9.]+[eEinumkKMGTP]*[-+]?[0-9]*")
_FLOAT32 = 3.4028235677973366e38  # what rounds to more than that does not fit


def is_wrong(kind: str, value: object) -> bool:
    """Tell whether kube-proxy's decoder refuses a value for a field of that kind."""
    if value is None:
        return kind == "duration"
    fits = _FITS.get(kind)
    return fits is not None and not fits(value)


def _is_duration(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_duration(value) is not None
    except ValueError:
        return False


def _is_whole(value: object, bounds: tuple[int, int]) -> bool:
    """Tell whether a value is an integer within bounds; YAML's 10.0 is one, on the way to the decoder it becomes 10."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bounds[0] <= value <= bounds[1] and value == int(value)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return -_FLOAT32 < value < _FLOAT32


_FITS: Mapping[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_whole(value, _INT32),
    "unsigned": lambda value: _is_whole(value, _UINT32),
    "number": _is_number,
    "duration": _is_duration,
    "pointer": _is_duration,
    "flush": lambda value: _is_duration(value) or _is_whole(value, (-(2**63), 2**63 - 1)),
    "quantity": lambda value: _is_number(value) or (isinstance(value, str) and bool(_QUANTITY.fullmatch(value))),
    "texts": lambda value: isinstance(value, list),
    "list": lambda value: isinstance(value, list),
    "gates": lambda value: isinstance(value, dict),
}
