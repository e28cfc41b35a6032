"""What a rollout is told: by its watch, by its calls, by the user."""

from dataclasses import dataclass

from kubectl_ipvs.cluster.cluster import PodEvent
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.tables import Reading


@dataclass(frozen=True, slots=True)
class Listed:
    """Every pod there is, in place of events that were missed."""

    pods: tuple[Pod, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """The API server was not reached; it is tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A pod's deletion was answered; `error` None: it was taken."""

    node: str
    error: IpvsError | None


@dataclass(frozen=True, slots=True)
class Looked:
    """A node's table was read, through the pod of this UID."""

    node: str
    pod: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The user wants it to end."""


Told = PodEvent | Listed | Trouble | Deleted | Looked | Interrupt
