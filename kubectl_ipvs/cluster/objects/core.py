"""Nodes and pods, as the API's JSON has them (core/v1): frozen values."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kubectl_ipvs.cluster.objects.json_values import Json, condition, epoch, items, mapping, number, strings, text

MIRROR = "kubernetes.io/config.mirror"
HOLDER = "kubectl-ipvs/holder"  # annotation of a pod that we made: the process that it is for
INTERNAL = "InternalIP"
ADDRESSES = frozenset({INTERNAL, "ExternalIP"})
OS_LABEL = "kubernetes.io/os"
# Makes out of a pod's spec: the name of kube-proxy's container, and what else the caller wants to keep of the spec;
# None where there is no such container.
Recognize = Callable[[Json], "tuple[str, object] | None"]


class Taint(NamedTuple):
    """What keeps pods off a node that do not tolerate it."""

    key: str
    value: str
    effect: str


class Node(NamedTuple):
    """A node: `ready` is its Ready condition, `kernel` as `uname -r` prints it, `addresses` its internal and external.

    `internal`: the internal ones alone.
    `os` is what its kubelet says, and its label where that says nothing; "" where neither does. `os_image` names the
    operating system with its release (`Debian GNU/Linux 12 (bookworm)`).
    """

    name: str
    ready: bool
    kernel: str
    version: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
    addresses: tuple[str, ...] = ()
    os: str = ""
    os_image: str = ""
    internal: tuple[str, ...] = ()

    @property
    def windows(self) -> bool:
        """It runs Windows: kube-proxy has no IPVS there."""
        return (self.os or self.labels.get(OS_LABEL, "")) == "windows"


class Pod(NamedTuple):
    """A pod as kube-proxy's rollout needs it.

    `image`, `container`, `restarts`, `waiting` and `began` are those of kube-proxy's container, where somebody told
    which that is; else of the first. `process` is what they made of the spec. `pending`: why the scheduler has placed
    it on no node, "" where it has. `began`: when kube-proxy started, by the API server's clock. `said`: why the kubelet
    says that it waits or has ended; `holder`: whom a pod of our own making is for.
    """

    namespace: str
    name: str
    uid: str
    node: str
    image: str
    container: str
    ready: bool
    terminating: bool
    phase: str
    waiting: str
    restarts: int
    created: float
    began: float
    mirror: bool
    owner: str
    owner_uid: str = ""
    pending: str = ""
    process: Any = None
    said: str = ""
    holder: str = ""

    @property
    def crashed(self) -> bool:
        """The container has ended at least once: whatever its Ready condition says now."""
        return self.restarts > 0 or self.waiting in {
            "CrashLoopBackOff",
            "RunContainerError",
            "CreateContainerError",
        }


class PodSpec(NamedTuple):
    """What a pod of any kind runs: its spec's JSON."""

    namespace: str
    name: str
    owner: str
    spec: Json


def pod_spec(raw: object) -> PodSpec:
    """Read what a Pod runs."""
    meta = mapping(mapping(raw).get("metadata"))
    owner = next((entry for entry in items(meta.get("ownerReferences")) if entry.get("controller")), {})
    return PodSpec(
        text(meta.get("namespace")), text(meta.get("name")), text(owner.get("kind")), mapping(mapping(raw).get("spec"))
    )


def node(raw: object) -> Node:
    """Read a Node."""
    meta, spec, status = (mapping(mapping(raw).get(part)) for part in ("metadata", "spec", "status"))
    info = mapping(status.get("nodeInfo"))
    labels = strings(meta.get("labels"))
    listed = items(status.get("addresses"))
    return Node(
        name=text(meta.get("name")),
        ready=condition(status, "Ready"),
        kernel=text(info.get("kernelVersion")),
        version=text(info.get("kubeletVersion")),
        labels=labels,
        taints=tuple(_taint(entry) for entry in items(spec.get("taints"))),
        unschedulable=spec.get("unschedulable") is True,
        addresses=tuple(text(entry.get("address")) for entry in listed if text(entry.get("type")) in ADDRESSES),
        os=text(info.get("operatingSystem")) or labels.get(OS_LABEL, ""),
        os_image=text(info.get("osImage")),
        internal=tuple(text(entry.get("address")) for entry in listed if text(entry.get("type")) == INTERNAL),
    )


