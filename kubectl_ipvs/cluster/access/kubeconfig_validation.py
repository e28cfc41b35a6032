"""What kubectl refuses about a chosen cluster and user before it speaks to anybody, in kubectl's words.

Opens the named certificate files to see that they can be read, keeps nothing of them; never quotes a secret.
"""

from pathlib import Path
from urllib.parse import urlsplit

from kubectl_ipvs.cluster.access.context_selection import Selection
from kubectl_ipvs.cluster.access.kubeconfig_entries import ClusterEntry, ExecEntry, UserEntry

PROXY_SCHEMES = frozenset({"http", "https", "socks5"})


def problems(selection: Selection) -> list[str]:
    """Return every reason why this selection cannot be used; none when it can."""
    return [
        *_user_problems(selection.user, selection.user_name),
        *_cluster_problems(selection.cluster, selection.cluster_name),
    ]


def _cluster_problems(cluster: ClusterEntry, name: str) -> list[str]:
    found = _proxy_problems(cluster.proxy_url, name)
    if cluster.certificate_authority and cluster.certificate_authority_data:
        found.append(f"certificate-authority-data and certificate-authority are both specified for {name}")
    return found + _unreadable("certificate-authority", cluster.certificate_authority, name)


def _proxy_problems(proxy_url: str, name: str) -> list[str]:
    if not proxy_url:
        return []
    try:
        parts = urlsplit(proxy_url)
        scheme, host, _ = parts.scheme, parts.hostname, parts.port  # reading the port checks it
    except ValueError:
        return [f"invalid 'proxy-url' for cluster \"{name}\": could not parse"]
    if scheme in PROXY_SCHEMES and host:
        return []
    return [f"invalid 'proxy-url' for cluster \"{name}\": a host with scheme http, https, or socks5 is expected"]


def _user_problems(user: UserEntry, name: str) -> list[str]:
    found = _certificate_problems(user, name)
    if user.exec:
        found += _exec_problems(user.exec, name)
        if user.auth_provider:
            found.append(f"authProvider cannot be provided in combination with an exec plugin for {name}")
    if user.token and (user.username or user.password):
        found.append(
            f"more than one authentication method found for {name}; found [token basicAuth], only one is allowed",
        )
    if (user.as_uid or user.as_groups or user.as_user_extra) and not user.as_user:
        found.append(f"requesting uid, groups or user-extra for {name} without impersonating a user")
    return found


def _certificate_problems(user: UserEntry, name: str) -> list[str]:
    if not user.client_certificate and not user.client_certificate_data:
        return []
    found = []
    if user.client_certificate and user.client_certificate_data:
        found.append(f"client-cert-data and client-cert are both specified for {name}")
    if user.client_key and user.client_key_data:
        found.append(f"client-key-data and client-key are both specified for {name}")
    if not user.client_key and not user.client_key_data:
        found.append(
            f"client-key-data or client-key must be specified for {name} to use the clientCert authentication method",
        )
    return (
        found
        + _unreadable("client-cert", user.client_certificate, name)
        + _unreadable("client-key", user.client_key, name)
    )


def _exec_problems(plugin: ExecEntry, name: str) -> list[str]:
    suffix = f"must be specified for {name} to use exec authentication plugin"
    found = []
    if not plugin.command:
        found.append(f"command {suffix}")
    if not plugin.api_version:
        found.append(f"apiVersion {suffix}")
    if any(not variable for variable, _ in plugin.env):
        found.append(f"env variable name {suffix}")
    if not plugin.interactive_mode and not plugin.api_version.endswith("/v1beta1"):
        found.append(f"interactiveMode {suffix}")
    if plugin.interactive_mode not in {"", "Never", "IfAvailable", "Always"}:
        found.append(f'invalid interactiveMode for {name}: "{plugin.interactive_mode}"')
    return found


def _unreadable(what: str, path: str, name: str) -> list[str]:
    if not path:
        return []
    try:
        with Path(path).open("rb"):
            return []
    except OSError as error:
        return [f"unable to read {what} {path} for {name} due to {(error.strerror or 'an error').lower()}"]
