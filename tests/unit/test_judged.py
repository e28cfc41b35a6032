"""kube-proxy is the judge: its recorded answers to each question, and what we read from the same text or flags."""

import pytest

from tests.unit.judged import Answer, Record, disagreement, dump, load
from tests.unit.judged_cases import HEAD, cases

RECORDS = load()
VERSIONS = sorted({version for record in RECORDS for version in record.answers})


@pytest.mark.parametrize("version", VERSIONS)
def test_we_agree_with_kube_proxy(version: str) -> None:
    """What that version refuses we refuse, what it ignores we say, and what it has in force we show."""
    answers = {str(record.given): (record.given, record.answers[version]) for record in RECORDS}
    found = {name: disagreement(given, version, answer) for name, (given, answer) in answers.items()}
    assert {name: why for name, why in found.items() if why} == {}


def test_every_question_is_answered() -> None:
    """The record has each question once, in their order, and an answer of every version."""
    assert [record.given for record in RECORDS] == list(cases())
    assert [record.given for record in RECORDS if sorted(record.answers) != VERSIONS] == []
    assert "1.37.2" in VERSIONS


def test_record_is_in_the_form_that_is_written() -> None:
    """Writing down what is read changes nothing."""
    assert dump(RECORDS) == dump(load())


@pytest.mark.parametrize(
    ("lines", "answer", "why"),
    [
        ("mode: ipvs\n", Answer(refused="no"), "it refuses: no; we do not"),
        ("mode: 5\n", Answer(in_force={"mode": "ipvs"}), "it starts; we say: ['kube-proxy will not start: mode is 5"),
        ("mode: iptables\n", Answer(in_force={"mode": "iptables"}, ignored="x"), "it ignores 'x'; we say {}"),
        ("Mode: ipvs\n", Answer(in_force={"mode": "iptables"}), "it ignores ''; we say {'IPVS009'"),
        (
            "mode: ipvs\nipvs: {scheduler: sh}\n",
            Answer(in_force={"mode": "ipvs", "scheduler": "lc", "syncPeriod": "30s"}),
            "in force, and what we say: {'scheduler': ('lc', 'sh')}",
        ),
        ("mode: ipvs\n", Answer(in_force={"mode": "ipvs", "syncPeriod": "30s"}), ""),
    ],
)
def test_a_difference_is_found(lines: str, answer: Answer, why: str) -> None:
    """The comparison finds each kind of difference, and none where there is none."""
    assert disagreement(f"{HEAD}{lines}", "1.37.2", answer).startswith(why or "\0") is bool(why)


def test_versions_of_one_answer_share_a_line() -> None:
    """What several versions say is written once; reasons are cut."""
    record = Record(["--x"], {"1.9.0": Answer(refused="n" * 200), "1.10.0": Answer(refused="n" * 200)})
    assert dump([record]) == '{"flags":["--x"],"1.9.0 1.10.0":"' + "n" * 80 + '"}\n'
