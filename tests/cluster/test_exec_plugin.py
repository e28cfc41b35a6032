"""Exec plugins: what they are told, what is taken from them, and what is said when they fail."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from kubectl_ipvs.cluster.access.connection import Connection, connect
from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.errors import KubeconfigError
from kubectl_ipvs.sandbox.certificates.pki import Authority

V1 = "client.authentication.k8s.io/v1"
CLUSTER: Mapping[str, object] = {"server": "https://c:6443"}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the plugins here are shell scripts")


def connected(
    folder: Path, user: object, cluster: Mapping[str, object] = CLUSTER, env: Mapping[str, str] | None = None
) -> Connection:
    """Connect as this user."""
    (folder / "config").write_text(
        json.dumps({
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        })
    )  # fmt: skip
    environ = {"PATH": os.environ["PATH"], "KUBECONFIG": str(folder / "config"), **(env or {})}
    return connect(ConnectionOptions(), environ)


def plugin(folder: Path, script: str, **fields: object) -> dict[str, object]:
    """Write an exec plugin as a shell script, and the user that names it."""
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return {"exec": {"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never", **fields}}


def prints(status: object, **more: object) -> str:
    """Return a script that prints an ExecCredential with this status."""
    answer = {"apiVersion": V1, "kind": "ExecCredential", "status": status, **more}
    return f"cat <<'END'\n{json.dumps(answer)}\nEND"


def failure(folder: Path, user: object, env: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return error and hint of credentials that cannot be had, the folder written as @."""
    with pytest.raises(KubeconfigError) as caught:
        connected(folder, user, env=env)
    assert "S3CRET" not in str(caught.value) + caught.value.hint
    return str(caught.value).replace(str(folder), "@"), caught.value.hint.replace(str(folder), "@")


def test_a_plugin_gives_a_token(tmp_path: Path) -> None:
    """The token that the plugin prints is the bearer token; the plugin is found beside the kubeconfig."""
    assert connected(tmp_path, plugin(tmp_path, prints({"token": "from-plugin"}))).token == "from-plugin"  # noqa: S105 - made up


def test_a_plugin_gives_a_token_and_a_certificate(tmp_path: Path) -> None:
    """Both are taken when both are given."""
    alice = Authority.create().issue("alice", server=False)
    status = {"token": "t", "clientCertificateData": alice.certificate, "clientKeyData": alice.key}

    connection = connected(tmp_path, plugin(tmp_path, prints(status)))

    assert (connection.token, connection.client_certificate, connection.client_key) == (
        "t",
        alice.certificate.encode(),
        alice.key.encode(),
    )


def test_a_plugin_is_told_what_it_is_configured_to_be_told(tmp_path: Path) -> None:
    """Arguments, variables, our environment, the current folder and KUBERNETES_EXEC_INFO reach the plugin."""
    script = (
        f'printf "%s\\n" "$1" "$2" "$A" "$B" "$PWD" "$KUBERNETES_EXEC_INFO" > {tmp_path}/told;'
        f'read line && echo "$line" >> {tmp_path}/told; {prints({"token": "t"})}'
    )
    cluster = {
        **CLUSTER,
        "certificate-authority-data": base64.b64encode(b"PEM").decode(),
        "tls-server-name": "api",
        "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}],
    }
    user = plugin(
        tmp_path, script, args=["a b", "c"], provideClusterInfo=True,
        env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}],
    )  # fmt: skip

    connected(tmp_path, user, cluster, {"B": "ours"})

    *told, info = (tmp_path / "told").read_text().splitlines()
    assert told == ["a b", "c", "2", "ours", str(Path.cwd())]
    assert json.loads(info) == {
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {
            "interactive": False,
            "cluster": {
                "server": "https://c:6443",
                "tls-server-name": "api",
                "certificate-authority-data": base64.b64encode(b"PEM").decode(),
                "config": {"audience": "x"},
            },
        },
    }


def test_a_plugin_that_fails_is_named_with_its_code_and_last_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error has command, exit code and the last lines of stderr, which the user has seen as well."""
    user = plugin(tmp_path, "printf 'one\\ntwo\\nthree\\nlog in\\033[1m first\\n' >&2; echo S3CRET; exit 7")

    problem, _ = failure(tmp_path, user)

    assert problem == (
        "getting credentials: exec: executable @/plugin failed with exit code 7: two / three / log inU+001B[1m first"
    )
    assert capsys.readouterr().err == "one\ntwo\nthree\nlog in\x1b[1m first\n"


def test_what_a_plugin_says_reaches_the_user(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Stderr of a plugin that works is passed on, byte for byte."""
    connected(tmp_path, plugin(tmp_path, f"printf 'open a browser: ' >&2; {prints({'token': 't'})}"))

    assert capsys.readouterr().err == "open a browser: "


