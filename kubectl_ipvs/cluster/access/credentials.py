"""Who we are for the API server: makes tokens and certificates out of a chosen user.

kubectl's precedence, held against kubectl 1.37: the content of tokenFile wins over a token, even over
--token, unless the file cannot be read or is empty; a token, a password or a client certificate keeps an exec
plugin from being run; a client certificate is sent beside a token. Never prints a secret, never writes a
file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from kubectl_ipvs.cluster.access.auth_provider import check_auth_provider, id_token
from kubectl_ipvs.cluster.access.context_selection import Selection
from kubectl_ipvs.cluster.access.kubeconfig_entries import EXEC_VERSIONS, UserEntry
from kubectl_ipvs.cluster.access.masked_repr import shown
from kubectl_ipvs.errors import KubeconfigError


class Credentials(NamedTuple):
    """What the server is shown: a bearer token, or "user:password", and a certificate with its key (PEM)."""

    token: str | None = None
    basic: str | None = None
    certificate: bytes | None = None
    key: bytes | None = None

    def __repr__(self) -> str:
        return shown(self, {"token", "basic", "certificate", "key"})


def credentials(selection: Selection, authority: bytes | None, environ: Mapping[str, str]) -> Credentials:
    """Make the credentials of the selected user; `authority` is the cluster's CA, for exec plugins that ask.

    Raises KubeconfigError when there are none, or when they cannot be had: kubectl would ask for a user name
    then.
    """
    user = selection.user
    if user.auth_provider:
        check_auth_provider(user.auth_provider)
    if user.exec and user.exec.api_version not in EXEC_VERSIONS:
        raise KubeconfigError(f'exec plugin: invalid apiVersion "{user.exec.api_version}"')
    found = _static(user)
    if user.auth_provider and not found.token and not found.basic:
        return Credentials(id_token(user.auth_provider, selection.user_name), None, found.certificate, found.key)
    if found != Credentials():
        return found
    if user.exec:
        from kubectl_ipvs.cluster.access.exec_plugin import run_plugin

        given = run_plugin(user.exec, selection.cluster, authority or b"", environ)
        return Credentials(
            given.token or None,
            None,
            given.certificate.encode() or None,
            given.key.encode() or None,
        )
    raise _none(selection)


def _static(user: UserEntry) -> Credentials:
    token = _token(user)
    if token and user.username:
        raise KubeconfigError("username/password or bearer token may be set, but not both")
    certificate = user.client_certificate_data or read_file(user.client_certificate)
    return Credentials(
        token=token or None,
        basic=f"{user.username}:{user.password}" if user.username else None,
        certificate=certificate or None,
        key=(user.client_key_data or read_file(user.client_key)) if certificate else None,
    )


def _token(user: UserEntry) -> str:
    if not user.token_file:
        return user.token
    try:
        content = read_file(user.token_file).decode().strip()
    except (KubeconfigError, UnicodeDecodeError):
        if not user.token:
            raise
        return user.token
    return content or user.token


def read_file(path: str) -> bytes:
    """Return a file's content, b"" for no path. Raises KubeconfigError in Go's words: `open PATH: reason`."""
    if not path:
        return b""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise KubeconfigError(f"open {path}: {(error.strerror or 'cannot be read').lower()}") from error


def _none(selection: Selection) -> KubeconfigError:
    name = selection.user_name
    why = f'user "{name}" has none' if name else "no user is named"
    return KubeconfigError(
        f"no credentials: {why} ({selection.origin})",
        hint="try --token, or --user with a user that has credentials",
    )
