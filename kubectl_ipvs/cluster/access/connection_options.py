"""What the user typed to name a cluster: kubectl's connection flags, as they were given.

Promises nothing about their sense: `connect` weighs them against the kubeconfig. Never shows a token or a
password.
"""

from typing import Any, NamedTuple

from kubectl_ipvs.cluster.access.masked_repr import shown


class ConnectionOptions(NamedTuple):
    """kubectl's connection flags; None or () is "not given", and so is an empty text when it is used.

    `as_user_extra` holds texts `key=value`; a key may come more than once. `request_timeout` is as typed
    (`30`, `1m30s`).
    """

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    server: str | None = None
    token: str | None = None
    certificate_authority: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    tls_server_name: str | None = None
    as_user: str | None = None
    as_uid: str | None = None
    username: str | None = None
    password: str | None = None
    namespace: str | None = None
    insecure_skip_tls_verify: bool | None = None
    as_groups: tuple[str, ...] = ()
    as_user_extra: tuple[str, ...] = ()
    request_timeout: str | None = None
    disable_compression: bool | None = None

    def __repr__(self) -> str:
        return shown(self, {"token", "password"})

    def over(self, other: "ConnectionOptions") -> "ConnectionOptions":
        """Return these options, and `other`'s where nothing is given; lists are `other`'s, then these."""
        values: dict[str, Any] = {
            name: _over(mine, theirs) for name, mine, theirs in zip(self._fields, self, other, strict=True)
        }
        return ConnectionOptions(**values)


def _over(mine: object, theirs: object) -> object:
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        return theirs + mine
    return theirs if mine is None else mine
