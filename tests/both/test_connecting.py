"""How a cluster is named, and who asks: flags, merged kubeconfigs, a credential plugin; REST and exec alike."""

import json
import os
from pathlib import Path

import pytest
import yaml

from tests.clusters import Cluster

PLUGIN = """#!/bin/sh
cat <<'END'
{json}
END
"""


def test_context_that_does_not_exist(cluster: Cluster) -> None:
    """A typo in --context reaches no cluster at all."""
    run = cluster.ipvs("status", "--context", "nope")

    assert (run.code, run.out, run.err.splitlines()[0]) == (1, "", 'error: context "nope" does not exist')


def test_flags_before_and_after(cluster: Cluster) -> None:
    """A connection flag means the same on both sides of the command's name."""
    before, after = cluster.ipvs("--as", "jane", "get"), cluster.ipvs("get", "--as", "jane")

    assert (before.code, before.err) == (after.code, after.err) == (1, after.err)
    assert "jane" in after.err


def test_kubeconfigs_are_merged(cluster: Cluster, tmp_path: Path) -> None:
    """KUBECONFIG as a list: the context of one file, the cluster and the user of another."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    name, here = config.pop("current-context"), config.pop("contexts")
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "contexts": here, "current-context": name}))
    second.write_text(yaml.safe_dump(config))

    run = cluster.ipvs("status", KUBECONFIG=os.pathsep.join([str(first), str(tmp_path / "none"), str(second)]))

    assert (run.code, set(cluster.pods) <= set(run.rows)) == (0, True), run.err


def test_credential_plugin(cluster: Cluster, tmp_path: Path) -> None:
    """What a credential plugin prints is shown in REST and in exec; it is asked once."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    user = config["users"][0]["user"]
    shown = {"clientCertificateData": "client-certificate-data", "clientKeyData": "client-key-data"}
    if not all(key in user for key in shown.values()):
        pytest.skip("KUBECONFIG_REAL is set: its user has no certificate in the kubeconfig")
    plugin = tmp_path / "plugin"
    status = {key: _text(user[name]) for key, name in shown.items()}
    version = "client.authentication.k8s.io/v1beta1"
    answer = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})
    plugin.write_text(PLUGIN.format(json=answer) + f"echo asked >> {tmp_path}/asked\n")
    plugin.chmod(0o700)
    config["users"][0]["user"] = {"exec": {"apiVersion": version, "command": str(plugin)}}
    path = tmp_path / "with-plugin"
    path.write_text(yaml.safe_dump(config))

    run = cluster.ipvs("status", "--kubeconfig", str(path))

    assert (run.code, set(cluster.pods) <= set(run.rows)) == (0, True), run.err
    assert (tmp_path / "asked").read_text() == "asked\n"


def test_log_shows_requests_and_no_secret(cluster: Cluster) -> None:
    """`-v=8` lists each request with its answer, and nothing of what the kubeconfig keeps secret."""
    user = yaml.safe_load(cluster.kubeconfig.read_text())["users"][0]["user"]
    secrets = [user[key] for key in ("client-key-data", "token") if key in user]

    run = cluster.ipvs("status", "-v=8")

    assert (run.code, "/configmaps/kube-proxy" in run.err, "/exec?command=ipvsadm" in run.err) == (0, True, True)
    assert [secret for secret in secrets if secret in run.err + run.out] == []


@pytest.mark.parametrize("words", [("get", "--configmap", "nope"), ("status", "--selector", "app=none")], ids=" ".join)
def test_nothing_of_that_name(words: tuple[str, ...], cluster: Cluster) -> None:
    """What is named and is not there is an error with a hint, not an empty table."""
    run = cluster.ipvs(*words)

    assert (run.code, run.out) == (1, "")
    assert [line.split(":")[0] for line in run.err.splitlines()] == ["error", "hint"]


def _text(base64: str) -> str:
    from base64 import b64decode

    return b64decode(base64).decode()
