"""The last words of a run: what was not seen, what is left to do, and the commands that do it."""

from collections.abc import Sequence

from kubectl_ipvs.operations.change.edits import set_command
from kubectl_ipvs.operations.change.plan import OTHERS, Plan
from kubectl_ipvs.operations.change.run import Outcome
from kubectl_ipvs.operations.installation import bare, natural
from kubectl_ipvs.operations.rollout.node import NodeOutcome
from kubectl_ipvs.proxy.checks.findings import some


def remarks(plan: Plan, outcome: Outcome, verb: str) -> list[str]:
    """Return the closing lines; every command in them can be copied.

    Whoever prints them adds the flags that say which cluster and which kube-proxy.
    """
    lines = [line for entry in outcome.nodes for line in outcome.logs.get(entry.node, ())]
    if outcome.kind == "rolled-back":
        lines += [f"error: the change failed{_on(outcome.nodes)} and was rolled back; {_back(plan, outcome)}"]
    elif outcome.kind == "rollback-failed":
        lines += [f"error: the change failed{_on(outcome.nodes)}, and rolling it back failed: {outcome.left}"]
    elif outcome.kind == "written":
        lines += ["warning: written, but no node uses it until kube-proxy restarts: kubectl ipvs restart --stale"]
    elif outcome.kind in {"interrupted", "lease-lost", "stopped"}:
        lines += [*_unseen(plan, outcome.nodes), *_stopped(plan, outcome, verb)]
    else:
        lines += [*_unseen(plan, outcome.nodes), *_left_out(plan, outcome)]
    lines += _final(outcome)
    if outcome.kind in {"verified", "partial", "written"} and plan.change.changes_text and outcome.undoable:
        lines.append(f"{'redo' if verb == 'undo' else 'undo'} with: kubectl ipvs undo")
    return lines


def _on(nodes: Sequence[NodeOutcome]) -> str:
    failed = [entry for entry in nodes if entry.outcome == "failed"]
    if not failed:
        return ""
    named = ", ".join(f"{entry.node} ({entry.reason})" for entry in failed[:3])
    more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""  # noqa: PLR2004 - three are named
    return f" on {named}{more}"


def _back(plan: Plan, outcome: Outcome) -> str:
    count = len(outcome.back)
    why = f"{outcome.left}; " if outcome.left else ""
    if not count:
        return f"{why}no node had read it"
    if not all(entry.seen_in_kernel for entry in outcome.back):
        return f"{why}the old text is back; not every kernel was seen to have it: look with kubectl ipvs status"
    which = "the restarted node is" if count == 1 else f"all {count} restarted nodes are"
    changed = [name for entry in plan.change.writes for name in entry.values]
    old = plan.found.source.scheduler
    return f"{why}{which} on {old} again" if "scheduler" in changed and old else f"{why}{which} on the old value again"


def _stopped(plan: Plan, outcome: Outcome, verb: str) -> list[str]:
    """Say where it stopped, and the commands that go on and that go back."""
    done = sum(entry.outcome == "verified" for entry in outcome.nodes)
    rest = [entry.node for entry in outcome.nodes if entry.outcome in {"pending", "abandoned", "failed"}]
    what = {"interrupted": "interrupted", "lease-lost": "stopped, since the lease was lost,", "stopped": "stopped"}
    total = len(plan.targets)
    lines = [f"{what[outcome.kind]} after {done} of {total} {'node' if total == 1 else 'nodes'}"]
    if outcome.left:
        lines.append(f"error: {outcome.left}")
    if not rest:
        return lines
    lines.append(f"continue:  {_continue(plan, verb, sorted(rest, key=natural))}")
    if plan.change.values and outcome.undoable:
        lines.append(f"{'return to the value before' if verb == 'undo' else 'roll back'}: kubectl ipvs undo")
    return lines


