"""Credentials that end in the middle of a run: a plugin's token lives for minutes, a rollout may take longer."""

import json
import stat
from pathlib import Path

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.server import Reply, Request, Response
from tests.harness import BRISK, Ipvs, MakeSandbox

PLUGIN = """#!/bin/sh
echo run >> {count}
cat {token}
"""


UNAUTHORIZED = Response(401, b'{"kind": "Status", "message": "Unauthorized", "reason": "Unauthorized", "code": 401}')


def with_plugin(box: Sandbox, folder: Path) -> Path:
    """Write a kubeconfig whose user gets its token from a plugin; return the file that the plugin prints."""
    answer, count, plugin = folder / "token.json", folder / "count", folder / "plugin"
    plugin.write_text(PLUGIN.format(count=count, token=answer))
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    config = yaml.safe_load(box.kubeconfig())
    execution = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "Never"}
    config["users"][0]["user"] = {"exec": execution}
    (folder / "kubeconfig").write_text(yaml.safe_dump(config))
    return answer


def credential(token: str) -> str:
    """Write what a plugin prints."""
    return json.dumps(
        {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}
    )


def test_a_token_that_ends_in_mid_rollout_is_renewed(
    sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the server answers 401, the plugin is asked again, and the rollout goes on with the new token."""
    box = sandbox()
    box.grant("viewer", "admin")
    later = yaml.safe_load(box.kubeconfig("viewer"))["users"][0]["user"]["token"]
    answer = with_plugin(box, tmp_path)
    answer.write_text(credential(box.token))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    ended: list[int] = []

    def end_at_the_first_deletion(request: Request) -> Reply | None:
        if request.method == "DELETE" and not ended:
            ended.append(request.number)
            answer.write_text(credential(later))
        return UNAUTHORIZED if ended and request.header("authorization") == f"Bearer {box.token}" else None

    box.hook = end_at_the_first_deletion
    run = ipvs(None, "set", "--scheduler", "lc", *BRISK)

    assert (run.code, set(box.schedulers().values())) == (0, {"lc"}), run.err
    assert (tmp_path / "count").read_text().count("run") == 2


def test_a_token_that_is_refused_for_good_ends_it(
    sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin that gives the same token again is not asked for ever."""
    box = sandbox()
    with_plugin(box, tmp_path).write_text(credential("wrong"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))

    run = ipvs(None, "get")

    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("error: the server refused (Unauthorized): you must be logged in")
    assert (tmp_path / "count").read_text().count("run") == 2
