"""A value as YAML writes it, in the quotes that were there before.

Promises one line of text that YAML 1.1 (PyYAML, go-yaml) and, in double quotes, JSON read as the same value
for every value that a field can have; for stranger texts the proof of the edit decides. Never looks at a
document.
"""

import json
import re

import yaml

from kubectl_ipvs.proxy.config.fields import Value
from kubectl_ipvs.proxy.config.go_yaml import STRING_TAG, plain_tag

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")  # safe at the start of a line and between braces


def literal(value: Value, quote: str | None) -> str:
    """Return the text of a value; `quote` is `'`, `"`, or None for no quotes where that is safe."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(json.dumps(item) for item in value) + "]"
    if quote == "'":
        return "'" + value.replace("'", "''") + "'"
    return value if quote is None and _is_plain(value) else json.dumps(value)


def _is_plain(text: str) -> bool:
    if not _PLAIN.fullmatch(text) or plain_tag(text) != STRING_TAG:  # y, 1e3
        return False
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return node is not None and bool(node.tag == STRING_TAG)  # not 10, null, 2026-01-31: whatever reads it
