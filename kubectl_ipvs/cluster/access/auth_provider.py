"""The older `auth-provider` of a kubeconfig's user: only `oidc` is left in kubectl, the others are refused.

An OIDC id-token that is still valid is used. One that has expired is not renewed here: identity providers
that rotate refresh tokens (Dex does) would void the one in the kubeconfig, which we never write, and lock
kubectl out; and the `kubernetes` package renews it without checking the provider's certificate unless one is
configured. kubectl renews and stores it properly, so the error says to run it.
"""

import base64
import json
import time

from kubectl_ipvs.cluster.access.kubeconfig_entries import AuthProvider
from kubectl_ipvs.errors import KubeconfigError

_REMOVED = {
    "gcp": 'use the "gke-gcloud-auth-plugin" kubectl/client-go credential plugin instead',
    "azure": "use the https://github.com/Azure/kubelogin kubectl/client-go credential plugin instead",
}
_MARGIN = 10.0  # seconds before its end in which kubectl takes a token for expired


def check_auth_provider(provider: AuthProvider) -> None:
    """Raise KubeconfigError for a provider that kubectl refuses, even beside another credential."""
    if provider.name in _REMOVED:
        raise KubeconfigError(f"the {provider.name} auth plugin has been removed", hint=_REMOVED[provider.name])
    if provider.name != "oidc":
        raise KubeconfigError(f'no Auth Provider found for name "{provider.name}"')
    for key in ("idp-issuer-url", "client-id"):
        if not provider.config.get(key):
            raise KubeconfigError(f"must provide {key}")


def id_token(provider: AuthProvider, user_name: str) -> str:
    """Return the id-token of an OIDC provider. Raises KubeconfigError when there is none that is valid."""
    token = provider.config.get("id-token", "")
    if token and _expiry(token) > time.time() + _MARGIN:
        return token
    if not provider.config.get("refresh-token"):
        raise KubeconfigError(
            "no valid id-token, and cannot refresh without refresh-token",
            hint=f'log in again as user "{user_name}"',
        )
    raise KubeconfigError(
        f'the id-token of user "{user_name}" has expired',
        hint="run any kubectl command once, such as `kubectl version`: it renews the token in the kubeconfig",
    )


def _expiry(token: str) -> float:
    """Return when a JWT expires, in seconds since the epoch."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        raise KubeconfigError("ID Token is not a valid JWT")
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(payload["exp"])
    except (ValueError, TypeError, KeyError) as error:
        raise KubeconfigError("ID Token is not a valid JWT") from error
