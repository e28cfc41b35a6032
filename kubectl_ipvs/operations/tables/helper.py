"""Helper pods: one on each node that exec cannot read, made when it is first needed, and all taken away at the end.

A table is read in them by exec, as in kube-proxy's own: the same pod serves every look of a run (a rollout looks at a
node again and again, and --watch does), and a table of any size streams through; a log would be cut where the kubelet
rotates it, and take a new pod for each look. What is waited for is listed for all nodes together, by the run's label.
"""

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.cluster.objects import pod as pod_of
from kubectl_ipvs.errors import ApiError, ConnectionFailed, ExecFailed, IpvsError
from kubectl_ipvs.operations.support.fanout import fan_out
from kubectl_ipvs.operations.support.holder import died_here, identity
from kubectl_ipvs.operations.tables.helper_pod import LIVES, RENEWED, RUN, SELECTOR, has_ended, is_running, manifest

AGAIN = 0.3  # seconds between two lists, at least
DELETING = 5.0  # seconds that one deletion may take
TOGETHER = 16  # deletions at the same time
BAD_REQUEST, FORBIDDEN, SERVER_ERROR = 400, 403, 500
GONE = frozenset({404, 409})  # there is no such pod, or it is another one by now


class Helpers:
    """The helper pods of one run, for any number of threads. `warn` is told of those that could not be taken away."""

    def __init__(self, cluster: Cluster, image: str, timeout: float, warn: Callable[[str], None]) -> None:
        self._cluster, self._image, self._timeout, self._warn = cluster, image, timeout, warn
        self._run = secrets.token_hex(8)
        self._changed = threading.Condition()
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # of each node
        self._pods: dict[str, tuple[Pod, float]] = {}  # name -> the pod, when it was made (monotonic seconds)
        self._of: dict[str, str] = {}  # node -> the name of its helper pod, which runs
        self._listing = threading.Lock()
        self._listed: dict[str, tuple[float, dict[str, Pod]]] = {}  # namespace -> when the list was begun, what it has
        self._swept: set[str] = set()
        self._creating = 0
        self._over = False

    def pod(self, node: str, namespace: str) -> Pod:
        """Return the node's helper pod, running; raises ExecFailed that says why there is none."""
        with self._changed:
            turn = self._turns[node]
        with turn:
            name = self._of.get(node, "")
            if name in self._pods:
                pod, made = self._pods[name]
                if time.monotonic() - made < RENEWED:
                    return pod
                self.drop(pod)
            self._sweep(namespace)
            made_now = self._create(node, namespace)
            try:
                pod = self._started(made_now)
            except ExecFailed:
                self.drop(made_now)
                raise
            self._of[node] = pod.name
            return pod

    def drop(self, pod: Pod) -> None:
        """Delete a helper pod now: the next look at its node makes another one."""
        problem = self._delete(pod)
        if problem:
            self._warn(problem)

    def why_gone(self, pod: Pod) -> str:
        """Say why a helper pod that does not answer is not there any more, "" where it is."""
        with suppress(IpvsError):
            found = self._list(pod.namespace, time.monotonic()).get(pod.name)
            if found is None:
                return "the helper pod was deleted by somebody else"
            if has_ended(found):
                return f"the helper pod has ended: {found.said or found.phase}"
        return ""

    def end(self) -> None:
        """Take all of them away, those too that are being made at this moment."""
        with self._changed:
            self._over = True
            self._changed.wait_for(lambda: not self._creating, DELETING)
            left = [pod for pod, _ in self._pods.values()]
        for problem in fan_out(self._delete, left, TOGETHER) if left else ():
            if problem:
                self._warn(problem)

    def _create(self, node: str, namespace: str) -> Pod:
        name = f"kubectl-ipvs-{secrets.token_hex(5)}"
        wanted = manifest(name, namespace, node, self._image, self._run, identity())
        with self._changed:
            if self._over:
                raise ExecFailed("the run has ended", kind="unreadable")
            self._creating += 1
            self._pods[name] = (
                pod_of(wanted),
                time.monotonic(),
            )  # kept before it is there: no answer may come
        try:
            made = self._cluster.create_pod(wanted)
        except ApiError as error:
            if BAD_REQUEST <= error.status < SERVER_ERROR:  # nothing was made
                self._pods.pop(name, None)
            kind = "forbidden" if error.status == FORBIDDEN else "unreadable"
            raise ExecFailed(f"no helper pod: {error}", kind=kind) from error
        except ConnectionFailed as error:
            raise ExecFailed(f"no helper pod: {error}", kind="unreachable") from error
        else:
            self._pods[name] = (made, time.monotonic())
            return made
        finally:
            with self._changed:
                self._creating -= 1
                self._changed.notify_all()

    def _started(self, made: Pod) -> Pod:
        """Wait until it runs."""
        began = time.monotonic()
        while True:
            try:
                now = self._list(made.namespace, began).get(made.name)
            except IpvsError as error:
                raise ExecFailed(f"helper pods cannot be listed: {error}", kind="unreachable") from error
            if self._over:
                raise ExecFailed("the run has ended", kind="unreadable")
            if now is None:
                raise ExecFailed("the helper pod was deleted by somebody else", kind="gone")
            if is_running(now, time.monotonic() - began, self._timeout):
                return now
            time.sleep(AGAIN)

    def _list(self, namespace: str, since: float) -> dict[str, Pod]:
        """Return this run's helper pods by name: one list for all who wait, not older than `since` or AGAIN."""
        with self._listing:
            began, pods = self._listed.get(namespace, (0.0, {}))
            now = time.monotonic()
            if began < since or now - began >= AGAIN:
                listed, _ = self._cluster.pods(namespace, f"{RUN}={self._run}")
                pods = {pod.name: pod for pod in listed}
                self._listed[namespace] = (now, pods)
            return pods

    def _sweep(self, namespace: str) -> None:
        """Delete what earlier runs left: pods that have ended, that are too old, whose process died on this machine."""
        with self._listing:
            if namespace in self._swept:
                return
            self._swept.add(namespace)
            with suppress(IpvsError):
                listed, _ = self._cluster.pods(namespace, SELECTOR)
                now = self._cluster.now()
                for pod in listed:
                    old = pod.created and now - pod.created > LIVES + self._timeout
                    if not pod.terminating and (has_ended(pod) or old or died_here(pod.holder)):
                        self._delete(pod)

    def _delete(self, pod: Pod) -> str:
        """Delete one; return what is to be said where that failed."""
        try:
            with self._cluster.within(DELETING):
                self._cluster.delete_pod(pod)
        except IpvsError as error:
            if not (isinstance(error, ApiError) and error.status in GONE):
                return f"helper pod {pod.namespace}/{pod.name} is left: {error}; it ends by itself within {LIVES}s"
        self._pods.pop(pod.name, None)
        return ""
