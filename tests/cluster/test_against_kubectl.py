"""Our connection held against kubectl's own: the same kubeconfig, flags and environment, what arrives at a server."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kubectl_ipvs.cluster.connection import Connection, connect, ssl_context
from kubectl_ipvs.cluster.options import ConnectionOptions
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.sandbox.pki import Authority

KUBECTL = shutil.which("kubectl", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
EXEC = "client.authentication.k8s.io/v1"

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="needs kubectl")

FLAGS = {
    "kubeconfig": "--kubeconfig", "context": "--context", "cluster": "--cluster", "user": "--user",
    "server": "--server", "token": "--token", "certificate_authority": "--certificate-authority",
    "client_certificate": "--client-certificate", "client_key": "--client-key",
    "tls_server_name": "--tls-server-name", "as_user": "--as", "as_uid": "--as-uid", "username": "--username",
    "password": "--password", "insecure_skip_tls_verify": "--insecure-skip-tls-verify",
    "as_groups": "--as-group", "as_user_extra": "--as-user-extra", "request_timeout": "--request-timeout",
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """One request as a server saw it: who is asking, for whom, under which name of ours."""

    path: str
    headers: tuple[tuple[str, str], ...]
    certificate: str
    server_name: str


@dataclass
class Recorder:
    """A server that remembers its requests and answers 200 to each."""

    port: int = 0
    requests: list[Seen] = field(default_factory=list)
    server_name: str = ""

    def taken(self) -> list[Seen]:
        """Return what was seen, and forget it."""
        seen, self.requests = self.requests, []
        return seen


@contextmanager
def recording(context: ssl.SSLContext | None) -> Iterator[Recorder]:
    """Serve on loopback until the end of the block."""
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            recorder.requests.append(
                Seen(
                    self.path.partition("?")[0],
                    tuple(
                        sorted(
                            (name.lower(), value)
                            for name, value in self.headers.items()
                            if name.lower().startswith(("authorization", "impersonate", "proxy-auth"))
                        )
                    ),
                    subject(self.connection),
                    recorder.server_name,
                )
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        do_CONNECT = do_GET  # noqa: N815 - the name that http.server wants

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorder.port = server.server_address[1]
    if context:
        context.sni_callback = lambda _socket, name, _context: setattr(recorder, "server_name", name or "")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def subject(connection: socket.socket) -> str:
    """Return the common name of the client's certificate, or ""."""
    certificate: Any = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    return (
        next((value for ((name, value),) in certificate["subject"] if name == "commonName"), "") if certificate else ""
    )


