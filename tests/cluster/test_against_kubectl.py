"""Our connection held against kubectl's own: the same kubeconfig, flags and environment, what arrives at a server.

kubectl is the newest, from the package index, and 1.20 where one is found: KUBECTL_1_20, or the real cluster's own.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kubectl_ipvs.cluster.access.connection import Connection, connect, ssl_context
from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.errors import IpvsError
from tests.cluster.cases import BOTH, IN_VIEW, ON_THE_WIRE, PROXIES, SINCE_1_20, Case
from tests.cluster.ground import Ground, ground

__all__ = ["ground"]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kubectl-ipvs-rig"
OLD = os.environ.get("KUBECTL_1_20") or str(CACHE / "1.20.2" / "bin" / "kubectl")
PROGRAMS = {
    "newest": shutil.which("kubectl", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])),
    "1.20": OLD if Path(OLD).is_file() else None,
}


@pytest.fixture(params=["newest", pytest.param("1.20", marks=pytest.mark.whole)])
def program(request: pytest.FixtureRequest) -> str:
    """Give a kubectl's path."""
    path = PROGRAMS[request.param]
    if path is None:
        pytest.skip(f"needs kubectl {request.param}")
    return path


def before(program: str, case: Case) -> None:
    """Leave out what a kubectl could not know in its time."""
    if program == PROGRAMS["1.20"] and case.name in SINCE_1_20:
        pytest.skip(f"since 1.20: {SINCE_1_20[case.name]}")


FLAGS = {
    "kubeconfig": "--kubeconfig", "context": "--context", "cluster": "--cluster", "user": "--user",
    "server": "--server", "token": "--token", "certificate_authority": "--certificate-authority",
    "client_certificate": "--client-certificate", "client_key": "--client-key",
    "tls_server_name": "--tls-server-name", "as_user": "--as", "as_uid": "--as-uid", "username": "--username",
    "password": "--password", "insecure_skip_tls_verify": "--insecure-skip-tls-verify",
    "as_groups": "--as-group", "as_user_extra": "--as-user-extra", "request_timeout": "--request-timeout",
    "disable_compression": "--disable-compression",
}  # fmt: skip


def laid_out(ground: Ground, case: Case, home: Path) -> tuple[ConnectionOptions, list[str], dict[str, str]]:
    """Write the case's files; return our options, kubectl's flags, and the environment of both."""
    paths = []
    for number, text in enumerate(case.files):
        path = home / f"config{number}"
        paths.append(str(path))
        if text is not None:
            path.write_text(ground.fill(text))
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "KUBECONFIG": os.pathsep.join(paths)}
    env.update({name: ground.fill(value) for name, value in case.env.items()})
    values: dict[str, Any] = {}
    words: list[str] = []
    for name, value in case.flags.items():
        each = [ground.fill(word) if isinstance(word, str) else word for word in
                (value if isinstance(value, tuple) else (value,))]  # fmt: skip
        values[name] = tuple(each) if isinstance(value, tuple) else each[0]
        words += [f"{FLAGS[name]}={str(word).lower() if isinstance(word, bool) else word}" for word in each]
    return ConnectionOptions(**values), words, env


