"""ASN.1's distinguished encoding (X.690), as much of it as a certificate needs, and PEM.

It only writes; nothing is ever parsed here.
"""

from base64 import b64encode

_LONG = 0x80  # from here on a length has a length of its own


def integer(number: int) -> bytes:
    """Return an INTEGER; `number` is not negative."""
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER, from its dotted form."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return der(0x06, b"".join(_base128(arc) for arc in (first * 40 + second, *rest)))


def _base128(number: int) -> bytes:
    """Seven bits a byte, the high bit on all but the last."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def der(tag: int, *parts: bytes) -> bytes:
    """Return one tag, its length, its contents; `parts` are joined."""
    contents = b"".join(parts)
    length = len(contents)
    if length < _LONG:
        return bytes([tag, length]) + contents
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG | len(size)]) + size + contents


def pem(kind: str, contents: bytes) -> str:
    """Return the text form (RFC 7468) of DER; `kind` is `CERTIFICATE` or `PRIVATE KEY`."""
    text = b64encode(contents).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])
