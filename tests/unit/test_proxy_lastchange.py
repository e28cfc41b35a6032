"""The record of the last change: written, read back, damaged, and undone byte for byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.proxy.config.last_change import (
    ANNOTATION,
    ROLLED_BACK,
    LastChange,
    digest,
    in_force,
    read,
    record,
    rolled_back,
)

OLD = 'mode: ipvs\nipvs:\n  scheduler: ""  # ours\n'
NEW = 'mode: ipvs\nipvs:\n  scheduler: "lc"  # ours\n'
AT = OLD.index('""') + 1
WHEN = "2025-11-01T12:00:00Z"
FIELDS = {"scheduler": {"from": "", "to": "lc"}}
LAST = LastChange(WHEN, FIELDS, AT, "", "lc", digest(NEW))
NOTE = {"sha256": digest(OLD)}
GOOD = json.loads(LAST.write())


def test_record() -> None:
    """A change is the one span in which the texts differ, and the new text's hash."""
    assert record(OLD, NEW, FIELDS, WHEN) == LAST


def test_record_is_json() -> None:
    """The annotation says when, which fields, from and to what, in words anybody can read."""
    assert json.loads(LAST.write()) == {
        "time": WHEN,
        "fields": FIELDS,
        "at": AT,
        "removed": "",
        "inserted": "lc",
        "sha256": digest(NEW),
        "before": None,
        "undoes": "",
    }


def test_a_record_of_a_newer_version_is_read() -> None:
    """What a later version writes beside what we know is passed over."""
    assert read(json.dumps({**json.loads(LAST.write()), "by": "somebody"})) == LAST


def test_read_and_reverse() -> None:
    """What was written is read back, and takes the text back."""
    found = read(LAST.write())
    assert (found, LAST.reverse(NEW)) == (LAST, OLD)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(NEW, True), (OLD, False), (NEW + "\n", False), ("", False), (NEW.replace("# ours", "# mine"), False)],
)
def test_fits(text: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    """The record is about exactly one text."""
    assert LAST.fits(text) is expected


def test_a_span_that_is_not_there_does_not_fit() -> None:
    """A hash that is right with a span that is wrong is not believed."""
    wrong = LastChange(WHEN, FIELDS, 3, "", "lc", digest(NEW))
    assert wrong.fits(NEW) is False


@pytest.mark.parametrize(
    "value",
    [
        "",
        "no json",
        "null",
        "[1]",
        "12",
        "{}",
        "[" * 100_000,
        json.dumps({key: GOOD[key] for key in GOOD if key != "at"}),
        *(json.dumps({**GOOD, "at": at}) for at in (-1, True, "30", 1.5, None)),
        json.dumps({**GOOD, "fields": []}),
        json.dumps({**GOOD, "fields": {"scheduler": "lc"}}),
        json.dumps({**GOOD, "fields": None}),
        *(json.dumps({**GOOD, name: 7}) for name in ("removed", "inserted", "sha256", "time")),
    ],
    ids=lambda value: value[:40],
)
def test_damaged_record(value: str) -> None:
    """What is not ours to understand is no record, and no crash."""
    assert read(value) is None


def test_note_of_a_rollback() -> None:
    """The note says from when to when the text had been there before, for this text alone."""
    note = rolled_back(OLD, 1700000000.0, 1600000000.0)
    assert (in_force(note, OLD), in_force(note, NEW)) == ([(1600000000.0, 1700000000.0)], [])


def test_note_of_a_second_rollback() -> None:
    """Two changes that fail one after the other: whoever has read the text before either of them has read it."""
    first = rolled_back(OLD, 20.0, 10.0)
    second = rolled_back(OLD, 40.0, 30.0, first)
    assert in_force(second, OLD) == [(10.0, 20.0), (30.0, 40.0)]
    assert in_force(rolled_back(NEW, 40.0, 30.0, first), NEW) == [(30.0, 40.0)]


def test_note_does_not_grow_for_ever() -> None:
    """However many changes fail, the note is short."""
    note = ""
    for at in range(0, 2000, 20):
        note = rolled_back(OLD, at + 10.0, float(at), note)
    assert (len(in_force(note, OLD)), in_force(note, OLD)[-1]) == (9, (1980.0, 1990.0))


@pytest.mark.parametrize("note", [rolled_back(OLD, 17.0, None), json.dumps({"sha256": digest(OLD), "since": 17.0})])
def test_note_without_a_beginning(note: str) -> None:
    """Nobody knows since when the text had been there, or an older release wrote the note: then none is said."""
    assert in_force(note, OLD) == []


def test_names_on_the_wire() -> None:
    """The annotations keep their names: what an older release wrote is read."""
    assert (ANNOTATION, ROLLED_BACK) == ("kubectl-ipvs/last-change", "kubectl-ipvs/taken-back")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "no json",
        "7",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps({**NOTE, "since": "yesterday", "before": True}),
    ],
    ids=lambda value: value[:40],
)
def test_damaged_note(note: str) -> None:
    """A note that cannot be read says nothing."""
    assert in_force(note, OLD) == []


@given(st.text(), st.text(), st.text(), st.text())
def test_any_change_is_undone(before: str, old: str, new: str, after: str) -> None:
    """Whatever one span became, the record brings the old text back, through JSON too."""
    was, now = before + old + after, before + new + after
    found = read(record(was, now, {}, WHEN).write())
    assert found is not None
    assert (found.fits(now), found.reverse(now)) == (True, was)
