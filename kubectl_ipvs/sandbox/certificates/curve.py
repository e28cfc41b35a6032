"""Multiplication on the curve P-256, in pure Python: what the sandbox's keys and signatures need.

The arithmetic makes no attempt to hide its timing; a key lives as long as one sandbox on this machine.
"""

from functools import cache

# The curve P-256 (SEC 2, section 2.4.2): field, order, first coefficient and generator.
_FIELD = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_A = -3
_GENERATOR = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


@cache
def _doubles() -> tuple[tuple[int, int], ...]:
    """Return the generator times 1, 2, 4, 8 and so on: what every multiplication adds up."""
    points = [_GENERATOR]
    while len(points) < ORDER.bit_length():
        x, y = points[-1]
        slope = (3 * x * x + _A) * pow(2 * y, -1, _FIELD) % _FIELD
        doubled = (slope * slope - 2 * x) % _FIELD
        points.append((doubled, (slope * (x - doubled) - y) % _FIELD))
    return tuple(points)


def multiply(factor: int) -> tuple[int, int]:
    """Return `factor` times the generator; 0 < factor < the order.

    A sum in Jacobian coordinates, (x/z^2, y/z^3), needs one inversion in all; what is added next is always larger
    than the sum so far, and both together smaller than the order, so no two points are the same or opposite.
    """
    first, *rest = (point for place, point in enumerate(_doubles()) if factor >> place & 1)
    (x, y), z = first, 1
    for right, up in rest:
        square = z * z % _FIELD
        across, along = (right * square - x) % _FIELD, (up * square * z - y) % _FIELD
        wide = across * across % _FIELD
        cube, moved = wide * across % _FIELD, x * wide % _FIELD
        x = (along * along - cube - 2 * moved) % _FIELD
        y = (along * (moved - x) - y * cube) % _FIELD
        z = z * across % _FIELD
    inverse = pow(z, -1, _FIELD)
    square = inverse * inverse % _FIELD
    return x * square % _FIELD, y * square * inverse % _FIELD