def kubectl(
    program: str, words: Sequence[str], env: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run kubectl without a terminal."""
    return subprocess.run([program, *words], env=env, cwd=folder, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=20)  # fmt: skip


def ask(connection: Connection) -> None:
    """Send GET /x over this connection, with nothing between it and the socket but TLS."""
    url = urlsplit(connection.server)
    with socket.create_connection((url.hostname, url.port), timeout=5) as plain:
        if url.scheme == "https":
            name = connection.tls_server_name or url.hostname
            with ssl_context(connection).wrap_socket(plain, server_hostname=name) as tls:
                send(tls, url.path, connection)
        else:
            send(plain, url.path, connection)


def send(to: socket.socket, prefix: str, connection: Connection) -> None:
    """Send one request and read its answer to the end."""
    lines = [f"GET {prefix}/x HTTP/1.0", *(f"{name}: {value}" for name, value in connection.headers())]
    if not connection.disable_compression:
        lines.append("Accept-Encoding: gzip")
    to.sendall("\r\n".join([*lines, "", ""]).encode())
    while to.recv(4096):
        pass


@pytest.mark.parametrize("case", ON_THE_WIRE, ids=lambda case: case.name)
def test_a_server_sees_from_us_what_it_sees_from_kubectl(
    program: str, ground: Ground, tmp_path: Path, case: Case
) -> None:
    """Credentials, impersonation, certificate, server name, compression are kubectl's; where kubectl fails we fail."""
    before(program, case)
    options, words, env = laid_out(ground, case, tmp_path)
    kubectl(program, ["get", "--raw", "/x", *words], env, tmp_path)
    wanted = ground.tls.taken() + ground.plain.taken()

    with suppress(IpvsError, ssl.SSLError):
        ask(connect(options, env))

    assert ground.tls.taken() + ground.plain.taken() == wanted


@pytest.mark.parametrize("case", IN_VIEW, ids=lambda case: case.name)
def test_names_and_files_are_merged_as_kubectl_merges_them(
    program: str, ground: Ground, tmp_path: Path, case: Case
) -> None:
    """Server, names, namespace, CA, server name and kind of credentials are those of `kubectl config view`."""
    for path in (tmp_path / ".kube" / "config", ground.folder / "other"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(ground.fill(BOTH.replace('"current-context": "x"', '"current-context": "y"')))
    (tmp_path / "ca.crt").write_text("CA of the folder")
    (tmp_path / ".kube" / "ca.crt").write_text("CA of the home folder")
    before(program, case)
    options, words, env = laid_out(ground, case, tmp_path)
    view = kubectl(program, ["config", "view", "--minify", "--flatten", "--raw", "-o", "json", *words], env, tmp_path)

    connection = connect(options, env)

    assert viewed(connection) == wanted_view(json.loads(view.stdout))


def viewed(connection: Connection) -> dict[str, object]:
    """Return the part of a connection that `kubectl config view` shows."""
    return {
        "server": connection.server,
        "context": connection.context,
        "cluster": connection.cluster,
        "user": connection.user,
        "namespace": connection.namespace,
        "ca": connection.ca and b64encode(connection.ca).decode(),
        "name": connection.tls_server_name,
        "token": connection.token,
        "basic": connection.basic is not None,
        "certificate": connection.client_certificate and b64encode(connection.client_certificate).decode(),
    }


def wanted_view(view: dict[str, Any]) -> dict[str, object]:
    """Return the same part of what kubectl printed."""
    ((cluster,), (user,), (context,)) = view["clusters"], view["users"], view["contexts"]
    return {
        "server": cluster["cluster"]["server"],
        "context": view["current-context"],
        "cluster": cluster["name"],
        "user": user["name"],
        "namespace": context["context"].get("namespace"),
        "ca": cluster["cluster"].get("certificate-authority-data"),
        "name": cluster["cluster"].get("tls-server-name"),
        "token": user["user"].get("token"),
        "basic": "username" in user["user"],
        "certificate": user["user"].get("client-certificate-data"),
    }


@pytest.mark.parametrize("case", PROXIES, ids=lambda case: case.name)
def test_the_proxy_is_the_one_that_kubectl_takes(program: str, ground: Ground, tmp_path: Path, case: Case) -> None:
    """The proxy of the cluster, or else of the environment, is chosen as by Go."""
    before(program, case)
    options, words, env = laid_out(ground, case, tmp_path)
    kubectl(program, ["get", "--raw", "/x", "--request-timeout=1s", *words], env, tmp_path)
    proxied = bool(ground.plain.taken())
    ground.tls.taken()

    assert connect(options, env).proxy_url == (ground.words["PLAIN"] if proxied else None)
