"""The text that was asked for is written, or it is said that it is not; and a record of it (B3, B13, by reading)."""

import time
from pathlib import Path
from typing import Any

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Request
from tests.faults.wire import is_write
from tests.harness import BRISK, Ipvs, MakeSandbox
from tests.review.given import ended, press_ctrl_c, restarted, started, until


def test_a_revert_that_no_table_shows(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B3: somebody puts the text back while the nodes restart: exit 3 or 4, and said, though every pod stays up."""
    box = sandbox()
    box.fault("cluster", "revert=0.1")
    before = box.config

    run = ipvs(box, "set", "--strict-arp", *BRISK)

    assert (run.code in {3, 4}, box.config) == (True, before), run.err
    assert "changed by somebody else" in run.err
    assert "undo with" not in run.err


def test_somebody_wrote_the_very_same_text(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """B13: the same text from another hand is no record of ours: `undo` is offered only where it works."""
    box = sandbox(nodes=2)

    def hook(request: Request) -> None:
        if is_write(request):
            box.hook = None
            box.set_config(box.config.replace('scheduler: ""', 'scheduler: "lc"'))

    box.hook = hook
    run = ipvs(box, "set", "--scheduler", "lc", *BRISK)
    undo = ipvs(box, "undo", *BRISK)

    offered = "kubectl ipvs undo" in run.err
    assert (run.code, offered) == (0, undo.code == 0), (run.err, undo.err)


def test_an_object_that_never_rests(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """By reading: where each of our writes meets another one, the attempts have pauses and an end."""
    box = sandbox(nodes=1)
    box.edit("ConfigMap", "kube-system", "kube-proxy", lambda obj: obj["metadata"].pop("annotations", None))
    box.hook = lambda request: _labelled(box, request)
    began = time.monotonic()

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0.2s", "--timeout", "3s")

    tries = sum(seen.method == "PATCH" and seen.path.endswith("configmaps/kube-proxy") for seen in box.requests)
    assert (run.code != 0, restarted(box), "Traceback" in run.err) == (True, {}, False)
    assert (time.monotonic() - began < 15, 1 < tries < 30) == (True, True), tries


def _labelled(box: Sandbox, request: Request) -> None:
    if is_write(request) and request.path.endswith("configmaps/kube-proxy"):

        def change(obj: dict[str, Any]) -> None:
            obj["metadata"].setdefault("labels", {})["other"] = str(request.number)

        box.edit("ConfigMap", "kube-system", "kube-proxy", change)


def test_ctrl_c_twice_in_the_write(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """By reading: a write that is cut off by a second Ctrl-C is said to be of unknown outcome, with what tells it."""
    box = sandbox(nodes=1)
    box.swallow("patch", "configmaps")

    with started(box, tmp_path, "set", "--scheduler", "lc", "-y") as process:
        until(lambda: any(seen.method == "PATCH" for seen in box.requests))
        time.sleep(0.2)
        press_ctrl_c(process)
        time.sleep(0.5)
        assert process.poll() is None
        press_ctrl_c(process)
        run = ended(process)

    assert (run.code, "Ctrl-C again" in run.err, restarted(box)) == (130, True, {}), run.err
    assert "may have been written" in run.err
    assert "kubectl ipvs get" in run.err
