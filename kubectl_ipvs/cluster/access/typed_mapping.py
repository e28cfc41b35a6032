"""The fields of a mapping that somebody else wrote (a kubeconfig, an exec plugin's answer), with types.

As for kubectl, a field that is missing or null is empty, one that nobody knows is ignored, and one of another
type is an error that names it. The value itself is never quoted: it may be a secret.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from kubectl_ipvs.errors import KubeconfigError

_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}


class Fields:
    """Typed reading of one mapping; `source` begins every error (`error loading config file "PATH"`)."""

    def __init__(self, source: str, value: object, path: str = "") -> None:
        self._source = source
        self._path = path
        if value is not None and not isinstance(value, dict):
            raise self._wrong(path, value, "a mapping")
        self._values: Mapping[object, Any] = value or {}

    def named(self, path: str) -> "Fields":
        """Return the same fields under a path that a reader recognises: `user "admin"` and not `users[3]`."""
        return Fields(self._source, self._values, path)

    def text(self, key: str) -> str:
        """Return a text, or "" when there is none."""
        return str(self._typed(key, str) or "")

    def flag(self, key: str) -> bool:
        """Return true or false; false when there is neither."""
        return bool(self._typed(key, bool))

    def data(self, key: str) -> bytes:
        """Return what a base64 text holds; line breaks in it are allowed, as in Go."""
        text = self.text(key).replace("\n", "").replace("\r", "")
        try:
            return base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error) as error:
            raise KubeconfigError(f"{self._source}: {self._at(key)}: illegal base64 data") from error

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; null in it is an empty text, as in Go."""
        values = self._typed(key, list) or []
        for number, value in enumerate(values):
            if value is not None and not isinstance(value, str):
                raise self._wrong(f"{self._at(key)}[{number}]", value, "text")
        return tuple(value or "" for value in values)

    def child(self, key: str) -> "Fields":
        """Return the fields of a mapping in here; no fields when there is none."""
        return Fields(self._source, self._typed(key, dict), self._at(key))

    def children(self, key: str) -> "list[Fields]":
        """Return the fields of each mapping of a list."""
        values = self._typed(key, list) or []
        return [Fields(self._source, value, f"{self._at(key)}[{number}]") for number, value in enumerate(values)]

    def names(self) -> tuple[str, ...]:
        """Return the names of all fields, in the order of the file."""
        return tuple(str(key) for key in self._values)

    def raw(self, key: str) -> object:
        """Return a field of any type, or None."""
        return self._values.get(key)

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def _typed(self, key: str, kind: type) -> Any:  # noqa: ANN401 - the caller's `kind` says what it is
        value = self._values.get(key)
        if value is None or type(value) is kind:
            return value
        raise self._wrong(self._at(key), value, _KINDS[kind])

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _wrong(self, path: str, value: object, wanted: str) -> KubeconfigError:
        found = _KINDS.get(type(value), "something else")
        where = f"{self._source}: {path}" if path else self._source
        return KubeconfigError(f"{where} is {found} where {wanted} is expected")
