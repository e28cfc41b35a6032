"""What can be wrong with a node or with the whole cluster: kinds, parameters, words for --help. Values only."""

from collections.abc import Mapping, Sequence

KINDS = {
    "busy": "200 connections have piled up on the first real server of every virtual server",
    "control": "terminal escape sequences inside the table",
    "crash-later": "a new pod gets Ready and crashes S seconds after (0.3)",
    "crash-loop": "a new pod crashes from the start",
    "draining": "the last Service has a real server with weight 0 that is no endpoint any more",
    "evict": "pods that belong to no controller are evicted",
    "exec-refused": "the kubelet answers exec with 500",
    "extra-endpoint": "the last Service has a real server that is no endpoint",
    "fallback": "kube-proxy falls back to iptables mode, as up to 1.25; the table is empty",
    "forbidden-exec": "exec on this node's pod is forbidden (403)",
    "foreign": "somebody else's virtual server in the table, with scheduler NAME (rr)",
    "full": "the kubelet refuses pods that belong to no controller (OutOfpods)",
    "garbage": "exec brings bytes that are no text",
    "gone": "the pod is deleted between list and exec (404); the first N times (always)",
    "half": "half of the table, then the connection is cut",
    "hang": "exec starts and never says a word",
    "kubeedge": "the node is NotReady, and its pod stays as it is",
    "missing-endpoint": "the last Service lacks a real server",
    "missing-row": "the last Service has no virtual server",
    "never-ready": "a new pod never gets Ready",
    "no-ipvs": "the kernel has no IPVS: kube-proxy crashes from 1.26 on",
    "no-ipvsadm": "the image has no ipvsadm",
    "no-module": "the kernel lacks ip_vs_NAME",
    "no-pod": "the node has no kube-proxy pod",
    "no-pull": "the image of a pod that belongs to no controller cannot be pulled",
    "no-real-servers": "a new pod puts no real server behind any virtual server",
    "no-status": "exec's output comes, its status does not",
    "no-tools": "the image has neither ipvsadm nor cat nor sh",
    "not-ready": "the node is NotReady and its kubelet cannot be reached",
    "odd-persistence": "the last Service's virtual server is persistent",
    "odd-scheduler": "the last Service's virtual server has scheduler NAME (wrr)",
    "old-connections": "UDP connections still go to a real server that is gone",
    "one-byte": "exec's output comes byte by byte",
    "pending": "the node's pod stays Pending for ever, for REASON (ContainerCreating)",
    "skew": "the node's clock is S seconds ahead (60)",
    "slow": "exec takes S seconds (1)",
    "slow-pull": "the image of a pod that belongs to no controller is pulled for S seconds (1)",
    "slow-start": "a new pod takes S seconds to get Ready (1)",
    "stale": "the kernel's table never takes another scheduler",
    "stale-row": "the table still has a virtual server of a Service that was deleted",
    "stuck": "a deleted pod never goes away",
    "v4": "exec speaks v4.channel.k8s.io alone",
    "weight-zero": "one real server of the last Service has weight 0",
    "windows": "a Windows node, without kube-proxy",
    "zeroed": "the kernel's counters of connections, packets and bytes were set back to 0",
}
CLUSTER = "cluster"  # what stands for a node's name where the whole cluster is meant
CLUSTER_KINDS = {
    "pod-security": "PodSecurity refuses pods in the host's network",
    "quota": "a quota refuses new pods",
    "revert": "somebody puts the old configuration back S seconds after a write (1)",
    "webhook": "a mutating webhook stores each write of a ConfigMap with the scheduler rr",
}
DEFAULTS = {
    "crash-later": "0.3",
    "foreign": "rr",
    "gone": "-1",
    "no-module": "",
    "odd-scheduler": "wrr",
    "pending": "ContainerCreating",
    "revert": "1",
    "skew": "60",
    "slow": "1",
    "slow-pull": "1",
    "slow-start": "1",
}
SECONDS = ("crash-later", "revert", "skew", "slow", "slow-pull", "slow-start")

Faults = dict[str, str]  # kind -> parameter, "" for a kind without


def parse(kinds: str | Sequence[str], *, cluster: bool = False) -> Faults:
    """Faults of one node, or of the cluster: `"hang"`, `"slow=3"`, `"stale,v4"` or a sequence; ValueError for none."""
    words = kinds.split(",") if isinstance(kinds, str) else kinds
    return dict(_parse(word.strip(), CLUSTER_KINDS if cluster else KINDS) for word in words)


def _parse(word: str, known: Mapping[str, str]) -> tuple[str, str]:
    kind, equals, parameter = word.partition("=")
    if kind not in known:
        raise ValueError(f"no such fault: {kind!r} (there are {', '.join(known)})")
    if equals and kind not in DEFAULTS:
        raise ValueError(f"fault {kind} takes no parameter")
    if not (equals and kind == "pending"):  # a pod may be Pending for no reason that anybody gives
        parameter = parameter or DEFAULTS.get(kind, "")
    if kind == "no-module" and not parameter:
        raise ValueError("fault no-module needs a scheduler: no-module=lc")
    try:
        if kind in SECONDS:
            float(parameter)
        if kind == "gone":
            int(parameter)
    except ValueError:
        raise ValueError(f"fault {kind} takes a number, not {parameter!r}") from None
    return kind, parameter