def _taint(raw: Json) -> Taint:
    return Taint(text(raw.get("key")), text(raw.get("value")), text(raw.get("effect")))


def pod(raw: object, recognize: Recognize | None = None) -> Pod:
    """Read a Pod."""
    meta, spec, status = (mapping(mapping(raw).get(part)) for part in ("metadata", "spec", "status"))
    known = recognize(spec) if recognize is not None else None
    container = _container(spec, known[0] if known is not None else None)
    states = items(status.get("containerStatuses"))  # in an order of their own
    state = next((entry for entry in states if entry.get("name") == container.get("name")), {})
    owner = next((entry for entry in items(meta.get("ownerReferences")) if entry.get("controller")), {})
    return Pod(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        uid=text(meta.get("uid")),
        node=text(spec.get("nodeName")) or _meant_for(spec),
        image=text(container.get("image")),
        container=text(container.get("name")),
        ready=condition(status, "Ready"),
        terminating=meta.get("deletionTimestamp") is not None,
        phase=text(status.get("phase")),
        waiting=text(mapping(mapping(state.get("state")).get("waiting")).get("reason")),
        restarts=number(state.get("restartCount")),
        created=epoch(meta.get("creationTimestamp")) or 0.0,
        began=_began(meta, status, state),
        mirror=MIRROR in mapping(meta.get("annotations")),
        owner=f"{text(owner.get('kind'))}/{text(owner.get('name'))}" if owner else "",
        owner_uid=text(owner.get("uid")),
        pending=_pending(status),
        process=known[1] if known is not None else None,
        said=_said(status, mapping(state.get("state"))),
        holder=text(mapping(meta.get("annotations")).get(HOLDER)),
    )


def _container(spec: Json, name: str | None) -> Json:
    listed = items(spec.get("containers"))
    first = next(iter(listed), {})
    return first if name is None else next((entry for entry in listed if entry.get("name") == name), first)


def _began(meta: Json, status: Json, state: Json) -> float:
    """Return when the container started, by the clock that `creationTimestamp` is of: the API server's.

    A container that was restarted started later than the pod, by a time that both ends of are the kubelet's: however
    wrong its clock is, the time between them is right.
    """
    created = epoch(meta.get("creationTimestamp")) or 0.0
    pod_start = epoch(status.get("startTime"))
    start = epoch(mapping(mapping(state.get("state")).get("running")).get("startedAt"))
    if not number(state.get("restartCount")) or pod_start is None or start is None:
        return created
    return created + max(0.0, start - pod_start)


def _meant_for(spec: Json) -> str:
    """Return the node that a DaemonSet's controller made a pod for, while the scheduler has not placed it there."""
    affinity = mapping(mapping(spec.get("affinity")).get("nodeAffinity"))
    required = mapping(affinity.get("requiredDuringSchedulingIgnoredDuringExecution"))
    for term in items(required.get("nodeSelectorTerms")):
        for field in items(term.get("matchFields")):
            values = field.get("values")
            if field.get("key") == "metadata.name" and isinstance(values, list) and len(values) == 1:
                return text(values[0])
    return ""


def _said(status: Json, state: Json) -> str:
    """Return reason and message of a pod that ended (Evicted ...), or of its container that waits or ended."""
    for entry in (status, mapping(state.get("waiting")), mapping(state.get("terminated"))):
        reason, message = text(entry.get("reason")), text(entry.get("message"))
        if reason or message:
            return ": ".join(part for part in (reason, message) if part)
    return ""


def _pending(status: Json) -> str:
    for entry in items(status.get("conditions")):
        if entry.get("type") == "PodScheduled" and entry.get("status") == "False":
            reason, message = text(entry.get("reason")), text(entry.get("message"))
            return ": ".join(part for part in (reason, message) if part) or "not scheduled"
    return ""
