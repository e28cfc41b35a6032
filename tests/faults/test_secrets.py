"""Nothing that a credential holds is ever shown, at any -v, in any error, in a crash, or left in a file."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Hang, Raw, Reply, Request, Response
from tests.harness import BRISK, Ipvs, MakeSandbox

PASSWORD = "canary-PASSWORD-5f2c"  # noqa: S105 - what is searched for
COMMANDS = (("get",), ("status",), ("set", "--scheduler", "lc", *BRISK), ("undo", *BRISK), ("restart", *BRISK))
SCRIPT = Path(sys.executable).with_name("kubectl-ipvs")
HTML = (("content-type", "text/html"),)


def forms(secret: str) -> list[str]:
    """Give a secret as it is and in base64, line by line where it has lines."""
    lines = [line for line in secret.splitlines() if line and not line.startswith("-----")]
    return [*lines, base64.b64encode(secret.encode()).decode()]


def shown(text: str, *secrets: str) -> list[str]:
    """Give what of the secrets stands in a text."""
    return [form for secret in secrets for form in forms(secret) if form in text]


def key_of(box: Sandbox) -> str:
    """Give the private key in the kubeconfig of the user who has a certificate."""
    user = yaml.safe_load(box.kubeconfig("certificate"))["users"][0]["user"]
    return base64.b64decode(user["client-key-data"]).decode()


@pytest.mark.parametrize("level", ["6", "9"])
def test_no_command_shows_a_token(level: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The whole main job at -v=6 and -v=9: each request is there, the token is not."""
    box = sandbox(nodes=1)

    runs = [ipvs(box, *words, f"-v={level}") for words in COMMANDS]

    text = "".join(run.out + run.err for run in runs)
    assert ([run.code for run in runs], shown(text, box.token)) == ([0] * 5, [])
    assert ("Authorization: Bearer <masked>" in text) == (level == "9")
    for method in ("GET", "PATCH", "POST", "DELETE", "GET wss:"):
        assert f"{method}" in text, method


