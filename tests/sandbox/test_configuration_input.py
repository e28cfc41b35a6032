"""What stands in the ConfigMap and what is typed for a field: edited and proved, or refused with nothing written."""

import pytest

from tests.harness import BRISK, Ipvs, MakeSandbox, Run, writes

SET = ("set", "--scheduler", "lc")

HEAD = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n"
PLAIN = HEAD + "ipvs:\n  scheduler: rr\n"
JSON = (
    '{"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "ipvs", "ipvs": %s}'
)
BY_HAND = "hint: change it with `kubectl -n kube-system edit configmap kube-proxy`, then run `kubectl ipvs restart`\n"
MARKED = "scheduler has an alias, an anchor or a tag (line %d, column 3)"
UNIT = "hint: try a number and a unit: 30s, 1m30s, 500ms\n"

UNREADABLE = {
    "a list that is not closed": (
        HEAD + "ipvs:\n  scheduler: [rr\n",
        "the configuration is not valid YAML: expected ',' or ']', but got '<stream end>' (line 6, column 1)",
    ),
    "a tab": (
        HEAD + "ipvs:\n\tscheduler: rr\n",
        "the configuration is not valid YAML: found character '\\t' that cannot start any token (line 5, column 1)",
    ),
    "a control character": (
        HEAD + "ipvs:\n  scheduler: rr\x01\n",
        "the configuration is not valid YAML: control character U+0001 (line 5, column 16)",
    ),
    "no mapping": ("- a\n", "the configuration is not a mapping (line 1, column 1)"),
    "nothing": ("", "the configuration is empty"),
    "another kind": ("kind: X\n", 'the configuration is not of kind KubeProxyConfiguration: its kind is "X"'),
}

REFUSED = {
    "the field twice": (PLAIN + "  scheduler: wrr\n", "the key scheduler is there twice (line 6, column 3)"),
    "the section twice": (PLAIN + "ipvs:\n  scheduler: wrr\n", "the key ipvs is there twice (line 6, column 1)"),
    "an anchor": (HEAD + "ipvs:\n  scheduler: &a rr\n", MARKED % 5),
    "an alias": (HEAD + "x: &a rr\nipvs:\n  scheduler: *a\n", MARKED % 6),
    "a tag": (HEAD + "ipvs:\n  scheduler: !!str rr\n", MARKED % 5),
    "a merge key": (HEAD + "x: &a {b: c}\nipvs:\n  <<: *a\n", "a merge key (<<) stands beside it (line 6, column 3)"),
    "a block scalar": (PLAIN.replace("rr", "|\n    rr"), "its value goes over several lines (line 5, column 14)"),
    "two documents": (PLAIN + "---\nkind: Other\n", "the text has more than one YAML document"),
    "no section": (HEAD + "ipvs: [rr]\n", "ipvs is not a mapping (line 4, column 7)"),
}  # fmt: skip

EDITED = {
    "no section": (HEAD, HEAD.replace("mode", "ipvs:\n  scheduler: lc\nmode")),
    "an empty value": (HEAD + "ipvs:\n", HEAD + "ipvs:\n  scheduler: lc\n"),
    "null": (HEAD + "ipvs: null\n", HEAD + "ipvs: {scheduler: lc}\n"),
    "an empty mapping": (HEAD + "ipvs: {}\n", HEAD + "ipvs: {scheduler: lc}\n"),
    "flow style": (HEAD + "ipvs: {scheduler: 'rr', x: 1}\n", HEAD + "ipvs: {scheduler: 'lc', x: 1}\n"),
    "JSON": (JSON % '{"scheduler": "rr"}', JSON % '{"scheduler": "lc"}'),
    "JSON without the field": (JSON % "{}", JSON % '{"scheduler": "lc"}'),
    "a comment": (HEAD + "ipvs:\n  scheduler: rr  # ours\n", HEAD + "ipvs:\n  scheduler: lc  # ours\n"),
    "CRLF": (PLAIN.replace("\n", "\r\n"), PLAIN.replace("\n", "\r\n").replace("rr", "lc")),
    "a byte order mark": ("\ufeff" + PLAIN, "\ufeff" + PLAIN.replace("rr", "lc")),
    "no final newline": (PLAIN.rstrip(), PLAIN.rstrip().replace("rr", "lc")),
}  # fmt: skip

