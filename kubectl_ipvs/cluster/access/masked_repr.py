"""How a value with secrets in it is shown: without them.

Values are NamedTuples here: a frozen dataclass takes ten times as long to make as a class, and a command makes thirty.
"""

from collections.abc import Collection
from typing import NamedTuple


def shown(value: NamedTuple, hidden: Collection[str]) -> str:
    """Return the repr of `value` without the fields named `hidden`."""
    fields = (f"{name}={field!r}" for name, field in zip(value._fields, value, strict=True) if name not in hidden)
    return f"{type(value).__name__}({', '.join(fields)})"
