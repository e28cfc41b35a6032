"""A kernel's counters and rates: /proc/net/ip_vs_stats and `ipvsadm -Ln --rate`, as real kernels print them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.rates import RowRates, parse_rates
from kubectl_ipvs.ipvs.stats import MOST, NOTHING, Rates, Stats, StatsFirst, parse_stats, per_second, summed

RECORDED = Path(__file__).parent / "recorded"
NEW = (RECORDED / "1.37.2/ipvs/ip_vs_stats.txt").read_bytes()
TABLE = (RECORDED / "proc-kube-proxy.txt").read_bytes()
TOTALS = (0x2F9, 0x1F03, 0x1797, 0x75CEB, 0x65242)
counts = st.tuples(*[st.integers(0, 2**64 - 1)] * 5)


def test_real_counters() -> None:
    """Every number is hexadecimal: on a node with traffic, and on one without any."""
    assert parse_stats(NEW) == Stats(TOTALS, NOTHING)
    assert parse_stats((RECORDED / "1.20.2/ipvs/ip_vs_stats.txt").read_bytes()) == Stats((0, 0, 0, 0, 0), NOTHING)


def test_estimate() -> None:
    """The second line of numbers is of a second."""
    text = NEW.replace(b"       0        0        0                0                0", b" A 1F 1e FFF 10")

    found = parse_stats(text)

    assert found is not None
    assert found.estimate == Rates(10, 31, 30, 4095, 16)


@pytest.mark.parametrize(
    "text", [b"", NEW[:150], NEW + NEW, NEW.replace(b"75CEB", b"75CEG"), NEW.replace(b"2F9", b"F" * 17)]
)
def test_no_counters(text: bytes) -> None:
    """What was cut, or is something else, is nothing: no number is made up."""
    assert parse_stats(text) is None


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Nothing raises."""
    parse_stats(data)
    list(parse_rates(data))


@given(counts, counts, st.floats(0.001, 1e6))
def test_rates_of_two_looks(before: tuple[int, ...], after: tuple[int, ...], seconds: float) -> None:
    """A counter that went back gives no rate at all; else each rate times the seconds is what was counted."""
    one, two = Stats(before, NOTHING), Stats(after, NOTHING)  # type: ignore[arg-type]

    rates = per_second(one, two, seconds)

    went_back = any(new < old for old, new in zip(before, after, strict=True))
    assert (rates is None) == went_back
    if rates is not None:
        expected = [new - old for old, new in zip(before, after, strict=True)]
        assert [rate * seconds for rate in rates] == pytest.approx(expected)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_time_between(seconds: float) -> None:
    """Two looks at the same moment give no rate."""
    assert per_second(Stats(TOTALS, NOTHING), Stats(TOTALS, NOTHING), seconds) is None


def test_sum() -> None:
    """Of nothing it is nothing."""
    assert summed([]) == NOTHING
    assert summed([Rates(1, 2, 3, 4, 5), Rates(10, 20, 30, 40, 50)]) == Rates(11, 22, 33, 44, 55)


@given(st.integers(1, 400))
def test_counters_before_a_table(size: int) -> None:
    """One command prints both: they are told apart however the bytes are cut, and the table is untouched."""
    whole, first, table = NEW + TABLE, StatsFirst(), b""

    for at in range(0, len(whole), size):
        table += first.feed(whole[at : at + size])

    assert first.finish() == (Stats(TOTALS, NOTHING), b"")
    assert table == TABLE


@pytest.mark.parametrize("text", [TABLE, b"", b"nothing of the kind\n", b"x" * (MOST + 1), NEW])
def test_one_of_the_two_is_not_there(text: bytes) -> None:
    """What is no counter is the table's, and judged there; counters alone leave an empty table."""
    first = StatsFirst()
    table = first.feed(text)
    stats, rest = first.finish()

    assert stats == parse_stats(text)
    assert table + rest == (b"" if text == NEW else text)


def test_real_rates() -> None:
    """Every virtual server that ipvsadm lists, of every protocol, under the name that the table gives it."""
    named = {
        (each.protocol, each.address) for each in parse((RECORDED / "real-ipvsadm.txt").read_bytes()).virtual_servers
    }

    found = list(parse_rates((RECORDED / "real-rate.txt").read_bytes()))

    assert {(each.protocol, each.address) for each in found} == named
    assert [each for each in found if each.rates != NOTHING] == [
        RowRates("TCP", "192.0.2.150:80", Rates(0, 2, 1, 112, 80))
    ]


def test_large_numbers() -> None:
    """From nine digits on ipvsadm prints thousands, and more."""
    text = b"TCP  10.96.0.1:443                  99999999  100000K   10000M    1000G       1T\n"

    assert [each.rates for each in parse_rates(text)] == [Rates(99_999_999, 1e8, 1e10, 1e12, 1e12)]
