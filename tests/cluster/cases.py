"""The ways to be called that are held against kubectl: kubeconfigs, flags, environment."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EXEC = "client.authentication.k8s.io/v1"
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


def exec_user(status: object, version: str = EXEC, **plugin: object) -> dict[str, object]:
    """Write a user whose plugin prints this status."""
    answer = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})
    return {"exec": {"apiVersion": version, "command": "printf", "args": ["%s", answer],
                     "interactiveMode": "Never", **plugin}}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One way to be called; texts in it are filled in. `files` come in the order of KUBECONFIG."""

    name: str
    files: Sequence[str | None] = ()
    flags: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


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
    Case("no compression", [config({**CLUSTER, "disable-compression": True})]),
    Case("no compression by a flag", [config()], {"disable_compression": True}),
    Case("no compression, and a flag against it", [config({**CLUSTER, "disable-compression": True})],
         {"disable_compression": False}),
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
    Case("impersonation of user and groups", [config(user={"token": "secret", "as": "me", "as-groups": ["g1", "g2"]})]),
    Case("impersonation of user and groups by flags", [config()], {"as_user": "é", "as_groups": ("g1", "g2")}),
    Case("impersonation by flags", [config()],
         {"as_user": "é", "as_uid": "7", "as_groups": ("g,1", "g2"), "as_user_extra": ("a/b=1", "a/b=2", "Z%=x=y")}),
    Case("impersonation flags over a user's", [config(user=IMPERSONATE)],
         {"as_user": "you", "as_groups": ("h",), "as_user_extra": ("k=w", "n=w")}),
    Case("group without a user", [config()], {"as_groups": ("g",)}),
    Case("uid without a user", [config()], {"as_uid": "7"}),
    Case("line break in the name", [config()], {"as_user": "a\nb: c"}),
    Case("exec token", [config(user=exec_user({"token": "from-plugin"}))]),
    Case("exec without a mode", [config(user=exec_user({"token": "t"}, interactiveMode=None))]),
    Case("exec of v1beta1", [config(user=exec_user({"token": "from-beta"}, EXEC + "beta1"))]),
    Case("exec of v1beta1, a certificate", [config(user=exec_user(
        {"clientCertificateData": "@PEM-alice.crt", "clientKeyData": "@PEM-alice.key"}, EXEC + "beta1"))]),
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

SINCE_1_20: Mapping[str, str] = {  # cases in which kubectl 1.20 did otherwise, and why
    "path": "a query in the server's URL was kept",
    "certificate flags over data": "data in the file won over the flags",
    "no compression": "disable-compression came with 1.26",
    "no compression by a flag": "--disable-compression came with 1.26",
    "no compression, and a flag against it": "--disable-compression came with 1.26",
    "impersonation": "as-uid came with 1.22",
    "impersonation by flags": "--as-uid came with 1.23",
    "impersonation flags over a user's": "as-uid and --as-user-extra came later",
    "exec token": "client.authentication.k8s.io/v1 came with 1.22",
    "exec beside a token": "client.authentication.k8s.io/v1 came with 1.22",
    "exec beside a certificate": "client.authentication.k8s.io/v1 came with 1.22",
}
