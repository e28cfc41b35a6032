"""The text of one answer that has files in front of the table: which part is which."""

from collections.abc import Callable

TITLE = b"IP Virtual Server version "  # the first line of either format, and of no other file


class KeptText:
    """Keeps a node's whole answer, which has the table last; `table` is told of that alone.

    `before`: what stands before the table's title; `listing`: the table itself, b"" where there is none. Both are there
    after `finish`.
    """

    def __init__(self, table: Callable[[bytes], None]) -> None:
        self._table = table
        self._chunks: list[bytes] = []
        self.before = self.listing = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next piece."""
        self._chunks.append(chunk)

    def finish(self) -> None:
        """Part the answer, and tell of the table."""
        whole = b"".join(self._chunks)
        self._chunks = []
        at = 0 if whole.startswith(TITLE) else whole.find(b"\n" + TITLE) + 1
        if at or whole.startswith(TITLE):
            self.before, self.listing = whole[:at], whole[at:]
            self._table(self.listing)
        else:
            self.before = whole
