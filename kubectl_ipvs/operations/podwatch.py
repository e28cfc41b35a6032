"""Keeps an eye on kube-proxy's pods during a rollout: one watch in one thread, whatever the API server does.

A watch that ends is opened again where it stopped; one that is too old (410) or that was cut starts from a new list.
A user who may list but not watch gets a list every second instead.
"""

import threading
import time
from collections.abc import Callable

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import ApiError, IpvsError
from kubectl_ipvs.operations.told import Listed, Told, Trouble

FIRST_WAIT, LONGEST_WAIT, POLL = 0.2, 3.0, 1.0
EXPIRED, FORBIDDEN = 410, 403


class PodWatch:
    """Tells `tell` what happens to the pods of a selector, from a list's `version` on, until `stop`."""

    def __init__(
        self, cluster: Cluster, namespace: str, selector: str, version: str, tell: Callable[[Told], None]
    ) -> None:
        self._cluster, self._namespace, self._selector = cluster, namespace, selector
        self._version, self._tell = version, tell
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to watch, in a thread of its own."""
        threading.Thread(target=self._run, name="pod-watch", daemon=True).start()

    def stop(self) -> None:
        """End; an open watch is left to end with the process."""
        self._stopped.set()

    def _run(self) -> None:
        wait = FIRST_WAIT
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                if not self._version:
                    self._list()
                self._follow()
                wait = FIRST_WAIT
            except ApiError as error:
                self._version = ""
                if error.status == FORBIDDEN:
                    self._poll()
                elif error.status != EXPIRED:
                    self._tell(Trouble(str(error)))
            except IpvsError as error:
                self._version = ""
                self._tell(Trouble(str(error)))
            wait = FIRST_WAIT if time.monotonic() - began > LONGEST_WAIT else min(wait * 2, LONGEST_WAIT)
            self._stopped.wait(0 if self._version else wait)

    def _follow(self) -> None:
        for event in self._cluster.watch_pods(self._namespace, self._selector, self._version):
            if self._stopped.is_set():
                return
            self._version = event.version or self._version
            if event.pod is not None:
                self._tell(event)

    def _list(self) -> None:
        pods, version = self._cluster.pods(self._namespace, self._selector)
        self._tell(Listed(tuple(pods)))
        self._version = version

    def _poll(self) -> None:
        while not self._stopped.wait(POLL):
            self._list()
