"""The byte-exact edit: a table of cases, each delivered with every line ending."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_ipvs.proxy.config.edit import edit
from kubectl_ipvs.proxy.config.fields import Value

KUBEADM = Path(__file__).parent.joinpath("samples", "kubeadm.yaml").read_text(encoding="utf-8")
KIND = "kind: KubeProxyConfiguration\n"

DELIVERIES: dict[str, Callable[[str], str]] = {
    "LF": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "BOM": lambda text: "\ufeff" + text,
    "no final newline": lambda text: text.removesuffix("\n"),
}

LC: dict[str, Value] = {"scheduler": "lc"}
TWO: dict[str, Value] = {"excludeCIDRs": ("10.0.0.0/8", "fd00::/8")}
NONE: dict[str, Value] = {"excludeCIDRs": ()}

# name: (changes, before, after); KIND stands before each.
CASES: dict[str, tuple[dict[str, Value], str, str]] = {
    "plain": (LC, "ipvs:\n  scheduler: rr\n", "ipvs:\n  scheduler: lc\n"),
    "comment": (LC, "ipvs:\n  scheduler:   rr  # why\n", "ipvs:\n  scheduler:   lc  # why\n"),
    "double quotes": (LC, 'ipvs:\n  scheduler: ""\n', 'ipvs:\n  scheduler: "lc"\n'),
    "single quotes": (LC, "ipvs:\n  scheduler: 'rr'\n", "ipvs:\n  scheduler: 'lc'\n"),
    "quoted keys": (LC, "\"ipvs\":\n  'scheduler' : rr\n", "\"ipvs\":\n  'scheduler' : lc\n"),
    "null": (LC, "ipvs:\n  scheduler: ~\n", "ipvs:\n  scheduler: lc\n"),
    "wrong type": (LC, "ipvs:\n  scheduler: 5\n", "ipvs:\n  scheduler: lc\n"),
    "empty value": (LC, "ipvs:\n  scheduler:\n", "ipvs:\n  scheduler: lc\n"),
    "empty value, comment": (LC, "ipvs:\n  scheduler:  # c\n", "ipvs:\n  scheduler: lc  # c\n"),
    "another scheduler": (
        LC,
        "other:\n  ipvs:\n    scheduler: rr\nipvs:\n    scheduler: rr\n    x: {scheduler: rr}\n",
        "other:\n  ipvs:\n    scheduler: rr\nipvs:\n    scheduler: lc\n    x: {scheduler: rr}\n",
    ),
    "key missing": (
        LC,
        "ipvs:\n    # about the next\n    strictARP: true\n\n# the end\nmode: ipvs\n",
        "ipvs:\n    scheduler: lc\n    # about the next\n    strictARP: true\n\n# the end\nmode: ipvs\n",
    ),
    "key missing, alias beside": (
        LC,
        "x: &a [1.0.0.0/8]\nipvs:\n  excludeCIDRs: *a\n",
        "x: &a [1.0.0.0/8]\nipvs:\n  scheduler: lc\n  excludeCIDRs: *a\n",
    ),
    "section missing": (LC, "# c\nmode: ipvs\n", "ipvs:\n  scheduler: lc\n# c\nmode: ipvs\n"),
    "section empty": (
        LC,
        "ipvs:  # c\n# d\nmode: ipvs\n",
        "ipvs:  # c\n  scheduler: lc\n# d\nmode: ipvs\n",
    ),
    "section null": (LC, "ipvs: null # c\n", "ipvs: {scheduler: lc} # c\n"),
    "section {}": (LC, "ipvs: {}\n", "ipvs: {scheduler: lc}\n"),
    "braces": (LC, "ipvs: {scheduler: rr, x: y}\n", "ipvs: {scheduler: lc, x: y}\n"),
    "braces, empty value": (LC, "ipvs: {x: y, scheduler: }\n", "ipvs: {x: y, scheduler: lc }\n"),
    "braces, key missing": (LC, "ipvs: { x: y }\n", "ipvs: { scheduler: lc, x: y }\n"),
    "braces, comment": (LC, "ipvs: { # c\n  x: y}\n", "ipvs: { scheduler: lc, # c\n  x: y}\n"),
    "braces over lines": (
        LC,
        "ipvs: {\n  x: y,\n}\n",
        "ipvs: {\n  scheduler: lc,\n  x: y,\n}\n",
    ),
    "not safe without quotes": (
        {"scheduler": "null", "syncPeriod": "0", "udpTimeout": ".5s"},
        "ipvs:\n  scheduler: rr\n  syncPeriod: 0s\n  udpTimeout: 'x'\n",
        'ipvs:\n  scheduler: "null"\n  syncPeriod: "0"\n  udpTimeout: \'.5s\'\n',
    ),
    "boolean for Go only": ({"scheduler": "y"}, "ipvs:\n  scheduler:\n", 'ipvs:\n  scheduler: "y"\n'),
    "back to empty": ({"scheduler": ""}, "ipvs:\n  scheduler: lc\n", 'ipvs:\n  scheduler: ""\n'),
    "boolean": ({"strictARP": True}, "ipvs:\n  strictARP: no\n", "ipvs:\n  strictARP: true\n"),
    "boolean, was text": (
        {"strictARP": False},
        'ipvs:\n  strictARP: "false"\n',
        "ipvs:\n  strictARP: false\n",
    ),
    "duration": (
        {"tcpTimeout": "1h", "syncPeriod": "1m30s"},
        "ipvs:\n  tcpTimeout: 0s\n",
        "ipvs:\n  syncPeriod: 1m30s\n  tcpTimeout: 1h\n",
    ),
    "list, was null": (
        TWO,
        "ipvs:\n  excludeCIDRs: null\n",
        'ipvs:\n  excludeCIDRs: ["10.0.0.0/8", "fd00::/8"]\n',
    ),
    "list, was empty": (
        TWO,
        "ipvs:\n  excludeCIDRs:\n",
        'ipvs:\n  excludeCIDRs: ["10.0.0.0/8", "fd00::/8"]\n',
    ),
    "list in brackets": (
        TWO,
        "ipvs:\n  excludeCIDRs: [\n 1.0.0.0/8\n] # c\n",
        'ipvs:\n  excludeCIDRs: ["10.0.0.0/8", "fd00::/8"] # c\n',
    ),
    "list of lines": (
        TWO,
        "ipvs:\n  excludeCIDRs:\n    # c\n    - 1.0.0.0/8\n\n    -  '2.0.0.0/8'\n    - 3.0.0.0/8\n\n# d\n",
        'ipvs:\n  excludeCIDRs:\n    # c\n    - 10.0.0.0/8\n    - "fd00::/8"\n\n# d\n',
    ),
    "list of lines without indentation": (
        TWO,
        'ipvs:\n  excludeCIDRs:\n  - "1.0.0.0/8"\n  scheduler: rr\n',
        'ipvs:\n  excludeCIDRs:\n  - "10.0.0.0/8"\n  - "fd00::/8"\n  scheduler: rr\n',
    ),
    "list of lines, emptied": (
        NONE,
        "ipvs:\n  excludeCIDRs:\n  - 1.0.0.0/8\n  - 2.0.0.0/8\n  scheduler: rr\n",
        "ipvs:\n  excludeCIDRs: []\n  scheduler: rr\n",
    ),
    "list in brackets, emptied": (
        NONE,
        "ipvs:\n  excludeCIDRs: [1.0.0.0/8]\n",
        "ipvs:\n  excludeCIDRs: []\n",
    ),
    "list, no longer text": (
        NONE,
        "ipvs:\n  excludeCIDRs: 1.0.0.0/8\n",
        "ipvs:\n  excludeCIDRs: []\n",
    ),
    "beyond the first plane": (
        LC,
        "# \U0001f600\nipvs:\n  x: \U0001f600\n  scheduler: rr # \u00e9\n",
        "# \U0001f600\nipvs:\n  x: \U0001f600\n  scheduler: lc # \u00e9\n",
    ),
    "document start": (LC, "ipvs:\n  scheduler: rr\n...\n", "ipvs:\n  scheduler: lc\n...\n"),
}

# The same for whole documents.
WHOLE: dict[str, tuple[dict[str, Value], str, str]] = {
    "kubeadm": (LC, KUBEADM, KUBEADM.replace('scheduler: ""', 'scheduler: "lc"')),
    "kubeadm, several": (
        {"strictARP": True, "scheduler": "lc", "tcpTimeout": "1h"},
        KUBEADM,
        KUBEADM.replace('scheduler: ""', 'scheduler: "lc"')
        .replace("strictARP: false", "strictARP: true")
        .replace("tcpTimeout: 0s", "tcpTimeout: 1h"),
    ),
    "one line": (LC, KIND, KIND + "ipvs:\n  scheduler: lc\n"),
    "indented": (
        LC,
        "--- # c\n  # d\n  kind: KubeProxyConfiguration # e\n  mode: ipvs\n",
        "--- # c\n  # d\n  kind: KubeProxyConfiguration # e\n  ipvs:\n    scheduler: lc\n  mode: ipvs\n",
    ),
    "all in braces": (
        LC,
        "--- {kind: KubeProxyConfiguration, ipvs: }\n",
        "--- {kind: KubeProxyConfiguration, ipvs: {scheduler: lc} }\n",
    ),
    "all in braces, section missing": (
        LC,
        "--- {kind: KubeProxyConfiguration}\n",
        "--- {ipvs: {scheduler: lc}, kind: KubeProxyConfiguration}\n",
    ),
    "JSON in one line": (
        {"scheduler": "lc", "strictARP": True, "excludeCIDRs": ("10.0.0.0/8", "fd00::/8")},
        '{"kind":"KubeProxyConfiguration","ipvs":{"scheduler":"","excludeCIDRs":null}}\n',
        (
            '{"kind":"KubeProxyConfiguration","ipvs":{"strictARP": true, "scheduler":"lc",'
            '"excludeCIDRs":["10.0.0.0/8", "fd00::/8"]}}\n'
        ),
    ),
    "JSON over lines": (
        LC,
        '{\n  "kind": "KubeProxyConfiguration",\n  "ipvs": {\n    "strictARP": false\n  }\n}\n',
        '{\n  "kind": "KubeProxyConfiguration",\n  "ipvs": {\n    "scheduler": "lc",\n    "strictARP": false\n  }\n}\n',
    ),
    "JSON, null": (
        LC,
        '{"kind": "KubeProxyConfiguration", "ipvs": {"scheduler": null}}\n',
        '{"kind": "KubeProxyConfiguration", "ipvs": {"scheduler": "lc"}}\n',
    ),
    "JSON, section null": (
        LC,
        '{"kind": "KubeProxyConfiguration", "ipvs": null}\n',
        '{"kind": "KubeProxyConfiguration", "ipvs": {"scheduler": "lc"}}\n',
    ),
    "JSON, section missing": (
        LC,
        '{\n  "kind": "KubeProxyConfiguration"\n}\n',
        '{\n  "ipvs": {"scheduler": "lc"},\n  "kind": "KubeProxyConfiguration"\n}\n',
    ),
}
for _name, (_changes, _before, _after) in CASES.items():
    WHOLE[_name] = (_changes, KIND + _before, KIND + _after)


@pytest.mark.parametrize("deliver", DELIVERIES.values(), ids=DELIVERIES)
@pytest.mark.parametrize(("changes", "before", "after"), WHOLE.values(), ids=WHOLE)
def test_edit(changes: dict[str, Value], before: str, after: str, deliver: Callable[[str], str]) -> None:
    """Only the value changes, whatever the line endings; a second edit changes nothing."""
    once = edit(deliver(before), changes)

    assert (once, edit(once, changes)) == (deliver(after), deliver(after))


@pytest.mark.parametrize(
    "text",
    [
        "ipvs: {scheduler: 'lc'}\n",
        "ipvs:\n  scheduler: |-\n    lc\n",
        "x: &a lc\nipvs:\n  scheduler: *a\n",
        "ipvs:\n  scheduler: rr\n  scheduler: lc\n",
    ],
)
def test_a_value_that_is_there_is_left_as_written(text: str) -> None:
    """What reads as the wanted value already is returned as it is, however it is written."""
    assert edit(KIND + text, LC) == KIND + text


def test_no_changes() -> None:
    """Nothing asked, nothing read, nothing changed."""
    assert edit("text", {}) == "text"
