"""How a node is moved, given to the rollout from outside: its pod is deleted, or the DaemonSet rolls by itself."""

from datetime import datetime, timezone
from typing import Protocol

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import DaemonSet
from kubectl_ipvs.cluster.wire.retry import GivesUp, retrying
from kubectl_ipvs.operations.rollout.node import NodeRun


class Step(Protocol):
    """How a node comes to its new pod."""

    @property
    def paces_itself(self) -> bool:
        """Somebody else decides which node is next."""

    def start(self, timeout: float, gives_up: GivesUp) -> None:
        """Do what is done once, before any node; raises IpvsError."""

    def begin(self, run: NodeRun) -> None:
        """Move one node; called in a thread of its own, and again after a transient failure. Raises IpvsError."""


class DeletePod:
    """The node's pod is deleted, and only that pod: its UID is a precondition."""

    paces_itself = False

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def start(self, timeout: float, gives_up: GivesUp) -> None:
        """Nothing."""

    def begin(self, run: NodeRun) -> None:
        """Delete the pod, if there is one to be deleted."""
        if run.old is not None:
            self._cluster.delete_pod(run.old)


class DaemonSetRolls:
    """The DaemonSets are asked for their own rolling update, as by `kubectl rollout restart`."""

    paces_itself = True

    def __init__(self, cluster: Cluster, owners: tuple[DaemonSet, ...]) -> None:
        self._cluster, self._owners = cluster, owners

    def start(self, timeout: float, gives_up: GivesUp) -> None:
        """Ask each DaemonSet."""
        when = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        for owner in self._owners:
            retrying(lambda owner=owner: self._cluster.restart_daemon_set(owner, when), timeout, gives_up)  # type: ignore[misc] # mypy cannot type a default

    def begin(self, run: NodeRun) -> None:
        """Nothing: the DaemonSet's controller does it."""
