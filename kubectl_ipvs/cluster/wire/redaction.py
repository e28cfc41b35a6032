"""Takes secrets out of text that somebody will read: logs, errors, a server's words. Pure.

Known secrets are those of the connection (token, password, key), in every form in which they travel. Unknown ones are
what a field with a telling name holds, in JSON, in YAML, and in YAML inside JSON (a kubeconfig in a ConfigMap).
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

from kubectl_ipvs.cluster.access.connection import Connection

MASKED = "<masked>"
SHORTEST = 4  # characters: what is shorter would mask every other word
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_TELLING = "token|password|client-key-data|clientKeyData|id-token|refresh-token|access-token|client-secret"
_FIELD = re.compile(rf'(?<![\w-])((?:{_TELLING})\\*"?[ \t]*:[ \t]*\\*["\']?)([^\s"\'\\,{{}}]+)', re.IGNORECASE)
_PRIVATE = re.compile(r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[A-Za-z0-9+/=\s\\]*")


def known_secrets(connection: Connection) -> tuple[str, ...]:
    """Return everything of a connection that nobody may read, the longest first."""
    password = (connection.basic or "").partition(":")[2]
    proxy = _userinfo(connection.proxy_url or "")
    key = (connection.client_key or b"").decode(errors="replace").strip()
    plain = [connection.token, connection.basic, password, key, *key.splitlines()[1:-1], *proxy]
    found = {form for text in plain if text and len(text) >= SHORTEST for form in _forms(text)}
    return tuple(sorted(found, key=lambda text: (-len(text), text)))


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without the secrets, and without what a field such as `token:` holds."""
    for secret in secrets:
        text = text.replace(secret, MASKED)
    return _FIELD.sub(rf"\1{MASKED}", _PRIVATE.sub(rf"\1{MASKED}", text))


def without(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without the secrets that are known: for a server's own words, which may repeat what it was sent."""
    for secret in secrets:
        text = text.replace(secret, MASKED)
    return text


def header(name: str, value: str) -> str:
    """Return a header's value as it may be shown: of a credential the kind alone."""
    if name.lower() not in SECRET_HEADERS:
        return value
    kind, blank, _ = value.partition(" ")
    return f"{kind} {MASKED}" if blank and kind in {"Bearer", "Basic"} else MASKED


def _forms(text: str) -> tuple[str, ...]:
    """Return a secret as it is, in base64, in a URL, and as JSON escapes it."""
    return (text, b64encode(text.encode(errors="replace")).decode(), quote(text, safe=""), text.replace("\n", "\\n"))


def _userinfo(url: str) -> tuple[str, ...]:
    try:
        user, password = urlsplit(url).username or "", urlsplit(url).password or ""
    except ValueError:
        return ()
    return (password, unquote(password), f"{unquote(user)}:{unquote(password)}" if password else "")
