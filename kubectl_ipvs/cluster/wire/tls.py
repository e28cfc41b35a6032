"""TLS towards the API server as Go does it: what is trusted, and what is shown.

A client's key is in a file for milliseconds only, because OpenSSL reads it from nowhere else: a file in
memory on Linux, one of mode 0600 elsewhere, gone before we go on. No password is ever asked for.
"""

import os
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubectl_ipvs.cluster.wire.tls_socket import BufferedSocket, ResumingContext
from kubectl_ipvs.errors import KubeconfigError


def client_context(ca: bytes | None, *, insecure: bool, certificate: bytes | None, key: bytes | None) -> ssl.SSLContext:
    """Return a context that trusts `ca` (PEM; None: the system's, b"": nobody), and shows a certificate.

    The host name is checked by whoever connects. Raises KubeconfigError for what cannot be used, and for a CA
    together with `insecure`, as kubectl.
    """
    if ca is not None and insecure:
        raise KubeconfigError("specifying a root certificates file with the insecure flag is not allowed")
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = BufferedSocket  # exec reads byte by byte
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    # Go trusts every certificate of the CA file, not roots alone. Not ssl.create_default_context: its
    # strict mode (Python 3.13) refuses the CAs of many clusters: no authority key identifier.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca is None:
        context.load_default_certs()
    elif ca:
        _trust(context, ca)
    if certificate:
        _show(context, certificate + b"\n" + (key or b""))
    return context


def proxy_context(ca: bytes | None, *, insecure: bool) -> ssl.SSLContext:
    """Return a context for a proxy: the system's authorities and the cluster's; our certificate is not for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_default_certs()
        if ca:
            _trust(context, ca)
    return context


def _trust(context: ssl.SSLContext, ca: bytes) -> None:
    try:
        context.load_verify_locations(cadata=ca.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError) as error:
        raise KubeconfigError("unable to load root certificates: no certificate authority data seen") from error


def _show(context: ssl.SSLContext, certificate_and_key: bytes) -> None:
    try:
        with _short_lived_file(certificate_and_key) as path:
            context.load_cert_chain(path, password=lambda: "")  # an encrypted key is an error, not a question
    except (ssl.SSLError, ValueError) as error:
        reason = (getattr(error, "reason", None) or "not in PEM form, or encrypted").replace("_", " ").lower()
        raise KubeconfigError(f"client certificate and key cannot be used: {reason}") from error


@contextmanager
def _short_lived_file(content: bytes) -> Iterator[str]:
    if sys.platform == "linux" and Path("/proc/self/fd").is_dir():
        descriptor = os.memfd_create("client-certificate")
        try:
            os.write(descriptor, content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with disk_file(content) as path:
            yield path


@contextmanager
def disk_file(content: bytes) -> Iterator[str]:
    """Keep `content` in a file of mode 0600 until the end of the block."""
    from tempfile import mkstemp

    descriptor, path = mkstemp()
    try:
        os.write(descriptor, content)
        os.close(descriptor)
        yield path
    finally:
        Path(path).unlink()
