"""A plan in words: what is written, field by field, which nodes, who goes first, how many at once, how long."""

from collections.abc import Sequence
from typing import Protocol

from kubectl_ipvs.operations.change.plan import Plan
from kubectl_ipvs.operations.installation import natural
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.output.configuration import where, words
from kubectl_ipvs.proxy.checks.findings import some
from kubectl_ipvs.proxy.config.fields import FIELD

MINUTE = 60


class Connected(Protocol):
    """The part of a connection that is said."""

    @property
    def context(self) -> str:
        """The kubeconfig's context, "" for none."""

    @property
    def server(self) -> str:
        """The API server's URL."""


def lines(plan: Plan, connection: Connected) -> list[str]:
    """Return the plan's lines."""
    told = [f"context       {connection.context or '<none>'}, server {connection.server}"]
    for entry in plan.change.writes:
        told += [f"{name:<13} {change}" for name, change in field_changes(entry.source, entry.after).items()]
        told.append(f"writes        {where(entry.source)}")
    if plan.targets:
        told.append(f"restarts      {_restarts(plan)}")
    told += [f"leaves out    {entry.node}: {entry.reason}" for entry in plan.left_out[:5]]
    if len(plan.left_out) > 5:  # noqa: PLR2004 - five are named
        told.append(f"leaves out    {len(plan.left_out) - 5} more nodes")
    return told


def field_changes(before: Source, after: Source) -> dict[str, str]:
    """Say what becomes of each field: `rr (default) -> lc`."""
    if before.configuration is None or after.configuration is None:
        return {}
    changes = {}
    for name in FIELD:
        old, new = before.configuration.ipvs[name], after.configuration.ipvs[name]
        if old.configured != new.configured:
            changes[name] = f"{_shown(old.effective, old.origin)} -> {_shown(new.effective, new.origin)}"
    return changes


def question(plan: Plan, connection: Connected) -> str:
    """Ask; what is asked can be understood without the lines above it."""
    changes = [
        f"{name} {text}"
        for entry in plan.change.writes
        for name, text in field_changes(entry.source, entry.after).items()
    ]
    what = [", ".join(dict.fromkeys(changes))] if changes else []
    if plan.targets:
        what.append(f"restart kube-proxy on {_count(len(plan.targets))}")
    return f"{'; '.join(what) or 'write'}; context {connection.context or '<none>'}. Go on?"


def nothing_to_do(plan: Plan) -> str:
    """Say that nothing is to be done, and why."""
    if plan.sees_nobody:
        return "no node runs kube-proxy here: nothing was verified"
    well = " that was looked at" if plan.left_out else ""
    unseen = f"not verified in the kernel of {some(plan.unseen)}"
    if not plan.change.values:
        if plan.unseen:
            return f"no node{well} is known to be out of step, {unseen}: nothing to restart"
        return f"{'every node' if well else 'all nodes'}{well} {'is' if well else 'are'} in sync: nothing to restart"
    defaults = _defaults(plan)
    behind = 0 if plan.options.restart else _behind(plan)
    if behind:
        read = "node has" if behind == 1 else "nodes have"
        return f"already written; {behind} {read} not read it yet: kubectl ipvs restart --stale"
    everywhere = f" and in force on every node{well}" if plan.options.restart else ""
    if plan.unseen and everywhere:
        everywhere = f" and read by every kube-proxy{well}, {unseen}"
    return f"{defaults or 'already set'}{everywhere}: nothing to change"


def _behind(plan: Plan) -> int:
    """Count the nodes whose kube-proxy started before the text was written."""
    return sum(node.pod is not None and node.source.age(node.pod.began) == "outdated" for node in plan.found.nodes)


def duration(seconds: float) -> str:
    """Write an estimate: `about 40s`, `about 2 min`."""
    if seconds < 1.5 * MINUTE:
        return f"about {max(1, round(seconds))}s"
    return f"about {round(seconds / MINUTE)} min"


def _defaults(plan: Plan) -> str:
    """Name the values that are in force already as kube-proxy's own defaults."""
    named = []
    for entry in plan.change.edits:
        read = entry.source.configuration
        for name in entry.values:
            setting = read.ipvs[name] if read is not None else None
            if setting is not None and setting.origin == "default":
                named.append(f"{name} {words(setting.effective)}")
    return f"{', '.join(dict.fromkeys(named))} is in force already, as kube-proxy's default" if named else ""


def _restarts(plan: Plan) -> str:
    total = len(plan.found.nodes)
    replaced = [target.name for target in plan.targets if target.old is not None]
    verified = [target.name for target in plan.targets if target.old is None]
    parts = []
    if replaced:
        names = some(tuple(sorted(replaced, key=natural)))
        of_all = f"{_count(total)}: {names}" if len(replaced) == total else ""
        parts.append(of_all or f"{names} ({len(replaced)} of {_count(total)})")
    if verified:
        parts.append(f"only verifies {some(tuple(sorted(verified, key=natural)))} (restarted already)")
    return "; ".join([*parts, *_pace(plan), duration(plan.seconds)])


def _pace(plan: Plan) -> Sequence[str]:
    if plan.options.pace.strategy != "delete":
        return ["at the DaemonSet's own pace"]
    first = [f"{plan.canary} first, alone"] if plan.canary else []
    if len(plan.targets) < 2:  # noqa: PLR2004 - one node
        return first
    many = plan.at_once
    words = f"at most {_count(many)} without kube-proxy at a time"
    return [*first, f"{words} (the next starts while the last is still being watched: at most {2 * many} in progress)"]


def _shown(effective: object, origin: str) -> str:
    text = words(effective)  # type: ignore[arg-type] # a field's value
    return f"{text} (default)" if origin == "default" else text


def _count(number: int) -> str:
    return f"{number} node" if number == 1 else f"{number} nodes"
