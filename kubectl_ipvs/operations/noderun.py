"""One node's way through a rollout: its phases, and what is said about it in the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.operations.status import Place

Phase = Literal["waiting", "restarting", "starting", "proving", "held", "failed", "abandoned", "skipped", "queued"]
DOWN: frozenset[Phase] = frozenset({"restarting", "starting"})
IN_FLIGHT: frozenset[Phase] = frozenset({"queued", "restarting", "starting", "proving"})


class Target(NamedTuple):
    """A node to bring in step: `old` is the pod to be replaced, None where the pod there is new but not proved yet."""

    place: Place
    old: Pod | None


class Plan(NamedTuple):
    """How to go about it; times in seconds. `wanted` None: no table is looked at (the mode is not ipvs)."""

    namespace: str
    selector: str
    wanted: str | None
    max_unavailable: int
    timeout: float
    settle: float
    canary: str = ""  # the node that must hold before any other begins
    deletes: bool = True  # False: the DaemonSet replaces the pods, and is only watched
    persevere: bool = False
    outdated: Callable[[Pod], bool] = lambda _: False  # a pod that started before what is to be in force was written


@dataclass(slots=True)
class NodeRun:
    """A node under way; changed by the rollout's own thread alone."""

    node: str
    old: Pod | None
    absent: bool = False  # it had no kube-proxy pod when the run began
    phase: Phase = "waiting"
    new: Pod | None = None
    reason: str = ""
    began: float = 0.0
    ended: float = 0.0
    ready_since: float | None = None
    seen: bool = False  # the kernel's table was read and shows what is wanted
    blind: bool = False  # the table cannot be read in this image: only the pod can be judged
    busy: bool = False  # a call for this node is under way
    tries: int = 0
    next_try: float = 0.0
    doubt: str = ""  # why the last look did not hold
    phases: list[tuple[Phase, float]] = field(default_factory=list)  # each phase, and when it began (monotonic seconds)


class NodeOutcome(NamedTuple):
    """How one node ended.

    `held`, `failed`, `waiting` (never touched), `skipped`, or `abandoned` (touched, not seen through).
    """

    node: str
    outcome: Phase
    old_pod: str
    new_pod: str
    reason: str
    seconds: float
    seen_in_kernel: bool
    phases: tuple[tuple[Phase, float], ...] = ()  # each phase, seconds after the node was begun

    @property
    def touched(self) -> bool:
        """The node's pod was replaced, or may have been."""
        return self.outcome in {"held", "failed", "abandoned"}

    @classmethod
    def of(cls, run: NodeRun) -> "NodeOutcome":
        """Freeze a node's run."""
        seconds = max(0.0, run.ended - run.began) if run.ended else 0.0
        old, new = run.old.name if run.old else "", run.new.name if run.new else ""
        phases = tuple((phase, round(max(0.0, at - run.began), 1)) for phase, at in run.phases)
        return cls(run.node, run.phase, old, new, run.reason, round(seconds, 1), run.seen, phases)


class Rolled(NamedTuple):
    """How it ended, node by node, sorted by name."""

    nodes: tuple[NodeOutcome, ...]
    interrupted: bool = False
    problem: str = ""  # why it could not even begin

    @property
    def held(self) -> bool:
        """Every node that could be restarted holds."""
        return not self.problem and all(entry.outcome in {"held", "skipped"} for entry in self.nodes)
