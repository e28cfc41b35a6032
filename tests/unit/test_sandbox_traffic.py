"""The sandbox's counters and rates have the form of a real kernel's, and move with the connections in the table."""

import re
from pathlib import Path

from kubectl_ipvs.sandbox.nodes.traffic import Counters, rate_text

RECORDED = Path(__file__).parent / "recorded"
HEAD = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port\n"
TABLE = (
    f"{HEAD}TCP  10.96.0.1:443 rr\n  -> 10.244.0.2:6443              Masq    1      28         20        \n"
    "  -> 10.244.0.3:6443              Masq    1      4          12        \nFWM  8 IPv6 rr\n"
)


def numbers(text: str) -> list[list[int]]:
    """Give the lines of numbers of ip_vs_stats."""
    found = re.findall(r"^ *([0-9A-F]+(?: +[0-9A-F]+){4})$", text, re.MULTILINE)
    return [[int(word, 16) for word in line.split()] for line in found]


def test_form_of_the_counters() -> None:
    """Every character that is no number stands where a real kernel has it."""
    real = (RECORDED / "1.37.2/ipvs/ip_vs_stats.txt").read_text()

    played = Counters().text(HEAD, 0)

    assert re.sub(" +[0-9A-F]+(?=[ \n])", lambda each: "#" * len(each[0]), played) == re.sub(
        " +[0-9A-F]+(?=[ \n])", lambda each: "#" * len(each[0]), real
    )


def test_counters_move_with_the_connections() -> None:
    """What is counted between two looks is the estimate times the seconds, and stays when the table is empty."""
    counters = Counters()

    one, two, three = (numbers(counters.text(table, now)) for table, now in ((TABLE, 5), (TABLE, 15), (HEAD, 25)))

    assert one[1] == [4, 192, 160, 17280, 112000]
    assert [new - old for new, old in zip(two[0], one[0], strict=True)] == [10 * rate for rate in one[1]]
    assert (three[0], three[1]) == (two[0], [0] * 5)


def test_zeroed() -> None:
    """They begin at 0 again."""
    counters = Counters()
    before = numbers(counters.text(TABLE, 5))
    counters.zero()

    assert before[0][0] > 0
    assert numbers(counters.text(TABLE, 6))[0] == [0] * 5


def test_form_of_the_rates() -> None:
    """`ipvsadm -Ln --rate`: the columns of the real one, a virtual server's rates are those behind it."""
    real = (RECORDED / "real-rate.txt").read_text().splitlines()

    played = rate_text(TABLE).splitlines()

    assert played[:3] == real[:3]
    assert played[3:] == [
        "TCP  10.96.0.1:443                       4      192      160    17280   112000",
        "  -> 10.244.0.2:6443                     3      168      140    15120    98000",
        "  -> 10.244.0.3:6443                     1       24       20     2160    14000",
        "FWM  8 IPv6                              0        0        0        0        0",
    ]
    assert [line for line in real if line.startswith("FWM  8")] == [played[-1]]
