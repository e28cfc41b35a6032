"""One node's way through a rollout: its phases, and what is said about it in the end."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.operations.installation import ProxyNode

Phase = Literal[
    "pending", "queued", "deleting", "starting", "verifying", "verified", "failed", "abandoned", "skipped"
]  # fmt: skip
DOWN: frozenset[Phase] = frozenset({"deleting", "starting"})
IN_PROGRESS: frozenset[Phase] = frozenset({"queued", "deleting", "starting", "verifying"})


class Target(NamedTuple):
    """A node of a rollout.

    `old` is the pod to be replaced, None where the pod there is new and only has to be verified. `real_servers`: how
    many kube-proxy's rows had before; `blind`: its table could not be read before either, and the user goes on all the
    same; `was`: the state it was in before, "in-sync" where all was well.
    """

    node: ProxyNode
    old: Pod | None
    real_servers: int = 0
    blind: bool = False
    was: str = "in-sync"

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name


@dataclass(slots=True)
class NodeRun:
    """A node in a rollout; changed by the rollout's own thread alone."""

    target: Target
    old: Pod | None
    phase: Phase = "pending"
    new: Pod | None = None
    reason: str = ""
    began: float = 0.0
    ended: float = 0.0
    ready_since: float | None = None
    verified: bool = False  # the last look found what it has to find
    seen: bool = False  # in the kernel
    unseen: str = ""  # why the kernel cannot be seen: only the pod can be judged
    found: str = ""  # what was found, in words
    short: bool = False  # what was not seen could have been
    busy: bool = False  # a call for this node is under way
    tries: int = 0
    next_try: float = 0.0
    doubt: str = ""  # why the last look was not enough
    phases: list[tuple[Phase, float]] = field(default_factory=list)  # each phase, and when it began (monotonic seconds)

    @classmethod
    def of(cls, target: Target) -> "NodeRun":
        """Begin with a target."""
        return cls(target, target.old)

    @property
    def node(self) -> str:
        """The node's name."""
        return self.target.name


class NodeOutcome(NamedTuple):
    """How one node ended.

    `verified`, `failed`, `pending` (never touched), `skipped` (left out), or `abandoned` (touched, then not verified).
    """

    node: str
    outcome: Phase
    old_pod: str
    new_pod: str
    reason: str
    seconds: float
    seen_in_kernel: bool
    phases: tuple[tuple[Phase, float], ...] = ()  # each phase, seconds after the node was begun
    found: str = ""
    forced: bool = False  # what is there could not be looked at: --force went on all the same, or it was denied

    @property
    def touched(self) -> bool:
        """The node's pod was replaced, or may have been."""
        return self.outcome in {"verified", "failed", "abandoned"}

    @classmethod
    def of(cls, run: NodeRun) -> "NodeOutcome":
        """Freeze a node's run."""
        seconds = max(0.0, run.ended - run.began) if run.ended else 0.0
        old, new = run.old.name if run.old else "", run.new.name if run.new else ""
        phases = tuple((phase, round(max(0.0, at - run.began), 1)) for phase, at in run.phases)
        reason = run.reason or run.unseen
        forced = not run.seen and (run.target.blind or run.short)
        return cls(run.node, run.phase, old, new, reason, round(seconds, 1), run.seen, phases, run.found, forced)

    @classmethod
    def skipped(cls, node: str, pod: str, reason: str) -> "NodeOutcome":
        """Say of a node that it was left out, and why."""
        return cls(node, "skipped", pod, "", reason, 0.0, seen_in_kernel=False)

    @classmethod
    def untouched(cls, target: Target) -> "NodeOutcome":
        """Say of a node that nothing was done to it."""
        return cls(target.name, "pending", target.old.name if target.old else "", "", "", 0.0, seen_in_kernel=False)


class Rolled(NamedTuple):
    """How it ended, node by node; `stop` says what ended it early: interrupted, lease-lost, or "" for nothing."""

    nodes: tuple[NodeOutcome, ...]
    stop: str = ""
    problem: str = ""  # why it could not even begin

    @property
    def verified(self) -> bool:
        """Every node of it is verified."""
        return not self.problem and all(entry.outcome == "verified" for entry in self.nodes)
