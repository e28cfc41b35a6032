"""TLS for many short connections to one server: an exec each, of which the handshake is a third of the cost.

The first connection's session is resumed by all others, where the server gives tickets, as every kube-apiserver does.
websocket-client reads the answer to its upgrade byte by byte, 160 calls down to OpenSSL; it is given lines instead.
"""

import errno
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

UNCONNECTED = {errno.ENOTCONN, errno.EINVAL}
RECORD = 16384  # bytes; the largest of TLS
LONGEST_HEAD = 1024 * 1024  # bytes; kube-apiserver's are 160


class ResumingContext(ssl.SSLContext):
    """A client's context for one server under one name: a session says that its certificate was checked."""

    session: ssl.SSLSession | None = None

    def wrap_socket(self, *arguments: Any, **options: Any) -> ssl.SSLSocket:  # noqa: ANN401 - as its parent has them
        """Connect as the session says that was learnt last; the server may want a whole handshake all the same."""
        return super().wrap_socket(*arguments, **{"session": self.session, **options})


class BufferedSocket(ssl.SSLSocket):
    """What SSLContext.wrap_socket returns once it is the context's sslsocket_class.

    `recv` alone is buffered, for websocket-client. urllib3 reads by recv_into; nobody may use both on one connection.
    """

    _held = b""
    _at = 0
    _head = 0  # bytes given out as lines; -1: that is over
    _learnt = False

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Return up to `buflen` bytes, b"" at the end.

        As long as one byte at a time is wanted, which is how websocket-client looks for the end of a line, it is the
        text up to the next line feed, or that line feed. Raises ValueError when that goes on for too long.
        """
        start = self._at
        if start >= len(self._held):
            self._held, start = self._record(max(RECORD, buflen), flags), 0
        if buflen == 1 and self._head >= 0:
            end = self._held.find(b"\n", start)
            self._at = len(self._held) if end < 0 else max(end, start + 1)
            self._head += self._at - start
            if self._head > LONGEST_HEAD:
                raise ValueError("its head does not end")
        else:
            self._head, self._at = -1, start + buflen
        return self._held[start : self._at]

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int | None = None, flags: int = 0) -> int:
        """Read into `buffer`; return the number of bytes."""
        read = super().recv_into(buffer, nbytes, flags)
        if not self._learnt:
            self._learn()
        return read

    def _learn(self) -> None:
        """Keep a new session. In TLS 1.3 its ticket comes after the handshake, with the first bytes that are read."""
        self._learnt = True
        session = None if self.session_reused else self.session
        if session is not None and session.has_ticket and isinstance(self.context, ResumingContext):
            self.context.session = session

    def _record(self, most: int, flags: int) -> bytes:
        try:
            record = super().recv(most, flags)
        except OSError as error:
            # A connection that was reset before its handshake: wrap_socket asks it for a byte, raises, and leaves it
            # open to nobody (seen in CPython 3.11).
            if error.errno not in UNCONNECTED and self.version() is None:
                self.close()
            raise
        if not self._learnt:
            self._learn()
        return record
