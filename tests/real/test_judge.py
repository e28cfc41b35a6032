"""kube-proxy itself, asked with configurations that nobody thought of: it decides, and our reading agrees.

No cluster is needed, but the program; what is found here belongs into tests/unit/judged_cases.py as well.
"""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.real.judge import ask, program
from tests.unit import judged_cases as known
from tests.unit.judged import disagreement
from tests.unit.judged_cases import HEAD, Case
from tests.versions import VERSIONS

# For each version. Without the variable the same ones at each run; what is new is for who looks for it.
EXAMPLES = int(os.environ.get("JUDGE_EXAMPLES", "0"))
asked = settings(
    deadline=None, max_examples=EXAMPLES or 150, derandomize=not EXAMPLES, suppress_health_check=[*HealthCheck]
)

words = st.sampled_from(known.ALL)
durations = st.sampled_from(known.DURATIONS) | st.from_regex(
    r"[-+]?[0-9]{0,3}\.?[0-9]{1,3}(ns|us|ms|s|m|h|d)", fullmatch=True
)
numbers = st.from_regex(r"[-+]?[0-9._xXbBoOeE]{1,8}", fullmatch=True)
cidrs = st.sampled_from(known.CIDRS) | st.from_regex(r"\[(\[|::)?[0-9.:a-f]{1,12}/[0-9]{0,3}\]", fullmatch=True)
scalars = st.text("abyYnN019.:-_'\"#{}[],&*!|>%@ \t\n\\\u00e9\ufeff", max_size=6)
anything = words | durations | numbers | cidrs | scalars


@st.composite
def strange_texts(draw: st.DrawFn) -> str:
    """Draw a text: a mode, some fields of `ipvs:` and others, each with a value that fits or not, once or twice."""
    mode = draw(st.sampled_from(("ipvs", "ipvs", "ipvs", "iptables", "nftables", "''")) | words)
    own = draw(st.lists(st.tuples(st.sampled_from((*known.IPVS, "unknown", "Scheduler")), anything), max_size=3))
    plain = [name for name in known.OTHERS if name not in ("apiVersion", "kind", "featureGates", "logging.vmodule")]
    others = draw(st.lists(st.tuples(st.sampled_from(plain), anything | st.sampled_from(known.SOME)), max_size=2))
    lines = [f"mode: {mode}\n", "ipvs:\n" + "".join(f"  {name}: {value}\n" for name, value in own)]
    lines += [known.nested(name, value)[len(HEAD) + len("mode: ipvs\n") :] for name, value in others]
    return HEAD + "".join(draw(st.permutations(lines)))


json_words = st.sampled_from(("lc", "", "5s", "0s", "-1s", "10.0.0.0/8", "true"))
json_numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.none() | st.booleans() | json_numbers | json_words


@st.composite
def json_texts(draw: st.DrawFn) -> str:
    """Draw the same as JSON, tightly, with blanks or with tabs."""
    names, values = st.sampled_from((*known.IPVS, "unknown")), json_values | st.lists(json_values, max_size=2)
    mode = draw(st.sampled_from(("ipvs", "iptables", "", None, 5)))
    head = {"kind": "KubeProxyConfiguration", "apiVersion": "kubeproxy.config.k8s.io/v1alpha1"}
    value = {**head, "mode": mode, "ipvs": draw(st.dictionaries(names, values))}
    return json.dumps(value, indent=draw(st.sampled_from((None, 2, "\t"))))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Draw a text that is known, in which characters are dropped, repeated or put in."""
    text = draw(st.sampled_from([case for case in known.cases() if isinstance(case, str)]))
    for _ in range(draw(st.integers(1, 2))):
        start = draw(st.integers(0, len(text)))
        scrap = draw(st.sampled_from((*"\t\n:#-&*!|'\" {}[],~", "", "---\n", "<<: ")))
        text = text[:start] + scrap + text[start + draw(st.integers(0, 2)) :]
    return text


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """Draw a command line: each flag in one word or two, some of them twice."""
    line: list[str] = draw(st.sampled_from(([], ["--proxy-mode=ipvs"])))
    for flag in draw(st.lists(st.sampled_from(sorted(known.FLAG_VALUES)), max_size=4)):
        value = draw(st.sampled_from(known.FLAG_VALUES[flag]))
        one_word = draw(st.booleans()) or flag == "--ipvs-strict-arp"
        line = [*line, f"{flag}={value}"] if one_word else [*line, flag, value]
    return line


@pytest.mark.parametrize("version", VERSIONS)
def test_kube_proxy_is_the_judge(version: str) -> None:
    """What kube-proxy refuses we refuse, what it ignores we say, and what it has in force we show."""
    path = program(version)
    if not path.exists():
        pytest.skip(f"no kube-proxy {version} on this machine: {path}")

    @asked
    @given(strange_texts() | json_texts() | damaged() | lines())
    def agrees(case: Case) -> None:
        assert disagreement(case, version, ask(path, case)) == ""

    agrees()
