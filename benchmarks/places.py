"""Where is measured: the sandbox, or the scale mode: a real kube-apiserver with stub kubelets.

Both are processes of their own; a row asks for a cluster of a shape and gets a Server.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from measure import Server, environment

HERE = Path(__file__).parent
SCALE = str(HERE / "scale" / "scale")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a cluster has; `latency` is an exec's, times are seconds. `fail` is how the first node fails, if it does."""

    nodes: int
    services: int = 100
    endpoints: int = 4
    latency: float = 0.0
    terminate: float = 0.5
    start: float = 0.5
    sync: float = 0.1
    fail: str = ""


class Place(Protocol):
    """A kind of cluster to measure against; `failures` are the ways in which one of its nodes can fail."""

    name: str
    failures: tuple[str, ...]

    @property
    def title(self) -> str:
        """Say what it is, in the report."""

    def server(self, shape: Shape) -> "Context":
        """Start a cluster of this shape."""

    def close(self) -> None:
        """End what still runs."""


class Context(Protocol):
    """What `server` returns."""

    def __enter__(self) -> Server: ...
    def __exit__(self, *reason: object) -> bool | None: ...


@dataclass(slots=True)
class InSandbox:
    """A new sandbox for every row."""

    name: str = "sandbox"
    title: str = "the sandbox"
    failures: tuple[str, ...] = ("hang", "exec-refused", "slow=3600")

    @contextmanager
    def server(self, shape: Shape) -> Iterator[Server]:
        """Start one; it ends with the block."""
        options = {"nodes": shape.nodes, "services": shape.services, "endpoints": shape.endpoints}
        options["faults"] = {"node1": shape.fail} if shape.fail else {}
        times = {"terminate": shape.terminate, "start": shape.start, "sync": shape.sync, "exec_latency": shape.latency}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "kubeconfig"
            words = [sys.executable, str(HERE / "box.py"), str(path), json.dumps({**options, **times})]
            pipe = subprocess.PIPE
            with subprocess.Popen(words, env=environment(), stdin=pipe, stdout=pipe, text=True) as process:
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdout.readline()
                questions, answers = process.stdin, process.stdout

                def counters() -> Mapping[str, int]:
                    questions.write("\n")
                    questions.flush()
                    found: Mapping[str, int] = json.loads(answers.readline())
                    return found

                try:
                    yield Server(str(path), counters)
                finally:
                    questions.close()

    def close(self) -> None:
        """Nothing is left over."""


@dataclass(slots=True)
class InScale:
    """One API server for all rows; the stub kubelets are started anew for each."""

    name: str = "scale"
    failures: tuple[str, ...] = field(default=("hang", "down", "stall"))

    @property
    def title(self) -> str:
        """Say which API server it is."""
        return f"a real kube-apiserver {scale('version')} with stub kubelets"

    def able(self) -> str:
        """Return why this machine cannot run it; nothing where it can."""
        done = subprocess.run([SCALE, "able"], capture_output=True, text=True, check=False, env=_with_python())
        return done.stdout.strip() if done.returncode else ""

    @contextmanager
    def server(self, shape: Shape) -> Iterator[Server]:
        """Bring it to this shape; it goes on running."""
        options = {"services": shape.services, "reals": shape.endpoints, "latency": shape.latency}
        options |= {"terminate": shape.terminate, "ready": shape.start, "sync": shape.sync}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        words += ["--fail", f"{shape.fail}=1"] if shape.fail else []
        scale("up", str(shape.nodes), *words)
        yield Server(scale("kubeconfig"), lambda: json.loads(scale("counters")))

    def close(self) -> None:
        """Stop it."""
        scale("down")


def scale(*words: str) -> str:
    """Run `scale WORDS`; return what it printed; SystemExit where it fails."""
    done = subprocess.run([SCALE, *words], stdout=subprocess.PIPE, text=True, check=False, env=_with_python())
    if done.returncode:
        raise SystemExit(f"scale {' '.join(words)} ended with {done.returncode}")
    return done.stdout.strip()


def _with_python() -> Mapping[str, str]:
    return {**environment(), "PYTHON": sys.executable}


PLACES: tuple[Place, ...] = (InSandbox(), InScale())


def place(name: str) -> Place:
    """Return the place of this name."""
    return next(found for found in PLACES if found.name == name)
