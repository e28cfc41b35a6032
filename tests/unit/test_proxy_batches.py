"""How many nodes may be without kube-proxy together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.errors import UsageError
from kubectl_ipvs.proxy.max_unavailable import MaxUnavailable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", MaxUnavailable(1, percent=False)),
        (" 30 ", MaxUnavailable(30, percent=False)),
        ("999999", MaxUnavailable(999999, percent=False)),
        ("1%", MaxUnavailable(1, percent=True)),
        ("010%", MaxUnavailable(10, percent=True)),
        ("100%", MaxUnavailable(100, percent=True)),
    ],
)
def test_parse(text: str, expected: MaxUnavailable) -> None:
    """A number of nodes, or per cent of them."""
    assert MaxUnavailable.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0", "0%", "000", "101%", "1000000", "-1", "+1", "1.5", "10 %", "%", "1%%", "ten", "\u0661", "\u00b2"]
)
def test_what_is_refused(text: str) -> None:
    """Nothing, more than everything, and what is no number."""
    with pytest.raises(UsageError) as raised:
        MaxUnavailable.parse(text)
    assert str(raised.value) == f'invalid --max-unavailable "{text}": it takes a number of nodes from 1, or 1% to 100%'


@pytest.mark.parametrize(
    ("text", "nodes", "expected"),
    [
        ("3", 1, 3),
        ("3", 100, 3),
        ("10%", 0, 1),
        ("10%", 9, 1),
        ("10%", 19, 1),
        ("10%", 20, 2),
        ("29%", 100, 29),
        ("100%", 7, 7),
    ],
)
def test_of(text: str, nodes: int, expected: int) -> None:
    """Per cent are rounded down, but never to nothing."""
    assert MaxUnavailable.parse(text).of(nodes) == expected


@given(percent=st.integers(1, 100), nodes=st.integers(1, 10**6))
def test_never_more_than_was_asked(percent: int, nodes: int) -> None:
    """The share is at most what was asked for, or one node; and one node more would exceed it."""
    count = MaxUnavailable.parse(f"{percent}%").of(nodes)
    assert count == 1 or count * 100 <= nodes * percent
    assert (count + 1) * 100 > nodes * percent
