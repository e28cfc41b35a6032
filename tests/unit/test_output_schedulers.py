"""`schedulers` in every format."""

import json
from typing import Any

import pytest
import yaml

from kubectl_ipvs.ipvs.schedulers import SCHEDULERS, Scheduler
from kubectl_ipvs.output.schedulers import describe, render

PLAIN = Scheduler("a", "plain", "Does it.", "First part; second part. Third.")
TRAP = Scheduler(
    "bb",
    "a trap",
    "Does it in a way that takes many words to tell, so that the line gets long.",
    "Everything goes to one. Really.",
    kernel=(4, 18),
    trap=True,
    advice="do not",
    flags=("bb-port",),
)
TABLE = """\
NAME   KERNEL   WITH KUBE-PROXY
a      any      First part
bb     4.18     trap: Everything goes to one
"""
WIDE = """\
NAME   KERNEL   WITH KUBE-PROXY                TITLE    MODULE
a      any      First part                     plain    ip_vs_a
bb     4.18     trap: Everything goes to one   a trap   ip_vs_bb
"""


@pytest.mark.parametrize(("form", "expected"), [("table", TABLE), ("wide", WIDE), ("name", "a\nbb\n")])
def test_for_people(form: str, expected: str) -> None:
    """One line each: the first thing to know about it with kube-proxy."""
    assert render([PLAIN, TRAP], form) == expected


def test_for_programs() -> None:
    """The schema's facts, the same in json and in yaml."""
    plain: dict[str, Any] = {
        "name": "a", "title": "plain", "kernel": "2.4", "module": "ip_vs_a", "meaning": "Does it.",
        "withKubeProxy": "First part; second part. Third.", "trap": False, "advice": "", "flags": [],
    }  # fmt: skip
    trap = {
        "name": "bb", "title": "a trap", "kernel": "4.18", "module": "ip_vs_bb", "meaning": TRAP.meaning,
        "withKubeProxy": "Everything goes to one. Really.", "trap": True, "advice": "do not", "flags": ["bb-port"],
    }  # fmt: skip
    expected = {"apiVersion": "kubectl-ipvs/v1", "kind": "SchedulerList", "schedulers": [plain, trap]}
    found = [render([PLAIN, TRAP], form) for form in ("json", "yaml")]
    assert [json.loads(found[0]), yaml.safe_load(found[1])] == [expected, expected]


PLAIN_TEXT = """\
a - plain
  since kernel:    any
  module:          ip_vs_a
  what it does:    Does it.
  with kube-proxy: First part; second part. Third.
"""
TRAP_TEXT = """\
bb - a trap
  since kernel:    4.18
  module:          ip_vs_bb
  what it does:    Does it in a way that takes many words to tell, so that the line gets long.
  with kube-proxy: Everything goes to one. Really.
  advice:          do not
"""


@pytest.mark.parametrize(("entry", "expected"), [(PLAIN, PLAIN_TEXT), (TRAP, TRAP_TEXT)])
def test_describe(entry: Scheduler, expected: str) -> None:
    """All that is known of one; advice where there is any."""
    assert describe(entry) == expected


@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_catalogue_fits(name: str) -> None:
    """At length, no line is longer than a hundred characters, and wrapped lines stand below the text."""
    lines = describe(SCHEDULERS[name]).splitlines()
    label = len("  with kube-proxy: ")
    assert [line for line in lines if len(line) > 100] == []
    assert [line for line in lines[1:] if line[:label].strip() and line[label - 1 : label] != " "] == []
