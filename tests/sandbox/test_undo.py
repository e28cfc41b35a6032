"""The last change is recorded beside the configuration, and undone byte for byte in the same safe way."""

import json
from typing import Any

import pytest

from kubectl_ipvs.proxy.config.last_change import digest
from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Request
from tests.harness import Ipvs, MakeSandbox, Run, writes

SET = ("set", "--scheduler", "lc")
PACE = ("--settle", "0s", "--timeout", "4s")
FAST: dict[str, Any] = {"nodes": 1, "terminate": 0.02, "start": 0.02, "sync": 0.0}
LAST = "kubectl-ipvs/last-change"
HASH = "kubeadm.kubernetes.io/component-config.hash"
WHERE = "configmap kube-system/kube-proxy"
PLAIN = """\
# kept as it is
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode:   "ipvs"   # three blanks
ipvs:
    syncPeriod: 30s
"""


def annotations(box: Sandbox) -> dict[str, str]:
    """Give the ConfigMap's annotations."""
    found: dict[str, str] = box.config_map()["metadata"].get("annotations", {})
    return found


def annotate(box: Sandbox, change: dict[str, str | None]) -> None:
    """Write annotations as somebody else would; None takes one away."""

    def act(obj: dict[str, Any]) -> None:
        known = {**obj["metadata"].get("annotations", {}), **change}
        kept = {name: value for name, value in known.items() if value is not None}
        obj["metadata"]["annotations"] = kept
        if not kept:
            del obj["metadata"]["annotations"]

    box.edit("ConfigMap", "kube-system", "kube-proxy", act)


