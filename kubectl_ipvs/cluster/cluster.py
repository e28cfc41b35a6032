"""One cluster: the questions and the changes that this plugin needs, as plain values.

Each method is one request (lists: one a page). Writes name their field manager; nothing is written that was not asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from kubectl_ipvs.cluster.access.connection import Connection
from kubectl_ipvs.cluster.leases import Leases
from kubectl_ipvs.cluster.objects import (
    ConfigMap,
    DaemonSet,
    Node,
    Pod,
    config_map,
    daemon_set,
    items,
    node,
    pod,
)
from kubectl_ipvs.cluster.patches import annotate_patch, swap_patch
from kubectl_ipvs.cluster.wire.command_result import MAX_OUTPUT, Finished, Sink
from kubectl_ipvs.cluster.wire.log import WireLog
from kubectl_ipvs.cluster.wire.rest import JSON_PATCH, QUIET, STRATEGIC_PATCH, Rest
from kubectl_ipvs.errors import ApiError, ChangedMeanwhile, UsageError

MANAGER = "kubectl-ipvs"
# API servers of 1.20 leave the time of a manager's entry as it is when it writes the same fields again: we would not
# know when the configuration was written. So two names take turns at it.
MANAGER_AGAIN = "kubectl-ipvs-again"


class Access(NamedTuple):
    """One right that a run needs: a verb on a resource."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        """`patch configmaps kube-proxy in kube-system`."""
        what = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        named = f" {self.name}" if self.name else ""
        return f"{self.verb} {what}{named}" + (f" in {self.namespace}" if self.namespace else "")


class PodEvent(NamedTuple):
    """What a watch told: `kind` is ADDED, MODIFIED, DELETED or BOOKMARK (which has no pod)."""

    kind: str
    pod: Pod | None
    version: str


class Cluster:
    """The API server behind one connection; safe to use from many threads."""

    def __init__(
        self,
        connection: Connection,
        *,
        connections: int = 32,
        renew: Callable[[], Connection] | None = None,
        log: WireLog = QUIET,
    ) -> None:
        self.connection = connection
        self._rest = Rest(connection, connections=connections, renew=renew, log=log)

    @property
    def leases(self) -> Leases:
        """The leases of this cluster."""
        return Leases(self._rest)

    def version(self) -> str:
        """Return the API server's version (`v1.34.2`)."""
        return str(self._rest.get("/version").get("gitVersion") or "")

    def daemon_set(self, namespace: str, name: str) -> DaemonSet | None:
        """Return a DaemonSet, None where there is none."""
        found = self._get(f"/apis/apps/v1/namespaces/{_segment(namespace)}/daemonsets/{_segment(name)}")
        return None if found is None else daemon_set(found)

    def daemon_sets(self, namespace: str) -> list[DaemonSet]:
        """List the DaemonSets of a namespace."""
        return self._rest.collect(f"/apis/apps/v1/namespaces/{_segment(namespace)}/daemonsets", daemon_set)[0]

    def config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """Return a ConfigMap, None where there is none."""
        found = self._get(f"/api/v1/namespaces/{_segment(namespace)}/configmaps/{_segment(name)}")
        return None if found is None else config_map(found)

    def let_go(self) -> None:
        """Close the connections that are not in use."""
        self._rest.transport.let_go()

    def nodes(self) -> list[Node]:
        """List all nodes."""
        return self._rest.collect("/api/v1/nodes", node)[0]

    def pods(self, namespace: str, selector: str) -> tuple[list[Pod], str]:
        """List pods by label selector; return them and the list's resourceVersion, where a watch goes on."""
        return self._rest.collect(_pods(namespace), pod, {"labelSelector": selector})

    def pod_json(self, namespace: str, selector: str) -> Mapping[str, Any] | None:
        """Return the first pod of a selector as the API's JSON, None where there is none."""
        found = self._rest.get(_pods(namespace), {"labelSelector": selector, "limit": "1"}).get("items")
        return next(iter(items(found)), None)

    def watch_pods(self, namespace: str, selector: str, version: str, *, seconds: int = 300) -> Iterator[PodEvent]:
        """Yield what happens to a selector's pods from `version` on; ApiError 410 where that is too old."""
        query = {"labelSelector": selector, "resourceVersion": version}
        for event in self._rest.watch(_pods(namespace), query, seconds=seconds):
            kind, raw = str(event.get("type")), event.get("object") or {}
            if kind == "ERROR":
                words, reason = str(raw.get("message")), str(raw.get("reason"))
                raise ApiError(words, status=int(raw.get("code") or 0), reason=reason)
            at = str((raw.get("metadata") or {}).get("resourceVersion") or "")
            yield PodEvent(kind, None if kind == "BOOKMARK" else pod(raw), at)

    def delete_pod(self, target: Pod, *, dry_run: bool = False) -> None:
        """Delete exactly this pod: its UID is a precondition, a namesake is never hit. Its own grace period holds."""
        body: dict[str, Any] = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "preconditions": {"uid": target.uid},
        }
        if dry_run:
            body["dryRun"] = ["All"]
        self._rest.delete(f"{_pods(target.namespace)}/{_segment(target.name)}", body)

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
        manager = MANAGER_AGAIN if target.writers.get(key) == MANAGER else MANAGER
        query = {"fieldManager": manager} | ({"dryRun": "All"} if dry_run else {})
        path = f"/api/v1/namespaces/{_segment(target.namespace)}/configmaps/{_segment(target.name)}"
        patch = [*swap_patch(target, key, new), *annotate_patch(target, annotations or {})]
        try:
            return config_map(self._rest.patch(path, patch, JSON_PATCH, query))
        except ApiError as error:
            now = self.config_map(target.namespace, target.name) if error.status in {409, 422} else None
            held = now.data.get(key) if now is not None else None
            if now is None or (held == target.data[key] and now.version == target.version):
                raise
            if held == new:
                return now
            if held == target.data[key]:  # something else of the object was changed: not our key
                return self.swap(now, key, new, annotations=annotations, dry_run=dry_run)
            where = f"configmap {target.namespace}/{target.name}"
            raise ChangedMeanwhile(
                f"{where} was changed by somebody else meanwhile: nothing written",
                hint="look at it with `kubectl ipvs get`, then run the same command again",
            ) from error

    def restart_daemon_set(self, target: DaemonSet, when: str) -> None:
        """Ask for the DaemonSet's own rolling update, as `kubectl rollout restart` does."""
        annotations = {"kubectl.kubernetes.io/restartedAt": when}
        body = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
        path = f"/apis/apps/v1/namespaces/{_segment(target.namespace)}/daemonsets/{_segment(target.name)}"
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
        return (answer.get("status") or {}).get("allowed") is True

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
        """Run a command in the first container of a pod; see `exec.run`."""
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

    def _get(self, path: str) -> Mapping[str, Any] | None:
        try:
            return self._rest.get(path)
        except ApiError as error:
            if error.status == 404:  # noqa: PLR2004 - HTTP's own number
                return None
            raise


def _segment(name: str) -> str:
    """Return a name as one segment of a path; UsageError for a name that would lead elsewhere, as in kubectl."""
    if name in {".", ".."} or "/" in name or "%" in name:
        raise UsageError(f'invalid resource name "{name}": a name is not . or .. and holds no / and no %')
    return quote(name, safe="")


def _pods(namespace: str) -> str:
    return f"/api/v1/namespaces/{_segment(namespace)}/pods"
