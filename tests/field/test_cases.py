"""What a user of each of these clusters needs. A name in a test is the folder in `cases`."""

import re

import pytest

from tests.field.harness import BRISK, Field, RunCase, restarted, schedulers, texts

ALL_LC = {"lc"}


def row_words(out: str) -> set[str]:
    """Return the first word of each line: the nodes of a table."""
    return {line.split()[0] for line in out.splitlines() if line.strip()}


def test_an_empty_table_proves_nothing(field: Field, run: RunCase) -> None:
    """01: kube-proxy runs in iptables mode and the table is empty: no change is verified, none stays."""
    box = field("01-empty-table")
    before = box.config

    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)

    assert change.code in (1, 3), change.said
    assert box.config == before
    assert ("w1" in change.said, "w2" in change.said) == (True, True), change.said


def test_an_empty_table_is_judged_alike_by_all(field: Field, run: RunCase) -> None:
    """01: what `status --check` calls out of step, `restart` does not call verified."""
    box = field("01-empty-table")

    assert run(box, "status", "--check").code == 5
    assert run(box, "restart", "w1", "-y", *BRISK).code in (1, 3)


@pytest.mark.parametrize("case", ["02-master-worker", "22b-second-ds-other-label"])
def test_every_kube_proxy_is_found(case: str, field: Field, run: RunCase) -> None:
    """02, 22b: the nodes of every DaemonSet are in the table."""
    box = field(case)

    status = run(box, "status")

    assert (status.code, set(box.nodes) <= row_words(status.out)) == (0, True), status.said


def test_two_configurations_are_both_changed_or_none(field: Field, run: RunCase) -> None:
    """02: a change covers both ConfigMaps and all nodes, or is refused with the names and the flag that chooses."""
    box = field("02-master-worker")
    before = texts(box)

    change = run(box, "set", "--udp-timeout", "10s", "-y", *BRISK)

    if change.code == 0:
        assert (all("10s" in text for text in texts(box)), restarted(box)) == (True, set(box.nodes))
    else:
        assert (change.code in (1, 2), texts(box), restarted(box)) == (True, before, set())
        for word in ("kube-proxy-master", "kube-proxy-worker", "--daemonset"):
            assert word in change.err


def test_one_of_two_daemonsets_is_chosen(field: Field, run: RunCase) -> None:
    """02: with --daemonset a command is about its nodes and its ConfigMap alone."""
    box = field("02-master-worker")

    status = run(box, "status", "--daemonset", "kube-proxy-worker")
    change = run(box, "set", "--scheduler", "wrr", "--daemonset", "kube-proxy-worker", "-y", *BRISK)

    assert (status.code, row_words(status.out) & set(box.nodes)) == (0, {"w1", "w2", "w3"}), status.said
    assert (change.code, restarted(box)) == (0, {"w1", "w2", "w3"}), change.said
    assert box.schedulers() == {"m1": "rr", "w1": "wrr", "w2": "wrr", "w3": "wrr"}


def test_one_configuration_of_two_daemonsets(field: Field, run: RunCase) -> None:
    """22b: a ConfigMap that two DaemonSets share is changed on the nodes of both."""
    box = field("22b-second-ds-other-label")

    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)

    assert (change.code, schedulers(box), restarted(box)) == (0, ALL_LC, set(box.nodes)), change.said
    assert run(box, "status", "--check").code == 0


def test_a_node_that_was_ill_before_is_left_out(field: Field, run: RunCase) -> None:
    """05: a pod that has been Pending since ever condemns no change: it is skipped, by name, with exit 3."""
    box = field("05-virtual-node-pending")

    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)

    assert (change.code, restarted(box)) == (3, {"w1", "w2"}), change.said
    assert box.schedulers() == {"w1": "lc", "w2": "lc", "virtual-1": None}
    assert ("virtual-1" in change.said, 'scheduler: "lc"' in box.config) == (True, True)


def test_a_node_that_is_not_ready_is_no_rollout(field: Field, run: RunCase) -> None:
    """15: pods that lack only on a node which is not Ready stand in the way of nothing but that node."""
    box = field("15-dead-node-rollout")

    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)

    assert (change.code, restarted(box), "w3" in change.said) == (3, {"w1", "w2"}, True), change.said
    assert (box.schedulers()["w1"], box.schedulers()["w2"]) == ("lc", "lc")


