"""HTTPS to one API server: JSON in, JSON out, our own errors, never an exception of urllib3.

A request is sent again only where the server asked for it (429 or 503 with Retry-After), as client-go does. Every
other failure is the caller's to judge: a write that got no answer may have happened.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

import urllib3

from kubectl_ipvs.cluster.connection import Connection, ssl_context
from kubectl_ipvs.cluster.failures import api_error, connection_failed
from kubectl_ipvs.cluster.pool import make_pool
from kubectl_ipvs.errors import ApiError, ConnectionFailed, IpvsError

Json = Mapping[str, Any]
RETRIES = 10  # as many as client-go sends again on Retry-After
Item = TypeVar("Item")
LONGEST_WAIT = 30.0  # seconds we wait because a server asked for it
CONNECT_TIMEOUT = 10.0
UNAUTHORIZED, EXPIRED = 401, 410
PAGE = 500  # objects in one page of a list, as kubectl asks for

JSON_PATCH = "application/json-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"


class Response(Protocol):
    """The part of urllib3's response that is used here."""

    status: int
    headers: Mapping[str, str]

    @property
    def data(self) -> bytes:
        """The whole body."""

    def stream(self, amt: int) -> Iterator[bytes]:
        """Return the body as it arrives."""

    def release_conn(self) -> None:
        """Give the connection back."""

    def close(self) -> None:
        """Close the connection."""


class Rest:
    """One API server, for any number of threads."""

    def __init__(
        self, connection: Connection, *, connections: int = 32, renew: Callable[[], Connection] | None = None
    ) -> None:
        self._connections, self._renew, self._renewing = connections, renew, threading.Lock()
        self._adopt(connection)

    def _adopt(self, connection: Connection) -> None:
        self.connection = connection
        self.tls = ssl_context(connection) if connection.server.startswith("https:") else None
        # http.client writes Latin-1, the API server reads UTF-8 (--as with an umlaut)
        headers = [(name, value.encode().decode("latin-1")) for name, value in connection.headers()]
        self._headers = urllib3.HTTPHeaderDict(headers)
        self._headers.add("Accept", "application/json")
        self._pool = make_pool(connection, self.tls, self._connections)

    def renewed(self, refused: Connection) -> bool:
        """Get credentials anew after a 401 (a plugin's token lives minutes); False where there are no other ones."""
        with self._renewing:
            if self.connection is not refused:
                return True  # another thread was quicker
            try:
                fresh = self._renew() if self._renew is not None else refused
            except IpvsError:
                return False
            if fresh == refused:
                return False
            self._adopt(fresh)
            return True

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """GET one object or list."""
        return self._call("GET", path, query)

    def collect(
        self, path: str, read: Callable[[Json], Item], query: Mapping[str, str] | None = None
    ) -> tuple[list[Item], str]:
        """GET a list page by page, each item through `read` at once (5,000 pods are 33 MB); return its version too."""
        asked = {"limit": str(PAGE), **(query or {})}
        try:
            return self._pages(path, read, asked)
        except ApiError as error:
            if error.status != EXPIRED:
                raise
        del asked["limit"]  # the pages took longer than the server remembers: all at once, as kubectl does
        return self._pages(path, read, asked)

    def _pages(self, path: str, read: Callable[[Json], Item], query: Mapping[str, str]) -> tuple[list[Item], str]:
        found: list[Item] = []
        asked = dict(query)
        while True:
            page = self._call("GET", path, asked)
            found.extend(read(item) for item in page.get("items") or ())
            meta = page.get("metadata") or {}
            if not meta.get("continue"):
                return found, str(meta.get("resourceVersion") or "")
            asked["continue"] = meta["continue"]

    def post(self, path: str, body: Json) -> Json:
        """POST an object."""
        return self._call("POST", path, None, body=body, content="application/json")

    def patch(self, path: str, body: object, content: str, query: Mapping[str, str] | None = None) -> Json:
        """PATCH an object; `content` is the kind of patch."""
        return self._call("PATCH", path, query, body=body, content=content)

    def delete(self, path: str, body: Json, query: Mapping[str, str] | None = None) -> Json:
        """DELETE an object; `body` holds DeleteOptions."""
        return self._call("DELETE", path, query, body=body, content="application/json")

    def watch(self, path: str, query: Mapping[str, str], *, seconds: int) -> Iterator[Json]:
        """Yield the events of a watch until the server ends it; it is asked to after `seconds`."""
        asked = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds), **query}
        response = self._open("GET", path, asked, None, None, read_timeout=seconds + 15, preload=False)
        try:
            if response.status != 200:  # noqa: PLR2004 - HTTP's own number
                raise api_error(response.status, response.data, response.headers)
            yield from self._events(response)
        finally:
            response.close()

    def _events(self, response: Response) -> Iterator[Json]:
        left = b""
        try:
            for chunk in response.stream(65536):
                *lines, left = (left + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield _decode(line, "application/json")
        except urllib3.exceptions.HTTPError as error:
            raise connection_failed(self.connection.server, error) from error

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        *,
        body: object = None,
        content: str | None = None,
    ) -> Json:
        for attempt in range(RETRIES + 1):
            connection = self.connection
            response = self._open(method, path, query, body, content)
            if response.status < 300:  # noqa: PLR2004 - HTTP's own number
                return _decode(response.data, response.headers.get("content-type", ""))
            error = api_error(response.status, response.data, response.headers)
            if error.status == UNAUTHORIZED and not attempt and self.renewed(connection):
                continue
            if attempt == RETRIES or not _asks_to_wait(error):
                raise error
            time.sleep(min(error.retry_after, LONGEST_WAIT))
        raise AssertionError

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        content: str | None,
        *,
        read_timeout: float | None = None,
        preload: bool = True,
    ) -> Response:
        headers = self._headers.copy()
        if content:
            headers["Content-Type"] = content
        url = self.connection.server + path + ("?" + urlencode(query, quote_via=quote) if query else "")
        limit = self.connection.request_timeout
        try:
            response: Response = self._pool.urlopen(  # type: ignore[assignment] # urllib3 1.26 and 2 name the class differently
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                preload_content=preload,
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(
                    connect=min(CONNECT_TIMEOUT, limit or CONNECT_TIMEOUT), read=read_timeout or limit
                ),
            )
        except urllib3.exceptions.HTTPError as error:
            raise connection_failed(self.connection.server, error) from error
        return response


def _asks_to_wait(error: ApiError) -> bool:
    return error.status in {429, 503} and error.retry_after > 0


def _decode(data: bytes, content_type: str) -> Json:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        kind = content_type.split(";", maxsplit=1)[0] or "no content type"
        raise ConnectionFailed(
            f"the server's answer is not JSON ({kind})",
            hint="is this the API server's address, or a proxy's login page?",
        ) from error
    if not isinstance(value, dict):
        raise ConnectionFailed("the server's answer is not a Kubernetes object")
    return value
