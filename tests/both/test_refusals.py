"""What is refused, with the API server's own words, before anything is written."""

from pathlib import Path

import pytest
import yaml

from tests.clusters import Cluster

REFUSED = {  # words of `set` -> code, how its errors begin
    ("--scheduler", "wlcc"): (1, "error: preflight refuses the change (IPVS002): nothing was written"),
    ("--scheduler", "least_conn"): (1, "error: preflight refuses the change (IPVS002): nothing was written"),
    ("--scheduler", "dh"): (1, "error: preflight refuses the change"),
    ("--sync-period", "soon"): (2, 'error: syncPeriod: "soon" is not a duration'),
    ("--exclude-cidrs", "10.0.0.0/33"): (2, 'error: excludeCIDRs: "10.0.0.0/33" is not'),
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_set_refuses(words: tuple[str, str], cluster: Cluster) -> None:
    """A name or a value that cannot be: said, nothing written, nothing restarted."""
    if cluster.foreign and "dh" in words:
        pytest.skip("KUBECONFIG_REAL is set: those nodes may have the module of dh")
    before, pods = cluster.config, cluster.pods
    code, said = REFUSED[words]

    run = cluster.ipvs("set", *words, *cluster.pace)

    assert (run.code, [line for line in run.err.splitlines() if line.startswith(said)] != []) == (code, True), run.err
    assert (cluster.config, cluster.pods) == (before, pods)


def test_read_only(cluster: Cluster) -> None:
    """KUBECTL_IPVS_READONLY=1 refuses every change."""
    before, pods = cluster.config, cluster.pods

    runs = [
        cluster.ipvs(*words, KUBECTL_IPVS_READONLY="1")
        for words in (("set", "--scheduler", "sh"), ("undo",), ("restart",))
    ]

    assert [(run.code, run.out) for run in runs] == [(1, "")] * 3
    assert (cluster.config, cluster.pods) == (before, pods)


def test_user_without_rights(cluster: Cluster) -> None:
    """An impersonated nobody is refused in the API server's words."""
    run = cluster.ipvs("get", "--as", "jane")

    what = 'User "jane" cannot list resource "pods" in API group "" in the namespace "kube-system"'
    said = f"error: the server refused (Forbidden): pods is forbidden: {what}"
    assert (run.code, run.out, run.err.splitlines()[0]) == (1, "", said)


def test_wrong_token(cluster: Cluster, tmp_path: Path) -> None:
    """A token that nobody has is no login; beside a good certificate the API server does not look at it."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": "wrong"}
    path = tmp_path / "wrong-token"
    path.write_text(yaml.safe_dump(config))

    run, beside = cluster.ipvs("get", "--kubeconfig", str(path)), cluster.ipvs("get", "--token", "wrong")

    assert (run.code, run.out) == (1, "")
    assert "nauthorized" in run.err
    assert beside.code == 0, beside.err


def test_namespace_without_kube_proxy(cluster: Cluster) -> None:
    """Where no kube-proxy is, it is said what was looked for."""
    run = cluster.ipvs("status", "-n", "nowhere")

    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("error: no kube-proxy found: looked for a daemonset of nowhere that runs kube-proxy")


def test_node_that_is_not_there(cluster: Cluster) -> None:
    """`restart` of a node that is not there restarts none."""
    pods = cluster.pods

    run = cluster.ipvs("restart", min(pods), "no-such-node", *cluster.pace)

    said = "error: node no-such-node not found, or no kube-proxy is meant to run there"
    assert (run.code, run.out, run.err.splitlines()[0]) == (1, "", said)
    assert cluster.pods == pods
