"""The flags of every command that restarts kube-proxy, and what is said while it goes on."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_ipvs.cli.console import out, say
from kubectl_ipvs.cli.session import seconds
from kubectl_ipvs.errors import ExitCode

if TYPE_CHECKING:
    from kubectl_ipvs.operations.locate import Located
    from kubectl_ipvs.operations.noderun import NodeOutcome, NodeRun
    from kubectl_ipvs.operations.restart import Pace

MaxUnavailableFlag = Annotated[
    str,
    typer.Option("--max-unavailable", metavar="N|N%", help="How many nodes may be without kube-proxy together."),
]
TimeoutFlag = Annotated[
    str, typer.Option("--timeout", metavar="TIME", help="How long one node may take until it holds.")
]
SettleFlag = Annotated[str, typer.Option("--settle", metavar="TIME", help="How long a new pod must stay up.")]
DryRunFlag = Annotated[
    str,
    typer.Option("--dry-run", metavar="none|client|server", help="Change nothing: plan alone, or ask the server too."),
]
YesFlag = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DRY_RUNS = ("none", "client", "server")
DONE = {
    "held": "restarted",
    "failed": "failed",
    "skipped": "skipped",
    "waiting": "not restarted",
    "abandoned": "abandoned",
}


def pace(max_unavailable: str, timeout: str, settle: str) -> "Pace":
    """Read the flags."""
    from kubectl_ipvs.operations.restart import Pace
    from kubectl_ipvs.proxy.batches import MaxUnavailable

    settled = 0.0 if settle in {"0", "0s"} else seconds("--settle", settle)
    return Pace(MaxUnavailable.parse(max_unavailable), seconds("--timeout", timeout), settled)


def announce(located: "Located", server: str, context: str) -> None:
    """Say, before anything is changed, which cluster it is about."""
    say(f"context {context or '<none>'}, server {server}, daemonset {located.namespace}/{located.name}")


def observe(run: "NodeRun") -> None:
    """Say one line for a node and phase."""
    what = {
        "restarting": f"deleting pod {run.old.name}" if run.old else "waiting for its new pod",
        "starting": "waiting for its new pod",
        "proving": f"pod {run.new.name if run.new else ''} is ready, looking at the kernel's table",
        "held": "holds"
        + (": seen in the kernel" if run.seen else ": the kernel's table was not seen" if run.blind else ""),
    }.get(run.phase, f"{run.phase}: {run.reason}")
    took = f" ({time.monotonic() - run.began:.1f}s)" if run.began and run.phase in {"held", "failed"} else ""
    say(f"{run.node}: {what}{took}")


def report(nodes: Sequence["NodeOutcome"], *, interrupted: bool) -> int:
    """Write one line a node to stdout, one summary line to stderr; return the exit code."""
    for entry in nodes:
        why = f": {entry.reason}" if entry.reason and entry.outcome != "held" else ""
        out(f"node/{entry.node} {DONE[entry.outcome]}{why}\n")
    counts = {name: sum(entry.outcome == name for entry in nodes) for name in DONE}
    said = ", ".join(f"{count} {DONE[name]}" for name, count in counts.items() if count)
    say(f"{len(nodes)} nodes: {said or 'nothing to do'}")
    if interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.OK if counts["held"] == len(nodes) else ExitCode.PARTIAL
