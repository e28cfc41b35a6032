"""--read: by exec, by kube-proxy's own port, and what is said where only that can be asked."""

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import BRISK, Ipvs, MakeSandbox

NO_CAT = "the image has neither ipvsadm nor cat"
UNSEEN = f"the kernel was not seen: {NO_CAT}"
RUNS = "kube-proxy runs with mode ipvs and scheduler"


def asked(box: Sandbox, what: str) -> int:
    """Count the requests for a subresource of pods."""
    return sum(seen.path.endswith(f"/{what}") for seen in box.requests)


@pytest.mark.parametrize("image", ["eks", "k0s"])
@pytest.mark.parametrize("version", ["v1.28.4", "v1.36.3"])
def test_an_image_with_nothing_to_look_with(image: str, version: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What kube-proxy runs with is compared, in both spellings of /configz; the kernel is said not to be seen."""
    box = sandbox(nodes=2, image=image, version=version)

    run, data = ipvs(box, "status"), ipvs(box, "status", "-o", "json")

    assert (run.code, run.rows["node1"]) == (3, ["-"] * 5 + ["in sync"])
    assert run.out.splitlines()[-3:] == [
        f"node1: in sync: {UNSEEN}; {RUNS} rr",
        f"node2: in sync: {UNSEEN}; {RUNS} rr",
        "0 of 2 nodes in sync, 2 in sync on rr (kernel not seen)",
    ]
    row = data.json["nodes"][0]
    assert (row["state"], row["source"], row["mode"], row["schedulers"]) == ("in-sync", "configz", "ipvs", {})
    assert row["running"] == {"mode": "ipvs", "scheduler": "rr"}


def test_it_runs_with_something_else(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A configuration that was written and not read: restart needed, by what kube-proxy itself says."""
    box = sandbox(nodes=1, image="eks")
    ipvs(box, "set", "--scheduler", "lc", "--no-restart")

    run = ipvs(box, "status", "--check")

    assert (run.code, run.rows["node1"][-1]) == (5, "restart needed")
    assert run.out.splitlines()[-2].startswith("node1: restart needed: kube-proxy runs with rr, the configuration asks")


def test_a_change_is_compared_and_not_called_verified(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Such nodes are restarted; what kube-proxy runs with is said, and that nobody saw the kernel."""
    box = sandbox(nodes=2, image="eks")

    run = ipvs(box, "set", "--scheduler", "lc", *BRISK, "-o", "json")

    assert (run.code, run.json["outcome"]) == (0, "verified")
    for row in run.json["nodes"]:
        assert (row["outcome"], row["seenInKernel"]) == ("restarted", False)
        assert row["reason"] == f"{UNSEEN}; {RUNS} lc"
    assert set(box.schedulers().values()) == {"lc"}


def test_a_kube_proxy_that_falls_back_fails_the_run(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without a look at the kernel it is still known that the mode in effect is another one."""
    box = sandbox(nodes=1, image="eks", version="v1.25.16")
    box.on_write(lambda _: box.fault("node1", "fallback"))

    run = ipvs(box, "set", "--scheduler", "lc", "--no-rollback", "--settle", "0s", "--timeout", "2s")

    assert run.code == 3
    assert "kube-proxy was started with mode ipvs and runs with mode iptables" in run.out


def test_no_right_to_ask(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where neither exec nor port-forward is possible, both reasons are given."""
    box = sandbox(nodes=1, image="eks")
    for verb in ("create", "get"):
        box.deny(verb, "pods", subresource="portforward")

    run, done = ipvs(box, "status"), ipvs(box, "restart", *BRISK)

    assert (run.code, run.rows["node1"][-1]) == (3, "no ipvsadm")
    assert f"{NO_CAT}; nor was what kube-proxy runs with: " in run.out
    assert 'cannot create resource "pods/portforward"' in run.out
    assert (done.code, UNSEEN in done.out + done.err) == (0, True)


def test_what_it_costs(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """`status` asks no kube-proxy whose table was read; -o wide and json do, with one request more for each node."""
    counts = []
    for words in ((), ("-o", "wide"), ("-o", "json"), ("-o", "json", "--read=exec")):
        box = sandbox(nodes=5, image="ipvsadm")
        assert ipvs(box, "status", *words).code == 0
        counts.append((asked(box, "exec"), asked(box, "portforward")))

    assert counts == [(5, 0), (5, 5), (5, 5), (5, 0)]


def test_by_exec_alone(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--read=exec opens no port-forward, whatever exec cannot do."""
    box = sandbox(nodes=1, image="eks")

    run = ipvs(box, "status", "--read=exec")

    assert (run.code, run.rows["node1"][-1], asked(box, "portforward")) == (3, "no ipvsadm", 0)


def test_by_its_own_port_alone(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--read=proxy runs no command in a pod; a change goes on, and nothing is called verified in the kernel."""
    box = sandbox(nodes=2)

    run = ipvs(box, "status", "--read=proxy")
    done = ipvs(box, "restart", "--read", "proxy", *BRISK)

    assert (run.code, asked(box, "exec")) == (3, 0)
    assert run.out.splitlines()[-1] == "0 of 2 nodes in sync, 2 in sync on rr (kernel not seen)"
    assert (done.code, "not verified in the kernel" in done.err) == (0, True), done.err


def test_by_its_own_port_where_nothing_listens(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node that does not answer is a row with its reason."""
    box = sandbox(nodes=2, faults={"node2": "hang"})

    run = ipvs(box, "status", "--read=proxy", "--exec-timeout", "500ms")

    assert (run.code, run.rows["node2"][-1]) == (3, "timeout")


def test_the_port_that_is_configured(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """MetricsBindAddress names the port."""
    box = sandbox(nodes=1, image="eks")
    box.set_config(box.config.replace('metricsBindAddress: ""', "metricsBindAddress: 0.0.0.0:9999"))
    ipvs(box, "restart", *BRISK)

    run = ipvs(box, "status")

    ports = {seen.query["ports"][0] for seen in box.requests if seen.path.endswith("/portforward")}
    assert ("9999" in ports, run.rows["node1"][-1]) == (True, "in sync"), run.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--read=none",), 'invalid --read value (none): must be "auto", "exec", "proxy", "helper"'),
        (("--read=helper",), "--read=helper needs --helper-image IMAGE"),
        (("--read=exec", "--helper-image", "busybox"), "--read=exec makes no helper pods"),
        (("--read=proxy", "--helper-image", "busybox"), "--read=proxy makes no helper pods"),
    ],
)
def test_words_that_do_not_fit(words: tuple[str, ...], said: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Said before anything is asked for."""
    box = sandbox(nodes=1)

    run = ipvs(box, "status", *words)

    assert (run.code, said in run.err, asked(box, "exec")) == (2, True, 0), run.err


def test_get_says_what_runs(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-o wide and json have what each kube-proxy runs with, alike ones together; plain `get` asks nobody."""
    box = sandbox(nodes=3, faults={"node3": "hang"})
    ipvs(box, "set", "--scheduler", "lc", "--no-restart", "--force", "--exec-timeout", "500ms")
    ipvs(box, "restart", "node2", *BRISK)
    before = asked(box, "portforward")

    plain, quiet = ipvs(box, "get"), ipvs(box, "get", "-o", "json", "--read=exec")
    asked_by_plain = asked(box, "portforward") - before
    wide = ipvs(box, "get", "-o", "wide", "--exec-timeout", "500ms")
    data = ipvs(box, "get", "-o", "json", "--exec-timeout", "500ms")

    assert (plain.code, wide.code, data.code, asked_by_plain) == (0, 0, 0, 0)
    for said in ("mode ipvs and scheduler rr on 1: node1", "mode ipvs and scheduler lc on 1: node2",
                 "<unknown> on 1: node3"):  # fmt: skip
        assert said in wide.out
    (entry,) = data.json["configurations"]
    assert sorted(entry["running"], key=lambda each: each["nodes"]) == [
        {"mode": "ipvs", "scheduler": "rr", "nodes": ["node1"]},
        {"mode": "ipvs", "scheduler": "lc", "nodes": ["node2"]},
        {"mode": None, "scheduler": None, "nodes": ["node3"]},
    ]
    assert quiet.json["configurations"][0]["running"] == []
