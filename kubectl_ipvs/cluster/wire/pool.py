"""urllib3's pool of connections to one API server, each of which the dialer opens."""

from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from kubectl_ipvs.cluster.wire.dial import Dialer


class PlainConnection(HTTPConnection):
    """A connection in plain HTTP."""

    def __init__(self, *arguments: Any, dialer: Dialer, **options: Any) -> None:  # noqa: ANN401 - urllib3's own
        super().__init__(*arguments, **options)
        self._dialer = dialer

    def connect(self) -> None:
        """Open it; urllib3 turns what goes wrong into its own errors."""
        self.sock = self._dialer.dial(_seconds(self.timeout), tunnel=not self._dialer.forwards)


class SecureConnection(HTTPSConnection):
    """A connection in TLS."""

    def __init__(self, *arguments: Any, dialer: Dialer, **options: Any) -> None:  # noqa: ANN401 - urllib3's own
        super().__init__(*arguments, **options)
        self._dialer = dialer

    def connect(self) -> None:
        """Open it, TLS included."""
        self.sock = self._dialer.dial(_seconds(self.timeout))
        self.is_verified = True  # or not, as the user asked for: no warning on top


class PlainPool(urllib3.HTTPConnectionPool):
    """Connections in plain HTTP."""

    ConnectionCls = PlainConnection


class SecurePool(urllib3.HTTPSConnectionPool):
    """Connections in TLS."""

    ConnectionCls = SecureConnection


def make_pool(dialer: Dialer, size: int) -> urllib3.HTTPConnectionPool:
    """Make a pool that keeps up to `size` connections."""
    kind = SecurePool if dialer.server.scheme == "https" else PlainPool
    return kind(dialer.server.host, dialer.server.port, maxsize=size, block=False, dialer=dialer)


def _seconds(timeout: object) -> float:
    assert isinstance(timeout, (int, float))  # noqa: S101 - every request has one
    return float(timeout)
