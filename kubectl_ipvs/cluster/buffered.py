"""A TLS socket that asks OpenSSL for a whole record even when its reader wants one byte.

websocket-client reads the answer to its upgrade byte by byte: 160 calls into OpenSSL for each exec without this.
"""

import ssl

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
            self._held, start = super().recv(max(RECORD, buflen), flags), 0
        self._at = start + buflen
        return self._held[start : self._at]
