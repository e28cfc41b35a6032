"""The catalogue of schedulers."""

import re

import pytest

from kubectl_ipvs.ipvs.schedulers import SCHEDULERS, available_since, suggest

TRAPS = ["dh", "lblc", "lblcr", "fo", "ovf"]
OLD = {"rr", "wrr", "lc", "wlc", "sed", "nq", "sh", "dh", "lblc", "lblcr"}


def test_the_fourteen_in_the_order_of_a_user() -> None:
    """In turn, least loaded, sticky, and the traps last."""
    assert list(SCHEDULERS) == ["rr", "wrr", "lc", "wlc", "sed", "nq", "twos", "sh", "mh", *TRAPS]


def test_each_is_filed_under_its_name() -> None:
    """Name and kernel module follow from the key."""
    filed = {name: (entry.name, entry.module) for name, entry in SCHEDULERS.items()}
    assert filed == {name: (name, f"ip_vs_{name}") for name in SCHEDULERS}


def test_the_traps() -> None:
    """With kube-proxy these send a whole Service to one or a few pods, or refuse connections."""
    assert {name for name, entry in SCHEDULERS.items() if entry.trap} == set(TRAPS)


def test_who_has_a_warning() -> None:
    """Traps, those that drop connections in rollouts, those that need weights, and the rare module."""
    warned = {name for name, entry in SCHEDULERS.items() if entry.advice}
    assert warned == {*TRAPS, "sh", "mh", "wrr", "wlc", "twos"}


def test_flags() -> None:
    """Only the hashing ones have named flags."""
    assert {name: entry.flags for name, entry in SCHEDULERS.items() if entry.flags} == {
        "sh": ("sh-fallback", "sh-port"),
        "mh": ("mh-fallback", "mh-port"),
    }


def test_texts_are_sentences() -> None:
    """Meanings are whole sentences on one line; titles and warnings are phrases that fit into one."""
    sentence = re.compile(r"[A-Zk][^\n]+\.")
    phrase = re.compile(r"[^\n.]+[^\n]*[^\n.]")
    odd = [
        name
        for name, entry in SCHEDULERS.items()
        if not (
            sentence.fullmatch(entry.meaning)
            and sentence.fullmatch(entry.with_kube_proxy)
            and phrase.fullmatch(entry.title)
            and (not entry.advice or phrase.fullmatch(entry.advice))
        )
    ]
    assert odd == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("rr", "rr"),
        ("RR", "rr"),
        ("RoundRobin", "rr"),
        ("round-robin", "rr"),
        ("roudn robin", "rr"),
        ("weighted_round_robin", "wrr"),
        ("least-connection", "lc"),
        ("LeastConnection", "lc"),
        ("leastconn", "lc"),
        ("lcc", "lc"),
        ("wlcc", "wlc"),
        ("maglev", "mh"),
        ("source-ip", "sh"),
        ("source-hash", "sh"),
        ("fail-over", "fo"),
        ("power-of-two", "twos"),
        ("xyzzy", ""),
        ("", ""),
        ("é\N{NO-BREAK SPACE}\0", ""),
        ("x" * 10_000_000, ""),
    ],
)
def test_suggest(written: str, meant: str) -> None:
    """A misspelled or a long name leads to the scheduler; what is near to none leads to none."""
    assert suggest(written) == meant


def test_every_name_and_title_suggests_itself() -> None:
    """No other name is nearer."""
    written = [(entry.name, text) for entry in SCHEDULERS.values() for text in (entry.name, entry.title)]
    assert [suggest(text) for _, text in written] == [name for name, _ in written]


@pytest.mark.parametrize(
    ("release", "available"),
    [
        ("3.10.0-1160.el7.x86_64", OLD),
        ("3.18.0", OLD | {"fo"}),
        ("4.2.8", OLD | {"fo"}),
        ("4.3", OLD | {"fo", "ovf"}),
        ("4.18.0-513.el8.x86_64", OLD | {"fo", "ovf", "mh"}),
        ("5.4.0-1103-azure", OLD | {"fo", "ovf", "mh"}),
        ("5.15.0-91-generic", set(SCHEDULERS)),
        ("10.1.0", set(SCHEDULERS)),
        ("", set(SCHEDULERS)),
        ("unknown", set(SCHEDULERS)),
    ],
)
def test_available_since(release: str, available: set[str]) -> None:
    """By version, compared as numbers; a release that cannot be read rules none out."""
    assert available_since(release) == available
