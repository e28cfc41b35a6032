"""One judgement of a node, whoever asks: status, --check, --stale, the proof of a change (B1, B8, D1, D1b, D9)."""

import time

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import BRISK, Ipvs, MakeSandbox
from tests.review.given import edited, restarted, states


def exclude_all(box: Sandbox) -> None:
    """Leave nothing in the tables that is kube-proxy's."""
    edited(box, "excludeCIDRs: null", 'excludeCIDRs: ["0.0.0.0/0", "::/0"]')


def test_excluded_rows_alone_verify_nothing(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B1: a table in which only excluded rows stand shows no scheduler in force: no restart is verified by it."""
    box = sandbox(nodes=2)
    exclude_all(box)

    run = ipvs(box, "restart", *BRISK, "-o", "json")

    assert run.code != 0, run.out
    assert not any(node["seenInKernel"] for node in run.json["nodes"])


def test_check_and_restart_agree_for_ever(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B1: what --check calls out of step, no `restart --stale` calls verified, however often it is asked."""
    box = sandbox(nodes=2, version="v1.22.17", scheduler="lc", faults={"node1": "no-module=lc"})
    assert ipvs(box, "status", "--check").code == 5

    codes = [ipvs(box, "restart", "--stale", *BRISK).code for _ in range(2)]

    assert 0 not in codes
    assert ipvs(box, "status", "--check").code == 5


def test_nobody_looked_at_is_not_green(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B1: --check over zero nodes proves nothing: exit 3."""
    box = sandbox(nodes=1)
    box.edit("DaemonSet", "kube-system", "kube-proxy", _nowhere)
    for pod in box.objects("Pod"):
        box.remove("Pod", "kube-system", pod["metadata"]["name"])

    assert ipvs(box, "status", "--check").code == 3


def _nowhere(owner: dict[str, dict[str, dict[str, dict[str, object]]]]) -> None:
    owner["spec"]["template"]["spec"]["nodeSelector"] = {"there": "is-none"}


def test_nothing_that_only_looks_new(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B8: an annotation that the text's last editor adds later makes no node out of date."""
    box = sandbox(nodes=2)
    edited(box, 'scheduler: ""', "scheduler: lc")
    assert ipvs(box, "restart", *BRISK).code == 0
    time.sleep(1.1)  # the API server's times have whole seconds
    box.edit("ConfigMap", "kube-system", "kube-proxy", lambda obj: obj["metadata"].update(annotations={"a": "b"}))
    before = restarted(box)

    check = ipvs(box, "status", "--check")
    again = ipvs(box, "restart", "--stale", *BRISK)

    assert (check.code, again.code, restarted(box)) == (0, 0, before), check.out


def test_an_edit_that_no_node_has_read_stays_unread(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D1: a failed change that was rolled back makes nobody have read an earlier edit."""
    box = sandbox(faults={"node2": "stale"})
    time.sleep(1.1)
    edited(box, "strictARP: false", "strictARP: true")
    assert set(states(ipvs(box, "status", "-o", "json")).values()) == {"restart-needed"}
    time.sleep(1.1)

    failed = ipvs(box, "set", "--scheduler", "lc", "--canary", "node2", "--settle", "0.2s", "--timeout", "2s")
    after = states(ipvs(box, "status", "-o", "json"))

    assert (failed.code, after["node1"], after["node3"]) == (1, "restart-needed", "restart-needed")
    assert ipvs(box, "status", "--check").code == 5
    stale = ipvs(box, "restart", "--stale", "--dry-run=client")
    assert ("node/node1 restarted" in stale.out, "node/node3 restarted" in stale.out) == (True, True)


def test_a_mode_that_was_only_edited_is_not_in_effect(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D1b: IPVS carries the traffic until kube-proxy is restarted: restart needed, not "left over", exit 5."""
    box = sandbox(nodes=2)
    edited(box, "mode: ipvs", "mode: iptables")

    run = ipvs(box, "status", "--check")

    assert (run.code, run.out.count("restart needed") >= 2) == (5, True), run.out
    assert "left over" not in run.out + run.err
    assert "node/node1 restarted" in ipvs(box, "restart", "--stale", "--dry-run=client").out


@pytest.mark.parametrize("flags", [("--tcp-timeout", "1h"), ("--scheduler", "lc")], ids=["hidden", "scheduler"])
def test_the_sum_says_what_is_the_matter(flags: tuple[str, str], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """D9: nodes that need a restart are counted as that, not as `0 of 3 nodes on rr, 3 on rr`."""
    box = sandbox()
    time.sleep(1.1)
    assert ipvs(box, "set", *flags, "--no-restart").code == 0

    last = ipvs(box, "status").out.splitlines()[-1]

    assert "0 of 3 nodes in sync" in last
    assert "3 restart needed" in last