STARTS = {  # what has to stand there for a flag to change anything: kube-proxy's own default is in effect already
    "strictARP: false": "strictARP: true",
    "udpTimeout: 0s": "udpTimeout: 1s",
    "excludeCIDRs: []": "excludeCIDRs: [fd00::/8]",
}
GOOD = {
    ("--strict-arp",): "strictARP: true",
    ("--no-strict-arp",): "strictARP: false",
    ("--sync-period", "1m30s"): "syncPeriod: 1m30s",
    ("--min-sync-period", "500ms"): "minSyncPeriod: 500ms",
    ("--tcp-timeout", "1h"): "tcpTimeout: 1h",
    ("--tcp-fin-timeout", "30s"): "tcpFinTimeout: 30s",
    ("--udp-timeout", "0s"): "udpTimeout: 0s",
    ("--exclude-cidrs", "10.0.0.0/8, fd00::/8"): 'excludeCIDRs: ["10.0.0.0/8", "fd00::/8"]',
    ("--exclude-cidrs", ""): "excludeCIDRs: []",
}

WHERE = "configmap kube-system/kube-proxy, key config.conf"
PROBLEMS = (
    (
        "kube-proxy not found: kube-proxy's configuration should be there",
        "name the right one with --configmap NAME/KEY",
    ),
    ('kube-proxy has no key "config.conf": it has kubeconfig.conf', "name the key with --configmap NAME/KEY"),
    ("is immutable: it cannot be changed", "make a new one and let the DaemonSet mount it"),
)
PREFIX = "is not an address with the length of its prefix\nhint: try 10.0.0.0/8,fd00::/8\n"
BAD = {
    ("--sync-period", "5"): 'syncPeriod: "5" is not a duration\nhint: did you mean 5s?\n',
    ("--sync-period", "-5s"): 'syncPeriod: "-5s" is negative\nhint: try 0s for kube-proxy\'s default\n',
    (
        "--min-sync-period",
        "1m",
    ): "minSyncPeriod 1m is greater than syncPeriod 30s (default)\nhint: set --sync-period, too\n",
    ("--tcp-timeout", "1d"): f'tcpTimeout: "1d" is not a duration\n{UNIT}',
    ("--tcp-fin-timeout", ""): f'tcpFinTimeout: "" is not a duration\n{UNIT}',
    ("--udp-timeout", "soon"): f'udpTimeout: "soon" is not a duration\n{UNIT}',
    ("--exclude-cidrs", "10.0.0.0/8,10.1.1.1"): f'excludeCIDRs: "10.1.1.1" {PREFIX}',
    ("--exclude-cidrs", "10.0.0.0/33"): f'excludeCIDRs: "10.0.0.0/33" {PREFIX}',
    (): "nothing to set\nhint: name a field, as in `kubectl ipvs set --scheduler lc`\n",
}


