"""Calls what is late: one thread for all deadlines. A timer each would cost an exec more CPU than its handshake."""

import time
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from threading import Condition, Thread

SPARE = 1000  # deadlines that were dropped and are still in the heap, before it is cleared of them


class Deadlines:
    """Deadlines by time.monotonic(); the thread starts with the first one and ends with the process."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._calls: dict[int, Callable[[], None]] = {}
        self._numbers = count()
        self._changed = Condition()
        self._running = False

    def add(self, deadline: float, call: Callable[[], None]) -> int:
        """Have `call` called at `deadline`, in the other thread, unless its number is dropped before.

        It must neither block nor raise.
        """
        with self._changed:
            number = next(self._numbers)
            self._calls[number] = call
            if len(self._heap) > len(self._calls) + SPARE:
                self._heap = [entry for entry in self._heap if entry[1] in self._calls]
                heapify(self._heap)
            heappush(self._heap, (deadline, number))
            if not self._running:
                self._running = True
                Thread(target=self._watch, name="deadlines", daemon=True).start()
            elif self._heap[0][1] == number:
                self._changed.notify()
        return number

    def drop(self, number: int) -> None:
        """Forget a deadline that was kept; its place in the heap goes when its time comes."""
        with self._changed:
            self._calls.pop(number, None)

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._heap or self._heap[0][0] > time.monotonic():
                    self._changed.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
                _, number = heappop(self._heap)
                call = self._calls.pop(number, None)
            if call is not None:
                call()
