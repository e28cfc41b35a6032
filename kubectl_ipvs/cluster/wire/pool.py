"""urllib3's pool for one connection: TLS, server name, proxies."""

from typing import Any
from urllib.parse import unquote
from warnings import catch_warnings, simplefilter

import urllib3

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.errors import ConnectionFailed


def make_pool(connection: Connection, tls: object, size: int) -> urllib3.PoolManager:
    """Make the pool; `tls` is the SSLContext, None for plain HTTP; it keeps up to `size` connections."""
    options: dict[str, Any] = {"maxsize": size, "block": False}
    if tls is not None:
        options["ssl_context"] = tls
        if connection.tls_server_name:
            options["server_hostname"] = connection.tls_server_name
        if connection.insecure:
            options["assert_hostname"] = False
            options["cert_reqs"] = "CERT_NONE"
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the user asked for it, as of kubectl
    if not connection.proxy_url:
        return urllib3.PoolManager(**options)
    if connection.proxy_url.startswith("socks"):
        return _socks_pool(connection.proxy_url, options)
    auth = urllib3.util.parse_url(connection.proxy_url).auth
    if auth:
        options["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=unquote(auth))
    return urllib3.ProxyManager(connection.proxy_url, **options)


def _socks_pool(url: str, options: dict[str, Any]) -> urllib3.PoolManager:
    try:
        with catch_warnings():
            simplefilter("ignore")  # urllib3 warns of what the error says
            from urllib3.contrib.socks import SOCKSProxyManager
    except ImportError as error:
        raise ConnectionFailed(
            "cannot use the SOCKS proxy of this cluster: PySocks is not installed",
            hint="pip install PySocks python-socks beside kubectl-ipvs, or use an http:// proxy",
        ) from error
    pool: urllib3.PoolManager = SOCKSProxyManager(url, **options)
    return pool
