"""The connection of a pod to its own cluster, from the service account that is mounted into it.

kubectl uses it when no kubeconfig names a server, and so do we; other than kubectl, flags for impersonation
and timeouts are kept (kubectl drops --as there), and the account's token is not sent to a server that
--server names.
"""

from collections.abc import Mapping
from pathlib import Path

from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.cluster.access.context_selection import Selection, cluster_with, user_with
from kubectl_ipvs.cluster.access.kubeconfig_entries import ClusterEntry, UserEntry
from kubectl_ipvs.errors import KubeconfigError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def in_cluster(options: ConnectionOptions, environ: Mapping[str, str], account: Path) -> Selection | None:
    """Return what to use inside a pod, flags laid over it; None when this is no pod."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port or not (account / "token").is_file():
        return None
    server, authority = _cluster(account, environ)
    cluster = ClusterEntry(server=server, certificate_authority=authority)
    user = UserEntry() if options.token or options.server else UserEntry(token_file=str(account / "token"))
    return Selection(
        context="",
        cluster_name="",
        user_name="",
        namespace=_namespace(environ, account),
        cluster=cluster_with(options, cluster),
        user=user_with(options, user),
        origin="in-cluster",
    )


def _cluster(account: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the API server's address and the path of its authority, as the kubernetes package finds them."""
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException
    from kubernetes.config.incluster_config import InClusterConfigLoader

    found = Configuration()
    try:
        InClusterConfigLoader(
            token_filename=str(account / "token"), cert_filename=str(account / "ca.crt"), environ=environ
        ).load_and_set(found)
    except ConfigException as error:
        raise KubeconfigError(
            f"this pod's service account cannot be used: {error}", hint="give a kubeconfig with --kubeconfig"
        ) from error
    return str(found.host), str(found.ssl_ca_cert)


def _namespace(environ: Mapping[str, str], account: Path) -> str:
    if environ.get("POD_NAMESPACE"):
        return environ["POD_NAMESPACE"]
    try:
        return (account / "namespace").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
