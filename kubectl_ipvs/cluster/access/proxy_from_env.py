"""Which proxy, if any, the environment has for a server: HTTPS_PROXY, HTTP_PROXY, NO_PROXY read as Go does.

Upper case wins over lower case, an empty variable counts as not set, ALL_PROXY means nothing, and localhost
and loopback addresses are never proxied. Pure: the environment comes as a mapping. A kubeconfig's proxy-url
is not weighed here: it wins over all of this, NO_PROXY included.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from kubectl_ipvs.errors import KubeconfigError

SCHEMES = frozenset({"http", "https", "socks5", "socks5h"})
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def environment_proxy(server: str, environ: Mapping[str, str]) -> str | None:
    """Return the URL of the proxy for `server` (an http or https URL), None for none.

    Raises KubeconfigError for a proxy that is no URL of http, https or socks5.
    """
    url = urlsplit(server)
    proxy = _either(environ, f"{url.scheme}_proxy")
    host = (url.hostname or "").lower()
    port = str(url.port or (443 if url.scheme == "https" else 80))
    if not proxy or _is_local(host) or _is_excluded(host, port, _either(environ, "no_proxy")):
        return None
    return _proxy_url(proxy, f"{url.scheme}_proxy")


def _proxy_url(proxy: str, variable: str) -> str:
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        usable = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise KubeconfigError(f"${variable.upper()} is no proxy: a URL of http, https or socks5 is expected")
    return parts.geturl()


def _either(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.upper()) or environ.get(name) or ""


def _is_local(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_excluded(host: str, port: str, no_proxy: str) -> bool:
    words = (word.strip().lower() for word in no_proxy.split(","))
    return any(_excludes(word, host, port) for word in words if word)


def _excludes(word: str, host: str, port: str) -> bool:
    """Whether a word of NO_PROXY covers the server: `*`, a network, an address or name, maybe with a port."""
    if word == "*":
        return True
    address = _address(host)
    if "/" in word:
        return address is not None and _in_network(address, word)
    name, wanted_port = _split_port(word)
    if wanted_port not in {"", port}:
        return False
    if _address(name) is not None:
        return address == _address(name)
    return _is_under(host, name)


def _in_network(address: Address, word: str) -> bool:
    try:
        return address in ipaddress.ip_network(word, strict=False)
    except ValueError:
        return False


def _split_port(word: str) -> tuple[str, str]:
    if word.startswith("["):
        name, _, port = word[1:].partition("]")
        return name, port.removeprefix(":")
    name, colon, port = word.rpartition(":")
    return (name, port) if colon and ":" not in name else (word, "")


def _is_under(host: str, name: str) -> bool:
    """Whether the name covers the host: `a.b` itself and all below, `.a.b` and `*.a.b` only what is below."""
    domain = name[1:] if name.startswith("*.") else name
    if not domain:
        return False
    return host.endswith(domain) if domain.startswith(".") else host == domain or host.endswith(f".{domain}")
