"""One call a node, many at a time, results as they come.

Daemon threads, not an executor: an interrupt must end the program at once, not after the slowest node's timeout.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def fan_out(work: Callable[[Item], Result], items: Sequence[Item], concurrency: int) -> Iterator[Result]:
    """Yield `work(item)` for every item, in the order in which they end; at most `concurrency` run together.

    `work` turns its own failures into results. An exception out of it is a bug and is raised here.
    """
    waiting: queue.SimpleQueue[Item] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)

    def worker() -> None:
        while True:
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((work(item), None))
            except BaseException as error:  # noqa: BLE001 - carried to the caller's thread, raised there
                done.put((None, error))

    for _ in range(min(concurrency, len(items))):
        threading.Thread(target=worker, daemon=True).start()
    for _ in items:
        result, error = done.get()
        if error is not None:
            raise error
        yield result  # type: ignore[misc] # None only beside an error


def together(calls: Sequence[Callable[[], object]]) -> None:
    """Make calls at the same time; the first failure is raised."""
    if len(calls) == 1:
        calls[0]()
        return
    for _ in fan_out(lambda call: call(), calls, max(1, len(calls))):
        pass
