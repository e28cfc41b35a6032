"""The byte-exact edit, for texts that nobody thought of: random documents, and damaged real ones."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubectl_ipvs.errors import ConfigurationInvalid, EditRefused
from kubectl_ipvs.proxy.config.configuration import read, read_flags
from kubectl_ipvs.proxy.config.difference import difference
from kubectl_ipvs.proxy.config.document import configuration_document
from kubectl_ipvs.proxy.config.edit import edit
from kubectl_ipvs.proxy.config.fields import FIELDS, Value

KUBEADM = Path(__file__).parent.joinpath("samples", "kubeadm.yaml").read_text(encoding="utf-8")
COMPACT = (
    "kind: KubeProxyConfiguration\n"
    "x: &a {y: [1, 2001-01-01, .nan]}\n"
    "ipvs: # c\n"
    "  excludeCIDRs:\n"
    "  - 10.0.0.0/8\n"
    "  - '::/0'\n"
    "  scheduler: 'rr'\n"
    "\n"
    "mode: ipvs"
)
BRACES = "# d\n{kind: KubeProxyConfiguration, 'ipvs': { syncPeriod: 0s, excludeCIDRs: [], strictARP: }, x: y}\r\n"
JSON = '{"kind":"KubeProxyConfiguration",\n "ipvs":{\n  "scheduler":"rr",\n  "excludeCIDRs":null}}'

# PyYAML takes its time, and the machine may be busy: pytest's timeout is the limit.
unhurried = settings(deadline=None, max_examples=50)

cidrs = st.sampled_from(["10.0.0.0/8", "192.168.7.1/32", "fd00::/8", "::/0"])
durations = st.sampled_from(["0", "0s", "30s", "1m30s", ".5s", "1h", "1\u00b5s"])
names = st.sampled_from(["lc", "rr", "null", "y", "on", "", "my-own_1"]) | st.text(max_size=5)


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Value]:
    """Draw one field and a value of its type."""
    field = draw(st.sampled_from(FIELDS))
    values: dict[str, st.SearchStrategy[Value]] = {
        "name": names,
        "boolean": st.booleans(),
        "duration": durations,
        "cidrs": st.lists(cidrs, max_size=3).map(tuple),
    }
    return {field.name: draw(values[field.kind])}


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Draw a configuration that can be edited: some keys, in some order, spaced, commented and ended somehow."""
    space = draw(st.sampled_from(["", " ", "  # why: because", " #"]))
    written = {
        "name": st.sampled_from(["rr", '""', "''", "'sh'", "~", ""]),
        "boolean": st.sampled_from(["true", "no", "'true'", "null", ""]),
        "duration": st.sampled_from(["0s", '"30s"', "null", ""]),
        "cidrs": st.sampled_from(["null", "[]", "[10.0.0.0/8, '::/0']", ""]),
    }
    fields = draw(st.lists(st.sampled_from(FIELDS), unique=True))
    section = [f"   {field.name}: {draw(written[field.kind])}{space}" for field in fields]
    others = [
        "kind: KubeProxyConfiguration",
        "mode: ipvs",
        "iptables:\n  syncPeriod: 0s",
        "# end",
        "a: {b: [c, 1]}",
    ]
    blocks = draw(st.permutations([*others, "\n".join([f"ipvs:{space}", *section])]))
    text = draw(st.sampled_from(["", "\ufeff"])) + "\n".join(blocks) + draw(st.sampled_from(["", "\n", "\n\n# x\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"])))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Draw a real document in which lines or characters are dropped, repeated, moved or put in."""
    text = draw(st.sampled_from([KUBEADM, COMPACT, BRACES, JSON]))
    scraps = st.sampled_from(list("\t\r\n:#-&*!|>'\"%@`{}[],?~\ufeff\x00\x85 ")) | st.sampled_from(
        [
            "<<: *a\n",
            "&a ",
            "*a ",
            "!!str ",
            "!!int ",
            "---\n",
            "...\n",
            "  scheduler: lc\n",
            "ipvs:\n",
            "? ",
            "|\n",
        ]
    )
    for _ in range(draw(st.integers(1, 4))):
        parts = re.split("(?<=\n)", text) if draw(st.booleans()) else list(text)
        at = draw(st.integers(0, len(parts)))
        action = draw(st.sampled_from(["drop", "repeat", "insert", "move"]))
        if action == "drop":
            del parts[at : at + draw(st.integers(1, 3))]
        elif action == "repeat":
            parts[at:at] = parts[at : at + 2]
        elif action == "insert":
            parts.insert(at, draw(scraps))
        else:
            parts[at:at] = [parts.pop(draw(st.integers(0, len(parts) - 1)))] if parts else []
        text = "".join(parts)
    return text


def loaded(text: str) -> Any:  # noqa: ANN401 - any document
    """Return what PyYAML reads; of what it alone refuses (a tab inside a key) our own reading, as kube-proxy's."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return deepcopy(configuration_document(text).value)