def _continue(plan: Plan, verb: str, rest: Sequence[str]) -> str:
    if verb == "set":
        return " ".join([set_command(plan.change.values), *_manner(plan)])
    if verb == "undo" or plan.options.outdated_only:
        return "kubectl ipvs restart --stale"
    return " ".join(["kubectl ipvs restart", *rest, *_manner(plan, skips=False)])


def _manner(plan: Plan, *, skips: bool = True) -> list[str]:
    """Write the flags that the rest has to be done with as well."""
    options, pace = plan.options, plan.options.pace
    typed = [part for name in options.skip if skips for part in ("--skip", bare(name))]
    most = f"{pace.max_unavailable.amount}{'%' if pace.max_unavailable.percent else ''}"
    typed += ["--max-unavailable", most] if most != "10%" and pace.strategy == "delete" else []
    typed += ["--strategy=rollout"] if pace.strategy == "rollout" else []
    typed += ["--no-rollback"] if not options.rollback and plan.change.changes_text else []
    typed += ["--verify"] if options.verify else []
    return typed + (["--force"] if options.force else [])


def _left_out(plan: Plan, outcome: Outcome) -> list[str]:
    by_hand = {bare(name) for name in plan.options.skip}
    skipped = tuple(
        entry.node
        for entry in outcome.nodes
        if entry.outcome == "skipped" and entry.node not in by_hand and not entry.reason.startswith(OTHERS)
    )
    if not skipped:
        return []
    well = "it is well" if len(skipped) == 1 else "they are well"
    return [f"left out: {some(skipped)}; once {well}: {_later(plan, skipped)}"]


def _later(plan: Plan, nodes: Sequence[str]) -> str:
    """Write the command that does later what was left out: a plain restart leaves nothing that --stale would find."""
    if plan.change.values or plan.options.outdated_only or len(nodes) > 20:  # noqa: PLR2004 - a line of names
        return "kubectl ipvs restart --stale"
    return f"kubectl ipvs restart {' '.join(sorted(nodes, key=natural))}"


def _unseen(plan: Plan, nodes: Sequence[NodeOutcome]) -> list[str]:
    """Say which fields, and on which nodes the kernel, were not seen, although the pods stay up."""
    verified = [entry for entry in nodes if entry.outcome == "verified"]
    hidden = [name for name in plan.change.values if name != "scheduler"] if verified else []
    lines = [f"not seen in the kernel: {', '.join(hidden)} (its table shows the scheduler alone)"] if hidden else []
    blind = tuple(entry.node for entry in verified if not entry.seen_in_kernel)
    reasons = dict.fromkeys(entry.reason for entry in verified if not entry.seen_in_kernel and entry.reason)
    if blind and reasons:
        lines.append(f"not verified in the kernel: {some(blind)} ({next(iter(reasons))})")
    elif blind and plan.found.source.mode != "ipvs":
        lines.append(
            f"the mode is {plan.found.source.mode or 'not known'}: verified by pods that stay up, not in the kernel"
        )
    return lines


def _final(outcome: Outcome) -> list[str]:
    """Say what the last look found."""
    glance = outcome.glance
    lines = [
        f"error: {place} was changed by somebody else during this run: look at it with kubectl ipvs get"
        for place in glance.reverted
    ]
    if glance.nodes:
        named = sorted(glance.nodes, key=natural)
        lines += [f"warning: {name}: {glance.nodes[name]}" for name in named[:5]]
        lines += [f"warning: {len(named) - 5} more nodes are not in sync"] if len(named) > 5 else []  # noqa: PLR2004
        here = [name for name in named if "no longer there" not in glance.nodes[name]]
        lines += [f"fix with: kubectl ipvs restart {' '.join(here)}"] if here and len(here) <= 5 else []  # noqa: PLR2004
        lines += ["fix with: kubectl ipvs restart --stale"] if len(here) > 5 else []  # noqa: PLR2004
    if glance.unknown:
        lines.append(f"warning: {glance.unknown}; check with kubectl ipvs status")
    return lines
