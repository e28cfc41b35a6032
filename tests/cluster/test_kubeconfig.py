"""Flags and kubeconfig files: what is made of them, and what is said when it cannot be."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from kubectl_ipvs import __version__
from kubectl_ipvs.cluster.access.connection import Connection, connect
from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.errors import IpvsError, KubeconfigError

SECRETS = ("S3CRET-token", "S3CRET-password", "S3CRET-key")


def kubeconfig(**fields: object) -> str:
    """Write a kubeconfig with context x, cluster c, user u; `fields` replace top-level fields."""
    parts: dict[str, object] = {
        "clusters": [{"name": "c", "cluster": {"server": "https://c:6443"}}],
        "users": [{"name": "u", "user": {"token": "S3CRET-token"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    return json.dumps({**parts, **{name.replace("_", "-"): value for name, value in fields.items()}})


def connected(
    text: str, folder: Path, options: ConnectionOptions | None = None, env: Mapping[str, str] | None = None
) -> Connection:
    """Connect with this text as the only kubeconfig."""
    (folder / "config").write_text(text)
    environ = {"KUBECONFIG": str(folder / "config"), **(env or {})}
    return connect(options or ConnectionOptions(), environ, service_account=folder / "account")


def failure(
    text: str, folder: Path, options: ConnectionOptions | None = None, env: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Return error and hint of a connection that cannot be made, the folder written as @."""
    with pytest.raises(IpvsError) as caught:
        connected(text, folder, options, env)
    problem, hint = str(caught.value), caught.value.hint
    assert not any(secret in problem + hint for secret in SECRETS)
    return problem.replace(str(folder), "@"), hint.replace(str(folder), "@")


def test_a_connection_is_everything_that_is_needed(tmp_path: Path) -> None:
    """Names, server, credentials and origin come out as one value."""
    path = tmp_path / "config"

    assert connected(kubeconfig(), tmp_path) == Connection(
        server="https://c:6443",
        context="x",
        cluster="c",
        user="u",
        token="S3CRET-token",  # noqa: S106 - made up
        origin=f"kubeconfig {path}",
    )


