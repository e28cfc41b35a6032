"""One cell of the matrix: a command run under a fault, and what came of it, without what differs each time."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubectl_ipvs.proxy.config import last_change as lastchange
from kubectl_ipvs.sandbox import Options, Sandbox
from kubectl_ipvs.sandbox.nodes.layouts import configuration
from tests.faults.fault import JOINED, Fault
from tests.faults.rows import FAULTS
from tests.harness import QUICK, Ipvs, Run, agreed

COMMANDS = {
    "get": ("get",),
    "status": ("status",),
    "set": ("set", "--scheduler", "lc"),
    "restart": ("restart",),
    "undo": ("undo",),
}
LOOKS = 4
EXPECTED = Path(__file__).with_name("expected.json")
CHANGING = ("set", "restart", "undo")
UNSET, SET = (configuration(Options(scheduler=name)) for name in ("", "lc"))
ASKED = {"set": ('scheduler: ""', 'scheduler: "lc"'), "undo": ("scheduler: lc", 'scheduler: ""')}
RECORD = lastchange.record(UNSET, SET, {"scheduler": {"from": "", "to": "lc"}}, "2026-01-01T00:00:00Z").write()
# Of 1.34 preflight says nothing by itself; an image with ipvsadm is read by one exec.
OLDER = {"version": "v1.34.2", "image": "ipvsadm"}
FAST = {**QUICK, **OLDER, "nodes": 1, "services": 0, "terminate": 0.02, "start": 0.02, "sync": 0.0}
BEFORE_UNDO = {"scheduler": "lc", "annotations": {lastchange.ANNOTATION: RECORD}}
SKEWED = (
    "import sys, time; real = time.time; time.time = lambda: real() + {}; "
    "from kubectl_ipvs.cli.main import main; sys.exit(main(sys.argv[1:]))"
)


WRONG = re.compile(r"warning|node\d: (?!verified|deleting|waiting|queued|pod |kube-proxy|attempt)")


@dataclass(frozen=True)
class Cell:
    """Exit code, what the user sees first of it, and what is left behind."""

    code: int
    said: str
    left: str


def observe(name: str, command: str, ipvs: Ipvs, folder: Path) -> Cell:
    """Run a command under a fault."""
    fault = FAULTS[name]
    options = {**FAST, **(BEFORE_UNDO if command == "undo" else {}), **fault.options}
    world = {"world": listed(fault.world(Options(**options)))} if fault.world else {}
    with Sandbox(**options, **world) as box:
        before = texts(box)
        fault.arrange(box)
        if all(texts(box).values()):
            before = texts(box)
        timeout = "2s" if fault.hopeless else "20s"
        pace = ("--settle", "0s", "--timeout", timeout, *fault.pace) if command in CHANGING else ()
        words = (*COMMANDS[command], *pace, *fault.flags)
        run = skewed(box, fault, folder, *words) if fault.skew else ipvs(box, *words)
        return Cell(
            run.code,
            re.sub(*fault.loose, telling(run, box)) if fault.loose[0] else telling(run, box),
            left(box, before, command),
        )


def listed(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Give objects as one List, as kubectl prints them."""
    return {"apiVersion": "v1", "kind": "List", "items": objects}


def texts(box: Sandbox) -> dict[str, str]:
    """Give the text of each configuration that a kube-proxy reads, by its place."""
    return box.configurations or {"": box.config}


def skewed(box: Sandbox, fault: Fault, folder: Path, *words: str) -> Run:
    """Run it in a process whose clock is wrong."""
    path = folder / "kubeconfig"
    path.write_text(box.kubeconfig())
    program = [sys.executable, "-c", SKEWED.format(fault.skew), *agreed(words)]
    environment = {**os.environ, "KUBECONFIG": str(path)}
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=28, env=environment)
    return Run(done.returncode, done.stdout, done.stderr)


def telling(run: Run, box: Sandbox) -> str:
    """Give the line that says what is wrong: an error, else a warning or a node's; the last line where nothing is.

    The table and the summary of `status` are on stdout, and so are its nodes' reasons.
    """
    summary = [line for line in run.out.splitlines() if "   " not in line and " in sync" in line]
    lines = [*run.err.splitlines(), *summary]
    reasons = [line for line in run.out.splitlines() if re.match(r"node\d: ", line)]
    errors = [line for line in lines if line.startswith("error")]
    wrong = [line for line in (*lines, *reasons) if WRONG.match(line)]
    chosen = (errors or wrong or lines[-1:] or ["(nothing)"])[0]
    return normalised(chosen, box)


def normalised(text: str, box: Sandbox) -> str:
    """Take out ports, pods' names and seconds."""
    text = text.replace(box.url.removeprefix("https://"), "SERVER")
    text = re.sub(r"kube-proxy-[a-z0-9]{5}\b", "POD", text)
    text = re.sub(r"\b\d+(\.\d+)?s\b", "N s", text)
    return re.sub(r"\b\d{4}-\d\d-\d\dT[\d:]+Z", "TIME", text)


def left(box: Sandbox, before: dict[str, str], command: str) -> str:
    """Say what the run left: the texts, what the kernels do, how many pods are new, a lease that nobody needs."""
    now = box.configurations or dict.fromkeys(before, box.config)
    states = sorted({_state(now.get(place, ""), text, command) for place, text in before.items()})
    here = {node["metadata"]["name"] for node in box.objects("Node")} - ({JOINED} if command not in CHANGING else set())
    settled(box)
    kernels = ", ".join(sorted({name or "nothing" for node, name in box.schedulers().items() if node in here}))
    restarts = sum(box.restarts.values())
    parts = [f"configuration {' and '.join(states)}", f"kernels {kernels}"]
    parts += [f"pods replaced: {restarts}"] if restarts else []
    parts += ["lease left"] if box.objects("Lease") else []
    return ", ".join(parts)


def settled(box: Sandbox) -> None:
    """Wait until the kernels stay as they are: a run that could not see one ends while kube-proxy still changes it."""
    seen: list[dict[str, str | None]] = []
    deadline = time.monotonic() + 3
    while len(seen) < LOOKS or any(each != seen[-1] for each in seen[-LOOKS:]):
        assert time.monotonic() < deadline, f"kernels that never stay as they are: {seen[-LOOKS:]}"
        seen.append(dict(box.schedulers()))
        time.sleep(0.03)


def _state(text: str, before: str, command: str) -> str:
    wanted = before.replace(*ASKED.get(command, ("", "")))
    somebody = before.replace("minSyncPeriod: 0s", "minSyncPeriod: 1s")
    webhook = re.sub(r"(?m)^( *scheduler:).*$", r"\1 rr", before)
    states = {webhook: "as the webhook stores it", somebody: "as somebody else left it", wanted: "as asked"}
    states |= {"": "gone", before: "as before"}
    return states.get(text, f"OTHER: {text}")


def loaded(path: Path) -> dict[str, dict[str, Cell]]:
    """Read the expectations."""
    plain = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: {command: Cell(*cell) for command, cell in row.items()} for name, row in plain.items()}


def dumped(cells: dict[str, dict[str, Cell]]) -> str:
    """Write cells as the file of expectations has them."""
    plain = {
        name: {command: [cell.code, cell.said, cell.left] for command, cell in row.items()}
        for name, row in cells.items()
    }
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"
