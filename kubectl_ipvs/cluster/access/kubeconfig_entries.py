"""The entries of a kubeconfig as frozen values: clusters, users, contexts.

Paths in them are absolute, as kubectl makes them: relative to the folder of the file that names them. An
empty text is "not set". Secrets are left out of every repr. Nothing is checked here but types; nothing is
read but the mapping.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from kubectl_ipvs.cluster.access.masked_repr import shown
from kubectl_ipvs.cluster.access.typed_mapping import Fields

EXEC_EXTENSION = "client.authentication.k8s.io/exec"
EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


class ClusterEntry(NamedTuple):
    """A cluster; `exec_config` is what its extension for exec plugins holds, any JSON."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: bytes = b""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    exec_config: object = None
    file: str = ""

    def __repr__(self) -> str:
        return shown(self, {"certificate_authority_data", "proxy_url", "exec_config"})


class ExecEntry(NamedTuple):
    """The program that gives a user's credentials; `command` with a slash is an absolute path."""

    command: str
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    api_version: str = ""
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = ""

    def __repr__(self) -> str:
        return shown(self, {"args", "env"})


class AuthProvider(NamedTuple):
    """The older kind of credentials; only `oidc` is left of it in kubectl."""

    name: str
    config: Mapping[str, str]

    def __repr__(self) -> str:
        return shown(self, {"config"})


class UserEntry(NamedTuple):
    """A user: how we say who we are, and whom we then impersonate."""

    client_certificate: str = ""
    client_certificate_data: bytes = b""
    client_key: str = ""
    client_key_data: bytes = b""
    token: str = ""
    token_file: str = ""
    username: str = ""
    password: str = ""
    as_user: str = ""
    as_uid: str = ""
    as_groups: tuple[str, ...] = ()
    as_user_extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exec: ExecEntry | None = None
    auth_provider: AuthProvider | None = None

    def __repr__(self) -> str:
        return shown(self, {"client_certificate_data", "client_key_data", "token", "password"})


class ContextEntry(NamedTuple):
    """A context: names of a cluster and a user, and a namespace."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""
    file: str = ""


def cluster_entry(fields: Fields, file: str) -> ClusterEntry:
    """Read one cluster of the kubeconfig `file`."""
    extensions = {entry.text("name"): entry.raw("extension") for entry in fields.children("extensions")}
    return ClusterEntry(
        server=fields.text("server"),
        certificate_authority=_absolute(fields.text("certificate-authority"), file),
        certificate_authority_data=fields.data("certificate-authority-data"),
        insecure_skip_tls_verify=fields.flag("insecure-skip-tls-verify"),
        tls_server_name=fields.text("tls-server-name"),
        proxy_url=fields.text("proxy-url"),
        disable_compression=fields.flag("disable-compression"),
        exec_config=extensions.get(EXEC_EXTENSION),
        file=file,
    )


def user_entry(fields: Fields, file: str) -> UserEntry:
    """Read one user of the kubeconfig `file`."""
    extra = fields.child("as-user-extra")
    return UserEntry(
        client_certificate=_absolute(fields.text("client-certificate"), file),
        client_certificate_data=fields.data("client-certificate-data"),
        client_key=_absolute(fields.text("client-key"), file),
        client_key_data=fields.data("client-key-data"),
        token=fields.text("token"),
        token_file=_absolute(fields.text("tokenFile"), file),
        username=fields.text("username"),
        password=fields.text("password"),
        as_user=fields.text("as"),
        as_uid=fields.text("as-uid"),
        as_groups=fields.texts("as-groups"),
        as_user_extra=tuple((key, extra.texts(key)) for key in extra.names()),
        exec=_exec_entry(fields.child("exec"), file) if "exec" in fields else None,
        auth_provider=_auth_provider(fields.child("auth-provider")) if "auth-provider" in fields else None,
    )


def context_entry(fields: Fields, file: str) -> ContextEntry:
    """Read one context of the kubeconfig `file`."""
    return ContextEntry(fields.text("cluster"), fields.text("user"), fields.text("namespace"), file)


def _exec_entry(fields: Fields, file: str) -> ExecEntry:
    command = fields.text("command")
    return ExecEntry(
        command=_absolute(command, file) if os.sep in command else command,
        args=fields.texts("args"),
        env=tuple((item.text("name"), item.text("value")) for item in fields.children("env")),
        api_version=fields.text("apiVersion"),
        install_hint=fields.text("installHint"),
        provide_cluster_info=fields.flag("provideClusterInfo"),
        interactive_mode=fields.text("interactiveMode"),
    )


def _auth_provider(fields: Fields) -> AuthProvider:
    config = fields.child("config")
    return AuthProvider(fields.text("name"), {key: config.text(key) for key in config.names()})


def _absolute(path: str, file: str) -> str:
    """As Go: `..` is taken out of the text, without a look at symbolic links."""
    if not path or Path(path).is_absolute():
        return path
    return os.path.normpath(Path(file).absolute().parent / path)
