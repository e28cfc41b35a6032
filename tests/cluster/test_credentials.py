"""OIDC tokens, client certificates, and what they become in TLS."""

import base64
import json
import os
import ssl
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from kubectl_ipvs.cluster.access.connection import Connection, connect, ssl_context
from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.cluster.wire.tls import disk_file
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


def failure(folder: Path, user: object, env: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return error and hint of credentials that cannot be had, the folder written as @."""
    with pytest.raises(KubeconfigError) as caught:
        connected(folder, user, env=env)
    assert "S3CRET" not in str(caught.value) + caught.value.hint
    return str(caught.value).replace(str(folder), "@"), caught.value.hint.replace(str(folder), "@")


def jwt(expires: object) -> str:
    """Make an unsigned id-token."""
    payload = base64.urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
    return f"S3CRET.{payload}.sig"


def oidc(**config: str) -> dict[str, object]:
    """Write a user of an OIDC provider."""
    base = {"idp-issuer-url": "https://idp", "client-id": "c"}
    return {
        "auth-provider": {"name": "oidc", "config": {**base, **{k.replace("_", "-"): v for k, v in config.items()}}}
    }


def test_an_id_token_that_is_valid_is_used(tmp_path: Path) -> None:
    """An OIDC user needs no package and no request as long as the token lives."""
    token = jwt(time.time() + 600)

    assert connected(tmp_path, oidc(id_token=token)).token == token


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (oidc(id_token=jwt(1)), "no valid id-token, and cannot refresh without refresh-token"),
        (oidc(), "no valid id-token, and cannot refresh without refresh-token"),
        (oidc(id_token=jwt(1), refresh_token="r"), 'the id-token of user "u" has expired'),  # noqa: S106 - made up
        (oidc(id_token="S3CRET"), "ID Token is not a valid JWT"),  # noqa: S106 - made up
        (oidc(id_token=jwt("soon")), "ID Token is not a valid JWT"),
        (oidc(client_id=""), "must provide client-id"),
        ({"token": "S3CRET", "auth-provider": {"name": "gcp"}}, "the gcp auth plugin has been removed"),
        ({"auth-provider": {"name": "foo"}}, 'no Auth Provider found for name "foo"'),
    ],
)
def test_a_provider_that_gives_no_token_is_an_error(tmp_path: Path, user: object, expected: str) -> None:
    """An expired token is not sent, and not renewed behind the kubeconfig's back."""
    assert failure(tmp_path, user)[0] == expected


def certificate_user(certificate: str, key: str) -> dict[str, str]:
    """Write a user with certificate data."""
    data = {"client-certificate-data": certificate, "client-key-data": key}
    return {name: base64.b64encode(text.encode()).decode() for name, text in data.items()}


def test_a_certificate_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's key is on no disk after the TLS context is made, and in no open descriptor."""
    alice = Authority.create().issue("alice", server=False)
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir())) if descriptors.is_dir() else 0

    context = ssl_context(connected(tmp_path, certificate_user(alice.certificate, alice.key)))

    after = len(list(descriptors.iterdir())) if descriptors.is_dir() else 0
    assert (context.verify_mode, list(folder.iterdir()), after) == (ssl.CERT_REQUIRED, [], before)


def test_a_file_on_disk_is_private_and_short_lived() -> None:
    """Where there are no files in memory, the key is readable by its owner alone and gone after use."""
    with disk_file(b"key") as path:
        seen = (Path(path).read_bytes(), Path(path).stat().st_mode & 0o777)

    assert (seen, Path(path).exists()) == ((b"key", 0o600), False)


def test_a_key_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    """Certificate and key of two users, and what is no PEM at all, are named as such."""
    authority = Authority.create()
    alice, bob = authority.issue("alice", server=False), authority.issue("bob", server=False)
    problems = []
    for user in (certificate_user(alice.certificate, bob.key), certificate_user("S3CRET", "S3CRET")):
        with pytest.raises(KubeconfigError) as caught:
            ssl_context(connected(tmp_path, user))
        problems.append(str(caught.value))

    assert problems[0] == "client certificate and key cannot be used: key values mismatch"
    assert problems[1].startswith("client certificate and key cannot be used: ")
    assert "S3CRET" not in problems[1]


def test_trust_is_kubectls() -> None:
    """A CA beside `insecure` is refused, junk is no CA, an empty CA trusts nobody, insecure checks nothing."""
    with pytest.raises(KubeconfigError, match="root certificates file with the insecure flag is not allowed"):
        ssl_context(Connection(server="https://c", ca=b"PEM", insecure=True))
    with pytest.raises(KubeconfigError, match="unable to load root certificates"):
        ssl_context(Connection(server="https://c", ca=b"junk"))

    nobody = ssl_context(Connection(server="https://c", ca=b""))
    anybody = ssl_context(Connection(server="https://c", insecure=True))

    assert (nobody.get_ca_certs(), nobody.verify_mode, nobody.check_hostname) == ([], ssl.CERT_REQUIRED, True)
    assert (anybody.verify_mode, anybody.check_hostname) == (ssl.CERT_NONE, False)
