"""One request to one API server, and its answer: bytes, headers, our own errors; never an exception of urllib3.

A whole answer is read up to a limit, whatever the server sends. Nothing is sent again here, no redirect is followed (a
token goes to the server that the user named and nowhere else), and no error repeats a secret.
"""

import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from kubectl_ipvs.cluster.access.connection import Connection, ssl_context
from kubectl_ipvs.cluster.wire import limit
from kubectl_ipvs.cluster.wire.dial import Dialer
from kubectl_ipvs.cluster.wire.failures import api_error, connection_failed
from kubectl_ipvs.cluster.wire.log import Exchange, WireLog
from kubectl_ipvs.cluster.wire.pool import make_pool
from kubectl_ipvs.cluster.wire.redaction import known_secrets, without
from kubectl_ipvs.errors import ApiError, ConnectionFailed

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT, WRITE_TIMEOUT = 60.0, 30.0  # seconds without a byte, where --request-timeout says nothing
LARGEST = 512 * 1024 * 1024  # bytes of one answer, decompressed; 5,000 nodes in one list are some 150 MiB
PIECE = 65536


class Response(Protocol):
    """The part of urllib3's response that is used here."""

    status: int
    headers: Mapping[str, str]

    def stream(self, amt: int, *, decode_content: bool) -> Iterator[bytes]:
        """Return the body as it arrives, decompressed if need be."""

    def close(self) -> None:
        """Close the connection."""


class Transport:
    """The way to one API server with one set of credentials, for any number of threads."""

    def __init__(self, connection: Connection, size: int, log: WireLog) -> None:
        self.connection, self.log = connection, log
        self._secrets = known_secrets(connection)
        self.tls = ssl_context(connection) if connection.server.startswith("https:") else None
        # http.client writes Latin-1, the API server reads UTF-8 (--as with an umlaut)
        headers = [(name, value.encode().decode("latin-1")) for name, value in connection.headers()]
        self._headers = urllib3.HTTPHeaderDict(headers)
        self._headers.add("Accept", "application/json")
        self.dialer = Dialer(connection, self.tls)
        if self.dialer.forwards and self.dialer.proxy is not None and self.dialer.proxy.authorization:
            self._headers.add("Proxy-Authorization", self.dialer.proxy.authorization)
        self._date = ("", 0.0)  # the server's clock as it last told it, and when that was (time.monotonic())
        self._origin = origin(connection.server)
        self._size = size
        self._pool = make_pool(self.dialer, size)

    def let_go(self) -> None:
        """Close the connections that nobody uses; the next request opens one again."""
        self._pool = make_pool(self.dialer, self._size)

    def now(self) -> float:
        """Return the API server's time in seconds since the epoch: its Date header and what passed since, or ours."""
        date, told = self._date
        try:
            return parsedate_to_datetime(date).timestamp() + time.monotonic() - told
        except (ValueError, TypeError, IndexError):
            return time.time()

    def open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        text: str = "",
        content: str | None = None,
        read_timeout: float | None = None,
        accept: str = "",
    ) -> tuple[Response, Exchange]:
        """Send a request; its body is read by `pieces` or `body`."""
        headers = self._headers.copy()
        if content:
            headers["Content-Type"] = content
        if accept:
            headers["Accept"] = accept
        if method == "GET" and not read_timeout and not self.connection.disable_compression:  # no watch: those trickle
            headers["Accept-Encoding"] = "gzip"  # API servers compress from 128 KiB on
        url = self.connection.server + path + ("?" + urlencode(query, quote_via=quote) if query else "")
        exchange = self.log.request(self.connection, method, url, headers.iteritems(), text)
        try:
            response: Response = self._pool.urlopen(  # type: ignore[assignment] # urllib3 says HTTPResponse or its base
                method,
                url if self.dialer.forwards else url.removeprefix(self._origin),
                body=text.encode() or None,
                headers=headers,
                preload_content=False,
                retries=False,
                redirect=False,
                timeout=self.timeout(method, read_timeout),
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._failed(exchange, error) from error
        self._date = (response.headers.get("date", ""), time.monotonic())
        return response, exchange

    def pieces(self, response: Response, exchange: Exchange) -> Iterator[bytes]:
        """Yield the body as it arrives."""
        try:
            yield from response.stream(PIECE, decode_content=True)
        except urllib3.exceptions.HTTPError as error:
            raise self._failed(exchange, error) from error

    def body(self, response: Response, exchange: Exchange) -> bytes:
        """Return the whole body, and log the answer. Raises ConnectionFailed for one without an end."""
        parts, size, deadline = [], 0, limit.deadline()
        for piece in self.pieces(response, exchange):
            if deadline is not None and time.monotonic() > max(deadline, exchange.began + limit.LEAST):
                response.close()
                raise self._failed(exchange, TimeoutError("timed out"))
            parts.append(piece)
            size += len(piece)
            if size > LARGEST:
                response.close()
                raise ConnectionFailed(f"the answer of {self.connection.server} has more than {LARGEST >> 20} MiB")
        whole = b"".join(parts)
        exchange.answered(response.status, response.headers, whole)
        return whole

    def masked(self, text: str) -> str:
        """Return somebody else's words without the secrets that they may repeat."""
        return without(text, self._secrets)

    def refusal(self, status: int, body: bytes, headers: Mapping[str, str]) -> ApiError:
        """Return a refusal in the server's own words, but for secrets that it repeats."""
        said = self.masked(body.decode(errors="surrogateescape")).encode(errors="surrogateescape")
        return api_error(status, said, headers)

    def broken(self, error: BaseException) -> ConnectionFailed:
        """Return why there was no answer, without any secret that came back."""
        failed = connection_failed(self.connection.server, error)
        return ConnectionFailed(self.masked(str(failed)), hint=failed.hint)

    def _failed(self, exchange: Exchange, error: BaseException) -> ConnectionFailed:
        failed = self.broken(error)
        exchange.failed(failed)
        return failed

    def timeout(self, method: str, read: float | None) -> urllib3.Timeout:
        """Return how long a request may take; `read`: the time of a watch, which is its own."""
        asked = self.connection.request_timeout
        connect = min(CONNECT_TIMEOUT, asked or CONNECT_TIMEOUT)
        whole = read or asked or (READ_TIMEOUT if method == "GET" else WRITE_TIMEOUT)
        return urllib3.Timeout(limit.seconds(connect + whole), limit.seconds(connect), limit.seconds(whole))


def origin(url: str) -> str:
    """Return scheme, host and port of a URL as they stand in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
