"""A bug of ours, wherever it is, shows a traceback without a secret in it."""

import sys
import threading
from types import FrameType

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.faults.test_secrets import key_of, shown
from tests.harness import Ipvs, MakeSandbox


class Crash:
    """Raises in the `at`-th call of a function of ours, as a bug there would; counts them all otherwise."""

    def __init__(self, at: int = -1) -> None:
        self.at, self.calls = at, 0

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Take Python's notice of a call."""
        if event != "call" or not str(frame.f_globals.get("__name__")).startswith("kubectl_ipvs."):
            return
        if frame.f_code.co_filename.endswith("main.py") or threading_of_box():
            return
        self.calls += 1
        if self.calls == self.at:
            raise RuntimeError("a bug \x1b]0;owned\x07")


def threading_of_box() -> bool:
    """Tell whether this is the sandbox's own thread."""
    return threading.current_thread() is not threading.main_thread()


def crashed(ipvs: Ipvs, box: Sandbox, crash: Crash) -> str:
    """Run `status -v=9` with a crash; give everything that was shown."""
    sys.setprofile(crash)
    try:
        run = ipvs(box, "status", "-v=9")
    except BaseException as error:  # noqa: BLE001 - before the entry point's own try
        return ascii(str(error))  # Python itself would show it
    finally:
        sys.setprofile(None)
    return run.out + run.err


# a bug inside a generator that nobody reads to its end is one that Python itself reports
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_traceback_of_a_bug(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Wherever a bug raises, its traceback is shown, safe for a terminal, and holds no secret."""
    box = sandbox(nodes=1)
    path_key = key_of(box)
    crashed(ipvs, box, Crash())  # the second run has less to do: modules and the configuration's text are known
    count = Crash()
    crashed(ipvs, box, count)

    texts = [crashed(ipvs, box, Crash(at)) for at in range(1, count.calls, max(1, count.calls // 25))]

    assert [shown(text, box.token, path_key) for text in texts if shown(text, box.token, path_key)] == []
    assert sum("Traceback" in text for text in texts) > 12
    assert {char for text in texts for char in text if not char.isprintable()} == {"\n"}