def test_record(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The annotation says when, which fields, from what to what, since when the old text was; kubeadm's hash stays."""
    box = sandbox(**FAST)
    before = annotations(box)

    ipvs(box, *SET, *PACE)

    after = annotations(box)
    noted = json.loads(after[LAST])
    assert {name: after[name] for name in before} == before == {HASH: before[HASH]}
    assert (list(noted), noted["fields"], noted["sha256"]) == (
        ["at", "before", "fields", "inserted", "removed", "sha256", "time", "undoes"],
        {"scheduler": {"from": "", "to": "lc"}},
        digest(box.config),
    )


def test_undo_and_redo(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Undo shows and reverses the last change, on every node; undo of an undo does it again."""
    box = sandbox(**{**FAST, "nodes": 2})
    old = box.config
    ipvs(box, *SET, *PACE)
    new = box.config

    undone = ipvs(box, "undo", *PACE)
    between = (box.config, box.schedulers())
    redone = ipvs(box, "undo", *PACE)

    diff = [line for line in undone.out.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    assert diff == ['-  scheduler: "lc"', '+  scheduler: ""']
    assert (undone.code, between) == (0, (old, {"node1": "rr", "node2": "rr"}))
    assert (redone.code, box.config, box.schedulers()) == (0, new, {"node1": "lc", "node2": "lc"})
    assert undone.out.splitlines()[-3:] == [
        "configmap/kube-proxy patched",
        "node/node1 restarted",
        "node/node2 restarted",
    ]
    assert (undone.err.splitlines()[-1], redone.err.splitlines()[-1]) == ("redo with: kubectl ipvs undo",) * 2


@pytest.mark.parametrize("command", [("undo",), ("undo", "--dry-run=client"), ("undo", "-o", "json")])
def test_nothing_recorded(command: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where nothing was changed by us there is nothing to undo."""
    box = sandbox(**FAST)

    run = ipvs(box, *command)

    said = (
        f"error: nothing to undo in {WHERE}: kubectl ipvs has changed nothing there\n"
        "hint: set the value itself: `kubectl ipvs set --scheduler rr`\n"
    )
    assert (run, writes(box)) == (Run(1, "", said), [])


@pytest.mark.parametrize("value", ["", "no json", "[]", '{"time": 1}', '{"at": -1}'])
def test_damaged_record(value: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A record that cannot be read is said to be so, and nothing is guessed."""
    box = sandbox(**FAST, annotations={LAST: value})

    run = ipvs(box, "undo")

    why = "its record cannot be read" if value else "kubectl ipvs has changed nothing there"
    assert (run.code, run.err.splitlines()[0], writes(box)) == (1, f"error: nothing to undo in {WHERE}: {why}", [])


def test_changed_by_somebody_else_since(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Exit 4, nothing written, the command that sets the old value all the same, and what that would write."""
    box = sandbox(**FAST)
    ipvs(box, *SET, *PACE)
    when = json.loads(annotations(box)[LAST])["time"]
    theirs = box.config.replace("tcpTimeout: 0s", "tcpTimeout: 9s")
    box.set_config(theirs)
    done = writes(box)

    run = ipvs(box, "undo", *PACE)

    assert (run.code, run.out, box.config, writes(box)) == (4, "", theirs, done)
    assert run.err.splitlines() == [
        f"error: {WHERE} was changed by somebody else since the last change ({when}): nothing written",
        "hint: to have the value back all the same: `kubectl ipvs set --scheduler rr`",
        "that would write now:",
        f"--- {WHERE} config.conf (now)",
        f"+++ {WHERE} config.conf (wanted)",
        "@@ -33,7 +33,7 @@",
        " ipvs:",
        "   excludeCIDRs: null",
        "   minSyncPeriod: 0s",
        '-  scheduler: "lc"',
        '+  scheduler: "rr"',
        "   strictARP: false",
        "   syncPeriod: 0s",
        "   tcpFinTimeout: 0s",
    ]


@pytest.mark.parametrize("words", [("undo",), ("undo", "--dry-run=client"), ("set", "--scheduler", "sed")])
def test_refused_without_a_diff(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What preflight refuses writes nothing: stdout, where the diff of what is written stands, stays empty."""
    box = sandbox(**FAST)
    ipvs(box, *SET, *PACE)
    done = writes(box)
    box.deny("delete", "pods")

    run = ipvs(box, *words)

    assert (run.code, run.out, writes(box)) == (1, "", done)
    assert run.err.splitlines()[0].startswith("error IPVS010: you may not: delete pods")


def test_changed_into_something_that_cannot_be_edited(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where no diff can be made the answer is the same, without one."""
    box = sandbox(**FAST)
    ipvs(box, *SET, *PACE)
    box.set_config(box.config.replace("ipvs:\n", "ipvs: &anchor\n") + "\nother: *anchor")

    run = ipvs(box, "undo", *PACE)

    assert (run.code, "was changed by somebody else since" in run.err.splitlines()[0]) == (4, True)


def test_several_fields_at_once(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """All fields of one change come back together."""
    box = sandbox(**FAST)
    old = box.config
    words = ("--strict-arp", "--tcp-timeout", "1h", "--exclude-cidrs", "10.0.0.0/8,192.168.1.0/24")

    run = ipvs(box, *SET, *words, *PACE)
    fields = json.loads(annotations(box)[LAST])["fields"]
    undone = ipvs(box, "undo", *PACE, "-o", "json")

    assert (run.code, undone.code, box.config, undone.json["outcome"]) == (0, 0, old, "verified")
    assert fields == {
        "scheduler": {"from": "", "to": "lc"},
        "strictARP": {"from": False, "to": True},
        "tcpTimeout": {"from": "0s", "to": "1h"},
        "excludeCIDRs": {"from": None, "to": ["10.0.0.0/8", "192.168.1.0/24"]},
    }
    assert undone.json["fields"] == {name: {"from": entry["to"], "to": entry["from"]} for name, entry in fields.items()}


@pytest.mark.parametrize(
    "text", [PLAIN, PLAIN.replace("\n", "\r\n"), PLAIN.rstrip("\n"), PLAIN.split("ipvs:\n", maxsplit=1)[0]]
)
def test_field_that_was_absent(text: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """It is absent again: every byte is as it was."""
    box = sandbox(**FAST, config=text)

    run = ipvs(box, *SET, *PACE)
    changed = box.config
    undone = ipvs(box, "undo", *PACE)

    assert (run.code, changed == text, undone.code, box.config) == (0, False, 0, text)


def test_no_annotations_at_all(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A ConfigMap without any annotation gets its record too."""
    box = sandbox(**FAST)
    annotate(box, {HASH: None})
    old = box.config

    run = ipvs(box, *SET, *PACE)
    names = list(annotations(box))
    undone = ipvs(box, "undo", *PACE)

    assert (run.code, names, undone.code, box.config) == (0, [LAST], 0, old)


@pytest.mark.parametrize("before", [{}, {HASH: None}], ids=["some were there", "none was there"])
def test_annotation_added_meanwhile(before: dict[str, str | None], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What somebody else notes between our read and our write is kept."""
    box = sandbox(**FAST)
    annotate(box, before)

    def meanwhile(request: Request) -> None:
        if request.method == "PATCH":
            box.hook = None
            annotate(box, {"theirs": "kept"})

    box.hook = meanwhile
    run = ipvs(box, *SET, *PACE)

    assert (run.code, annotations(box)["theirs"], LAST in annotations(box)) == (0, "kept", True)


def test_dry_run(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--dry-run shows the same and changes nothing, whoever is asked."""
    box = sandbox(**FAST)
    ipvs(box, *SET, *PACE)
    config, done = box.config, writes(box)

    runs = [ipvs(box, "undo", f"--dry-run={kind}", *PACE) for kind in ("client", "server")]

    assert [(run.code, run.out.splitlines()[-2:]) for run in runs] == [
        (0, ["configmap/kube-proxy patched (dry run)", "node/node1 restarted (dry run)"]),
        (0, ["configmap/kube-proxy patched (server dry run)", "node/node1 restarted (server dry run)"]),
    ]
    assert (box.config, writes(box)) == (config, done)


def test_undo_asks_the_same_questions(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """To go back to a trap is refused as going there is."""
    box = sandbox(**FAST, scheduler="dh")
    ipvs(box, *SET, *PACE)

    run = ipvs(box, "undo", *PACE)
    forced = ipvs(box, "undo", "--force", *PACE)

    assert (run.code, run.err.splitlines()[-2], forced.code, box.schedulers()) == (
        1,
        "error: preflight refuses the change (IPVS005): nothing was written",
        0,
        {"node1": "dh"},
    )


def test_undo_that_cannot_be_verified(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An undo is rolled back like any change, and can be tried again."""
    box = sandbox(**FAST)
    ipvs(box, *SET, *PACE)
    config, noted = box.config, annotations(box)[LAST]
    box.fault("node1", "stale")

    run = ipvs(box, "undo", "--settle", "0s", "--timeout", "0.5s")

    assert (run.code, box.config, annotations(box)[LAST], box.schedulers()) == (1, config, noted, {"node1": "lc"})


def test_undo_where_flags_configure(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without a ConfigMap nothing can have been recorded."""
    run = ipvs(sandbox(**FAST, layout="flags"), "undo")

    words = "error: nothing to undo in namespace kube-system: kubectl ipvs has changed nothing there"
    assert (run.code, run.err.splitlines()[0]) == (1, words)


def test_undo_is_read_only(sandbox: MakeSandbox, ipvs: Ipvs, monkeypatch: pytest.MonkeyPatch) -> None:
    """KUBECTL_IPVS_READONLY refuses it, and leaves the dry run."""
    box = sandbox(**FAST)
    ipvs(box, *SET, *PACE)
    monkeypatch.setenv("KUBECTL_IPVS_READONLY", "1")

    refused, shown = ipvs(box, "undo"), ipvs(box, "undo", "--dry-run=client")

    assert (refused.code, refused.err.splitlines()[0], shown.code) == (
        1,
        "error: undo refused: KUBECTL_IPVS_READONLY is set",
        0,
    )
