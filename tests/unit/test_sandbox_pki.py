"""The sandbox's certificates, judged by OpenSSL: Python's ssl in strict mode, and the command."""

import shutil
import ssl
import subprocess
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox.certificates.pki import Authority, Identity, server_context


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Make one authority for all tests."""
    return Authority.create()


@pytest.fixture(scope="module")
def server(authority: Authority) -> Identity:
    """Issue a server certificate for this machine."""
    return authority.issue("kubernetes", dns=["localhost", "kubernetes.default"], ips=["127.0.0.1", "::1"])


def client_context(authority: Authority, identity: Identity | None, directory: Path) -> ssl.SSLContext:
    """Return a strict client that trusts the authority and shows the identity."""
    context = ssl.create_default_context(cadata=authority.certificate)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if identity is not None:
        path = directory / "client.pem"
        path.write_text(identity.key + identity.certificate, encoding="ascii")
        context.load_cert_chain(path)
    return context


def shake(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Let the two shake hands in memory; return the client's and the server's end."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (client.wrap_bio(down, up, server_hostname=name), server.wrap_bio(up, down, server_side=True))
    for _ in range(3):
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return ends


@pytest.mark.parametrize("name", ["localhost", "kubernetes.default", "127.0.0.1", "::1"])
def test_strict_client_accepts_every_name(authority: Authority, server: Identity, name: str, tmp_path: Path) -> None:
    """A client in OpenSSL's strict mode accepts the server under each of its names and addresses."""
    client, _ = shake(client_context(authority, None, tmp_path), server_context(server, None), name)
    names = (("DNS", "localhost"), ("DNS", "kubernetes.default"), ("IP Address", "127.0.0.1"))
    certificate = client.getpeercert()
    assert certificate is not None
    assert certificate["subjectAltName"] == (*names, ("IP Address", "0:0:0:0:0:0:0:1"))


def test_wrong_name_is_refused(authority: Authority, server: Identity, tmp_path: Path) -> None:
    """A client that asks for another name ends the handshake."""
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake(client_context(authority, None, tmp_path), server_context(server, None), "example.com")


def test_other_authority_is_refused(server: Identity, tmp_path: Path) -> None:
    """A client that trusts another authority of the same name ends the handshake."""
    client = client_context(Authority.create(), None, tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(client, server_context(server, None), "localhost")


def test_client_certificate_carries_user_and_groups(authority: Authority, server: Identity, tmp_path: Path) -> None:
    """The server sees the common name and the organizations of a client certificate, in order."""
    identity = authority.issue("jane", organizations=["ops", "system:masters"], server=False)
    client = client_context(authority, identity, tmp_path)
    _, end = shake(client, server_context(server, authority.certificate), "localhost")
    certificate = end.getpeercert()
    assert certificate is not None
    subject = certificate["subject"]
    assert subject == (
        (("organizationName", "ops"),),
        (("organizationName", "system:masters"),),
        (("commonName", "jane"),),
    )


def test_client_needs_no_certificate(authority: Authority, server: Identity, tmp_path: Path) -> None:
    """A client without a certificate is let in, and none is seen."""
    client = client_context(authority, None, tmp_path)
    _, end = shake(client, server_context(server, authority.certificate), "localhost")
    assert end.getpeercert() is None


@pytest.mark.parametrize("case", ["expired", "not yet valid", "server's", "other authority's"])
def test_bad_client_certificate_is_refused(authority: Authority, server: Identity, case: str, tmp_path: Path) -> None:
    """A client certificate that is out of time, for servers, or of another authority ends the handshake."""
    now = datetime.now(timezone.utc)
    identity = {
        "expired": lambda: authority.issue("jane", not_after=now - timedelta(days=1), server=False),
        "not yet valid": lambda: authority.issue("jane", not_before=now + timedelta(days=1), server=False),
        "server's": lambda: authority.issue("jane", server=True),
        "other authority's": lambda: Authority.create().issue("jane", server=False),
    }[case]()
    client = client_context(authority, identity, tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(client, server_context(server, authority.certificate), "localhost")


def test_validity_is_what_was_asked(authority: Authority, server: Identity, tmp_path: Path) -> None:
    """Both ends of the validity are to the second, on either side of the year 2050."""
    start = datetime(2024, 2, 29, 12, 30, 1, tzinfo=timezone.utc)
    end = datetime(2050, 1, 1, tzinfo=timezone.utc)
    identity = authority.issue("jane", not_before=start, not_after=end, server=False)
    client = client_context(authority, identity, tmp_path)
    _, seen = shake(client, server_context(server, authority.certificate), "localhost")
    certificate = seen.getpeercert()
    assert certificate is not None
    validity = (certificate["notBefore"], certificate["notAfter"])
    assert validity == ("Feb 29 12:30:01 2024 GMT", "Jan  1 00:00:00 2050 GMT")


def test_authority_can_expire(tmp_path: Path) -> None:
    """An authority made with an end in the past is refused as expired."""
    authority = Authority.create(not_after=datetime.now(timezone.utc) - timedelta(days=1))
    server = server_context(authority.issue("kubernetes", dns=["localhost"]), None)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake(client_context(authority, None, tmp_path), server, "localhost")


def test_representation_hides_the_keys(authority: Authority, server: Identity) -> None:
    """Neither an identity nor an authority shows a private key when it is printed."""
    shown = repr(server) + repr(authority)
    assert ("PRIVATE" in shown, "_key" in shown, "secret" in shown) == (False, False, False)


def test_context_is_modern(server: Identity) -> None:
    """The server speaks TLS 1.2 or later, and agrees on HTTP/1.1 with a client that also offers HTTP/2."""
    context = server_context(server, None)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.set_alpn_protocols(["h2", "http/1.1"])
    end, _ = shake(client, context, "localhost")
    assert (context.minimum_version, end.selected_alpn_protocol()) == (ssl.TLSVersion.TLSv1_2, "http/1.1")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not here")
def test_openssl_command_accepts_certificate_and_key(authority: Authority, server: Identity, tmp_path: Path) -> None:
    """`openssl verify -x509_strict` accepts the chain, and `openssl pkey -check` the key."""
    for name, text in (("ca", authority.certificate), ("server", server.certificate), ("key", server.key)):
        (tmp_path / name).write_text(text, encoding="ascii")
    verify = ["verify", "-x509_strict", "-check_ss_sig", "-purpose", "sslserver", "-CAfile", "ca", "server"]
    runs = [
        subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
        for words in (verify, ["pkey", "-in", "key", "-check", "-noout"])
    ]
    assert runs == ["server: OK\n", "Key is valid\n"]
