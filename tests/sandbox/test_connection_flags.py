"""How the server is reached: kubeconfig, contexts, certificates, and kubectl's flags before and after the command."""

import base64
import socket
import ssl
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml

from kubectl_ipvs.sandbox.certificates.pki import Authority, server_context
from kubectl_ipvs.sandbox.kubeconfig_text import kubeconfig_text
from kubectl_ipvs.sandbox.wire.exchange import Reply, Request, Response
from tests.harness import BRISK, Ipvs, MakeSandbox, Run

TRUST = "hint: is this the right --certificate-authority, --server or --tls-server-name?\n"
NAMES = {
    ("--context", "sandbx"): 'context "sandbx" does not exist\nhint: did you mean --context sandbox?\n',
    ("--context", "prod"): 'context "prod" does not exist\nhint: try --context with one of: sandbox\n',
    ("--cluster", "prod"): 'cluster "prod" does not exist\nhint: try --cluster with one of: sandbox\n',
    ("--user", "root"): 'auth info "root" does not exist\nhint: try --user with one of: admin\n',
    ("--kubeconfig", "/no/such"): "stat /no/such: no such file or directory\n",
    ("--certificate-authority", "/no/such"): (
        "unable to read certificate-authority /no/such for sandbox due to no such file or directory\n"
    ),
    ("--as-group", "ops"): "requesting uid, groups or user-extra for admin without impersonating a user\n",
    ("--username", "x", "--password", "y"): (
        "more than one authentication method found for admin; found [token basicAuth], only one is allowed\n"
    ),
}
ALICE = (
    "--as",
    "alice",
    "--as-group",
    "devs",
    "--as-group",
    "ops",
    "--as-uid",
    "u-1",
    "--as-user-extra",
    "reason=drill",
)
AS_ALICE = [
    ("impersonate-user", "alice"),
    ("impersonate-uid", "u-1"),
    ("impersonate-group", "devs"),
    ("impersonate-group", "ops"),
    ("impersonate-extra-reason", "drill"),
]


def placed(words: tuple[str, ...], place: str) -> tuple[str, ...]:
    """Put flags before or after `status`."""
    return (*words, "status") if place == "before" else ("status", *words)