def test_another_node_is_restarted_beside_one_that_is_not_ready(field: Field, run: RunCase) -> None:
    """15: `restart w1` needs w1 alone."""
    box = field("15-dead-node-rollout")

    restart = run(box, "restart", "w1", "-y", *BRISK)

    assert (restart.code, restarted(box)) == (0, {"w1"}), restart.said


@pytest.mark.parametrize("words", [("set", "--scheduler", "lc", "-y"), ("restart", "w1", "-y")], ids=["set", "restart"])
def test_what_cannot_be_seen_is_not_begun(words: tuple[str, ...], field: Field, run: RunCase) -> None:
    """06: every exec is denied although RBAC allows it: refused before anything is written, in the webhook's words."""
    box = field("06-exec-denied")
    before = box.config

    change = run(box, *words, *BRISK)

    assert (change.code, box.config, restarted(box)) == (1, before, set()), change.said
    assert ("deny-exec-in-kube-system" in change.err, "--force" in change.err) == (True, True), change.err


def test_force_goes_on_without_sight(field: Field, run: RunCase) -> None:
    """06: --force changes what can be changed; what cannot be seen is not called verified without a word."""
    box = field("06-exec-denied")

    change = run(box, "set", "--scheduler", "lc", "-y", "--force", *BRISK)

    assert (change.code in (0, 3), schedulers(box)) == (True, ALL_LC), change.said
    assert "denied" in change.said or "not seen" in change.said, change.said


def test_nodes_that_a_daemonset_leaves_out(field: Field, run: RunCase) -> None:
    """08: where nodeAffinity keeps kube-proxy off a node nothing is missing there, and nothing is waited for."""
    box = field("08-edge-affinity")

    assert run(box, "status", "--check").code == 0
    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)

    assert (change.code, restarted(box)) == (0, {"cloud1", "cloud2"}), change.said
    assert box.schedulers() == {"cloud1": "lc", "cloud2": "lc", "edge1": None, "edge2": None}


def test_a_row_that_differs_is_named(field: Field, run: RunCase) -> None:
    """09: a row of kube-vip is told by its address, in a change and in status, with the flag that leaves it out."""
    box = field("09-kube-vip")

    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)
    status = run(box, "status", "-o", "wide")

    assert "192.0.2.200:6443" in status.said, status.said
    if change.code != 0:
        assert ("192.0.2.200:6443" in change.err, "--exclude-cidrs" in change.err) == (True, True), change.err
        assert "scheduler: lc" not in box.config
    else:
        assert (schedulers(box), status.code) == (ALL_LC, 0), status.said


def test_a_firewall_mark_is_not_compared(field: Field, run: RunCase) -> None:
    """09b: a row by firewall mark is nobody's business here: shown, and no reason against a change."""
    box = field("09b-fwmark")

    assert run(box, "status", "--check").code == 0
    change = run(box, "set", "--scheduler", "lc", "-y", *BRISK)
    status = run(box, "status", "-o", "wide")

    assert (change.code, schedulers(box), status.code) == (0, ALL_LC, 0), change.said
    assert re.search(r"(?i)fwm|firewall", status.said), status.said


def test_a_file_of_the_node_can_be_looked_at(field: Field, run: RunCase) -> None:
    """10: status and restart need no ConfigMap; `get` and `set` name the file."""
    box = field("10-hostpath-config")
    path = "/etc/kubernetes/kube-proxy/kube-proxy-config.yaml"

    status = run(box, "status")
    restart = run(box, "restart", "-y", *BRISK)

    assert (status.code, {"m1", "w1"} <= row_words(status.out)) == (0, True), status.said
    assert (restart.code, restarted(box)) == (0, {"m1", "w1"}), restart.said
    assert path in run(box, "get").said
    change = run(box, "set", "--scheduler", "lc", "-y")
    assert (change.code in (1, 2), path in change.err) == (True, True), change.said