def loaded_without(text: str, name: str) -> object:
    """Return all that a text says but for one field; NaN as a text, since it is not equal to itself."""
    value = loaded(text)
    section = value.pop("ipvs", None) or {}
    section.pop(name, None)
    return repr((value, section))


def endings(text: str) -> set[str]:
    """Return the kinds of line endings in a text."""
    return set(re.findall("\r\n|[\r\n]", text))


def edited(text: str, change: dict[str, Value]) -> str | None:
    """Return the edited text, None where it is refused or invalid; any other exception fails the test."""
    try:
        return edit(text, change)
    except (EditRefused, ConfigurationInvalid):
        return None


def assert_only_the_field_changed(old: str, new: str, change: dict[str, Value]) -> None:
    """Compare what the two texts say: one field has its value, all else is as before; again changes nothing."""
    ((name, value),) = change.items()
    found = loaded(new)["ipvs"][name]
    assert (type(found), found) == ((list, list(value)) if isinstance(value, tuple) else (type(value), value))
    assert loaded_without(new, name) == loaded_without(old, name)
    assert edit(new, change) == new


@unhurried
@given(documents(), changes())
def test_one_field_of_any_document(text: str, change: dict[str, Value]) -> None:
    """A sane document is edited in one span: what is asked, no line ending touched, every comment kept."""
    ((_, value),) = change.items()
    new = edited(text, change)

    if new is None:
        assert isinstance(value, str)
        assert not value.isascii() or not value.isprintable()
        return
    assert_only_the_field_changed(text, new, change)
    assert endings(new) <= (endings(text) or {"\n"})
    assert new.count("#") - text.count("#") == (value.count("#") if isinstance(value, str) else 0)


@unhurried
@given(damaged(), changes())
@example("a\tpiVersion: x\n" + KUBEADM, {"syncPeriod": "0"})
def test_damaged_documents(text: str, change: dict[str, Value]) -> None:
    """A damaged document is edited right, refused or invalid; nothing else is raised, nothing else changed."""
    new = edited(text, change)

    if new is not None and new != text:
        assert_only_the_field_changed(text, new, change)


@unhurried
@given(st.text() | st.text(alphabet="ab:- \n\t{}[],&*!|>'\"%#?<~0.x"), changes())
def test_any_text(text: str, change: dict[str, Value]) -> None:
    """No text makes the edit raise anything but its two refusals."""
    edited(text, change)
    edited(f"kind: KubeProxyConfiguration\nipvs:\n  scheduler: {text}", change)
    edited(f"kind: KubeProxyConfiguration\n{text}", change)


@unhurried
@given(damaged() | st.text())
def test_any_text_is_read_or_invalid(text: str) -> None:
    """Reading raises ConfigurationInvalid or nothing, and always gives all eight fields."""
    try:
        found = read(text)
    except ConfigurationInvalid:
        return

    assert list(found.ipvs) == [field.name for field in FIELDS]


@unhurried
@given(st.lists(st.text() | st.sampled_from([field.flag for field in FIELDS])))
def test_any_words_are_a_command_line(args: list[str]) -> None:
    """Reading a command line raises nothing, and always gives all eight fields."""
    assert list(read_flags(args).ipvs) == [field.name for field in FIELDS]


@unhurried
@given(st.text(alphabet="a\r\n") | st.text(), st.text(alphabet="a\r\n") | st.text())
def test_difference_is_empty_only_for_equal_texts(old: str, new: str) -> None:
    """Any two texts have a difference, and it ends with a newline."""
    found = difference(old, new, "x")

    assert (found == "", found[-1:]) == (old == new, "" if old == new else "\n")
