"""`table` and `services` where something is wrong: what is not known is said, and the rest is shown all the same."""

import time
from typing import Any

import pytest
import yaml

from tests.harness import Ipvs, MakeSandbox, Run

FORMATS = ("table", "wide", "json", "yaml", "name")
HELLO = "default/hello"


def lists(box: Any, resource: str) -> int:  # noqa: ANN401 - a sandbox
    """Count the requests that listed something."""
    return sum(seen.method == "GET" and seen.path.endswith(f"/{resource}") for seen in box.requests)


def entry(run: Run, name: str) -> dict[str, Any]:
    """Return the entry of a Service with one port."""
    (found,) = (each for each in run.json["services"] if each["name"] == name)
    return dict(found)


@pytest.mark.parametrize("command", ["table", "services"])
def test_nodes_that_cannot_be_read(command: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """They are named below with the states and reasons of `status`, the others are shown, and the exit code is 3."""
    faults = {"node2": "hang", "node3": "no-tools", "node4": "half", "node5": "forbidden-exec", "node6": "no-pod"}
    box = sandbox(nodes=6, faults=faults)

    run, status = (ipvs(box, words, "--exec-timeout", "2s") for words in (command, "status"))

    reasons = [line for line in status.out.splitlines() if line.startswith("node") and ": " in line]
    assert (run.code, status.code, run.err) == (3, 3, "")
    assert len(reasons) == 5
    assert run.out.splitlines()[-6:-1] == reasons
    assert run.out.splitlines()[-1].startswith("1 of 6 nodes read, 1 timeout, ")
    assert "default/hello" in run.out if command == "table" else "1/1" in run.out


def test_documents_name_every_node(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-o json and -o yaml say the same; a node without a table has none, with its state, and is counted nowhere."""
    box = sandbox(nodes=2, faults={"node2": "no-pod"})

    for command in ("table", "services"):
        run, again = ipvs(box, command, "-o", "json"), ipvs(box, command, "-o", "yaml")
        assert (run.code, again.code, yaml.safe_load(again.out)) == (3, 3, run.json)
        assert [node["state"] for node in run.json["nodes"]] == ["in-sync", "no-pod"]
    tables = ipvs(box, "table", "-o", "json").json
    assert [len(node["virtualServers"]) for node in tables["nodes"]] == [9, 0]
    assert {each["nodes"] for each in run.json["services"]} == {1}
    assert run.json["summary"] == {"nodes": 2, "in-sync": 1, "no-pod": 1, "counted": 1}


def test_services_and_slices_are_listed_once(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """However many nodes there are, and whatever their tables: one list of each."""
    box = sandbox(nodes=4, faults={"node2": "foreign=wlc", "node3": "stale-row"})

    for count, command in enumerate(("table", "services"), 1):
        assert ipvs(box, command).code == 0
        assert (lists(box, "services"), lists(box, "endpointslices")) == (count, count)


@pytest.mark.parametrize("resource", ["services", "endpointslices"])
def test_lists_that_are_forbidden(resource: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """`table` is shown without the names, and a warning says why; `services` needs the Services, not the slices."""
    box = sandbox()
    box.deny("list", resource)

    table, services = ipvs(box, "table", "-o", "wide"), ipvs(box, "services", "-o", "json")

    kind = {"services": "Services", "endpointslices": "EndpointSlices"}[resource]
    assert table.code == 0, table.err
    assert table.err.startswith("warning: no ")
    assert f"{kind} cannot be listed: " in table.err
    assert len(table.out.splitlines()) == 3 * 25 + 2
    assert "default/hello-" not in table.out
    assert ("default/hello:http" in table.out) is (resource != "services")
    if resource == "services":
        assert (services.code, services.out) == (1, "")
        assert services.err.startswith("error: ")
        assert ipvs(box, "table", "--service", HELLO).code == 1
    else:
        assert (services.code, "EndpointSlices cannot be listed" in services.err) == (0, True)
        assert {each["missing"] for each in entry(services, "hello")["endpoints"]} == {None}
        assert {each["pod"] for each in entry(services, "hello")["endpoints"]} == {None}


def test_row_of_a_service_that_is_gone(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """It has no name in `table`, and `services` says where it is; nobody's sums have it."""
    box = sandbox(faults={"node2": "stale-row"})

    table, services = ipvs(box, "table", "--address", "10.96.250.1", "-o", "json"), ipvs(box, "services")

    found = {node["node"]: node["virtualServers"] for node in table.json["nodes"]}
    assert {node: len(rows) for node, rows in found.items()} == {"node1": 0, "node2": 1, "node3": 0}
    assert (found["node2"][0]["service"], found["node2"][0]["contested"]) == (None, [])
    assert "1 virtual server of no Service: TCP 10.96.250.1:80 (node2)" in services.out.splitlines()
    assert (table.code, services.code) == (0, 0)


def test_weight_zero(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An endpoint that one node drains is not ready, and it is said how many nodes have which weight."""
    box = sandbox(faults={"node2": "weight-zero"}, services=2)

    run, table, wide = (ipvs(box, "services", "default/service-2", "-o", form) for form in ("json", "table", "wide"))

    assert [each["weights"] for each in entry(run, "service-2")["endpoints"]] == [{"1": 2, "0": 1}, {"1": 3}]
    head, row = (line.split() for line in table.out.splitlines()[:2])
    cells = dict(zip(head, row, strict=True))
    assert (cells["READY"], cells["WEIGHT-0"], cells["MISSING"], cells["NODES"]) == ("1", "1", "0", "3/3")
    assert sorted(line.split()[6] for line in wide.out.splitlines()[1:3]) == ["1", "1:2,0:1"]


def test_missing_endpoint(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A node whose virtual servers have no real servers lacks every ready endpoint."""
    box = sandbox(faults={"node2": "no-real-servers"})
    ipvs(box, "restart", "node2", "--settle", "0.2s", "--timeout", "4s")
    deadline = time.monotonic() + 20
    while box.table("node2").count("->") > 1 and time.monotonic() < deadline:  # the other one is the header's
        time.sleep(0.05)

    run = ipvs(box, "services", "-o", "json")

    assert {each["missing"] for port in run.json["services"] for each in port["endpoints"]} == {1}
    assert {port["nodes"] for port in run.json["services"]} == {3}


def test_contest(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Two Services at one address: both are named beside the row, and it is counted for neither."""
    box = sandbox()
    box.edit("Service", "default", "hello", lambda obj: obj["spec"].update(externalIPs=["10.97.0.1"]))
    box.edit("Service", "default", "hello", lambda obj: obj["spec"]["ports"][0].update(port=80))

    table = ipvs(box, "table", "node1", "--address", "10.97.0.1:80")
    both = [ipvs(box, "services", f"default/{name}") for name in ("hello", "service-1")]
    document = ipvs(box, "services", "default/service-1", "-o", "json").json

    contest = "TCP 10.97.0.1:80 is contested by default/hello:http and default/service-1:http: counted for neither"
    assert "contested:default/hello:http,default/service-1:http" in table.out
    assert [contest in run.out.splitlines() for run in both] == [True, True]
    assert [(each["nodes"], each["activeConnections"]) for each in document["services"]] == [(0, 0)]
    assert [[each["name"] for each in row["contested"]] for row in document["outside"]] == [["hello", "service-1"]]


def test_skew_and_sorting(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Connections pile up on service-1's first Pod; rows are sorted as asked, and an unknown word is a usage error."""
    box = sandbox(services=3)

    by_skew, by_active, by_name = (ipvs(box, "services", "--sort-by", word, "-o", "json") for word in
                                   ("skew", "active", "name"))  # fmt: skip
    wrong = ipvs(box, "services", "--sort-by", "age")

    first = entry(by_skew, "service-1")
    assert by_skew.json["services"][0]["name"] == "service-1"
    busiest = max(each["activeConnections"] for each in first["endpoints"])
    assert first["skew"] == pytest.approx(busiest * 2 / first["activeConnections"])
    assert first["skew"] > 1.5
    active = [each["activeConnections"] for each in by_active.json["services"]]
    assert active == sorted(active, reverse=True)
    names = [(each["namespace"], each["name"], each["port"]) for each in by_name.json["services"]]
    assert names == sorted(names)
    assert (wrong.code, wrong.out) == (2, "")


def test_namespaces(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-n is the Services' namespace, before the command too; -A is all; kube-proxy's own has a flag of its own."""
    box = sandbox(layout="openshift")

    def names(*words: str) -> tuple[int, list[str]]:
        run = ipvs(box, *words, "-o", "name")
        return run.code, run.out.split()

    place = ("--kube-proxy-namespace", "openshift-kube-proxy")
    assert names("services", "-n", "kube-system", *place) == (0, ["kube-system/kube-dns"])
    assert names("-n", "kube-system", "services", "kube-dns", *place) == (0, ["kube-system/kube-dns"])
    assert len(names("services", "-n", "kube-system", "-A", *place)[1]) == 4
    assert ipvs(box, "status", *place).code == ipvs(box, "status", "-n", place[1]).code == 0
    both = ipvs(box, "status", "-n", "kube-system", *place)
    assert (both.code, both.err.splitlines()[0]) == (
        2,
        "error: --kube-proxy-namespace openshift-kube-proxy and --namespace kube-system: one namespace, two names",
    )
    nothing = ipvs(box, "services", "-n", "nowhere", *place)
    assert (nothing.code, nothing.err) == (0, "warning: no Service with a virtual server in namespace nowhere\n")


def test_services_without_virtual_servers(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A headless Service has no row, and who asks for it is told why."""
    box = sandbox()
    box.edit("Service", "default", "hello", lambda obj: obj["spec"].update(clusterIP="None", clusterIPs=["None"]))

    run, table, whole = ipvs(box, "services", HELLO), ipvs(box, "table", "--service", HELLO), ipvs(box, "services")

    said = "error: service default/hello has no virtual server: it is headless\n"
    assert [(each.code, each.out, each.err) for each in (run, table)] == [(1, "", said)] * 2
    assert "hello" not in "".join(line for line in whole.out.splitlines() if "of no Service" not in line)


@pytest.mark.parametrize(
    "words",
    [
        ("table", "--service", "hello"),
        ("table", "--service", "a/b/c"),
        ("table", "--address", "nowhere"),
        ("table", "--address", "10.96.0.1:99999"),
        ("table", "-o", "xml"),
        ("services", "hello"),
        ("services", "a/b/c"),
        ("services", "/hello"),
    ],
)
def test_bad_words(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What cannot be meant is a usage error, before anything is asked."""
    box = sandbox(nodes=1)

    run = ipvs(box, *words)

    assert (run.code, run.out, box.requests) == (2, "", [])
    assert run.err.startswith("error: ")


def test_table_that_is_cut(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What goes beyond --max-output is no table: the node is unreadable, and no half of it is shown."""
    box = sandbox(nodes=1, services=6000, endpoints=4)

    for command in ("table", "services"):
        run = ipvs(box, command, "--max-output", "1", "-o", "json")
        assert (run.code, run.json["nodes"][0]["state"]) == (3, "unreadable")
        assert not run.json["nodes"][0].get("virtualServers")
        assert not any(each["nodes"] for each in run.json.get("services", ()))


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_lets_control_characters_through(form: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Whatever bytes a pod sends, stdout and stderr hold printable text and line feeds alone."""
    box = sandbox(nodes=2, faults={"node1": "control", "node2": "garbage"})

    for command in ("table", "services"):
        run = ipvs(box, command, "-o", form)
        assert run.code == 3
        assert {char for char in run.out + run.err if not char.isprintable()} <= {"\n"}


def test_names_of_nodes_that_have_a_row(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """`table -o name` gives the nodes that have what is asked for."""
    box = sandbox(faults={"node2": "stale-row"})

    assert ipvs(box, "table", "-o", "name").out.split() == ["node/node1", "node/node2", "node/node3"]
    assert ipvs(box, "table", "--address", "10.96.250.1", "-o", "name").out == "node/node2\n"


def test_foreign_rows_and_marks(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Every kind of row that a kernel can have is shown: marks, other forwarding, persistence with a mask."""
    lines = ["FWM  7 rr", "  -> 10.1.1.1:80 Route 3 1 2", "SCTP 10.9.9.9:99 wlc persistent 60", "UDP  [fd00::9]:53 sh"]
    usual = sandbox(nodes=1)
    objects = [each for kind in ("Node", "ConfigMap", "DaemonSet") for each in usual.objects(kind)]
    box = sandbox(world={"objects": objects, "only": {"node1": lines}})

    run = ipvs(box, "table", "-o", "json")

    rows = run.json["nodes"][0]["virtualServers"]
    assert [(row["protocol"], row["address"], row["port"], row["mark"], row["persistent"]) for row in rows] == [
        ("SCTP", "10.9.9.9", 99, None, True),
        ("UDP", "fd00::9", 53, None, False),
        ("FWM", "", None, 7, False),
    ]
    assert rows[2]["realServers"][0] | {"pod": None} == {
        "address": "10.1.1.1", "port": 80, "forwarding": "Route", "weight": 3, "activeConnections": 1,
        "inactiveConnections": 2, "pod": None,
    }  # fmt: skip
    assert "persistent=15000jiffies" in ipvs(box, "table").out


def test_other_modes_are_not_summed(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """In nftables mode there is no table: `services` counts no node, and says why."""
    run = ipvs(sandbox(mode="nftables", nodes=2), "services")

    assert run.code == 0
    assert {line.split()[4] for line in run.out.splitlines()[1:] if "/TCP" in line} == {"0/0"}
    assert "kube-proxy's mode is nftables" in run.out


def test_image_without_tools(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """That kube-proxy says what it runs with is no table: exit code 3 and the reason; a helper pod reads it."""
    box = sandbox(nodes=1, image="eks")

    for command in ("table", "services"):
        run, helped = ipvs(box, command), ipvs(box, command, "--helper-image", "busybox:1.36")
        assert (run.code, run.out.splitlines()[-1]) == (3, "0 of 1 node read, 1 kernel not seen")
        assert "the kernel was not seen" in run.out
        assert (helped.code, helped.out.splitlines()[-1]) == (0, "1 of 1 node read"), helped.err
    staying = [pod for pod in box.objects("Pod") if "deletionTimestamp" not in pod["metadata"]]
    assert len(staying) == 1
