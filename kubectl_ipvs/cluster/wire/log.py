"""What -v=6 to -v=9 show of every request, REST and exec: kubectl's levels, and never a secret.

6: method, URL, status, milliseconds. 7: and the headers. 8: and the bodies, 1024 characters of each. 9: whole bodies.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import NamedTuple

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.access.masked_repr import shown
from kubectl_ipvs.cluster.wire.redaction import header, known_secrets, redacted

REQUESTS, HEADERS, BODIES, WHOLE_BODIES = 6, 7, 8, 9
LONGEST_BODY = 1024  # characters, as in kubectl
Headers = Iterable[tuple[str, str]]


class WireLog(NamedTuple):
    """Writes whole entries through `write`, from any thread; a level below 6 writes nothing."""

    level: int = 0
    write: Callable[[str], object] = lambda _: None

    def request(self, connection: Connection, method: str, url: str, headers: Headers, body: str = "") -> "Exchange":
        """Note that a request goes out; what is returned takes its answer."""
        secrets = known_secrets(connection) if self.level >= REQUESTS else ()
        exchange = Exchange(self, secrets, method, url, time.monotonic())
        if self.level >= HEADERS:
            exchange.tell([f"{method} {url}", *_lines("Request Headers", headers)])
            exchange.body("Request Body", body)
        return exchange


class Exchange(NamedTuple):
    """One request under way."""

    log: WireLog
    secrets: tuple[str, ...]
    method: str
    url: str
    began: float  # seconds, monotonic

    def __repr__(self) -> str:
        return shown(self, {"secrets"})

    def answered(self, status: int, headers: Mapping[str, str] | Headers = (), body: bytes | str = "") -> None:
        """Note the answer."""
        if self.log.level < REQUESTS:
            return
        lines = [f"{self.method} {self.url} {status} {_phrase(status)} in {self._took} milliseconds"]
        if self.log.level >= HEADERS:
            lines += _lines("Response Headers", headers.items() if isinstance(headers, Mapping) else headers)
        self.tell(lines)
        self.body("Response Body", body)

    def failed(self, problem: object) -> None:
        """Note that there was no answer."""
        if self.log.level >= REQUESTS:
            self.tell([f"{self.method} {self.url} failed in {self._took} milliseconds: {problem}"])

    def body(self, title: str, body: bytes | str) -> None:
        """Note a body, or a part of one that comes in parts; secrets go before it is cut, so that none is halved."""
        if self.log.level < BODIES or not body:
            return
        text = redacted(body.decode(errors="replace") if isinstance(body, bytes) else body, self.secrets)
        more = len(text) - LONGEST_BODY
        if self.log.level < WHOLE_BODIES and more > 0:
            text = f"{text[:LONGEST_BODY]} [truncated {more} chars]"
        self.log.write(f"{title}: {text}")

    def tell(self, lines: list[str]) -> None:
        """Write lines as one entry."""
        self.log.write("\n".join(redacted(line, self.secrets) for line in lines))

    @property
    def _took(self) -> int:
        return int((time.monotonic() - self.began) * 1000)


def _lines(title: str, headers: Headers) -> list[str]:
    return [f"{title}:", *(f"    {name}: {header(name, value)}" for name, value in headers)]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
