"""A hundred people at once: `make test-load`."""

import os
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Request
from tests.faults.machine import in_force
from tests.faults.wire import is_write
from tests.harness import MakeSandbox

SCRIPT = str(Path(sys.executable).with_name("kubectl-ipvs"))
MANY = 100
PATIENT = ("--settle", "0s", "--timeout", "5m", "--request-timeout", "5m", "--exec-timeout", "5m")
SCHEDULERS = ("lc", "rr", "sh", "wrr")


def wanted(at: int) -> tuple[str, ...]:
    """Give what process `at` asks for: a scheduler, or a timeout that nobody else asks for."""
    if at % 3 == 0:
        return ("--scheduler", SCHEDULERS[at // 3 % len(SCHEDULERS)])
    return ("--tcp-timeout", f"{at + 100}s", *(("--no-restart",) if at % 3 == 1 else ()))


def fields(text: str) -> dict[str, str]:
    """Give a configuration's lines by their keys, as far as they matter here; no scheduler means rr."""
    pairs = (line.strip().partition(": ") for line in text.splitlines())
    found = {key: value.strip('"') for key, _, value in pairs if key in {"scheduler", "tcpTimeout"}}
    return {**found, "scheduler": found["scheduler"] or "rr"}


@pytest.mark.load
@pytest.mark.timeout(580)
@pytest.mark.parametrize("apart", [0.0, 0.4])
def test_hundred_processes(apart: float, sandbox: MakeSandbox, tmp_path: Path) -> None:
    """Each set is in force in its turn or ends with exit 4; no update is lost, nothing hangs, no lease is left."""
    box = sandbox(nodes=3, loaded=SCHEDULERS)
    texts = [box.config]

    def hook(request: Request) -> None:
        if is_write(request):
            texts.append(box.config)

    box.hook = hook
    path = tmp_path / "config"
    path.write_text(box.kubeconfig())
    environment = {**os.environ, "KUBECONFIG": str(path)}
    began = time.monotonic()
    processes = []
    for at in range(MANY):
        words = [SCRIPT, "set", "-y", *wanted(at), *PATIENT]
        processes.append(subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
        time.sleep(apart)
    said = [process.communicate()[1].decode() for process in processes]
    codes = [process.returncode for process in processes]
    texts.append(box.config)

    print(f"{MANY} processes, {apart} s apart: {dict(Counter(codes))} in {time.monotonic() - began:.0f} s")  # noqa: T201 - the figures
    assert [(codes[at], wanted(at), said[at]) for at in range(MANY) if codes[at] not in {0, 4}] == []
    assert 0 in codes
    check_history(box, [wanted(at) for at in range(MANY) if codes[at] == 0], texts)


def check_history(box: Sandbox, done: list[tuple[str, ...]], texts: list[str]) -> None:
    """Assert that whoever ended with 0 was in force once, that each write changed its own field alone, and the end."""
    history = [fields(text) for text in texts]
    for flag, value, *_ in done:
        key = {"--tcp-timeout": "tcpTimeout", "--scheduler": "scheduler"}[flag]
        assert value in {entry[key] for entry in history}, (flag, value)
    assert [pair for pair in pairwise(history) if sum(pair[0][key] != pair[1][key] for key in pair[0]) > 1] == []
    assert box.objects("Lease") == []
    wrong = {node: name for node, name in box.schedulers().items() if name != in_force(box.config)}
    assert wrong == {}