@dataclass(frozen=True)
class Ground:
    """A throwaway CA, a TLS and a plain server, and the files that kubeconfigs name."""

    folder: Path
    tls: Recorder
    plain: Recorder
    words: Mapping[str, str]

    def fill(self, text: str) -> str:
        """Put ports, paths and PEM data into a text: `@TLS` for the server's URL and so on."""
        for word in sorted(self.words, key=len, reverse=True):
            text = text.replace(f"@{word}", self.words[word])
        return text


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Make certificates and servers once for the module."""
    folder = tmp_path_factory.mktemp("ground")
    authority = Authority.create()
    server = authority.issue("server", dns=["localhost", "api.test"], ips=["127.0.0.1"])
    alice, bob = authority.issue("alice", server=False), authority.issue("bob", server=False)
    pem = {"ca.crt": authority.certificate, "alice.crt": alice.certificate, "alice.key": alice.key,
           "bob.crt": bob.certificate, "bob.key": bob.key, "server.pem": server.certificate + server.key,
           "empty": "", "junk": "junk", "token": "from-file\n"}  # fmt: skip
    for name, content in pem.items():
        (folder / name).write_text(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    context.load_verify_locations(folder / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    with recording(context) as tls, recording(None) as plain:
        words = {
            "TLS": f"https://127.0.0.1:{tls.port}", "LOCAL": f"https://localhost:{tls.port}",
            "BARE": f"127.0.0.1:{plain.port}", "PLAIN": f"http://127.0.0.1:{plain.port}",
            "USERINFO": f"https://n:p@127.0.0.1:{tls.port}", "UPPER": f"HTTPS://127.0.0.1:{tls.port}",
            "DIR": str(folder), **{name: b64encode(content.encode()).decode() for name, content in pem.items()},
        }  # fmt: skip
        yield Ground(folder, tls, plain, words)


CLUSTER: Mapping[str, object] = {"server": "@TLS", "certificate-authority-data": "@ca.crt"}
TOKEN: Mapping[str, object] = {"token": "secret"}
ALICE: Mapping[str, object] = {"client-certificate-data": "@alice.crt", "client-key-data": "@alice.key"}
ALICE_FILES: Mapping[str, object] = {"client-certificate": "@DIR/alice.crt", "client-key": "@DIR/alice.key"}
IMPERSONATE: Mapping[str, object] = {
    "token": "secret", "as": "me", "as-uid": "7", "as-groups": ["g1", "g2"],
    "as-user-extra": {"k": ["v1", "v2"], "A/b": ["c"]},
}  # fmt: skip


def config(cluster: object = CLUSTER, user: object = TOKEN, context: object = None, **more: object) -> str:
    """Write a kubeconfig of one cluster `c`, user `u` and context `x`; `more` replaces top-level fields."""
    parts = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": context or {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    return json.dumps({**parts, **{name.replace("_", "-"): value for name, value in more.items()}})


def exec_user(status: object, **plugin: object) -> dict[str, object]:
    """Write a user whose plugin prints this status."""
    answer = json.dumps({"apiVersion": EXEC, "kind": "ExecCredential", "status": status})
    return {"exec": {"apiVersion": EXEC, "command": "printf", "args": ["%s", answer],
                     "interactiveMode": "Never", **plugin}}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One way to be called; texts in it are filled in. `files` come in the order of KUBECONFIG."""

    name: str
    files: Sequence[str | None] = ()
    flags: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


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