def test_no_command_shows_a_key(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A client certificate's key is in no output, and in no file afterwards."""
    box = sandbox(nodes=1)

    runs = [ipvs(box, *words, "-v=9", user="certificate") for words in COMMANDS]

    text = "".join(run.out + run.err for run in runs)
    assert ([run.code for run in runs], shown(text, key_of(box))) == ([0] * 5, [])


def echo(request: Request, status: int) -> Response:
    """Answer as a debugging proxy does: with everything that was sent."""
    return Response(status, f"<p>{request.headers}</p> {request.header('authorization')}".encode(), ())


def complaint(request: Request) -> Response:
    """Refuse with a Status object that repeats the token."""
    token = request.header("authorization").partition(" ")[2]
    body = {"kind": "Status", "reason": "Unauthorized", "message": f"bad token {token}", "code": 401}
    return Response(401, json.dumps(body).encode())


ECHOES: dict[str, Callable[[Request], Reply]] = {
    "a page": lambda request: echo(request, 502),
    "a refusal": complaint,
    "no HTTP": lambda request: Raw(f"{request.header('authorization')}\r\n\r\n".encode()),
    "a status line": lambda request: Raw(f"HTTP/1.1 {request.header('authorization')}\r\n\r\n".encode()),
    "a header": lambda request: Response(500, b"no", (("x-debug", request.header("authorization")), *HTML)),
    "an answer": lambda request: echo(request, 200),
}


@pytest.mark.parametrize("case", ECHOES)
@pytest.mark.parametrize("credential", ["token", "password"])
def test_a_server_that_repeats_what_it_was_sent(
    case: str, credential: str, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words are shown, the credential in them is not: from REST and from exec, at -v=9 too."""
    box = sandbox(nodes=1)
    config = yaml.safe_load(box.kubeconfig())
    basic = {"username": "admin", "password": PASSWORD}
    config["users"][0]["user"] = basic if credential == "password" else {"token": box.token}
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(path))
    answer = ECHOES[case]
    box.hook = answer

    runs = [ipvs(None, *words) for words in (("get",), ("get", "-v=9"))]
    if credential == "token":
        box.hook = lambda request: answer(request) if request.path.endswith("/exec") else None
        runs += [ipvs(None, "status", *words) for words in ((), ("-o", "json"), ("-v=9",))]

    text = "".join(run.out + run.err for run in runs)
    sent = [seen.headers for seen in box.requests]
    assert any(shown(str(headers), box.token, f"admin:{PASSWORD}") for headers in sent)
    assert (shown(text, box.token, PASSWORD, f"admin:{PASSWORD}"), "Traceback" in text) == ([], False)
    assert "<masked>" in text


def test_secrets_in_what_is_logged(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A kubeconfig inside the ConfigMap is logged at -v=9 without the token that somebody put there."""
    box = sandbox(nodes=1)
    embedded = yaml.safe_dump({"users": [{"name": "x", "user": {"token": PASSWORD, "client-key-data": "S0VZS0VZ"}}]})
    box.edit("ConfigMap", "kube-system", "kube-proxy", lambda obj: obj["data"].update({"kubeconfig.conf": embedded}))

    run = ipvs(box, "get", "-v=9")

    assert (run.code, shown(run.err, PASSWORD), "S0VZS0VZ" in run.err, "token: <masked>" in run.err) == (
        0,
        [],
        False,
        True,
    )


BROKEN = {
    "a tag": "users: [{name: u, user: {token: !%s x}}]",
    "an alias": "users: [{name: u, user: {token: *%s }}]",
    "an anchor": "users: [{name: u, user: {token: &%s }}]\n- x",
    "a number": "users: [{name: u, user: {token: {a: %s}}}]",
    "a list": "users: [{name: u, user: {password: [%s]}}]",
    "base64": "users: [{name: u, user: {client-key-data: '%s'}}]",
    "a key twice": "users: [{name: u, user: {token: a, token: %s",
    "a quote": "users: [{name: u, user: {token: '%s}}]",
    "an escape": 'users: [{name: u, user: {token: "\\%s"}}]',
    "a block": "users:\n- name: u\n  user:\n    token: |%s",
    "not YAML": "%s: %s: %s",
}
PLACES = {
    "server": {"server": f"https://admin:{PASSWORD}@"},
    "server, a path": {"server": f"https://admin:x/{PASSWORD}@host:port"},
    "proxy": {"server": "https://127.0.0.1:1", "proxy-url": f"http://u:{PASSWORD}@127.0.0.1:99999999"},
    "proxy, a port": {"server": "https://127.0.0.1:1", "proxy-url": f"http://u:p/{PASSWORD}@h"},
    "proxy, refused": {"server": "https://127.0.0.1:1", "proxy-url": f"http://u:{PASSWORD}@127.0.0.1:1"},
    "proxy, no host": {"server": "https://127.0.0.1:1", "proxy-url": f"http://u:{PASSWORD}@"},
    "proxy, socks": {"server": "https://127.0.0.1:1", "proxy-url": f"socks5://u:{PASSWORD}@127.0.0.1:1"},
}


@pytest.mark.parametrize("case", [*BROKEN, *PLACES])
def test_kubeconfigs_that_cannot_be_used(
    case: str, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with a kubeconfig is said without the values in it, whatever it is; never as a traceback."""
    path = tmp_path / "config"
    monkeypatch.setenv("KUBECONFIG", str(path))
    if case in BROKEN:
        path.write_text(BROKEN[case].replace("%s", PASSWORD))
    else:
        path.write_text(json.dumps({
            "clusters": [{"name": "c", "cluster": PLACES[case]}],
            "users": [{"name": "u", "user": {"token": PASSWORD}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x",
        }))  # fmt: skip

    runs = [ipvs(None, *words) for words in (("get",), ("get", "-v=9"), ("version", "-v=9"))]

    text = "".join(run.out + run.err for run in runs)
    assert (shown(text, PASSWORD), "Traceback" in text, {run.code for run in runs[:2]}) == ([], False, {1})


PLUGIN = """#!/bin/sh
tr '\\0' '\\n' < /proc/$PPID/cmdline > {folder}/parent
tr '\\0' '\\n' < /proc/$$/cmdline > {folder}/own
echo '{answer}'
"""


def test_exec_plugin_and_process_arguments(
    sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a plugin prints is shown nowhere, and no process that we start has a secret among its arguments."""
    box = sandbox(nodes=1)
    version = "client.authentication.k8s.io/v1"
    answer = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": box.token}}
    program, path = tmp_path / "plugin", tmp_path / "config"
    program.write_text(PLUGIN.format(folder=tmp_path, answer=json.dumps(answer)))
    program.chmod(0o700)
    config = yaml.safe_load(box.kubeconfig())
    plugin = {"apiVersion": version, "command": str(program), "interactiveMode": "Never"}
    config["users"][0]["user"] = {"exec": plugin}
    path.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(path))

    runs = [ipvs(None, *words, "-v=9") for words in COMMANDS]
    program.write_text(program.read_text().replace('"kind"', '"kind'))
    runs.append(ipvs(None, "get", "-v=9"))

    text = "".join(run.out + run.err for run in runs) + (tmp_path / "parent").read_text()
    assert ([run.code for run in runs], shown(text, box.token)) == ([0] * 5 + [1], [])
    assert (tmp_path / "own").read_text().splitlines() == ["/bin/sh", str(program)]


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Path]:
    """Give a folder for temporary files that must be empty in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


def test_killed_process_leaves_no_file(sandbox: MakeSandbox, tmp_path: Path, killed: Path) -> None:
    """After SIGKILL in the middle of a request neither the key nor anything else is left in the temporary folder."""
    box = sandbox(nodes=1)

    def hang(_: Request) -> Reply:
        return Hang(5)

    box.hook = hang
    path = tmp_path / "config"
    path.write_text(box.kubeconfig("certificate"))
    environment = {**os.environ, "TMPDIR": str(killed), "KUBECONFIG": str(path)}
    with subprocess.Popen([str(SCRIPT), "get"], env=environment) as process:
        deadline = time.monotonic() + 10
        while not box.requests and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)

    assert process.returncode == -signal.SIGKILL
    assert 1 <= len(box.requests) <= 3  # the first lists are asked for at once
