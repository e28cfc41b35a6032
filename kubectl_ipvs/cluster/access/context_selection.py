"""Chooses context, cluster and user of a kubeconfig, and lays the flags over them. Pure: reads no file.

kubectl's rules (client-go clientcmd, held against kubectl 1.37): a name typed as a flag must exist; --server
also drops the cluster's tls-server-name, --certificate-authority and --insecure-skip-tls-verify drop its
other trust settings, --client-certificate and --client-key each replace both file and data. One difference:
where kubectl falls back to localhost:8080 because no server is named, there is no server here (`server` is
"") and `connect` says so.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.cluster.access.kubeconfig import Kubeconfig
from kubectl_ipvs.cluster.access.kubeconfig_entries import ClusterEntry, ContextEntry, UserEntry
from kubectl_ipvs.errors import KubeconfigError, UsageError


class Selection(NamedTuple):
    """What is to be used: the kubeconfig's names ("" for none), the entries with the flags laid over them."""

    context: str
    cluster_name: str
    user_name: str
    namespace: str
    cluster: ClusterEntry
    user: UserEntry
    origin: str


def select(kubeconfig: Kubeconfig, options: ConnectionOptions) -> Selection:
    """Choose as kubectl does. Raises KubeconfigError for a name unknown, UsageError for a flag."""
    context_name = options.context or kubeconfig.current_context
    context = _context(kubeconfig, options)
    cluster_name = options.cluster or context.cluster
    user_name = options.user or context.user
    if options.cluster:
        _must_exist("cluster", options.cluster, kubeconfig.clusters, "--cluster")
    if options.user:
        _must_exist("auth info", options.user, kubeconfig.users, "--user")
    cluster = kubeconfig.clusters.get(cluster_name, ClusterEntry())
    file = context.file or cluster.file
    return Selection(
        context=context_name,
        cluster_name=cluster_name,
        user_name=user_name,
        namespace=context.namespace,
        cluster=cluster_with(options, cluster),
        user=user_with(options, kubeconfig.users.get(user_name, UserEntry())),
        origin=f"kubeconfig {file}" if file else "flags",
    )


def _context(kubeconfig: Kubeconfig, options: ConnectionOptions) -> ContextEntry:
    if options.context:
        _must_exist("context", options.context, kubeconfig.contexts, "--context")
        return kubeconfig.contexts[options.context]
    current = kubeconfig.current_context
    if current and current not in kubeconfig.contexts:
        raise KubeconfigError(
            f"context was not found for specified context: {current}",
            hint=names_hint(current, kubeconfig.contexts, "--context"),
        )
    return kubeconfig.contexts.get(current, ContextEntry())


def _must_exist(kind: str, name: str, known: Mapping[str, object], flag: str) -> None:
    if name not in known:
        raise KubeconfigError(f'{kind} "{name}" does not exist', hint=names_hint(name, known, flag))


def names_hint(name: str, known: Iterable[str], flag: str) -> str:
    """Say which of the `known` names may be meant: near ones, or else the first few; "" for none."""
    names = sorted(filter(None, known))
    if not names:
        return ""
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=3) if name else []
    if close:
        return f"did you mean {flag} {' or '.join(close)}?"
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""  # noqa: PLR2004 - what fits on one line
    return f"try {flag} with one of: {', '.join(names[:8])}{more}"


def cluster_with(options: ConnectionOptions, cluster: ClusterEntry) -> ClusterEntry:
    """Lay --server, --tls-server-name, --certificate-authority, --insecure-... and --disable-... over a cluster."""
    if options.certificate_authority or options.insecure_skip_tls_verify:
        cluster = cluster._replace(
            certificate_authority=options.certificate_authority or "",
            certificate_authority_data=b"",
            insecure_skip_tls_verify=bool(options.insecure_skip_tls_verify),
        )
    if options.server or options.tls_server_name:
        cluster = cluster._replace(
            server=options.server or cluster.server,
            tls_server_name=options.tls_server_name or "",
        )
    return cluster._replace(disable_compression=options.disable_compression or cluster.disable_compression)


def user_with(options: ConnectionOptions, user: UserEntry) -> UserEntry:
    """Lay the flags for credentials and impersonation over a user; `--as-user-extra` replaces key by key."""
    if options.client_certificate:
        user = user._replace(client_certificate=options.client_certificate, client_certificate_data=b"")
    if options.client_key:
        user = user._replace(client_key=options.client_key, client_key_data=b"")
    extra = {**dict(user.as_user_extra), **_user_extra(options.as_user_extra)}
    return user._replace(
        token=options.token or user.token,
        username=options.username or user.username,
        password=options.password or user.password,
        as_user=options.as_user or user.as_user,
        as_uid=options.as_uid or user.as_uid,
        as_groups=options.as_groups or user.as_groups,
        as_user_extra=tuple(extra.items()),
    )


def _user_extra(words: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Split `key=value` words; one without `=` is an error, where kubectl drops it in silence."""
    extra: dict[str, tuple[str, ...]] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f'--as-user-extra "{word}": KEY=VALUE is expected')
        extra[key] = (*extra.get(key, ()), value)
    return extra
