"""Asks a kube-proxy itself what it runs with: by port-forward to its own port, where no command can be run.

That says nothing of the kernel. It is the one way to look at a node whose image has no program to look with.
"""

from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import ExecFailed
from kubectl_ipvs.proxy.served import CONFIG_PATH, MODE_PATH, Running, running

SOURCE = "configz"
OK = 200


class Told(NamedTuple):
    """What a kube-proxy said of itself; else the kind of failure (a state of its row) and why, "" where not asked."""

    running: Running | None = None
    failure: str = ""
    reason: str = ""


def ask(cluster: Cluster, pod: Pod, port: int, timeout: float) -> Told:
    """Ask for mode and scheduler, over one connection; never raises for what one node does. `timeout`: seconds."""
    try:
        mode, configuration = cluster.http_get(pod, port, (MODE_PATH, CONFIG_PATH), timeout=timeout)
    except ExecFailed as error:
        return Told(failure=error.kind, reason=str(error))
    if mode.status != OK:
        return Told(failure="unreadable", reason=f"port {port} answers HTTP {mode.status} to {MODE_PATH}")
    found = running(mode.body, configuration.body if configuration.status == OK else b"")
    return Told(found) if found else Told(failure="unreadable", reason=f"port {port} has no mode at {MODE_PATH}")
