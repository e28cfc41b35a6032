"""What a rollout shows while it goes on: a live table on a terminal, a line a node and phase elsewhere."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from kubectl_ipvs.operations.change.plan import Plan
from kubectl_ipvs.operations.rollout.node import IN_PROGRESS, NodeRun
from kubectl_ipvs.output.plan_text import duration
from kubectl_ipvs.output.printable import cell

MOST_ROWS, SPARE = 12, 4  # rows of nodes at most; lines of a terminal that are left to the sum and to what stays
WORDS = {
    "queued": "waiting for the DaemonSet",
    "deleting": "deleting its pod",
    "starting": "waiting for its new pod",
    "failed": "failed",
    "abandoned": "abandoned",
    "pending": "pending",
}


class Progress(Protocol):
    """Is told of every change of phase, between `start` and `stop`."""

    def start(self) -> None:
        """Begin to show a run."""

    def stop(self) -> None:
        """End; the screen is as it was, but for what has to stay."""

    def say(self, text: str) -> None:
        """Write a line that stays."""

    def rolls_back(self, nodes: int) -> None:
        """Begin to count anew: so many nodes are rolled back."""

    def __call__(self, run: NodeRun) -> None:
        """Show that a node has come to another phase."""


class Lines:
    """One line for each node and phase."""

    def __init__(self, say: Callable[[str], None], plan: Plan) -> None:
        self.say, self._settle = say, plan.options.pace.settle

    def start(self) -> None:
        """Nothing to begin."""

    def stop(self) -> None:
        """Nothing to end."""

    def rolls_back(self, nodes: int) -> None:
        """Nothing is counted."""

    def __call__(self, run: NodeRun) -> None:
        """Write the line."""
        self.say(f"{run.node}: {told(run, self._settle)}")


class Live:
    """The nodes in progress, the longest-waiting first, and the sum of all; drawn anew by rich (loaded for it alone).

    What failed is written above it as it happens, and stays.
    """

    def __init__(self, say: Callable[[str], None], plan: Plan) -> None:
        self._say, self._settle = say, plan.options.pace.settle
        self._runs: dict[str, NodeRun] = {}
        self._total, self._seconds, self._batch = len(plan.targets), plan.seconds, 2 * plan.at_once
        self._began, self._rolling = 0.0, False
        self._console: Any = None
        self._live: Any = None

    def start(self) -> None:
        """Take the lower part of the terminal."""
        from rich.console import Console
        from rich.live import Live as RichLive

        self._runs, self._began = {}, time.monotonic()
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._live = RichLive(get_renderable=self._draw, console=self._console, refresh_per_second=4, transient=True)
        self._live.start()

    def stop(self) -> None:
        """Give it back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, text: str) -> None:
        """Write a line above what is drawn."""
        if self._live is None:
            self._say(text)
        else:
            self._live.console.print(cell_lines(text), soft_wrap=True)

    def rolls_back(self, nodes: int) -> None:
        """Count anew: what was verified before is not rolled back yet."""
        share = nodes / self._total if self._total else 0
        self._rolling = True
        self._runs, self._total, self._seconds, self._began = {}, nodes, self._seconds * share, time.monotonic()

    def __call__(self, run: NodeRun) -> None:
        """Take in a node; say at once what went wrong."""
        self._runs[run.node] = run
        if run.phase in {"failed", "abandoned"}:
            running = sum(entry.phase in IN_PROGRESS for entry in self._runs.values())
            rest = (
                f"; no further node is started, {running} in progress finish"
                if run.phase == "failed" and running and not self._rolling
                else ""
            )
            self.say(f"{run.node}: {told(run, self._settle)}{rest}")

    def _draw(self) -> Any:  # noqa: ANN401 - rich's own type, loaded late
        from rich.text import Text

        rows = max(1, min(MOST_ROWS, self._console.size.height - SPARE))
        # a line that wraps would push the sum off a small terminal
        return Text("\n".join(self.screen(time.monotonic(), rows)), no_wrap=True, overflow="ellipsis")

    def screen(self, now: float, most: int = MOST_ROWS) -> list[str]:
        """Return the lines to be drawn: those in progress by how long they take, then the sum of all."""
        flying = [run for run in self._runs.values() if run.phase in IN_PROGRESS]
        flying.sort(key=lambda run: run.began)
        rows = [f"{cell(run.node):<24} {now - run.began:>4.0f}s  {told(run, self._settle)}" for run in flying[:most]]
        if len(flying) > most:
            rows.append(f"... and {len(flying) - most} more in progress")
        return [*rows, self._sum(len(flying), now)]

    def _sum(self, flying: int, now: float) -> str:
        total = self._total
        counts = Counter(run.phase for run in self._runs.values())
        done, failed, abandoned = counts["verified"], counts["failed"], counts["abandoned"]
        parts = [f"{done}/{total} nodes done", f"{flying} in progress"]
        parts += [f"{failed} failed"] if failed else []
        parts += [f"{abandoned} abandoned"] if abandoned else []
        parts.append(f"{total - done - failed - abandoned - flying} pending")
        return ", ".join(parts) + (f", {duration(self._left(done, now))} left" if total > done and not failed else "")

    def _left(self, done: int, now: float) -> float:
        """Estimate the seconds left: the plan's, until a whole batch has shown how fast it goes.

        The first node goes alone, and those of a batch end together: neither says anything of all the others.
        """
        rest = self._total - done
        if done <= 1 + self._batch:
            return self._seconds * rest / self._total if self._total else 0.0
        first = min(run.ended for run in self._runs.values() if run.phase == "verified")
        return (now - first) / (done - 1) * rest


def told(run: NodeRun, settle: float) -> str:
    """Say what a node is at."""
    if run.phase == "deleting" and run.old is not None:
        return f"deleting pod {run.old.name}" + (f" ({run.doubt})" if run.doubt else "")
    if run.phase == "verifying" and run.new is not None:
        return f"{run.new.name} is ready{_found(run)}; it must stay up {settle:g}s"
    if run.phase == "verified":
        took = f"({run.ended - run.began:.1f}s)"
        if run.seen:
            return f"verified: {run.found} {took}"
        return f"ready, not verified: {run.unseen} {took}" if run.unseen else f"its pod stays up {took}"
    return WORDS.get(run.phase, run.phase) + (f": {run.reason}" if run.reason else "")


def _found(run: NodeRun) -> str:
    if run.verified and run.found:
        return f", {run.found}"
    return f", not in sync yet: {run.doubt}" if run.doubt else ", looking at the kernel's table"


def cell_lines(text: str) -> str:
    """Return a line that can move no cursor."""
    from kubectl_ipvs.output.printable import printable

    return printable(text)
