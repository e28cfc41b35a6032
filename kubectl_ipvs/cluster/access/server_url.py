"""The URL of an API server, normalised as kubectl does. Pure.

A server without a scheme is spoken to in plain HTTP, as by kubectl, whatever certificates are configured.
"""

from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from kubectl_ipvs.cluster.access.masked_repr import shown
from kubectl_ipvs.errors import KubeconfigError


class ServerUrl(NamedTuple):
    """`url` has scheme, host, path, no trailing slash; `userinfo` is "user:password" from before the host."""

    url: str
    userinfo: str = ""

    def __repr__(self) -> str:
        return shown(self, {"userinfo"})

    @property
    def is_tls(self) -> bool:
        """Whether credentials may be sent: kubectl sends none over plain HTTP."""
        return self.url.startswith("https:")


def server_url(server: str) -> ServerUrl:
    """Normalise a server as typed or as in a kubeconfig. Raises KubeconfigError in kubectl's words."""
    try:
        parts = urlsplit(server)
        bare = not parts.scheme or not parts.netloc
        if bare:
            parts = urlsplit(f"http://{server}")
        parts.port  # noqa: B018 - raises for a port that is no number
    except ValueError as error:
        raise _not_a_server(server) from error
    if not parts.hostname or not server.isprintable() or " " in server or (bare and parts.path not in {"", "/"}):
        raise _not_a_server(server)
    if parts.scheme not in {"http", "https"}:
        raise KubeconfigError(f'unsupported protocol scheme "{parts.scheme}"')
    return ServerUrl(_without_userinfo(parts), _userinfo(parts))


def _without_userinfo(parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"


def _userinfo(parts: SplitResult) -> str:
    if "@" not in parts.netloc:
        return ""
    return f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"


def _not_a_server(server: str) -> KubeconfigError:
    shown = server.rpartition("@")[2] if "@" in server else server  # what stands before @ may be a password
    return KubeconfigError(f'host must be a URL or a host:port pair: "{shown}"')
