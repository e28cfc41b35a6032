"""One call an item, many at a time."""

import threading
import time

import pytest

from kubectl_ipvs.operations.support.fanout import fan_out

PATIENCE = 10.0  # seconds after which a test gives up on another thread


def test_no_items() -> None:
    """Nothing comes of nothing, and no thread is started."""
    before = threading.active_count()
    assert (list(fan_out(str, [], 3)), threading.active_count()) == ([], before)


@pytest.mark.parametrize("concurrency", [1, 3, 100])
def test_every_item_once(concurrency: int) -> None:
    """Each item has its result, None included."""
    found = list(fan_out(lambda number: None if number == 5 else number, range(20), concurrency))
    assert sorted(-1 if number is None else number for number in found) == sorted({*range(20), -1} - {5})


def test_one_at_a_time_keeps_the_order() -> None:
    """With one thread the results come as the items do."""
    assert list(fan_out(str, range(9), 1)) == [str(number) for number in range(9)]


def test_results_come_as_they_end() -> None:
    """A slow item does not hold back a quick one."""
    quick_seen = threading.Event()

    def work(name: str) -> str:
        if name == "slow":
            assert quick_seen.wait(PATIENCE)
        return name

    results = fan_out(work, ["slow", "quick"], 2)
    first = next(results)
    quick_seen.set()
    assert [first, *results] == ["quick", "slow"]


def test_no_more_than_asked_run_together() -> None:
    """Three run at once when three may, and never a fourth."""
    lock, full = threading.Lock(), threading.Barrier(3, timeout=PATIENCE)
    running, most = 0, 0

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait()  # until three are here
        time.sleep(0.01)
        with lock:
            running -= 1
        return number

    assert (sorted(fan_out(work, range(9), 3)), most) == (list(range(9)), 3)


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt()])
def test_a_bug_is_raised_here(error: BaseException) -> None:
    """What comes out of `work` reaches the caller's thread as it was."""

    def work(number: int) -> int:
        if number == 1:
            raise error
        return number

    results = fan_out(work, range(3), 1)
    assert next(results) == 0
    with pytest.raises(type(error)) as raised:
        next(results)
    assert raised.value is error


def test_threads_do_not_hold_the_program() -> None:
    """Workers are daemons: an interrupted run ends though one of them still waits."""
    ended = threading.Event()
    daemons = fan_out(lambda _: (threading.current_thread().daemon, ended.wait(PATIENCE))[0], range(2), 2)
    ended.set()
    assert list(daemons) == [True, True]
