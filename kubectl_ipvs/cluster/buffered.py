"""A TLS socket that asks OpenSSL for a whole record even when its reader wants one byte.

websocket-client reads the answer to its upgrade byte by byte: 160 calls into OpenSSL for each exec without this.
"""

import errno
import ssl

UNCONNECTED = {errno.ENOTCONN, errno.EINVAL}
RECORD = 16384  # bytes; the largest of TLS


class BufferedSocket(ssl.SSLSocket):
    """What SSLContext.wrap_socket returns once it is the context's sslsocket_class.

    `recv` alone is buffered. urllib3 reads by recv_into; nobody may use both on one connection.
    """

    _held = b""
    _at = 0

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Return up to `buflen` bytes, b"" at the end."""
        start = self._at
        if start >= len(self._held):
            self._held, start = self._record(max(RECORD, buflen), flags), 0
        self._at = start + buflen
        return self._held[start : self._at]

    def _record(self, most: int, flags: int) -> bytes:
        try:
            return super().recv(most, flags)
        except OSError as error:
            # A connection that was reset before its handshake: wrap_socket asks it for a byte, raises, and leaves it
            # open to nobody (seen in CPython 3.11).
            if error.errno not in UNCONNECTED and self.version() is None:
                self.close()
            raise
