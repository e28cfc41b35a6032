"""What a rollout is told: by its watch, by its calls, by the user."""

from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import PodEvent
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.tables import Reading


class Listed(NamedTuple):
    """Every pod there is, in place of events that were missed."""

    pods: tuple[Pod, ...]


class Trouble(NamedTuple):
    """The API server was not reached; it is tried again."""

    reason: str


class Deleted(NamedTuple):
    """A pod's deletion was answered; `error` None: it was taken."""

    node: str
    error: IpvsError | None


class Looked(NamedTuple):
    """A node's table was read, through the pod of this UID."""

    node: str
    pod: str
    reading: Reading


class Interrupt(NamedTuple):
    """The user wants it to end."""


Told = PodEvent | Listed | Trouble | Deleted | Looked | Interrupt
