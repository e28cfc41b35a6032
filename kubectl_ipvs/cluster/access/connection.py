"""How to speak to one API server: made once from flags, kubeconfig and environment, then only read.

`connect` weighs them as kubectl does; nothing is sent to the server and nothing is written, but an exec
plugin may be run. A `Connection` may be shown and logged: its repr holds no secret. One difference from
kubectl: where no server is named anywhere it tries localhost:8080, and asks for a user name where there are
no credentials; here both are errors.
"""

import ssl
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from kubectl_ipvs import __version__
from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.cluster.access.context_selection import Selection, names_hint, select
from kubectl_ipvs.cluster.access.credentials import Credentials, credentials, read_file
from kubectl_ipvs.cluster.access.impersonation import impersonation_headers
from kubectl_ipvs.cluster.access.in_cluster import SERVICE_ACCOUNT, in_cluster
from kubectl_ipvs.cluster.access.kubeconfig import Kubeconfig, load
from kubectl_ipvs.cluster.access.kubeconfig_validation import problems
from kubectl_ipvs.cluster.access.masked_repr import shown
from kubectl_ipvs.cluster.access.proxy_from_env import environment_proxy
from kubectl_ipvs.cluster.access.request_timeout import request_timeout
from kubectl_ipvs.cluster.access.server_url import ServerUrl, server_url
from kubectl_ipvs.cluster.wire.tls import client_context
from kubectl_ipvs.errors import KubeconfigError


class Connection(NamedTuple):
    """Everything needed to speak to one API server.

    `server` has a scheme and no trailing slash; `context`, `cluster`, `user` are the kubeconfig's names (""
    for none); `namespace` is the context's, the flag is not weighed; `ca`, `client_certificate`, `client_key`
    are PEM (`ca` None: the system's, b"": trust nobody); `basic` is "user:password"; `impersonation` are
    headers; `request_timeout` is in seconds, None for no limit; `origin` says where all this comes from
    ("kubeconfig PATH", "in-cluster", "flags").
    """

    server: str
    context: str = ""
    cluster: str = ""
    user: str = ""
    namespace: str | None = None
    ca: bytes | None = None
    client_certificate: bytes | None = None
    client_key: bytes | None = None
    token: str | None = None
    basic: str | None = None
    insecure: bool = False
    tls_server_name: str | None = None
    proxy_url: str | None = None
    impersonation: tuple[tuple[str, str], ...] = ()
    request_timeout: float | None = None
    disable_compression: bool = False
    origin: str = ""

    def __repr__(self) -> str:
        return shown(self, {"ca", "client_certificate", "client_key", "token", "basic", "proxy_url"})

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers of every request, REST and exec; Impersonate-Group may come more than once.

        Values are text; on the wire the API server expects them in UTF-8.
        """
        headers = [("User-Agent", f"kubectl-ipvs/{__version__}")]
        if self.token:
            headers.append(("Authorization", f"Bearer {self.token}"))
        elif self.basic:
            headers.append(("Authorization", f"Basic {b64encode(self.basic.encode()).decode()}"))
        return [*headers, *self.impersonation]


def connect(
    options: ConnectionOptions,
    environ: Mapping[str, str],
    *,
    service_account: Path = SERVICE_ACCOUNT,
) -> Connection:
    """Make out which server to speak to, and as whom.

    Raises KubeconfigError when that cannot be told, UsageError for a flag that makes no sense.
    """
    timeout = request_timeout(options.request_timeout or "")
    selection = _selection(options, environ, service_account)
    found = problems(selection)
    if found:
        raise KubeconfigError("; ".join(found))
    url = server_url(selection.cluster.server)
    ca = _authority(selection) if url.is_tls else None
    shown = credentials(selection, ca, environ) if url.is_tls else Credentials()
    if url.userinfo:  # what stands in the URL wins, as in Go's HTTP client
        shown = shown._replace(token=None, basic=url.userinfo)
    return _checked(_connection(selection, url, shown, environ), ca, timeout)


def _selection(options: ConnectionOptions, environ: Mapping[str, str], account: Path) -> Selection:
    kubeconfig = load(options.kubeconfig, environ)
    chosen = select(kubeconfig, options)
    if chosen.cluster.server:
        return chosen
    pod = in_cluster(options, environ, account)
    if pod:
        return pod
    if environ.get("KUBERNETES_MASTER"):
        return chosen._replace(cluster=chosen.cluster._replace(server=environ["KUBERNETES_MASTER"]))
    raise _no_server(kubeconfig, chosen, environ)


def _no_server(kubeconfig: Kubeconfig, chosen: Selection, environ: Mapping[str, str]) -> KubeconfigError:
    files = ", ".join(kubeconfig.files)
    if chosen.cluster_name:
        known = chosen.cluster_name in kubeconfig.clusters
        name = chosen.cluster_name
        return KubeconfigError(f'no server found for cluster "{name}"' if known else f'cluster "{name}" does not exist')
    if chosen.context:
        return KubeconfigError(f'cluster was not specified for context "{chosen.context}"')
    if files:
        hint = names_hint("", kubeconfig.contexts, "--context")
        return KubeconfigError(f"no context chosen: {files} has no current-context", hint=hint)
    hint = "try --kubeconfig PATH; or `kubectl ipvs sandbox`, which needs no cluster"
    if environ.get("KUBECONFIG"):
        missing = ", ".join(kubeconfig.missing) or "no file"
        return KubeconfigError(f"no kubeconfig: $KUBECONFIG names {missing}, which does not exist", hint=hint)
    return KubeconfigError("no kubeconfig: neither $KUBECONFIG nor ~/.kube/config exists", hint=hint)


def _authority(selection: Selection) -> bytes | None:
    cluster = selection.cluster
    if cluster.certificate_authority_data:
        return cluster.certificate_authority_data
    return read_file(cluster.certificate_authority) if cluster.certificate_authority else None


def _connection(
    selection: Selection,
    url: ServerUrl,
    shown: Credentials,
    environ: Mapping[str, str],
) -> Connection:
    return Connection(
        server=url.url,
        context=selection.context,
        cluster=selection.cluster_name,
        user=selection.user_name,
        namespace=selection.namespace or None,
        client_certificate=shown.certificate,
        client_key=shown.key,
        token=shown.token,
        basic=shown.basic,
        insecure=selection.cluster.insecure_skip_tls_verify,
        tls_server_name=selection.cluster.tls_server_name or None,
        proxy_url=selection.cluster.proxy_url or environment_proxy(url.url, environ),
        impersonation=impersonation_headers(selection.user),
        disable_compression=selection.cluster.disable_compression,
        origin=selection.origin,
    )


def _checked(connection: Connection, ca: bytes | None, timeout: float | None) -> Connection:
    """Add what is left, and see that no header can break out of its line."""
    for name, value in connection.headers():
        if any((c < " " and c != "\t") or c == "\x7f" for c in value):
            raise KubeconfigError(f'invalid header field value for "{name}": a line break or control character in it')
    return connection._replace(ca=ca, request_timeout=timeout)


def ssl_context(connection: Connection) -> ssl.SSLContext:
    """Return a TLS context that trusts and shows what the connection says; see `client_context`."""
    return client_context(
        connection.ca,
        insecure=connection.insecure,
        certificate=connection.client_certificate,
        key=connection.client_key,
    )
