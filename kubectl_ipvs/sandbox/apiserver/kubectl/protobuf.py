"""Just enough protobuf to read the reviews kubectl sends: it asks with typed clients, which speak nothing else.

Source: the field numbers of k8s.io/api/authorization/v1/generated.proto and the envelope of
k8s.io/apimachinery's runtime.Unknown. Anything else is refused.
"""

from collections.abc import Iterator
from typing import Any

Obj = dict[str, Any]
MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_RESOURCE = {1: "namespace", 2: "verb", 3: "group", 4: "version", 5: "resource", 6: "subresource", 7: "name"}
_PATH = {1: "path", 2: "verb"}
_BYTES, _VARINT = 2, 0


def review(body: bytes) -> Obj:
    """Return a SelfSubject review as JSON would have it; ValueError where it is something else."""
    if not body.startswith(_MAGIC):
        raise ValueError("no Kubernetes protobuf")
    envelope = dict(_fields(body[len(_MAGIC) :]))
    kind = _texts(envelope.get(1, b""), {1: "apiVersion", 2: "kind"})
    if not kind.get("kind", "").startswith("SelfSubject"):
        raise ValueError(f"protobuf of kind {kind.get('kind', '')} is not read by the sandbox")
    spec = dict(_fields(dict(_fields(envelope.get(2, b""))).get(2, b"")))
    if kind["kind"] == "SelfSubjectRulesReview":
        return {**kind, "spec": {"namespace": spec.get(1, b"").decode()}}
    if kind["kind"] == "SelfSubjectReview":
        return dict(kind)
    if 2 in spec:  # noqa: PLR2004 -- nonResourceAttributes
        return {**kind, "spec": {"nonResourceAttributes": _texts(spec[2], _PATH)}}
    return {**kind, "spec": {"resourceAttributes": _texts(spec.get(1, b""), _RESOURCE)}}


def _texts(message: bytes, names: dict[int, str]) -> dict[str, str]:
    return {names[number]: value.decode() for number, value in _fields(message) if number in names}


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Fields of a message that hold bytes; numbers are skipped."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind not in (_BYTES, _VARINT):
            raise ValueError("unknown wire type")
        value, at = _varint(message, at)
        if kind == _BYTES:
            if at + value > len(message):
                raise ValueError("a field is cut")
            yield number, message[at : at + value]
            at += value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message):
            raise ValueError("a number is cut")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 -- the last byte
            return value, at