def test_unreadable_configuration_names_line_and_column(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What is no configuration of kube-proxy ends get; status shows the tables, compares none, and says why.

    set (with --force, too) and restart are refused: nothing is restarted into what kube-proxy exits on.
    """
    box = sandbox(nodes=1)

    for case, (text, problem) in UNREADABLE.items():
        box.set_config(text)
        run = ipvs(box, "get")
        looked, checked = ipvs(box, "status"), ipvs(box, "status", "--check")
        changed = [ipvs(box, *words, *BRISK) for words in (SET, (*SET, "--force"), ("restart",))]

        assert run == Run(1, "", f"error: {WHERE}: {problem}\n"), case
        assert (looked.code, checked.code, looked.rows["node1"][-1]) == (3, 3, "unknown"), case
        assert (f"node1: unknown: {WHERE}: {problem}" in looked.out, problem in looked.err) == (True, True), case
        assert [(entry.code, entry.out) for entry in changed] == [(1, "")] * 3, case
        assert [problem in entry.err for entry in changed] == [True] * 3, case
        assert (box.config, writes(box)) == (text, []), case


def test_unsafe_place_is_refused_with_its_reason(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What cannot be edited safely is left to the user: reason and place are named, nothing is written."""
    box = sandbox(nodes=1)

    for case, (text, reason) in REFUSED.items():
        box.set_config(text)
        run = ipvs(box, "set", "--scheduler", "lc", *BRISK)

        said = f"error: ipvs.scheduler cannot be edited safely: {reason}\n{BY_HAND}"
        assert (run.code, run.out, run.err.endswith(said)) == (1, "", True), (case, run.err)
        assert (box.config, writes(box)) == (text, []), case


@pytest.mark.parametrize("case", EDITED)
def test_edit_is_exact_and_the_kernel_follows(case: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Whatever the style of the section: one place is changed, every other byte stays, the node follows."""
    before, after = EDITED[case]
    box = sandbox(nodes=1, config=before)

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0s", "--timeout", "4s")

    assert (run.code, box.config, box.schedulers()) == (0, after, {"node1": "lc"})


def test_every_field_flag_sets_its_field(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Each flag adds its field below `ipvs:` where it is not there, in YAML that holds the value that was typed."""
    box = sandbox(nodes=1)

    for words, line in GOOD.items():
        before = f"ipvs:\n  {STARTS[line]}\n" if line in STARTS else "ipvs:\n"
        box.set_config(PLAIN.replace("ipvs:\n", before))
        run = ipvs(box, "set", *words, "--no-restart")

        assert (run.code, box.config) == (0, PLAIN.replace("ipvs:\n", f"ipvs:\n  {line}\n")), words
        assert run.out.splitlines()[-1] == "configmap/kube-proxy patched", words
    assert (set(writes(box)), box.restarts) == ({"PATCH configmaps/kube-proxy"}, {"node1": 0})


@pytest.mark.parametrize("words", [("--no-strict-arp",), ("--exclude-cidrs", ""), ("--sync-period", "30s")])
def test_what_is_in_effect_as_the_default_is_not_written(
    words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs
) -> None:
    """To ask for what kube-proxy does anyway changes no text and restarts no node."""
    box = sandbox(nodes=1, config=PLAIN)

    run = ipvs(box, "set", *words, *BRISK)

    assert (run.code, run.out, box.config, writes(box)) == (0, "", PLAIN, [])
    assert run.err.endswith("nothing to change\n")


def test_bad_value_is_a_usage_error(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A value that kube-proxy or the kernel would not take is exit 2 with a hint; nothing is written."""
    box = sandbox(nodes=1, config=PLAIN)

    for words, said in BAD.items():
        run = ipvs(box, "set", *words, *BRISK)

        assert (run.code, run.out, run.err.endswith(f"error: {said}")) == (2, "", True), (words, run.err)
    assert (box.config, writes(box), box.restarts) == (PLAIN, [], {"node1": 0})


def test_several_fields_are_one_write_and_one_restart(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """All fields of one command go into one patch; a field that has its value already is left as it is written."""
    text = (
        HEAD
        + "ipvs:\n  excludeCIDRs:\n  - 10.0.0.0/8\n  scheduler: 'lc'\n  strictARP: false\n  syncPeriod: 0s # default\n"
    )
    wanted = HEAD + "ipvs:\n  excludeCIDRs: []\n  scheduler: 'lc'\n  strictARP: true\n  syncPeriod: 1m # default\n"
    box = sandbox(nodes=1, config=text)

    run = ipvs(box, "set", "--scheduler", "lc", "--strict-arp", "--sync-period", "1m", "--exclude-cidrs", "", *BRISK)

    assert (run.code, box.config, box.kernel("node1")["strict_arp"]) == (0, wanted, True)
    assert [entry.split("/")[0] for entry in writes(box)] == ["PATCH configmaps", "DELETE pods"]


@pytest.mark.parametrize("mode", ["iptables", "", "nftables"])
def test_mode_other_than_ipvs(mode: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Outside ipvs mode set says that the value would have no effect; --force stores it all the same."""
    box = sandbox(nodes=1, mode=mode)
    before = box.config

    refused = ipvs(box, "set", "--scheduler", "lc", *BRISK)

    assert (refused.code, writes(box), box.config) == (1, [], before)
    assert f"kube-proxy's mode is {mode or 'iptables'}: the value would have no effect" in refused.err
    assert "--force" in refused.err

    forced = ipvs(box, "set", "--scheduler", "lc", "--force", "--no-restart")

    assert (forced.code, box.config) == (0, before.replace('scheduler: ""', 'scheduler: "lc"'))
    assert f"kube-proxy's mode is {mode or 'iptables'}" in forced.err
    assert box.kernel("node1")["scheduler"] is None


def test_wrong_scheduler_name(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A name that the kernel has not is refused with the nearest one that it has; nothing is written."""
    box = sandbox(nodes=1, config=PLAIN)

    near = {"wlcc": "wlc", "LC": "lc", "lc x": "lc", "round-robin": "rr"}
    for name, meant in near.items():
        run = ipvs(box, "set", "--scheduler", name, *BRISK)

        assert (run.code in {1, 2}, f'"{name}"' in run.err) == (True, True), run.err
        assert f"hint: did you mean {meant}?" in run.err
    assert (box.config, writes(box), box.restarts) == (PLAIN, [], {"node1": 0})


def test_unknown_scheduler_with_force(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--force stores a name that the kernel's own list does not have (a third party's module), and says so."""
    box = sandbox(nodes=1, config=PLAIN)

    run = ipvs(box, "set", "--scheduler", "maglev2", "--force", "--no-restart")

    assert (run.code, box.config) == (0, PLAIN.replace("rr", "maglev2"))
    assert 'no scheduler of the kernel is called "maglev2"' in run.err


def test_get_tells_what_kube_proxy_reads_otherwise(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What kube-proxy exits on comes first, then what it ignores: unknown keys, and those that are there twice."""
    section = "ipvs:\n  Scheduler: lc\n  scheduler: rr\n  scheduler: wrr\n  syncPeriod: 5\n  excludeCIDRs: [foo]\n"

    run = ipvs(sandbox(nodes=1, config=HEAD + section, version="v1.34.2"), "get")

    assert (run.code, run.rows["scheduler"]) == (0, ["wrr"])
    assert run.err.splitlines() == [
        (
            "warning: kube-proxy will not start: ipvs.syncPeriod is 5, not a duration such as 30s (line 8); "
            'ipvs.excludeCIDRs has "foo", not a CIDR (line 9)'
        ),
        (
            "warning: the configuration has keys that kube-proxy ignores: ipvs.scheduler is there twice: the last "
            "one counts (line 7); ipvs.Scheduler: kube-proxy does not know this key and ignores it, unlike scheduler "
            "(line 5)"
        ),
    ]


def test_values_are_shown_safely(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A value that holds a terminal's escape sequence is shown escaped, in every format."""
    box = sandbox(nodes=1, config=HEAD + 'ipvs:\n  scheduler: "\\e[31mlc\\r"\n  "\\e]0;x": 1\n')

    for words in (("get",), ("get", "-o", "json"), ("get", "-o", "yaml"), ("status",)):
        run = ipvs(box, *words)

        shown = run.out + run.err
        assert "\\x1b[31mlc\\r" in shown or "\\u001b[31mlc\\r" in shown or "\\e[31mlc\\r" in shown, words
        assert not [char for char in shown if not (char.isprintable() or char == "\n")], words


def test_config_map_that_cannot_be_used(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Missing, without its key, immutable: each is said as it is, with what helps, and nothing is written."""
    gone, bare, frozen = sandbox(nodes=1), sandbox(nodes=1), sandbox(nodes=1, immutable=True)
    gone.remove("ConfigMap", "kube-system", "kube-proxy")
    bare.edit("ConfigMap", "kube-system", "kube-proxy", lambda found: found["data"].pop("config.conf"))
    runs = [ipvs(box, "set", "--scheduler", "lc", *BRISK) for box in (gone, bare, frozen)]

    for run, (problem, hint) in zip(runs, PROBLEMS, strict=True):
        assert (run.code, problem in run.err, f"hint: {hint}" in run.err) == (1, True, True), run.err
    assert (writes(gone), writes(bare), writes(frozen)) == ([], [], [])
