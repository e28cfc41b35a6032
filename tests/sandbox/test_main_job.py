"""The main job, whole: see what is configured, change it, see that every kernel follows."""

import yaml

from tests.harness import BRISK, Ipvs, MakeSandbox


def test_get_shows_what_is_in_effect(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An unset scheduler is shown as the one that kube-proxy chooses by itself, and the mode with its future."""
    run = ipvs(sandbox(version="v1.34.2"), "get")

    assert (run.code, run.rows["mode"], run.rows["scheduler"]) == (
        0,
        ["ipvs (deprecated from Kubernetes 1.35; you run 1.34)"],
        ["rr (default)"],
    )


def test_get_takes_four_requests(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Whatever their number: the DaemonSets, the pods by both usual labels, then each ConfigMap that is read, once."""
    box = sandbox(nodes=9)

    ipvs(box, "get")

    asked = [seen.path.rsplit("/", 1)[-1] for seen in box.requests]
    assert (sorted(asked[:3]), asked[3:]) == (["daemonsets", "pods", "pods"], ["kube-proxy"])


def test_set_changes_one_line_and_every_kernel(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """After `set` each node's kernel has the scheduler, and the configuration differs in that one line."""
    box = sandbox()
    before = box.config

    run = ipvs(box, "set", "--scheduler", "lc", *BRISK)

    changed = [pair for pair in zip(before.splitlines(), box.config.splitlines(), strict=True) if pair[0] != pair[1]]
    assert (run.code, changed) == (0, [('  scheduler: ""', '  scheduler: "lc"')])
    assert box.schedulers() == {"node1": "lc", "node2": "lc", "node3": "lc"}


def test_set_again_changes_nothing_and_says_so(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What is set and in force is left alone: no write, no restart."""
    box = sandbox(scheduler="lc")

    run = ipvs(box, "set", "--scheduler", "lc", *BRISK)

    assert (run.code, run.out, box.restarts) == (0, "", {"node1": 0, "node2": 0, "node3": 0})
    assert "already set and in force on every node: nothing to change" in run.err
    assert {seen.method for seen in box.requests} == {"GET"}


def test_status_is_a_document_too(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-o yaml and -o json hold the same facts in the documented schema."""
    box = sandbox(nodes=1)

    found = ipvs(box, "status", "-o", "json").json
    again = yaml.safe_load(ipvs(box, "status", "-o", "yaml").out)

    assert (found["kind"], found["wanted"]["scheduler"], found["summary"]) == (
        "Status",
        "rr",
        {"nodes": 1, "in-sync": 1},
    )
    assert {key: value for key, value in again["nodes"][0].items() if key != "podAge"} == {
        key: value for key, value in found["nodes"][0].items() if key != "podAge"
    }
