"""A WebSocket that stays within one deadline and one amount of bytes, whatever pieces the peer sends them in."""

import socket
import time
from contextlib import suppress
from typing import Any

import websocket

from kubectl_ipvs.cluster.wire.deadlines import Deadlines
from kubectl_ipvs.cluster.wire.dial import Dialer

HEADS = 4  # a frame of one byte of output is four bytes on the wire: such a peer is slow, not hostile
SLACK = 1024 * 1024  # bytes of handshake, stderr and status
# what websocket-client lets through for a handshake's answer that makes no sense: a length that is no number
STUMBLES = (ValueError, ArithmeticError, LookupError, AttributeError, TypeError, MemoryError)
SOON = 0.1  # s
DEADLINES = Deadlines()


class TooMuchError(Exception):
    """More bytes came than may."""


class Channel(websocket.WebSocket):
    """The client's end; every method ends by the deadline, or raises.

    One guard looks at the clock for all reads: a timeout for each is a system call that lets go of the interpreter,
    which the other threads are waiting for (a dozen an exec of 100 services, as strace counts them).
    """

    def __init__(self, deadline: float, most: int, **options: Any) -> None:  # noqa: ANN401 - websocket-client's own
        super().__init__(skip_utf8_validation=True, enable_multithread=False, **options)
        self.deadline = deadline
        self._left = most * HEADS + SLACK
        self._late = False
        self._guard = 0
        self._over = False
        self._opened: socket.socket | None = None  # what lies below, to be cut when it is late

    def open(self, url: str, dialer: Dialer, **options: Any) -> None:  # noqa: ANN401 - as above
        """Connect and shake hands."""
        left = max(0.0, self.deadline - time.monotonic())
        self._guard = DEADLINES.add(self.deadline, self._cut)
        try:
            ready = dialer.dial(left, self._keep)
            ready.settimeout(left)
            self.connect(url, socket=ready, **options)  # type: ignore[no-untyped-call] # websocket-client is typed in part
        except (websocket.WebSocketException, OSError, *STUMBLES) as error:
            self._unguard()
            if self._late:
                raise TimeoutError from error
            raise

    def _keep(self, opened: socket.socket) -> None:
        self._opened = opened
        if self._late:
            raise TimeoutError

    def shutdown(self) -> None:
        """Close the connection at once."""
        self._unguard()
        super().shutdown()  # type: ignore[no-untyped-call] # as above
        if self._opened is not None:  # which websocket-client leaves open where TLS is within TLS
            self._opened.close()

    def _unguard(self) -> None:
        self._over = True
        DEADLINES.drop(self._guard)

    def _cut(self) -> None:
        self._late = True
        held = self._opened
        if held is not None and held.fileno() >= 0:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
        elif not self._over:  # between two sockets, or none is open yet
            self._guard = DEADLINES.add(time.monotonic() + SOON, self._cut)

    def _recv(self, bufsize: int) -> bytes:
        try:
            received: bytes = super()._recv(bufsize)  # type: ignore[no-untyped-call] # as above
        except (websocket.WebSocketException, OSError) as error:
            if self._late:
                raise TimeoutError from error
            raise
        if self._late:
            raise TimeoutError
        self._left -= len(received)
        if self._left < 0:
            raise TooMuchError
        return received
