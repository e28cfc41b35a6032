"""What a rollout reacts to: its watches, its calls, and who wants it to stop."""

from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import PodEvent
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.rollout.proof import Finding


class PodsListed(NamedTuple):
    """Every pod of a selector there is, in place of events that were missed."""

    selector: str
    pods: tuple[Pod, ...]


class PodChanged(NamedTuple):
    """What a selector's watch told."""

    selector: str
    event: PodEvent


class Trouble(NamedTuple):
    """The API server was not reached; it is tried again."""

    reason: str


class StepEnded(NamedTuple):
    """A node's step was answered; `error` None: it was taken."""

    node: str
    error: IpvsError | None


class Looked(NamedTuple):
    """A node was looked at, through the pod of this UID."""

    node: str
    pod: str
    finding: Finding


class CallBroken(NamedTuple):
    """A thread of ours ended by an exception that is a bug: it is raised where it can be seen."""

    error: BaseException


class Stop(NamedTuple):
    """Somebody wants it to end."""


Event = PodChanged | PodsListed | Trouble | StepEnded | Looked | CallBroken | Stop