def test_a_process_left_behind_does_not_hold_us(tmp_path: Path) -> None:
    """A plugin that leaves a program running (a browser) with its stderr open does not make us wait for it."""
    user = plugin(tmp_path, f"sleep 20 >/dev/null & echo $! > {tmp_path}/pid; {prints({'token': 't'})}")
    start = time.monotonic()

    connected(tmp_path, user)

    waited = time.monotonic() - start
    os.kill(int((tmp_path / "pid").read_text()), 15)
    assert waited < 10


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"command": "no-such-plugin"}, "getting credentials: exec: executable no-such-plugin not found"),
        ({"command": "./gone"}, "getting credentials: exec: @/gone: no such file or directory"),
        ({"command": "./config"}, "getting credentials: exec: @/config: permission denied"),
        ({"interactiveMode": "Sometimes"}, 'invalid interactiveMode for u: "Sometimes"'),
        ({"interactiveMode": None}, "interactiveMode must be specified for u to use exec authentication plugin"),
        ({"command": None}, "command must be specified for u to use exec authentication plugin"),
        ({"apiVersion": None, "interactiveMode": None},
         ("apiVersion must be specified for u to use exec authentication plugin; "
         "interactiveMode must be specified for u to use exec authentication plugin")),
        ({"env": [{"value": "S3CRET"}]},
         "env variable name must be specified for u to use exec authentication plugin"),
        ({"apiVersion": V1 + "alpha1"}, f'exec plugin: invalid apiVersion "{V1}alpha1"'),
        ({"apiVersion": V1 + "beta1", "interactiveMode": None},
         ("getting credentials: exec plugin is configured to use API version "
         f"{V1}beta1, plugin returned version {V1}")),
    ],
)  # fmt: skip
def test_a_plugin_that_cannot_be_run_is_named(tmp_path: Path, fields: dict[str, object], expected: str) -> None:
    """What kubectl refuses is refused, in its words."""
    assert failure(tmp_path, plugin(tmp_path, prints({"token": "S3CRET"}), **fields))[0] == expected


def test_a_missing_plugin_comes_with_the_hint_of_the_kubeconfig(tmp_path: Path) -> None:
    """The kubeconfig's installHint is the hint, on one line and without control characters."""
    user = plugin(tmp_path, "", command="no-such-plugin", installHint="Install it:\n  brew install \x1b[1mit")

    assert failure(tmp_path, user)[1] == "Install it: brew install U+001B[1mit"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("true", "exec: @/plugin printed no JSON"),
        ("echo S3CRET", "exec: @/plugin printed no JSON"),
        (prints({"token": "S3CRET"}) + "\necho more", "exec: @/plugin printed no JSON"),
        ("echo '[]'", "exec: @/plugin: decoding stdout is a list where a mapping is expected"),
        ("echo '{}'", f"exec plugin is configured to use API version {V1}, plugin returned version none"),
        (prints({}, kind="Secret"), "exec: @/plugin printed something else than an ExecCredential"),
        (prints(None), "exec plugin didn't return a status field"),
        (prints({}), "exec plugin didn't return a token or cert/key pair"),
        (prints({"token": 5}), "exec: @/plugin: decoding stdout: status.token is a number where text is expected"),
        (prints({"clientCertificateData": "S3CRET"}), "exec plugin returned only certificate or key, not both"),
        (prints({"token": "S3CRET", "expirationTimestamp": "2001-01-01T00:00:00Z"}),
         "exec: @/plugin gave a credential that expired at 2001-01-01T00:00:00Z"),
        (prints({"token": "S3CRET", "expirationTimestamp": "soon"}),
         "exec: @/plugin: decoding stdout: expirationTimestamp is no RFC 3339 time"),
        ("kill -9 $$", "exec: executable @/plugin failed with exit code -9"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_an_error(tmp_path: Path, script: str, expected: str) -> None:
    """A plugin that prints anything but a usable credential never leads to a request without credentials."""
    assert failure(tmp_path, plugin(tmp_path, script))[0] == f"getting credentials: {expected}"


@pytest.mark.parametrize("timestamp", ["2999-01-01T00:00:00Z", "2999-01-01T00:00:00.123456789+02:00"])
def test_an_answer_that_is_still_valid_is_used(tmp_path: Path, timestamp: str) -> None:
    """Every form of RFC 3339 that Go writes is read, on every Python."""
    script = prints({"token": "t", "expirationTimestamp": timestamp})

    assert connected(tmp_path, plugin(tmp_path, script)).token == "t"  # noqa: S105 - made up


def test_interaction_needs_a_terminal(tmp_path: Path) -> None:
    """A plugin that must ask is not started without a terminal; one that may ask is told not to, and gets no stdin."""
    program = (
        "import os, sys; from kubectl_ipvs.cluster.access.connection import connect;"
        "from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions;"
        "print(connect(ConnectionOptions(), os.environ).token)"
    )
    outcomes = []
    for mode in ("Always", "IfAvailable"):
        script = f'read line; echo "[$line]" >&2; {prints({"token": "t"})}'
        user = plugin(tmp_path, script, interactiveMode=mode)
        with pytest.raises(KubeconfigError):
            connected(tmp_path, {**user, "auth-provider": {"name": "oidc"}})  # writes the file, reaches nobody
        (tmp_path / "config").write_text((tmp_path / "config").read_text().replace('"auth-provider"', '"was"'))
        run = subprocess.run(
            [sys.executable, "-c", program], input="typed\n", capture_output=True, text=True, check=False,
            env={**os.environ, "KUBECONFIG": str(tmp_path / "config")},
        )  # fmt: skip
        outcomes.append((run.stdout, run.stderr.splitlines()[-1]))

    assert outcomes == [
        ("", ("kubectl_ipvs.errors.KubeconfigError: getting credentials: exec plugin cannot support interactive "
             "mode: standard input is not a terminal")),
        ("t\n", "[]"),
    ]  # fmt: skip
