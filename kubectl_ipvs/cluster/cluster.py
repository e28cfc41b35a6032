"""One cluster: the questions and the changes that this plugin needs, as plain values.

Each method is one request (lists: one a page). Writes name their field manager; nothing is written that was not asked.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_ipvs.cluster import paths
from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.leases import Leases
from kubectl_ipvs.cluster.lists import Lists
from kubectl_ipvs.cluster.objects import (
    MANAGER,
    ConfigMap,
    DaemonSet,
    Node,
    Pod,
    Recognize,
    config_map,
    daemon_set,
    mapping,
    node,
    number,
    pod,
    service,
    text,
)
from kubectl_ipvs.cluster.permission import Access as Access  # noqa: PLC0414 - what `allowed` takes
from kubectl_ipvs.cluster.swap import swap
from kubectl_ipvs.cluster.wire import limit
from kubectl_ipvs.cluster.wire.command_result import MAX_OUTPUT, Finished, Sink
from kubectl_ipvs.cluster.wire.log import WireLog
from kubectl_ipvs.cluster.wire.rest import QUIET, STRATEGIC_PATCH, Rest
from kubectl_ipvs.errors import ApiError, ConnectionFailed
from kubectl_ipvs.services.objects import EndpointSlice, Service

if TYPE_CHECKING:
    from kubectl_ipvs.cluster.wire.port_forward import Answer

LONGEST_LOG = 64 * 1024  # bytes
WATCHED = frozenset({"ADDED", "MODIFIED", "DELETED", "BOOKMARK"})  # kinds of events, but for ERROR


class PodEvent(NamedTuple):
    """What a watch told: `kind` is ADDED, MODIFIED, DELETED or BOOKMARK (which has no pod)."""

    kind: str
    pod: Pod | None
    version: str


class Cluster:
    """The API server behind one connection; safe to use from many threads.

    `recognize` makes out which container of a pod is kube-proxy, and what else to keep of the pod's spec.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        connections: int = 32,
        renew: Callable[[], Connection] | None = None,
        log: WireLog = QUIET,
        recognize: Recognize | None = None,
    ) -> None:
        self.connection = connection
        self._recognize = recognize
        self._rest = Rest(connection, connections=connections, renew=renew, log=log)

    @property
    def leases(self) -> Leases:
        """The leases of this cluster."""
        return Leases(self._rest)

    @property
    def lists(self) -> Lists:
        """What runs in it beside kube-proxy."""
        return Lists(self._rest)

    @staticmethod
    def within(seconds: float) -> AbstractContextManager[None]:
        """End every request of the block, in this thread, in so many seconds: lists, writes, leases; not exec."""
        return limit.within(time.monotonic() + seconds)

    def now(self) -> float:
        """Return the API server's time, in seconds since the epoch."""
        return self._rest.transport.now()

    def version(self) -> str:
        """Return the API server's version (`v1.34.2`)."""
        return str(self._rest.get("/version").get("gitVersion") or "")

    def daemon_set(self, namespace: str, name: str) -> DaemonSet | None:
        """Return a DaemonSet, None where there is none."""
        found = self._get(paths.daemon_sets(namespace, name))
        return None if found is None else daemon_set(found)

    def daemon_sets(self, namespace: str) -> list[DaemonSet]:
        """List the DaemonSets of a namespace."""
        return self._rest.collect(paths.daemon_sets(namespace), daemon_set)[0]

    def config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """Return a ConfigMap, None where there is none."""
        found = self._get(paths.config_map(namespace, name))
        return None if found is None else config_map(found)

    def let_go(self) -> None:
        """Close the connections that are not in use."""
        self._rest.transport.let_go()

    def nodes(self) -> list[Node]:
        """List all nodes."""
        return self._rest.collect("/api/v1/nodes", node)[0]

    def pods(self, namespace: str, selector: str) -> tuple[list[Pod], str]:
        """List pods by label selector; return them and the list's resourceVersion, where a watch goes on."""
        return self._rest.collect(paths.pods(namespace), self._pod, {"labelSelector": selector})

    def watch_pods(self, namespace: str, selector: str, version: str, *, seconds: int = 300) -> Iterator[PodEvent]:
        """Yield what happens to a selector's pods from `version` on.

        Raises ApiError 410 where that is too old, ConnectionFailed where the watch ends at once without an event, or
        brings something else than events: to go on from the same version would bring it again.
        """
        query = {"labelSelector": selector, "resourceVersion": version}
        for event in self._rest.watch(paths.pods(namespace), query, seconds=seconds):
            kind, raw = text(event.get("type")), mapping(event.get("object"))
            if kind == "ERROR":
                words, reason = text(raw.get("message")) or "the watch failed", text(raw.get("reason"))
                raise ApiError(words, status=number(raw.get("code")), reason=reason)
            at = text(mapping(raw.get("metadata")).get("resourceVersion"))
            if kind not in WATCHED or not at:
                raise ConnectionFailed("the watch brought something else than an event")
            yield PodEvent(kind, None if kind == "BOOKMARK" else self._pod(raw), at)

    def pod_log(self, target: Pod, lines: int, *, previous: bool = False) -> str:
        """Return the last lines of kube-proxy's log, 64 KiB at most; `previous`: of the container before a restart."""
        query = {"container": target.container, "tailLines": str(lines)} | ({"previous": "true"} if previous else {})
        path = f"{paths.pods(target.namespace)}/{paths.segment(target.name)}/log"
        return self._rest.tail(path, query, LONGEST_LOG).decode(errors="replace")

    def services(self) -> list[Service]:
        """List the Services of all namespaces."""
        return self._rest.collect("/api/v1/services", service)[0]

    def endpoint_slices(self) -> list[EndpointSlice]:
        """List the EndpointSlices of all namespaces."""
        return self.lists.endpoint_slices()

    def create_pod(self, manifest: Mapping[str, Any]) -> Pod:
        """Create a pod in the namespace that its manifest names."""
        namespace = text(mapping(manifest.get("metadata")).get("namespace"))
        return self._pod(self._rest.post(paths.pods(namespace), manifest))

    def delete_pod(self, target: Pod, *, dry_run: bool = False) -> None:
        """Delete exactly this pod: its UID is a precondition, a namesake is never hit. Its own grace period holds.

        One without a UID, which was asked for and of which no answer came, is known by its name alone.
        """
        body: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if target.uid:
            body["preconditions"] = {"uid": target.uid}
        if dry_run:
            body["dryRun"] = ["All"]
        self._rest.delete(f"{paths.pods(target.namespace)}/{paths.segment(target.name)}", body)

    def swap(
        self,
        target: ConfigMap,
        key: str,
        new: str,
        *,
        annotations: Mapping[str, str | None] | None = None,
        dry_run: bool = False,
    ) -> ConfigMap:
        """Compare and swap one key of a ConfigMap, and annotations with it; all else of the object is left alone.

        Raises ChangedMeanwhile where the key no longer holds what `target` holds; then nothing was written. A write
        whose answer was lost and that is found to have happened counts as done.
        """
        return swap(self._rest, target, key, new, annotations or {}, dry_run=dry_run)

    def restart_daemon_set(self, target: DaemonSet, when: str) -> None:
        """Ask for the DaemonSet's own rolling update, as `kubectl rollout restart` does."""
        annotations = {"kubectl.kubernetes.io/restartedAt": when}
        body = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
        path = paths.daemon_sets(target.namespace, target.name)
        self._rest.patch(path, body, STRATEGIC_PATCH, {"fieldManager": MANAGER})

    def allowed(self, access: Access) -> bool:
        """Ask the API server whether we may (SelfSubjectAccessReview)."""
        attributes = {key: value for key, value in access._asdict().items() if value}
        body = {
            "kind": "SelfSubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1",
            "spec": {"resourceAttributes": attributes},
        }
        answer = self._rest.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
        return mapping(answer.get("status")).get("allowed") is True

    @staticmethod
    def ready_to_run() -> None:
        """Load what `run` needs, while nobody waits for it; websocket-client is not needed to read a ConfigMap."""
        import kubectl_ipvs.cluster.wire.exec  # noqa: F401 - loaded to be there

    def run(
        self,
        target: Pod,
        command: Sequence[str],
        *,
        timeout: float,
        sink: Sink,
        max_output: int = MAX_OUTPUT,
    ) -> Finished:
        """Run a command in kube-proxy's container of a pod; see `exec.run`."""
        from kubectl_ipvs.cluster.wire.exec import run

        return run(
            self._rest,
            target.namespace,
            target.name,
            target.container,
            command,
            timeout=timeout,
            sink=sink,
            max_output=max_output,
        )

    def http_get(self, target: Pod, port: int, paths: Sequence[str], *, timeout: float) -> "list[Answer]":
        """GET paths from a port of a pod, over one connection; see `port_forward.get`."""
        from kubectl_ipvs.cluster.wire.port_forward import get

        return get(self._rest, target.namespace, target.name, port, paths, timeout=timeout)

    def _pod(self, raw: object) -> Pod:
        return pod(raw, self._recognize)

    def _get(self, path: str) -> Mapping[str, Any] | None:
        try:
            return self._rest.get(path)
        except ApiError as error:
            if error.status == 404:  # noqa: PLR2004 - HTTP's own number
                return None
            raise
