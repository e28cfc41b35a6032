"""Keeps an eye on kube-proxy's pods during a rollout: one watch a selector, each in a thread, whatever the server does.

A watch that ends is opened again where it stopped; one that is too old (410) or that was cut starts from a new list.
A user who may list but not watch gets a list every second instead.
"""

import threading
from collections.abc import Callable

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import ApiError, IpvsError
from kubectl_ipvs.operations.rollout.events import CallBroken, Event, PodChanged, PodsListed, Trouble

FIRST_WAIT, LONGEST_WAIT, POLL = 0.2, 3.0, 1.0
WATCH = 45  # seconds of one watch: a connection that went dead without a word is noticed soon after
EXPIRED, FORBIDDEN = 410, 403


class PodWatch:
    """Tells `tell` what happens to the pods of a selector, from a list's `version` on, until `stop`."""

    def __init__(
        self, cluster: Cluster, namespace: str, selector: str, version: str, tell: Callable[[Event], None]
    ) -> None:
        self._cluster, self._namespace, self._selector = cluster, namespace, selector
        self._version, self._tell = version, tell
        self._polls = False
        self._wait = FIRST_WAIT
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to watch, in a thread of its own."""
        threading.Thread(target=self._run, name="pod-watch", daemon=True).start()

    def stop(self) -> None:
        """End; an open watch is left to end with the process."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            while not self._stopped.wait(self._pause()):
                self._once()
        except Exception as error:  # noqa: BLE001 - a bug of ours: raised by the thread that the user sees
            self._tell(CallBroken(error))

    def _once(self) -> None:
        try:
            if self._polls or not self._version:
                self._list()
            if not self._polls:
                self._follow()
                self._wait = FIRST_WAIT
        except IpvsError as error:
            self._failed(error)

    def _pause(self) -> float:
        """Return how long to wait: not at all where a watch just ended, longer with every failure in a row."""
        if self._polls:
            return POLL
        return 0.0 if self._version else self._wait

    def _failed(self, error: IpvsError) -> None:
        status = error.status if isinstance(error, ApiError) else 0
        if self._version and status == FORBIDDEN:
            self._polls = True
        elif status != EXPIRED:
            self._tell(Trouble(str(error)))
        self._wait = min(self._wait * 2, LONGEST_WAIT)
        self._version = ""

    def _follow(self) -> None:
        events = self._cluster.watch_pods(self._namespace, self._selector, self._version, seconds=WATCH)
        for event in events:
            if self._stopped.is_set():
                return
            self._version = event.version or self._version
            if event.pod is not None:
                self._tell(PodChanged(self._selector, event))

    def _list(self) -> None:
        pods, version = self._cluster.pods(self._namespace, self._selector)
        self._tell(PodsListed(self._selector, tuple(pods)))
        self._version = version