def test_headers_say_who_we_are_and_for_whom_we_act(tmp_path: Path) -> None:
    """Every request names our version, the bearer, and the impersonated user with all groups."""
    options = ConnectionOptions(as_user="jo", as_groups=("a", "b"), as_user_extra=("k/l=v",))

    assert connected(kubeconfig(), tmp_path, options).headers() == [
        ("User-Agent", f"kubectl-ipvs/{__version__}"),
        ("Authorization", "Bearer S3CRET-token"),
        ("Impersonate-User", "jo"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Extra-k%2Fl", "v"),
    ]


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """A connection and the options can be logged: token, password, key and proxy password are left out."""
    secret = "S3CRET-password"  # noqa: S105 - made up
    options = ConnectionOptions(token=secret, password=secret)
    proxy = {"HTTPS_PROXY": f"http://u:{secret}@proxy:1"}
    connection = connected(kubeconfig(), tmp_path, options._replace(password=None), proxy)
    shown = connection._replace(client_key=secret.encode(), client_certificate=secret.encode(), basic=secret)

    assert shown.proxy_url == f"http://u:{secret}@proxy:1"
    assert secret not in repr(shown) + repr(options)


def test_the_kubeconfig_is_not_touched(tmp_path: Path) -> None:
    """Reading changes neither the file nor its folder."""
    folder = tmp_path / "kube"
    folder.mkdir()
    connected(kubeconfig(), folder)
    before = [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()]

    connect(ConnectionOptions(), {"KUBECONFIG": str(folder / "config")})

    assert [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()] == before


def test_a_plain_connection_loads_no_kubernetes_package(tmp_path: Path) -> None:
    """Start-up does not pay for packages that a token does not need."""
    (tmp_path / "config").write_text(kubeconfig())
    program = (
        "import sys; from kubectl_ipvs.cluster.access.connection import *;"
        "from kubectl_ipvs.cluster.access.connection_options import *;"
        f"connect(ConnectionOptions(kubeconfig={str(tmp_path / 'config')!r}), {{}});"
        "print([m for m in ('kubernetes', 'urllib3', 'subprocess', 'typer') if m in sys.modules])"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout == "[]\n"


def test_options_after_the_subcommand_win() -> None:
    """What is given later wins value by value, false and empty included, and lists are joined."""
    before = ConnectionOptions(context="a", token="t", insecure_skip_tls_verify=True, as_groups=("g",))  # noqa: S106 - made up
    after = ConnectionOptions(context="b", token="", insecure_skip_tls_verify=False, as_groups=("h",))

    assert after.over(before) == after._replace(as_groups=("g", "h"))
    assert ConnectionOptions().over(before) == before


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"current_context": "y"}, "context was not found for specified context: y"),
        ({"current_context": ""}, "no context chosen: @/config has no current-context"),
        ({"clusters": []}, 'cluster "c" does not exist'),
        ({"clusters": [{"name": "c"}]}, 'no server found for cluster "c"'),
        ({"contexts": [{"name": "x"}]}, 'cluster was not specified for context "x"'),
        ({"users": []}, 'no credentials: user "u" has none (kubeconfig @/config)'),
        ({"users": 5}, 'error loading config file "@/config": users is a number where a list is expected'),
        ({"users": ["a"]}, 'error loading config file "@/config": users[0] is text where a mapping is expected'),
        (
            {"users": [{"name": "u", "user": {"password": 123}}]},
            'error loading config file "@/config": user "u".password is a number where text is expected',
        ),
        (
            {"users": [{"name": "u", "user": {"as-groups": ["a", 1]}}]},
            'error loading config file "@/config": user "u".as-groups[1] is a number where text is expected',
        ),
        (
            {"users": [{"name": "u", "user": {"client-key-data": "S3CRET-key"}}]},
            'error loading config file "@/config": user "u".client-key-data: illegal base64 data',
        ),
        (
            {"users": [{"name": "u"}, {"name": "u"}]},
            'error loading config file "@/config": duplicate name "u" in users',
        ),
        (
            {"kind": "Secret"},
            'error loading config file "@/config": not a kubeconfig: it is not of kind Config, apiVersion v1',
        ),
        (
            {"clusters": [{"name": "c", "cluster": {"server": "https://u:S3CRET-password@:1"}}]},
            'host must be a URL or a host:port pair: ":1"',
        ),
        (
            {"clusters": [{"name": "c", "cluster": {"server": "https://c", "proxy-url": "ftp://S3CRET-key"}}]},
            "invalid 'proxy-url' for cluster \"c\": a host with scheme http, https, or socks5 is expected",
        ),
        (
            {"clusters": [{"name": "c", "cluster": {"server": "https://c", "certificate-authority": "ca"}}]},
            "unable to read certificate-authority @/ca for c due to no such file or directory",
        ),
        (
            {"users": [{"name": "u", "user": {"token": "S3CRET-token\n"}}]},
            'invalid header field value for "Authorization": a line break or control character in it',
        ),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_is_quoted(
    tmp_path: Path, fields: dict[str, object], expected: str
) -> None:
    """Each error names the file, the entry and the field, in kubectl's words where it has any."""
    assert failure(kubeconfig(**fields), tmp_path)[0] == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (ConnectionOptions(context="prood"), ('context "prood" does not exist', "did you mean --context prod?")),
        (ConnectionOptions(context="zz"), ('context "zz" does not exist', "try --context with one of: dev, prod")),
        (ConnectionOptions(user="U"), ('auth info "U" does not exist', "try --user with one of: u")),
        (ConnectionOptions(cluster="cc"), ('cluster "cc" does not exist', "did you mean --cluster c?")),
        (ConnectionOptions(), ("no context chosen: @/config has no current-context",
                               "try --context with one of: dev, prod")),
    ],
)  # fmt: skip
def test_an_unknown_name_gets_the_known_ones(
    tmp_path: Path, options: ConnectionOptions, expected: tuple[str, str]
) -> None:
    """The error has kubectl's words, the hint has the names that may be meant."""
    contexts = [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("prod", "dev")]

    assert failure(kubeconfig(contexts=contexts, current_context=""), tmp_path, options) == expected


def test_where_there_is_no_kubeconfig_it_is_said_which_were_looked_for(tmp_path: Path) -> None:
    """No localhost:8080: without a kubeconfig there is no server."""
    problems = []
    for env in ({"HOME": str(tmp_path)}, {"KUBECONFIG": "/nonexistent/a:/nonexistent/b"}, {"KUBECONFIG": ":"}, {}):
        with pytest.raises(KubeconfigError) as caught:
            connect(ConnectionOptions(), env, service_account=tmp_path)
        problems.append(str(caught.value))

    neither = "no kubeconfig: neither $KUBECONFIG nor ~/.kube/config exists"
    assert problems == [
        neither,
        "no kubeconfig: $KUBECONFIG names /nonexistent/a, /nonexistent/b, which does not exist",
        "no kubeconfig: $KUBECONFIG names no file, which does not exist",
        neither,
    ]


def test_an_explicit_kubeconfig_must_exist_and_be_a_file(tmp_path: Path) -> None:
    """--kubeconfig is taken at its word, in kubectl's words."""
    gone, folder = (failure("", tmp_path, ConnectionOptions(kubeconfig=str(path)))[0]
                    for path in (tmp_path / "gone", tmp_path))  # fmt: skip

    assert gone == "stat @/gone: no such file or directory"
    assert folder == 'error loading config file "@": is a directory'


def test_impersonation_that_cannot_be_sent_is_refused(tmp_path: Path) -> None:
    """Half an impersonation is never sent: not without a user, not with a word that has no value."""
    groups = failure(kubeconfig(), tmp_path, ConnectionOptions(as_groups=("g",)))[0]
    extra = failure(kubeconfig(), tmp_path, ConnectionOptions(as_user="a", as_user_extra=("k",)))[0]

    assert groups == "requesting uid, groups or user-extra for u without impersonating a user"
    assert extra == '--as-user-extra "k": KEY=VALUE is expected'
