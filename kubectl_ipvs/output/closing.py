"""The last words of a run: what was not seen, what is left to do, and the commands that do it."""

from collections.abc import Callable, Mapping, Sequence

from kubectl_ipvs.operations.change.plan import OTHERS, Plan
from kubectl_ipvs.operations.change.run import Outcome
from kubectl_ipvs.operations.installation import bare, natural
from kubectl_ipvs.operations.rollout.node import NodeOutcome
from kubectl_ipvs.output.configuration import words
from kubectl_ipvs.proxy.checks.findings import some

Again = Callable[[str], str]  # a command with the flags that say which cluster and which kube-proxy


def remarks(plan: Plan, outcome: Outcome, verb: str, again: Again) -> list[str]:
    """Return the closing lines; every command in them can be copied."""
    lines = [line for entry in outcome.nodes for line in outcome.logs.get(entry.node, ())]
    if outcome.kind == "rolled-back":
        lines += [f"error: the change failed{_on(outcome.nodes)} and was rolled back; {_back(plan, outcome)}"]
    elif outcome.kind == "rollback-failed":
        lines += [f"error: the change failed{_on(outcome.nodes)}, and rolling it back failed: {outcome.left}"]
    elif outcome.kind == "written":
        lines += [f"warning: written, but no node uses it until kube-proxy restarts: {again('restart --stale')}"]
    elif outcome.kind in {"interrupted", "lease-lost", "stopped"}:
        lines += [*_unseen(plan, outcome.nodes), *_stopped(plan, outcome, verb, again)]
    else:
        lines += [*_unseen(plan, outcome.nodes), *_left_out(plan, outcome, again)]
    lines += _final(outcome, again)
    if outcome.kind in {"verified", "partial", "written"} and plan.change.changes_text and outcome.undoable:
        lines.append(f"{'redo' if verb == 'undo' else 'undo'} with: {again('undo')}")
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


def _stopped(plan: Plan, outcome: Outcome, verb: str, again: Again) -> list[str]:
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
    lines.append(f"continue:  {_continue(plan, verb, sorted(rest, key=natural), again)}")
    if plan.change.values and outcome.undoable:
        lines.append(f"{'return to the value before' if verb == 'undo' else 'roll back'}: {again('undo')}")
    return lines


def _continue(plan: Plan, verb: str, rest: Sequence[str], again: Again) -> str:
    if verb == "set":
        return again(" ".join(["set", flags_of(plan.change.values), *_manner(plan)]))
    if verb == "undo" or plan.options.outdated_only:
        return again("restart --stale")
    return again(" ".join(["restart", *rest, *_manner(plan, skips=False)]))


def _manner(plan: Plan, *, skips: bool = True) -> list[str]:
    """Write the flags that the rest has to be done with as well."""
    options, pace = plan.options, plan.options.pace
    typed = [part for name in options.skip if skips for part in ("--skip", bare(name))]
    most = f"{pace.max_unavailable.amount}{'%' if pace.max_unavailable.percent else ''}"
    typed += ["--max-unavailable", most] if most != "10%" and pace.strategy == "delete" else []
    typed += ["--strategy=rollout"] if pace.strategy == "rollout" else []
    typed += ["--no-rollback"] if not options.rollback and plan.change.changes_text else []
    return typed + (["--force"] if options.force else [])


def flags_of(values: Mapping[str, object]) -> str:
    """Write fields as the flags of `set`."""
    typed = []
    for name, value in values.items():
        if name == "strictARP":
            typed.append("--strict-arp" if value else "--no-strict-arp")
        elif name == "excludeCIDRs":
            typed.append(f'--exclude-cidrs "{",".join(value) if isinstance(value, tuple) else value}"')
        else:
            flag = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)
            typed.append(f"--{flag} {words(value)}")  # type: ignore[arg-type] # a field's value
    return " ".join(typed)


def _left_out(plan: Plan, outcome: Outcome, again: Again) -> list[str]:
    by_hand = {bare(name) for name in plan.options.skip}
    skipped = tuple(
        entry.node
        for entry in outcome.nodes
        if entry.outcome == "skipped" and entry.node not in by_hand and not entry.reason.startswith(OTHERS)
    )
    if not skipped:
        return []
    well = "it is well" if len(skipped) == 1 else "they are well"
    return [f"left out: {some(skipped)}; once {well}: {again(_later(plan, skipped))}"]


def _later(plan: Plan, nodes: Sequence[str]) -> str:
    """Write the command that does later what was left out: a plain restart leaves nothing that --stale would find."""
    if plan.change.values or plan.options.outdated_only or len(nodes) > 20:  # noqa: PLR2004 - a line of names
        return "restart --stale"
    return f"restart {' '.join(sorted(nodes, key=natural))}"


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


def _final(outcome: Outcome, again: Again) -> list[str]:
    """Say what the last look found."""
    glance = outcome.glance
    lines = [
        f"error: {place} was changed by somebody else during this run: look at it with {again('get')}"
        for place in glance.reverted
    ]
    if glance.nodes:
        named = sorted(glance.nodes, key=natural)
        lines += [f"warning: {name}: {glance.nodes[name]}" for name in named[:5]]
        lines += [f"warning: {len(named) - 5} more nodes are not in sync"] if len(named) > 5 else []  # noqa: PLR2004
        here = [name for name in named if "no longer there" not in glance.nodes[name]]
        lines += [f"fix with: {again('restart ' + ' '.join(here))}"] if here and len(here) <= 5 else []  # noqa: PLR2004
        lines += [f"fix with: {again('restart --stale')}"] if len(here) > 5 else []  # noqa: PLR2004
    if glance.unknown:
        lines.append(f"warning: {glance.unknown}; check with {again('status')}")
    return lines