@pytest.mark.parametrize("case", ["11-rendered-config", "11b-init-rendered"])
def test_a_rendered_file_has_a_way_out(case: str, field: Field, run: RunCase) -> None:
    """11, 11b: whatever `get` can tell, it names the ConfigMap and key; with --configmap a change goes through."""
    box = field(case)

    get = run(box, "get")
    change = run(box, "set", "--scheduler", "lc", "-y", "--configmap", "kube-proxy/config.conf", *BRISK)

    assert (get.code == 0 or "--configmap kube-proxy/config.conf" in get.err, "config.conf" in get.said) == (True, True)
    assert (change.code, schedulers(box)) == (0, ALL_LC), change.said
    assert 'scheduler: "lc"' in box.config


@pytest.mark.parametrize("scheduler", ["lc", "rr"])
def test_the_mode_is_asked_first(scheduler: str, field: Field, run: RunCase) -> None:
    """12: in nftables mode no scheduler is in force, whatever the text says and whatever is asked for."""
    box = field("12-nft-leftover")
    before = box.config

    change = run(box, "set", "--scheduler", scheduler, "-y", *BRISK)

    assert (change.code in (1, 2), "nftables" in change.said) == (True, True), change.said
    assert (box.config, restarted(box)) == (before, set())


@pytest.mark.parametrize("command", ["get", "status"])
def test_the_mode_is_shown(command: str, run: RunCase) -> None:
    """12: get and status say that this cluster is in nftables mode."""
    assert "nftables" in run("12-nft-leftover", command).said


def test_a_field_that_is_too_new(field: Field, run: RunCase) -> None:
    """13: kube-proxy 1.16 does not know udpTimeout: it is said, with the version, and not called in force."""
    box = field("13-udp-timeout-1.16")

    change = run(box, "set", "--udp-timeout", "10s", "-y", *BRISK)

    assert re.search(r"1\.1[68]", change.err), change.said
    assert change.code != 0 or "warning" in change.err, change.said


def test_a_field_that_is_too_new_is_found_in_a_text(field: Field, run: RunCase) -> None:
    """13: `get` says so of a text that has the field already."""
    box = field("13-udp-timeout-1.16")
    box.set_config(f"{box.config}ipvs:\n  udpTimeout: 10s\n")

    said = run(box, "get").said

    assert ("udpTimeout" in said, bool(re.search(r"1\.1[68]", said))) == (True, True), said


def test_flags_beside_a_file_are_void(field: Field, run: RunCase) -> None:
    """16: with --config kube-proxy ignores its other flags: one warning names them, and the file's mode counts."""
    box = field("16-eks-flag-and-config")
    before = box.config

    get = run(box, "get")
    change = run(box, "set", "--scheduler", "lc", "-y")

    warnings = [line for line in get.err.splitlines() if "--proxy-mode" in line]
    assert (len(warnings), "--ipvs-scheduler" in "".join(warnings)) == (1, True), get.said
    assert (change.code in (1, 2), box.config, restarted(box)) == (True, before, set()), change.said


def test_no_real_server_is_said(field: Field, run: RunCase) -> None:
    """17: six virtual servers without one real server are not passed over in silence."""
    box = field("17-no-real-servers")

    for words in (("status",), ("set", "--scheduler", "lc", "-y", *BRISK)):
        ran = run(box, *words)
        assert re.search(r"(no|0|without) real server", ran.said), ran.said


def test_flags_are_read_as_kubernetes_reads_them(run: RunCase) -> None:
    """24: `$(VAR)` in an argument is the value of the environment, never the name."""
    get, status = run("24-env-flags", "get"), run("24-env-flags", "status", "--check")

    assert ("$(" in get.said, "lc" in get.said, "ipvs" in get.said) == (False, True, True), get.said
    assert (get.code, status.code) == (0, 0), status.said


def test_the_container_is_kube_proxys(field: Field, run: RunCase) -> None:
    """25: exec, version and restarts are kube-proxy's, wherever it stands among the containers."""
    box = field("25-sidecar-first")

    status = run(box, "status", "-o", "wide")

    asked = {seen.query["container"][0] for seen in box.requests if seen.path.endswith("/exec")}
    assert (status.code, asked) == (0, {"kube-proxy"}), status.said
    assert ("1.29.4" in status.out, "3.0.7" in status.out) == (True, False), status.out
