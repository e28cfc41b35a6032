"""`table` and `services`: what they say is what is in each kernel, and every name is the API server's own."""

from typing import Any

import pytest

from tests.clusters import NODE_PORT, Cluster, rows
from tests.versions import differs


def tables(cluster: Cluster, *words: str) -> dict[str, Any]:
    """Return each node's virtual servers by `table -o json`."""
    run = cluster.ipvs("table", *words, "-o", "json")
    assert run.code == 0, run.err
    return {node["node"]: node["virtualServers"] for node in run.json["nodes"]}


def written(host: str, port: int) -> str:
    """Write an address as a table has it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def named(cluster: Cluster) -> dict[tuple[str, str], tuple[str, str, int]]:
    """Map protocol and address of every cluster IP to the Service port, by what kubectl shows."""
    return {
        (port["protocol"], written(address, port["port"])): (
            service["metadata"]["namespace"],
            service["metadata"]["name"],
            port["port"],
        )
        for service in cluster.listed("services")
        for address in service["spec"].get("clusterIPs") or [service["spec"].get("clusterIP")]
        if address and address != "None"
        for port in service["spec"]["ports"]
    }


@differs
def test_rows_are_the_kernels(cluster: Cluster) -> None:
    """`table` has every row of /proc/net/ip_vs of every node, and no other."""
    found = tables(cluster)

    assert sorted(found) == sorted(cluster.pods)
    for node, servers in found.items():
        said: set[tuple[str, ...]] = set()
        for server in servers:
            above = server["protocol"], written(server["address"], server["port"])
            said.add((*above, server["scheduler"]))
            said |= {
                (*above, written(real["address"], real["port"]), real["forwarding"], str(real["weight"]))
                for real in server["realServers"]
            }
        assert said == rows(cluster.proc(node)), node


@differs
def test_names_are_the_api_servers(cluster: Cluster) -> None:
    """Each cluster IP has its Service port beside it, UDP and IPv6 as well; each real server the Pod of its slice."""
    if cluster.foreign:
        pytest.skip("KUBECONFIG_REAL is set: what is in that cluster's tables is not known")
    services = named(cluster)
    pods = {
        (each["metadata"]["namespace"], written(endpoint["addresses"][0], port["port"])): endpoint["targetRef"]["name"]
        for each in cluster.listed("endpointslices")
        for endpoint in each["endpoints"] or ()
        if "targetRef" in endpoint
        for port in each["ports"] or ()
    }

    for node, servers in tables(cluster).items():
        for server in servers:
            service = server["service"]
            where = server["protocol"], written(server["address"], server["port"])
            said = (service["namespace"], service["name"], service["port"]) if service else None
            assert said == services[where] if where in services else said in services.values(), (node, where)
            for real in server["realServers"]:
                pod = pods.get((service["namespace"], written(real["address"], real["port"])))
                assert (real["pod"] or {}).get("name") == pod, (node, where, real)
        protocols = {server["protocol"] for server in servers}
        assert {"TCP", "UDP"} <= protocols, node


def test_node_port_is_named(cluster: Cluster) -> None:
    """A NodePort has its Service's name on every address of the node."""
    if cluster.foreign:
        pytest.skip(f"KUBECONFIG_REAL is set: that cluster may have no Service with NodePort {NODE_PORT}")
    owner = next(
        service["metadata"]["name"]
        for service in cluster.listed("services")
        if any(port.get("nodePort") == NODE_PORT for port in service["spec"]["ports"])
    )

    found = tables(cluster)

    for node, addresses in cluster.node_ports().items():
        names = {
            written(server["address"], server["port"]): server["service"]["name"]
            for server in found[node]
            if server["port"] == NODE_PORT
        }
        assert names == dict.fromkeys(addresses, owner)


def test_order_and_columns(cluster: Cluster) -> None:
    """In table form a line for each row of the kernel, TCP before UDP, and the Service port at the end of its line."""
    node = min(cluster.pods)

    run, wide = cluster.ipvs("table", node), cluster.ipvs("table", node, "-o", "wide")

    lines = run.out.splitlines()
    assert (run.code, run.err, lines[-1]) == (0, "", "1 of 1 node read")
    assert lines[0].startswith(f"{node}: {len(cluster.table(node))} virtual servers, ")
    protocols = [line.split()[0] for line in lines[2:-2] if not line.startswith("->")]
    families = [line.split()[1].startswith("[") for line in lines[2:-2] if not line.startswith("->")]
    assert list(zip(families, protocols, strict=True)) == sorted(zip(families, protocols, strict=True))
    assert len(lines[2:-2]) == len(rows(cluster.proc(node)))
    assert any(line.endswith(" default/kubernetes:https") for line in lines)
    assert all(line.startswith((f"{node} ", "NODE ", "1 of 1 ")) for line in wide.out.splitlines())
    assert any("default/kubernetes:https" in line and "Masq" in line for line in wide.out.splitlines())


def test_narrowed(cluster: Cluster) -> None:
    """--service and --address leave the rest out; what is not there is an error, and nothing is on stdout."""
    dns = tables(cluster, "--service", "kube-system/kube-dns")
    address = next(iter(dns.values()))[0]["address"]
    at = tables(cluster, "--address", f"{address}:53")

    assert {server["service"]["name"] for servers in dns.values() for server in servers} == {"kube-dns"}
    assert {(server["address"], server["port"]) for servers in at.values() for server in servers} == {(address, 53)}
    for words, problem in (
        (("--service", "default/no-such-service"), "service default/no-such-service not found"),
        (("--address", "203.0.113.77"), "203.0.113.77: no virtual server and no real server is there"),
        (("no-such-node",), "node no-such-node not found"),
    ):
        run = cluster.ipvs("table", *words)
        assert (run.code, run.out, run.err.startswith(f"error: {problem}")) == (1, "", True), run.err


@differs
def test_every_service_has_its_row(cluster: Cluster) -> None:
    """`services` has one entry for each port of each Service with a cluster IP, and every node has it."""
    run = cluster.ipvs("services", "-o", "json")

    assert run.code == 0, run.err
    nodes, schedulers = len(cluster.pods), set(cluster.schedulers().values())
    found = {(each["namespace"], each["name"], each["port"], each["protocol"]): each for each in run.json["services"]}
    expected = {(*service, protocol) for (protocol, _), service in named(cluster).items()}
    assert found.keys() == expected
    assert {each["nodes"] for each in found.values()} == {nodes}
    assert {name for each in found.values() for name in each["schedulers"]} == schedulers
    assert all(each["missing"] == 0 for entry in found.values() for each in entry["endpoints"])


def test_services_by_name(cluster: Cluster) -> None:
    """A Service may be named with or without its namespace; -n is the Services', and unknown ones are errors."""
    whole = cluster.ipvs("services", "kube-system/kube-dns", "-o", "name")
    bare = cluster.ipvs(
        "services", "-n", "kube-system", "kube-dns", "--kube-proxy-namespace", "kube-system", "-o", "name"
    )
    lost = cluster.ipvs("services", "kube-system/kube-dns", "default/no-such-service", "-o", "name")
    nobody = cluster.ipvs("services", "kube-dns")

    assert (whole.code, whole.out) == (bare.code, bare.out) == (0, "kube-system/kube-dns\n"), whole.err + bare.err
    assert (lost.code, lost.out) == (1, whole.out)
    assert lost.err == "error: service default/no-such-service not found\n"
    assert (nobody.code, nobody.out) == (2, "")
    assert nobody.err.startswith('error: service "kube-dns": of which namespace?\nhint: ')
