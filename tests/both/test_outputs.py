"""Every form of output, and TAB: the same facts on both clusters, whoever reads them."""

import subprocess

import yaml

from tests.clusters import BIN, Cluster


def test_json_and_yaml_say_the_same(cluster: Cluster) -> None:
    """`-o yaml` is `-o json` in other clothes, for `get` and for `status`."""
    for command in ("get", "status"):
        as_json, as_yaml = cluster.ipvs(command, "-o", "json"), cluster.ipvs(command, "-o", "yaml")

        documents = [as_json.json, yaml.safe_load(as_yaml.out)]
        for document in documents:
            for node in document.get("nodes", []):
                del node["podAge"], node["activeConnections"], node["inactiveConnections"]  # they go on meanwhile
        assert (as_json.code, as_yaml.code, documents[0]) == (0, 0, documents[1]), as_yaml.err


def test_names(cluster: Cluster) -> None:
    """`-o name` is what kubectl takes again."""
    got, seen = cluster.ipvs("get", "-o", "name"), cluster.ipvs("status", "-o", "name")

    nodes = [f"node/{node}" for node in sorted(cluster.pods)]
    assert (got.out, seen.out.splitlines()) == ("configmap/kube-proxy\n", nodes), got.err + seen.err
    assert cluster.kubectl("get", *nodes, "-o", "name").splitlines() == nodes


def test_wide_rows_are_what_kubectl_knows(cluster: Cluster) -> None:
    """`status -o wide` shows each node's pod, kernel and mode as the API server and the node have them."""
    run = cluster.ipvs("status", "-o", "wide")

    kernels = cluster.kubectl(
        "get", "nodes", "-o", 'jsonpath={range .items[*]}{.status.nodeInfo.kernelVersion}{"\\n"}{end}'
    )
    table = run.rows
    head = table.pop("NODE")
    rows = {node: dict(zip(head, row, strict=True)) for node, row in table.items() if len(row) == len(head)}
    assert {node: row["POD"] for node, row in rows.items()} == cluster.pods, run.err
    assert {row["KERNEL"] for row in rows.values()} == set(kernels.split())
    assert {row["MODE"] for row in rows.values()} == {"ipvs"}


def test_completion_of_nodes(cluster: Cluster) -> None:
    """TAB after `status` offers the nodes; kubectl starts a program of its own for it."""
    words = [str(BIN / "kubectl_complete-ipvs"), "status", ""]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=cluster.environment())

    assert done.stdout.splitlines()[:-1] == sorted(cluster.pods), done.stderr
