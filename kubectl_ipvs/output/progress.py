"""What a rollout shows while it goes on: a live table on a terminal, a line a node and phase elsewhere."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from kubectl_ipvs.operations.noderun import IN_FLIGHT, NodeRun
from kubectl_ipvs.output.printable import cell

MOST_ROWS = 15
TABLE, STAYS_UP = "looking at the kernel's table", "waiting whether it stays up"  # how a node is proved
WORDS = {
    "queued": "waiting for the DaemonSet",
    "restarting": "deleting its pod",
    "starting": "waiting for its new pod",
    "held": "holds",
    "failed": "failed",
    "abandoned": "let go of",
    "waiting": "not begun",
}


class Progress(Protocol):
    """Is told of every change of phase, between `start` and `stop`."""

    def start(self, total: int) -> None:
        """Begin to show a run over `total` nodes."""

    def stop(self) -> None:
        """End; the screen is as it was."""

    def __call__(self, run: NodeRun) -> None:
        """Show that a node has come to another phase."""


class Lines:
    """One line for each node and phase."""

    def __init__(self, say: Callable[[str], None], proof: str = TABLE) -> None:
        self._say, self._proof = say, proof

    def start(self, total: int) -> None:
        """Nothing to begin."""

    def stop(self) -> None:
        """Nothing to end."""

    def __call__(self, run: NodeRun) -> None:
        """Write the line."""
        self._say(f"{run.node}: {_words(run, self._proof)}")


class Live:
    """A table of the nodes in flight and those that ended last, drawn anew by rich (loaded for it alone)."""

    def __init__(self, proof: str = TABLE) -> None:
        self._proof = proof
        self._runs: dict[str, NodeRun] = {}
        self._total = 0
        self._live: Any = None

    def start(self, total: int) -> None:
        """Take the lower part of the terminal."""
        from rich.console import Console
        from rich.live import Live as RichLive

        self._total, self._runs = total, {}
        console = Console(stderr=True, highlight=False)
        self._live = RichLive(get_renderable=self._draw, console=console, refresh_per_second=4, transient=True)
        self._live.start()

    def stop(self) -> None:
        """Give it back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __call__(self, run: NodeRun) -> None:
        """Keep the node's place: what moved last stands last."""
        self._runs.pop(run.node, None)
        self._runs[run.node] = run

    def _draw(self) -> Any:  # noqa: ANN401 - rich's own type, loaded late
        from rich.text import Text

        runs = list(self._runs.values())
        done = sum(run.phase == "held" for run in runs)
        flying = [run for run in runs if run.phase in IN_FLIGHT]
        ended = [run for run in runs if run.phase not in IN_FLIGHT][-max(0, MOST_ROWS - len(flying)) :]
        shown = (ended + flying)[-MOST_ROWS:]
        rows = [f"{cell(run.node):<24} {_words(run, self._proof)} {_took(run)}" for run in shown]
        return Text("\n".join([*rows, f"{done} of {self._total} nodes hold, {len(flying)} in flight"]))


def _words(run: NodeRun, proof: str) -> str:
    if run.phase == "restarting" and run.old is not None:
        return f"deleting pod {run.old.name}"
    if run.phase == "proving" and run.new is not None:
        return f"pod {run.new.name} is ready, {proof}"
    if run.phase == "held":
        how = "its table was seen" if run.seen else "its table cannot be read" if run.blind else "its pod stays up"
        return f"holds: {how} ({run.ended - run.began:.1f}s)"
    return WORDS.get(run.phase, run.phase) + (f": {run.reason}" if run.reason else "")


def _took(run: NodeRun) -> str:
    return f"({time.monotonic() - run.began:.0f}s)" if run.phase in IN_FLIGHT else ""