@pytest.mark.parametrize("place", ["before", "after"])
def test_names_that_are_not_there(place: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A wrong name or file is said before anything is sent, with the names there are."""
    box = sandbox(nodes=1)
    runs = {words: ipvs(box, *placed(words, place)) for words in NAMES}

    assert runs == {words: Run(1, "", f"error: {said}") for words, said in NAMES.items()}
    assert box.requests == []


def test_no_kubeconfig(ipvs: Ipvs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a kubeconfig it is said where one was looked for."""
    hint = "hint: try --kubeconfig PATH; or `kubectl ipvs sandbox`, which needs no cluster\n"

    neither = ipvs(None, "get")
    monkeypatch.setenv("KUBECONFIG", "/no/such")
    missing = ipvs(None, "get")

    assert neither == Run(1, "", f"error: no kubeconfig: neither $KUBECONFIG nor ~/.kube/config exists\n{hint}")
    assert missing == Run(1, "", f"error: no kubeconfig: $KUBECONFIG names /no/such, which does not exist\n{hint}")


@pytest.mark.parametrize("place", ["before", "after"])
def test_impersonation_reaches_every_request(place: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--as and its kin are in every request, exec by WebSocket included, and the API server sees that user."""
    box = sandbox(nodes=2, image="ipvsadm")
    box.grant("alice", "admin")

    run = ipvs(box, *placed(ALICE, place))

    assert (run.code, run.out.splitlines()[-1], run.err) == (0, "2 of 2 nodes in sync on rr", "")
    paths = [seen.path.rsplit("/", 1)[-1] for seen in box.requests]
    assert sorted(paths) == ["daemonsets", "exec", "exec", "kube-proxy", "nodes", "pods", "pods"]
    for seen in box.requests:
        sent = [(name, value) for name, value in seen.headers if name.startswith("impersonate")]
        assert (seen.user, seen.real_user, sent) == ("alice", "admin", AS_ALICE), seen.path


def test_user_who_may_not_impersonate(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The API server's refusal of an impersonation is an error in its own words."""
    box = sandbox(nodes=1)

    run = ipvs(box, "get", "--as", "root", user="viewer")

    assert (run.code, run.out) == (1, "")
    assert 'User "viewer" cannot impersonate resource "users"' in run.err


@pytest.mark.parametrize("place", ["before", "after"])
def test_connection_by_flags_alone(
    place: str, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Server, CA and token by flags need no kubeconfig, for REST and exec; -s stands for --server."""
    box, ca = sandbox(nodes=1), tmp_path / "ca.crt"
    ca.write_text(box.ca)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    words = ("-s", box.url, "--certificate-authority", str(ca), "--token", box.token)

    run = ipvs(None, *placed(words, place))

    assert (run.code, run.rows["node1"][-1], run.err) == (0, "in sync", "")
    assert {seen.user for seen in box.requests} == {"admin"}


def test_flag_after_the_command_wins(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Given in both places, the later one counts."""
    box = sandbox(nodes=1)

    run = ipvs(box, "--token", "wrong", "--context", "none", "get", "--token", box.token, "--context", "sandbox")
    wrong = ipvs(box, "--token", box.token, "get", "--token", "wrong")

    assert (run.code, wrong.code) == (0, 1)
    assert "you must be logged in to the server (Unauthorized)" in wrong.err


@pytest.mark.parametrize("place", ["before", "after"])
def test_client_certificate(place: str, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """A client certificate is shown in REST and in exec, from the kubeconfig and by flags in place of a token."""
    box = sandbox(nodes=1)
    user = yaml.safe_load(box.kubeconfig("certificate"))["users"][0]["user"]
    words: tuple[str, ...] = ("--user", "nobody", "--cluster", "sandbox")
    for kind in ("client-certificate", "client-key"):
        (tmp_path / kind).write_bytes(base64.b64decode(user[f"{kind}-data"]))
        words += (f"--{kind}", str(tmp_path / kind))
    path = tmp_path / "bare"
    path.write_text(box.kubeconfig().replace("token: ", "x: ").replace("name: admin", "name: nobody"))

    runs = [ipvs(box, "status", user="certificate"), ipvs(box, *placed(("--kubeconfig", str(path), *words), place))]

    assert [(run.code, run.out.splitlines()[-1], run.err) for run in runs] == [(0, "1 of 1 node in sync on rr", "")] * 2
    assert {seen.user for seen in box.requests} == {"kubernetes-admin"}


@pytest.mark.parametrize("command", [("set", "--scheduler", "lc"), ("restart",)])
def test_read_only(command: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs, monkeypatch: pytest.MonkeyPatch) -> None:
    """KUBECTL_IPVS_READONLY=1 refuses every change before anything is asked; to look is not refused."""
    box = sandbox(nodes=1)
    monkeypatch.setenv("KUBECTL_IPVS_READONLY", "1")

    run = ipvs(box, *command, *BRISK)

    said = f"error: {command[0]} refused: KUBECTL_IPVS_READONLY is set\nhint: unset it to allow changes\n"
    assert (run, box.requests) == (Run(1, "", said), [])
    assert [ipvs(box, *words).code for words in (("status",), ("get",), (*command, "--dry-run=client"))] == [0, 0, 0]
    assert box.restarts == {"node1": 0}


def test_bad_request_timeout(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A timeout that is none is a usage error in kubectl's words."""
    box = sandbox(nodes=1)

    run = ipvs(box, "get", "--request-timeout", "5x")

    assert (run.code, run.out, box.requests) == (2, "", [])
    assert run.err.startswith("error: Invalid timeout value. Timeout must be a single integer in seconds")


def test_certificate_of_somebody_else(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """Another CA, another name: not trusted, before a byte of the token is sent; --insecure-skip-tls-verify goes on."""
    box, other = sandbox(nodes=1), tmp_path / "ca.crt"
    other.write_text(Authority.create("somebody else").certificate)
    where = box.url.removeprefix("https://")

    wrong_ca = ipvs(box, "get", "--certificate-authority", str(other))
    wrong_name = ipvs(box, "get", "--tls-server-name", "example.com")

    assert (wrong_ca.code, wrong_ca.out, box.requests) == (1, "", [])
    assert wrong_ca.err == f"error: cannot trust {where}: self-signed certificate in certificate chain\n{TRUST}"
    assert wrong_name.err == (
        f"error: cannot trust {where}: Hostname mismatch, certificate is not valid for 'example.com'.\n{TRUST}"
    )
    good = [
        ipvs(box, "status", *words) for words in (("--tls-server-name", "kubernetes"), ("--insecure-skip-tls-verify",))
    ]
    assert [(run.code, run.out.splitlines()[-1], run.err) for run in good] == [(0, "1 of 1 node in sync on rr", "")] * 2


def test_certificate_that_has_expired(ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An expired server certificate is not trusted, and that is what is said."""
    authority = Authority.create()
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    context = server_context(authority.issue("kube-apiserver", ips=("127.0.0.1",), not_after=yesterday), None)
    listener = socket.create_server(("127.0.0.1", 0))
    where = f"127.0.0.1:{listener.getsockname()[1]}"

    def shake_hands() -> None:
        with pytest.raises(ssl.SSLError), context.wrap_socket(listener.accept()[0], server_side=True) as spoken:
            spoken.recv(1)

    server = threading.Thread(target=shake_hands)
    server.start()
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig_text(f"https://{where}", authority.certificate, "admin", "secret"))
    monkeypatch.setenv("KUBECONFIG", str(path))
    run = ipvs(None, "get")
    server.join()
    listener.close()

    assert run == Run(1, "", f"error: cannot trust {where}: certificate has expired\n{TRUST}")


def test_compression(sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path) -> None:
    """Long answers come compressed, as to kubectl, but for a watch; a flag or the kubeconfig does without."""
    box = sandbox(nodes=60)
    packed: list[str] = []

    def note(request: Request, reply: Reply) -> None:
        if isinstance(reply, Response) and ("content-encoding", "gzip") in reply.headers:
            packed.append(request.path.rpartition("/")[2])

    box.after = note
    config = yaml.safe_load(box.kubeconfig())
    config["clusters"][0]["cluster"]["disable-compression"] = True
    path = tmp_path / "without"
    path.write_text(yaml.safe_dump(config))

    first = ipvs(box, "status")
    lists = list(packed)
    flag, file = (ipvs(box, "status", *words) for words in (("--disable-compression",), ("--kubeconfig", str(path))))

    assert ([run.code for run in (first, flag, file)], first.out == flag.out == file.out) == ([0, 0, 0], True)
    assert (lists, packed) == (["pods"], lists)
    ipvs(box, "restart", "node1", *BRISK)
    watches = [seen for seen in box.requests if "watch" in seen.query]
    assert {value for seen in watches for name, value in seen.headers if name == "accept-encoding"} == {"identity"}
