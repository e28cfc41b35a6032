"""What the stub knows: the pods, what each node's table shows, and the counts that the benchmarks ask for."""

import time
from typing import Any

import yaml
from api import CONFIG, Api
from objects import node_name
from options import Options
from tables import SCHEDULERS

FRESH = 0.2  # seconds a ConfigMap once read is good for
CLOSED_PORT = 1  # nothing listens there


class Fleet:
    """All nodes and their kube-proxy pods."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.numbers = range(1, options.nodes + 1)
        self.names = {node_name(number): number for number in self.numbers}
        self.pods: dict[str, tuple[str, int]] = {}  # pod's name -> its UID, its node's number
        self.ready: set[str] = set()  # names of Ready pods
        self.schedulers: dict[int, str] = {}  # node's number -> what its table shows
        self.daemon_set: dict[str, Any] = {}
        self.execs = 0
        self.open = 0
        self.most_open = 0
        self.most_down = 0
        self._config: tuple[float, str | None] = (0.0, None)

    def port(self, number: int) -> int:
        """Return where a node's kubelet is said to listen."""
        return CLOSED_PORT if self.options.fail.get(number) == "down" else self.options.port

    def lost(self, name: str) -> None:
        """Note that a pod is no longer Ready."""
        self.ready.discard(name)
        self.most_down = max(self.most_down, self.options.nodes - len(self.ready))

    def counters(self) -> dict[str, int]:
        """Return how many execs there were, how many at once at most, and how many nodes were down at most."""
        return {"execs": self.execs, "most_open": self.most_open, "most_down": self.most_down}

    async def scheduler(self, api: Api) -> str | None:
        """Return what a kube-proxy that starts now would take; None where it could not start."""
        read, found = self._config
        if time.monotonic() - read > FRESH:
            text = (await api.get(CONFIG))["data"]["config.conf"]
            self._config = (time.monotonic(), found := _scheduler(text))
        return found


def _scheduler(text: str) -> str | None:
    try:
        found = (yaml.safe_load(text).get("ipvs") or {}).get("scheduler") or "rr"
    except (yaml.YAMLError, AttributeError):
        return None
    return found if found in SCHEDULERS else None