def kubectl(words: Sequence[str], env: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run kubectl without a terminal."""
    assert KUBECTL
    return subprocess.run([KUBECTL, *words], env=env, cwd=folder, stdin=subprocess.DEVNULL,
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
    to.sendall("\r\n".join([*lines, "", ""]).encode())
    while to.recv(4096):
        pass


CERTIFICATES = {"client_certificate": "@DIR/alice.crt", "client_key": "@DIR/alice.key"}
ON_THE_WIRE = [
    Case("token", [config()]),
    Case("token and its file", [config(user={"token": "a", "tokenFile": "@DIR/token"})]),
    Case("token flag and a token file", [config(user={"tokenFile": "@DIR/token"})], {"token": "flag"}),
    Case("token flag over token", [config()], {"token": "flag"}),
    Case("empty token flag", [config()], {"token": ""}),
    Case("token file alone", [config(user={"tokenFile": "@DIR/token"})]),
    Case("token file missing", [config(user={"tokenFile": "gone"})]),
    Case("token file missing beside a token", [config(user={"token": "a", "tokenFile": "gone"})]),
    Case("token file empty", [config(user={"tokenFile": "@DIR/empty"})]),
    Case("token file empty beside a token", [config(user={"token": "a", "tokenFile": "@DIR/empty"})]),
    Case("token with a line break", [config(user={"token": "a\nb"})]),
    Case("password", [config(user={"username": "é:x", "password": "ü"})]),
    Case("user name alone", [config(user={"username": "n"})]),
    Case("password alone", [config(user={"password": "p"})]),
    Case("token and password", [config(user={"token": "t", "username": "n", "password": "p"})]),
    Case("token flag and password", [config(user={"username": "n"})], {"token": "t"}),
    Case("token file and password", [config(user={"username": "n", "tokenFile": "@DIR/token"})]),
    Case("no credentials", [config(user={})]),
    Case("certificate data", [config(user=ALICE)]),
    Case("certificate files", [config(user=ALICE_FILES)]),
    Case("certificate and token", [config(user={**ALICE, **TOKEN})]),
    Case("certificate data and file", [config(user={**ALICE, **ALICE_FILES})]),
    Case("certificate without key", [config(user={"client-certificate-data": "@alice.crt"})]),
    Case("key without certificate", [config(user={"client-key-data": "@alice.key"})]),
    Case("certificate and another's key", [config(user={**ALICE, "client-key-data": "@bob.key"})]),
    Case("certificate flags over data", [config(user={"client-certificate-data": "@bob.crt",
                                                      "client-key-data": "@bob.key"})], CERTIFICATES),
    Case("certificate flag without key", [config()], {"client_certificate": "@DIR/alice.crt"}),
    Case("CA is junk", [config({**CLUSTER, "certificate-authority-data": "@junk"})]),
    Case("CA file is empty", [config({"server": "@TLS", "certificate-authority": "@DIR/empty"})]),
    Case("CA file is missing", [config({"server": "@TLS", "certificate-authority": "gone"})]),
    Case("CA data and file", [config({**CLUSTER, "certificate-authority": "@DIR/ca.crt"})]),
    Case("no CA", [config({"server": "@TLS"})]),
    Case("CA and insecure", [config({**CLUSTER, "insecure-skip-tls-verify": True})]),
    Case("insecure", [config({"server": "@TLS", "insecure-skip-tls-verify": True})]),
    Case("insecure flag over CA", [config()], {"insecure_skip_tls_verify": True}),
    Case("insecure flag false", [config({"server": "@TLS", "insecure-skip-tls-verify": True})],
         {"insecure_skip_tls_verify": False}),
    Case("CA flag over insecure", [config({"server": "@TLS", "insecure-skip-tls-verify": True})],
         {"certificate_authority": "@DIR/ca.crt"}),
    Case("CA flag and insecure flag", [config()],
         {"certificate_authority": "@DIR/ca.crt", "insecure_skip_tls_verify": True}),
    Case("another server keeps the CA", [config({**CLUSTER, "server": "https://else"})], {"server": "@LOCAL"}),
    Case("server name", [config({**CLUSTER, "tls-server-name": "api.test"})]),
    Case("wrong server name", [config({**CLUSTER, "tls-server-name": "wrong.test"})]),
    Case("another server drops the server name", [config({**CLUSTER, "tls-server-name": "wrong.test"})],
         {"server": "@LOCAL"}),
    Case("server name flag", [config()], {"tls_server_name": "api.test"}),
    Case("path", [config({**CLUSTER, "server": "@TLS/a/b/?q#f"})]),
    Case("upper-case scheme", [config({**CLUSTER, "server": "@UPPER/"})]),
    Case("user in the URL", [config({**CLUSTER, "server": "@USERINFO"})]),
    Case("no scheme", [config({"server": "@BARE"})]),
    Case("no scheme but a path", [config({"server": "@BARE/a"})]),
    Case("a space in the server", [config({**CLUSTER, "server": " @TLS"})]),
    Case("ftp", [config({"server": "ftp://127.0.0.1:1"})]),
    Case("plain HTTP gets no token", [config({"server": "@PLAIN"})], {"as_user": "me"}),
    Case("plain HTTP needs no user", [], {"server": "@PLAIN"}),
    Case("flags alone", [], {"server": "@TLS", "token": "t", "certificate_authority": "@DIR/ca.crt"}),
    Case("KUBERNETES_MASTER", [], {}, {"KUBERNETES_MASTER": "@PLAIN"}),
    Case("nothing at all"),
    Case("impersonation", [config(user=IMPERSONATE)]),
    Case("impersonation by flags", [config()],
         {"as_user": "é", "as_uid": "7", "as_groups": ("g,1", "g2"), "as_user_extra": ("a/b=1", "a/b=2", "Z%=x=y")}),
    Case("impersonation flags over a user's", [config(user=IMPERSONATE)],
         {"as_user": "you", "as_groups": ("h",), "as_user_extra": ("k=w", "n=w")}),
    Case("group without a user", [config()], {"as_groups": ("g",)}),
    Case("uid without a user", [config()], {"as_uid": "7"}),
    Case("line break in the name", [config()], {"as_user": "a\nb: c"}),
    Case("exec token", [config(user=exec_user({"token": "from-plugin"}))]),
    Case("exec without a mode", [config(user=exec_user({"token": "t"}, interactiveMode=None))]),
    Case("exec of v1alpha1", [config(user=exec_user({"token": "t"}, apiVersion=EXEC + "alpha1"))]),
    Case("exec beside a token", [config(user={**exec_user({"token": "from-plugin"}), **TOKEN})]),
    Case("exec beside a certificate", [config(user={**exec_user({"token": "from-plugin"}), **ALICE})]),
    Case("exec always interactive", [config(user=exec_user({"token": "t"}, interactiveMode="Always"))]),
    Case("removed auth provider", [config(user={"token": "t", "auth-provider": {"name": "gcp"}})]),
    Case("unknown context flag", [config()], {"context": "gone"}),
    Case("unknown user flag", [config()], {"user": "gone"}),
    Case("unknown cluster flag", [config()], {"cluster": "gone"}),
    Case("current context missing", [config(current_context="gone")]),
    Case("current context missing but flag", [config(current_context="gone")], {"context": "x"}),
    Case("no current context", [config(current_context="")]),
    Case("no current context but flags", [config(current_context="")], {"cluster": "c", "user": "u"}),
    Case("user of the context missing", [config(users=[])]),
    Case("cluster of the context missing", [config(clusters=[])]),
    Case("cluster of the context missing but server flag", [config(clusters=[])],
         {"server": "@TLS", "certificate_authority": "@DIR/ca.crt"}),
    Case("bad timeout", [config()], {"request_timeout": "1 s"}),
    Case("broken second file", [config(), "a: ["]),
    Case("duplicate user", [config(users=[{"name": "u", "user": TOKEN}, {"name": "u", "user": TOKEN}])]),
    Case("number for a token", [config(user={"token": 5})]),
    Case("bad base64 in another cluster",
         [config(clusters=[{"name": "c", "cluster": CLUSTER},
                           {"name": "d", "cluster": {"certificate-authority-data": "*"}}])]),
    Case("date for a token", [config().replace('"secret"', "2024-01-01")]),
    Case("not a kubeconfig", [config(kind="Pod")]),
    Case("explicit file missing", [config()], {"kubeconfig": "@DIR/gone"}),
    Case("explicit file is a folder", [config()], {"kubeconfig": "@DIR"}),
    Case("proxy-url without a scheme", [config({**CLUSTER, "proxy-url": "127.0.0.1:1"})]),
]  # fmt: skip


@pytest.mark.parametrize("case", ON_THE_WIRE, ids=lambda case: case.name)
def test_a_server_sees_from_us_what_it_sees_from_kubectl(ground: Ground, tmp_path: Path, case: Case) -> None:
    """Credentials, impersonation, certificate and server name are kubectl's; where kubectl fails we fail."""
    options, words, env = laid_out(ground, case, tmp_path)
    kubectl(["get", "--raw", "/x", *words], env, tmp_path)
    wanted = ground.tls.taken() + ground.plain.taken()

    with suppress(IpvsError, ssl.SSLError):
        ask(connect(options, env))

    assert ground.tls.taken() + ground.plain.taken() == wanted


ANOTHER = {"server": "https://other:6443", "certificate-authority": "ca.crt", "tls-server-name": "api"}
BOTH = config(
    clusters=[{"name": "c", "cluster": CLUSTER}, {"name": "d", "cluster": ANOTHER}],
    users=[{"name": "u", "user": TOKEN}, {"name": "v", "user": ALICE}],
    contexts=[
        {"name": "x", "context": {"cluster": "c", "user": "u"}},
        {"name": "y", "context": {"cluster": "d", "user": "v", "namespace": "n"}},
    ],
)
IN_VIEW = [
    Case("one file", [config()]),
    Case("namespace", [config(context={"cluster": "c", "user": "u", "namespace": "n"})]),
    Case("the other context", [BOTH], {"context": "y"}),
    Case("first file's current context", [BOTH.replace('"current-context": "x"', '"current-context": "y"'), BOTH]),
    Case("first current context that is set", ['{"current-context": ""}', '{"current-context": "y"}', BOTH]),
    Case("first file's user", ['{"users": [{"name": "u", "user": {"username": "n"}}]}', config()]),
    Case("first file's cluster", [json.dumps({"clusters": [{"name": "c", "cluster": ANOTHER}]}), config()]),
    Case("first file's context", ['{"contexts": [{"name": "x", "context": {"cluster": "c", "user": "v"}}]}', BOTH]),
    Case("missing files", [None, config(), None]),
    Case("empty file", ["", config()]),
    Case("comments", ["# nothing\n", config()]),
    Case("null", ["null", config()]),
    Case("blank lines", ["\n \n", config()]),
    Case("only the first document", [config() + "\n---\n{}\n"]),
    Case("byte order mark", ["\ufeff" + config()]),
    Case("CRLF", [json.dumps(json.loads(config()), indent=1).replace("\n", "\r\n")]),
    Case("unknown fields", [config(preferences={"a": 1}, extensions=[{"name": "e", "extension": {}}])]),
    Case("duplicate key in a mapping", [config().replace('"user": "u"', '"user": "w", "user": "u"')]),
    Case("list null", [config(users=[{"name": "u", "user": TOKEN}, None])]),
    Case("explicit file", [config()], {"kubeconfig": "@DIR/other"}),
    Case("home", [], {}, {"KUBECONFIG": ""}),
]  # fmt: skip


@pytest.mark.parametrize("case", IN_VIEW, ids=lambda case: case.name)
def test_names_and_files_are_merged_as_kubectl_merges_them(ground: Ground, tmp_path: Path, case: Case) -> None:
    """Server, names, namespace, CA, server name and kind of credentials are those of `kubectl config view`."""
    for path in (tmp_path / ".kube" / "config", ground.folder / "other"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(ground.fill(BOTH.replace('"current-context": "x"', '"current-context": "y"')))
    (tmp_path / "ca.crt").write_text("CA of the folder")
    (tmp_path / ".kube" / "ca.crt").write_text("CA of the home folder")
    options, words, env = laid_out(ground, case, tmp_path)
    view = kubectl(["config", "view", "--minify", "--flatten", "--raw", "-o", "json", *words], env, tmp_path)

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


FAR = {**CLUSTER, "server": "https://api.invalid:6443"}
PROXIES = [
    Case("upper case wins", [config(FAR)], {}, {"HTTPS_PROXY": "@PLAIN", "https_proxy": "http://127.0.0.1:1"}),
    Case("lower case", [config(FAR)], {}, {"https_proxy": "@PLAIN", "HTTPS_PROXY": ""}),
    Case("no scheme", [config(FAR)], {}, {"HTTPS_PROXY": "@BARE"}),
    Case("proxy for http only", [config(FAR)], {}, {"HTTP_PROXY": "@PLAIN", "ALL_PROXY": "@PLAIN"}),
    Case("excluded domain", [config(FAR)], {}, {"HTTPS_PROXY": "@PLAIN", "NO_PROXY": "x, .INVALID"}),
    Case("excluded at another port", [config(FAR)], {}, {"HTTPS_PROXY": "@PLAIN", "NO_PROXY": "api.invalid:1"}),
    Case("part of a label", [config(FAR)], {}, {"HTTPS_PROXY": "@PLAIN", "NO_PROXY": "valid"}),
    Case("proxy-url", [config({**FAR, "proxy-url": "@PLAIN"})], {}, {"NO_PROXY": "*"}),
    Case("proxy-url to loopback", [config({**CLUSTER, "proxy-url": "@PLAIN"})]),
    Case("loopback", [config()], {}, {"HTTPS_PROXY": "@PLAIN"}),
]


@pytest.mark.parametrize("case", PROXIES, ids=lambda case: case.name)
def test_the_proxy_is_the_one_that_kubectl_takes(ground: Ground, tmp_path: Path, case: Case) -> None:
    """The proxy of the cluster, or else of the environment, is chosen as by Go."""
    options, words, env = laid_out(ground, case, tmp_path)
    kubectl(["get", "--raw", "/x", "--request-timeout=1s", *words], env, tmp_path)
    proxied = bool(ground.plain.taken())
    ground.tls.taken()

    assert connect(options, env).proxy_url == (ground.words["PLAIN"] if proxied else None)
