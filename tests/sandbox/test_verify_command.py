"""`verify`: what is wrong in a table is found and named as what it is, and nothing else is."""

import shlex
from typing import Any

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import Ipvs, MakeSandbox, Run
from tests.sandbox.test_table_command import lists

SOON = ("--apart", "0.1s")
FAULTS = {
    "missing-row": "missing-virtual-server",
    "missing-endpoint": "missing-real-server",
    "weight-zero": "weight-zero",
    "draining": "draining",
    "extra-endpoint": "extra-real-server",
    "stale-row": "stale-virtual-server",
    "foreign=wlc": "foreign",
    "odd-scheduler": "wrong-scheduler",
    "odd-persistence": "wrong-persistence",
}


def found(run: Run) -> dict[str, list[str]]:
    """Give the kinds of findings of each node that has some."""
    return {node["node"]: [each["kind"] for each in node["findings"]] for node in run.json["nodes"] if node["findings"]}


def tables_read(box: Sandbox) -> int:
    """Count the commands that read a table."""
    return sum(seen.path.endswith("/exec") for seen in box.requests)


@pytest.mark.parametrize("minor", range(20, 38))
def test_nothing_is_found_in_a_healthy_cluster(minor: int, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Of any release of kube-proxy, with one list of Services, one of slices, and one command a node."""
    box = sandbox(version=f"v1.{minor}.0")

    run = ipvs(box, "verify")

    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines()[-1] == "3 of 3 nodes verified (one look)"
    assert (lists(box, "services"), lists(box, "endpointslices"), tables_read(box)) == (1, 1, 3)


@pytest.mark.parametrize(("fault", "kind"), list(FAULTS.items()))
def test_a_fault_is_named(fault: str, kind: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Two looks at the one node, the same kind in every format; what drains is no difference."""
    box = sandbox(services=3, faults={"node2": fault})

    run = ipvs(box, "verify", *SOON, "-o", "json")
    text, wide, names = (ipvs(box, "verify", *SOON, "-o", form) for form in ("table", "wide", "name"))

    is_difference = kind != "draining"
    assert (run.code, text.code, wide.code) == ((5, 5, 5) if is_difference else (0, 0, 0))
    assert found(run) == {"node2": [kind]}
    assert run.err == "1 finding on 1 node: looking again in 0.1s\n"
    assert (run.json["looks"], run.json["summary"]["differences"]) == (2, int(is_difference))
    assert f"\n{kind} TCP " in text.out
    assert f"node2   {kind}   TCP" in wide.out
    assert names.out == ("node/node2\n" if is_difference else "")


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_what_helps_can_be_copied(fault: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The command that is printed for a finding is one that works."""
    box = sandbox(services=3, faults={"node2": fault})
    (finding,) = next(node["findings"] for node in ipvs(box, "verify", "--once", "-o", "json").json["nodes"][1:])

    words = shlex.split(finding["help"])

    if FAULTS[fault] == "draining":
        assert words == []
        return
    assert words[:2] == ["kubectl", "ipvs"]
    ending = ipvs(box, *words[2:], "--dry-run=client")
    assert ending.code == 0, ending.err


def test_once(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--once looks once and says so; Services are listed before and after."""
    box = sandbox(faults={"node2": "missing-row"})

    run = ipvs(box, "verify", "--once")

    assert (run.code, run.err) == (5, "")
    assert run.out.splitlines()[-1] == "2 of 3 nodes verified, 1 differs (one look)"
    assert (lists(box, "services"), tables_read(box)) == (2, 3)


def test_only_what_both_looks_have_counts(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Of two nodes with findings both are looked at again, the third is not; four lists in all."""
    box = sandbox(faults={"node2": "missing-row", "node3": "missing-row"})

    run = ipvs(box, "verify", *SOON)

    assert run.code == 5
    assert (lists(box, "services"), lists(box, "endpointslices"), tables_read(box)) == (4, 4, 5)
    assert "\n  node2, node3: no row for this address of the Service" in run.out
    assert "\n  try: kubectl ipvs restart node2 node3\n" in run.out
    assert run.out.count("missing-virtual-server") == 1


def test_nodes_that_cannot_be_read(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """They are named with the states of `status` and its reasons, the others are verified, and the exit code is 3."""
    faults = {"node2": "hang", "node3": "no-tools", "node4": "half", "node5": "forbidden-exec", "node6": "no-pod",
              "node7": "garbage"}  # fmt: skip
    box = sandbox(nodes=7, faults=faults)

    run = ipvs(box, "verify", "--exec-timeout", "1s", "-o", "json")

    states = {node["node"]: node["state"] for node in run.json["nodes"]}
    assert (run.code, states) == (3, {
        "node1": "verified", "node2": "timeout", "node3": "no-ipvsadm", "node4": "unreadable", "node5": "forbidden",
        "node6": "no-pod", "node7": "unreadable",
    })  # fmt: skip
    assert all(node["reason"] for node in run.json["nodes"][1:])


def test_a_helper_pod_reads_the_same(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where exec finds no program the table and the addresses come from a helper pod."""
    box = sandbox(faults={"node1": "no-tools", "node2": "no-tools,missing-endpoint"})

    run = ipvs(box, "verify", "--helper-image", "busybox:1.36", *SOON, "-o", "json")

    assert (run.code, found(run)) == (5, {"node2": ["missing-real-server"]})
    assert [node["source"] for node in run.json["nodes"]] == ["helper", "helper", "proc"]


def test_other_modes_are_skipped_and_never_green(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where no kube-proxy is in ipvs mode nothing was verified: that is said, and the exit code is 3."""
    run = ipvs(sandbox(mode="nftables"), "verify")

    assert run.code == 3
    assert run.out.splitlines()[-1] == "0 of 3 nodes verified, 3 not ipvs (one look)"
    assert "node1: not ipvs: kube-proxy's mode is nftables" in run.out


@pytest.mark.parametrize("resource", ["services", "endpointslices"])
def test_lists_that_are_forbidden(resource: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Nothing can be verified without either list: the missing right is named, and no node is asked."""
    box = sandbox()
    box.deny("list", resource)

    run = ipvs(box, "verify")

    assert (run.code, run.out) == (1, "")
    assert f'cannot list resource "{resource}"' in run.err
    assert tables_read(box) == 0


def test_an_empty_table(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A kube-proxy that fell back has no row: every one is missing, one reason says it, and the text stays short."""
    run = ipvs(sandbox(nodes=1, services=20, faults={"node1": "fallback"}), "verify", "--once")

    assert run.code == 5
    assert "node1: differs: the kernel has no virtual server of kube-proxy" in run.out
    assert "more missing-virtual-server: see -o wide or -o json" in run.out
    assert run.out.count("\nmissing-virtual-server") == 10


def test_narrowed(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Only what is asked for is judged; what is nowhere is an error."""
    box = sandbox(services=2, faults={"node2": "missing-row"})

    hello = ipvs(box, "verify", "--service", "default/hello")
    other = ipvs(box, "verify", "--service", "default/service-2", *SOON)
    dns = ipvs(box, "verify", "--address", "10.96.0.10:53", "-o", "json")
    lost = ipvs(box, "verify", "--address", "203.0.113.9")

    assert (hello.code, other.code, dns.code) == (0, 5, 0)
    assert {node["virtualServers"] for node in dns.json["nodes"]} == {2}
    assert (lost.code, lost.out, lost.err.startswith("error: 203.0.113.9: no virtual server")) == (1, "", True)


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("--service", "default/gone"), 1, "service default/gone not found"),
        (("--service", "hello"), 2, 'invalid --service "hello"'),
        (("--address", "nowhere"), 2, 'invalid --address "nowhere"'),
        (("--apart", "30"), 2, 'invalid --apart "30"'),
        (("-o", "xml"), 2, "unable to match a printer"),
        (("no-such-node",), 1, "node no-such-node not found"),
    ],
)
def test_bad_words(words: tuple[str, ...], code: int, problem: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """One line says what is wrong; nothing is on stdout."""
    run = ipvs(sandbox(nodes=1), "verify", *words)

    assert (run.code, run.out, run.err.startswith(f"error: {problem}")) == (code, "", True), run.err


def test_documents_are_the_same(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-o json and -o yaml say the same but for the second in which it was seen."""
    box = sandbox(nodes=2, faults={"node2": "stale-row"})

    run, again = (ipvs(box, "verify", "--once", "-o", form) for form in ("json", "yaml"))

    def timeless(document: Any) -> Any:  # noqa: ANN401 - any document
        for node in document["nodes"]:
            for each in node["findings"]:
                del each["since"]
        return document

    assert timeless(yaml.safe_load(again.out)) == timeless(run.json)


def test_versions_differ(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node is judged by the release of its own kube-proxy: 127.0.0.1 has NodePort rows up to 1.21 alone."""
    box = sandbox(nodes=1, version="v1.21.0")

    run = ipvs(box, "verify", "-o", "json")

    (node,) = run.json["nodes"]
    assert (run.code, node["version"], node["virtualServers"]) == (0, "v1.21.0", 10)


def test_connections(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--connections names those to endpoints that are gone, with their node and Service; they are no difference."""
    box = sandbox(faults={"node2": "old-connections"})

    run, document = ipvs(box, "verify", "--connections"), ipvs(box, "verify", "--connections", "-o", "json")

    assert (run.code, document.code) == (0, 0), run.err
    said = "node2: 3 connections of UDP 10.96.0.10:53 kube-system/kube-dns:dns still to 10.244.0.250:53, which is gone"
    assert said in run.out
    assert "\n2 of 3 nodes without a connection to an endpoint that is gone\n" in run.out
    gone = {node["node"]: [each["connections"] for each in node["gone"]] for node in document.json["connections"]}
    assert gone == {"node1": [], "node2": [3], "node3": []}


def test_connections_that_are_too_many(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What is more than --max-output is not read: the node is named, and the exit code is 3."""
    box = sandbox(nodes=1, services=1, endpoints=16_500)

    run = ipvs(box, "verify", "--once", "--connections", "--max-output", "1")

    assert run.code == 3, run.err
    assert "\nnode1: /proc/net/ip_vs_conn was not read: " in run.out
