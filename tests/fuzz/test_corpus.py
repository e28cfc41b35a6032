"""Every input that is kept, seeds and findings alike, goes through its target."""

import pytest

from tests.fuzz.targets import CORPUS, TARGETS

SEEDS = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("name", TARGETS)
def test_corpus(name: str) -> None:
    """What is promised of a target holds for each of its inputs, and for none at all."""
    seeds = [path for path in SEEDS if path.parent.name == name]
    assert len(seeds) >= 3

    for path in seeds:
        TARGETS[name](path.read_bytes())
    TARGETS[name](b"")


def test_every_seed_has_a_target() -> None:
    """A folder with another name would never be tried."""
    assert {path.parent.name for path in SEEDS} == set(TARGETS)
